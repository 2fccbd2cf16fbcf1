//! The page of results.

mod results;
mod why;

pub use results::{SearchPage, SearchPageProps};
pub use why::{WhyPage, WhyPageProps};
