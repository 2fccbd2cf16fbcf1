//! Pages on which both sides say how it was.

mod desk;
mod write;

pub use desk::{DeskReviewsPage, DeskReviewsPageProps};
pub use write::{ReviewPage, ReviewPageProps};
