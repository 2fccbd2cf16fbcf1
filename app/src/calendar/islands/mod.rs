//! What reacts in the calendar.

mod drag;

pub use drag::*;
