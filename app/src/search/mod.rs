//! Finding someone: the search bar, results, filters and the dial of distances.

pub mod pages;
pub mod parts;
