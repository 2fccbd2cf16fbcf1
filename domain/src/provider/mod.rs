//! What customers choose: a business profile with its team, services, people, rooms, vehicles and equipment, and the decision to admit it.
//!
//! - A provider is a *draft* until its owner submits it; the operator makes it *active* or *rejected* with a reason; *suspended* hides it and stops
//!   new bookings, existing ones stand.
//! - Everyone sees active providers. Drafts and the rest are seen by their own team and by the operator; for others they do not exist.
//! - Members see the workspace, managers run it (services, hours, resources), owners also decide about the profile, policy, team and prices.
//! - Nothing that bookings refer to is deleted: services, add-ons and resources are archived.
//! - How to reach a business, whose accounts its people are and what it pays us stay with its team and the operator.

pub mod model;

#[cfg(feature = "server")]
mod application;
#[cfg(feature = "server")]
mod place;
#[cfg(feature = "server")]
pub mod policy;
#[cfg(all(test, feature = "server"))]
mod privacy_tests;
#[cfg(feature = "server")]
mod rating;
#[cfg(feature = "server")]
mod sell;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod settings;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "server")]
mod team;
#[cfg(all(test, feature = "server"))]
mod tests;

#[cfg(feature = "server")]
pub use application::{apply, approve, list_missing, reinstate, reject, set_verified, submit, suspend};
#[cfg(feature = "server")]
pub use rating::add_rating;
#[cfg(feature = "server")]
pub use sell::{archive_resource, archive_service, create_resource, create_service, update_resource, update_service};
#[cfg(feature = "server")]
pub use service::{get, get_by_slug, get_service, list_category_choices, list_mine, list_resources, list_services};
#[cfg(feature = "server")]
pub use settings::{update_policy, update_profile};
#[cfg(feature = "server")]
pub use team::{accept_invitation, find_invitation, get_team, invite, remove_member, revoke_invitation, set_role};
