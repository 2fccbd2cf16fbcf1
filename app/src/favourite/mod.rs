//! Providers someone wants to find again.

pub mod pages;
