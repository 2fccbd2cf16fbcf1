//! Pages: extract, call verbs, render or redirect.

pub mod caller;
pub mod render;
