//! Finding someone: by words, place, filters and free time; and what a provider's public page shows.
//!
//! - A *document* holds what a provider is found by; a reaction keeps it on the events of providers and reviews.
//! - *Candidates* are the providers that match; they may be up to five minutes old. Free times are asked anew each time.
//! - The order is explained in `policy`; a cursor carries what was shown already, so that pages never repeat and never skip, whatever changes
//!   between them.
//! - Everyone may search; only active providers are found.

pub mod model;
pub mod pages;
pub mod policy;

#[cfg(feature = "server")]
mod documents;
#[cfg(feature = "server")]
mod finding;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
mod showcase;
#[cfg(feature = "server")]
mod store;
#[cfg(all(test, feature = "server"))]
mod tests;

#[cfg(feature = "server")]
pub use documents::{react, refresh, refresh_all};
#[cfg(feature = "server")]
pub use finding::{find, language_name};
#[cfg(feature = "server")]
pub use showcase::{get_home, get_profile, get_profile_version, list_addresses, list_cards, list_favourites};
