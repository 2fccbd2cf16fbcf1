//! Pages that belong to no room.

pub mod pages;
