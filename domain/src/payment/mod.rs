//! Collecting and returning money through gateways.
//!
//! **Words.** A *payment* is what is owed for a booking; an *attempt* is one try to collect it (an intent for the form in the page, or
//! a hosted page); a *refund* is money going back, a *return* a refund of money that came for something it could not pay any more.
//!
//! **Invariants.** At most one payment of a booking is open at a time, and at most one attempt of a payment: two tabs and double clicks
//! continue the same. The gateway is asked outside of transactions, with a row written before, so that no question is forgotten; the
//! attempt's id is the key, so asking again charges nobody twice. An answer that does not come is *unknown*, never paid, never failed.
//! A refund is a row in the business's own transaction and reaches the gateway by a job. What arrived is never unlearned: a payment
//! that is paid stays paid whatever older message comes later.
//!
//! **Who may.** A payer sees their own payments, admins all of them. What money means for a booking is decided in
//! `booking::settlement`, which alone applies what a gateway says; this room knows no bookings.

pub mod model;
pub mod policy;
#[cfg(feature = "server")]
pub mod port;

#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
mod refunds;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod start;
#[cfg(feature = "server")]
pub(crate) mod store;

pub use model::*;
#[cfg(feature = "server")]
pub use refunds::{NewRefund, refund};
#[cfg(feature = "server")]
pub(crate) use refunds::{note_in as note_refund, return_whole, send as send_refund};
#[cfg(feature = "server")]
pub(crate) use service::release;
#[cfg(feature = "server")]
pub use service::{find_for_booking, find_for_payer, get, list, list_receipts, void};
#[cfg(test)]
pub(crate) use start::give_up;
#[cfg(feature = "server")]
pub use start::{Lock, StartPayment, start};
#[cfg(feature = "server")]
pub(crate) use start::{ask, recover};
