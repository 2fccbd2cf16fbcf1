//! What both sides say afterwards.

pub mod pages;
