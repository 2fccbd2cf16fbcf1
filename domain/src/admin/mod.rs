//! What the operator sees and decides.
//!
//! **Words.** A *figure* is counted from the rows it opens, never kept beside them: bookings from bookings, money from the ledger. *Attention*
//! is what waits for a person.
//!
//! **Invariants.** Reading changes nothing; deciding goes through the owning room's verb, which writes the audit. Settings, jobs and
//! categories changed here are audited here.
//!
//! **Who may.** Admins. A token needs `admin:read` or `admin:write` besides.

mod model;
mod sort;

#[cfg(feature = "server")]
mod lists;
#[cfg(feature = "server")]
mod overview;
#[cfg(feature = "server")]
mod refund_preview;
#[cfg(feature = "server")]
mod settings;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "server")]
mod system;

#[cfg(all(test, feature = "server"))]
mod tests;

pub use model::*;
pub use sort::{Sort, columns};

#[cfg(feature = "server")]
pub use lists::{get_payment, get_person, get_provider, list_audit, list_bookings, list_payments, list_people, list_providers};
#[cfg(feature = "server")]
pub use overview::get_overview;
#[cfg(feature = "server")]
pub use refund_preview::preview_refund;
#[cfg(feature = "server")]
pub use settings::{change_settings, get_settings, list_categories, save_category};
#[cfg(feature = "server")]
pub use system::{get_system, retry_job, retry_mail};
