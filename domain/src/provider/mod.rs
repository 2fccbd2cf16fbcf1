//! What customers choose: a business profile with its team, services, people, rooms, vehicles and equipment, and the decision to admit it.
//!
//! - A provider is a *draft* until its owner submits it; the operator makes it *active* or *rejected* with a reason; *suspended* hides it and stops
//!   new bookings, existing ones stand.
//! - Everyone sees active providers. Drafts and the rest are seen by their own team and by the operator; for others they do not exist.
//! - Members see the workspace, managers run it (services, hours, resources), owners also decide about the profile, policy, team and prices.
//! - Nothing that bookings refer to is deleted: services, add-ons and resources are archived.

pub mod model;

#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;

#[cfg(feature = "server")]
pub use service::*;
