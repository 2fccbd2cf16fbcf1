//! What reacts while booking.

mod address_help;
mod hold_vial;

pub use address_help::*;
pub use hold_vial::*;
