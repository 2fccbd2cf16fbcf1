//! What open pages are told as it happens.
//!
//! Words: a *topic* is what a socket subscribes to; a *frame* is one message on one topic, made from one event. Frames say what
//! changed and are applied in the order of their cursors; applying one twice changes nothing. They carry no names, addresses or
//! notes: whoever may know those reads them again through a verb. Invariant: a snapshot plus the frames after its cursor equals a
//! fresh fetch (`tests.rs`, `topic_tests.rs`).

mod topic;

#[cfg(feature = "server")]
mod frames;
#[cfg(all(test, feature = "server"))]
mod given_back_tests;
#[cfg(all(test, feature = "server"))]
mod listener_tests;
#[cfg(feature = "server")]
mod service;
#[cfg(all(test, feature = "server"))]
mod stage_tests;
#[cfg(feature = "server")]
mod store;
#[cfg(all(test, feature = "server"))]
mod tests;
#[cfg(all(test, feature = "server"))]
mod topic_tests;

pub use topic::{Topic, types};

#[cfg(feature = "server")]
pub use frames::{Frame, frames};
#[cfg(feature = "server")]
pub use service::{Missed, list_missed, look_again, require_topic};
