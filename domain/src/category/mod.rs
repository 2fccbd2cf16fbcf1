//! Where services belong.
//!
//! - The operator's list, in an order of their own; hidden ones stay on old services and are offered nowhere.

pub mod model;

#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;

#[cfg(feature = "server")]
pub use service::*;
