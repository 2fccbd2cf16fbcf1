//! All SQL of bookings.

mod due;
mod hold;
mod lists;
mod photos;
mod read;
mod step;
mod take;

pub use due::*;
pub use hold::*;
pub use lists::*;
pub use photos::*;
pub use read::*;
pub use step::*;
pub use take::*;
