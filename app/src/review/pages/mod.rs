mod desk;
mod write;

pub use desk::{DeskReviewsPage, DeskReviewsPageProps};
pub use write::{ReviewPage, ReviewPageProps};
