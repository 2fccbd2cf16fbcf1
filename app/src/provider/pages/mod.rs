mod profile;

pub use profile::{ProfilePage, ProfilePageProps};
