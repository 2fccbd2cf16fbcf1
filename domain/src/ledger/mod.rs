//! Every movement of money as balanced entries.
//!
//! Words: a *ledger account* is a pot of one currency (the gateway's, a provider's, the platform's, the tax office's, …); a *transaction*
//! is a set of entries that sums to zero; its *cause* names what moved the money, and is unique, so that whatever is reported twice is
//! posted once. Debits are positive, credits negative: what the gateway holds for us is positive, what we owe a provider negative.
//!
//! Invariants, held by the database: each transaction sums to zero per currency when it commits, entries are in the currency of their
//! account, nothing is ever changed or deleted. Balances are sums and stored nowhere.
//!
//! Who may: postings are made by the payment room and the settlement of bookings only. A provider's owner and managers read its statement, admins everything.

pub mod model;
pub mod policy;

#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;
#[cfg(all(test, feature = "server"))]
mod tests;

pub use model::*;
#[cfg(feature = "server")]
pub use service::{get_earnings, list_statement, post, recount};
