//! Free times: when people and things work, when they are busy, and which starts that leaves.
//!
//! - A *slot* is a start at which a service can be booked now. The engine finds them from data alone: no database, no clock.
//! - What is busy is an *allocation* (a booking with its buffers, or blocked time) or a range of an imported calendar.
//! - Schedules are local time in a zone. A local time that a clock change skips is not offered; one that occurs twice is two slots.
//! - The database refuses an overlap of live allocations; `assign` decides inside the booking's own transaction, after locking.
//! - Expired holds count as free for readers at once.
//! - Everyone may ask for free times of active providers. Hours, time off, blocks and imported calendars belong to the team: managers
//!   everyone's, members their own.

pub mod model;

#[cfg(feature = "server")]
pub mod engine;
#[cfg(feature = "server")]
pub mod port;
#[cfg(feature = "server")]
pub mod zone;

#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;

#[cfg(feature = "server")]
pub use service::*;
