//! The page customers see, and the pages on which a business runs itself.

mod apply;
mod invitation;
mod offer;
mod profile;
mod services;
mod settings;
mod team;

pub use apply::{ApplyHours, ApplyPolicy, ApplyProfile, ApplyReview, ApplyServices, Step, steps};
pub use invitation::{InvitationOverPage, InvitationPage};
pub use offer::OfferPage;
pub use profile::{ProfilePage, ProfilePageProps};
pub use services::{ServicePage, ServicesPage};
pub use settings::SettingsPage;
pub use team::TeamPage;
