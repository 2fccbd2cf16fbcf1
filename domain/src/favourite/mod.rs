//! Providers someone wants to find again.
//!
//! - A list of one's own; marking twice is marking once. Providers that are no longer active stay on the list and are shown when they are back.

#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;
#[cfg(all(test, feature = "server"))]
mod tests;

#[cfg(feature = "server")]
pub use service::*;
