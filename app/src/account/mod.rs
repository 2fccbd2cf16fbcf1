//! Coming in, and looking after one's account.

pub mod pages;
