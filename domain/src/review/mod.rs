//! What both sides say afterwards.
//!
//! - Both sides of a completed booking may write within seven days; neither sees the other's words before both are in or the days end.
//! - Nothing is edited; a provider may answer each published review once.
//! - What customers write is public and makes the provider's rating. What providers write about a customer only providers see.

pub mod model;
pub mod policy;

#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;
#[cfg(all(test, feature = "server"))]
mod tests;

#[cfg(feature = "server")]
pub use service::*;
