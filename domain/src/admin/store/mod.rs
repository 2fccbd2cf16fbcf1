//! All SQL of the operator's pages. Reads every room's tables, writes only what has no other owner.

mod audit;
mod bookings;
mod catalogue;
mod figures;
mod payments;
mod people;
mod system;

pub use audit::*;
pub use bookings::*;
pub use catalogue::*;
pub use figures::*;
pub use payments::*;
pub use people::*;
pub use system::*;
