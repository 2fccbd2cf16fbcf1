//! All SQL of the room.

pub mod documents;
