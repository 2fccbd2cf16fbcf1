//! All SQL of the room.

pub mod candidates;
pub mod documents;
pub mod showcase;
