//! What a provider's days hold: bookings, blocked time, time off and imported busy time, side by side.
//!
//! A room that only reads. Everything shown here was written by bookings or by scheduling and is changed there; this room knows how it
//! falls onto days of the provider's zone and beside one another.
//!
//! Who may: staff of the provider. Customers' exact addresses only once a booking is confirmed.

pub mod model;
pub mod policy;

#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;
#[cfg(all(test, feature = "server"))]
mod tests;

pub use model::*;
#[cfg(feature = "server")]
pub use service::{get_calendar, list_requests};
