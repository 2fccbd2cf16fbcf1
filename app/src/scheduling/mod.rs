//! Pages about hours and what is taken out of them.

pub mod islands;
pub mod pages;
pub mod parts;
