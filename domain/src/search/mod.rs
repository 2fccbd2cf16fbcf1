//! Finding someone: by words, place, filters and free time; and what a provider's public page shows.
//!
//! - A *document* holds the words a provider is found by; a reaction keeps it on the events of providers and reviews.
//! - *Candidates* are the providers that match; they may be up to five minutes old. Free times are asked anew each time.
//! - The order is explained in `policy`; a cursor carries the last result's rank, so that pages neither repeat nor skip while the rest stays as it is.
//! - Everyone may search; only active providers are found.

pub mod model;
pub mod pages;
