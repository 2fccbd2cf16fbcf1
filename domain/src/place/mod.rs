//! Streets, districts and postcodes: where an address lies on the ground.
//!
//! - A *place* is a town, district or street that people name; a street has two ends, and a house number lies in proportion between them.
//! - Everyone may look places up. They are data of the operator; an unknown place is no error, callers go on without a position.

pub mod model;

#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;

#[cfg(feature = "server")]
pub use service::*;
