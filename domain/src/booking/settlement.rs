//! Where a booking and its payment meet: whoever brings the news (webhook, return, reconciler, a page that asks), the same
//! idempotent transition follows, in any order.
//!
//! What the gateway says is compared with our own row first: object, currency and amount. Money that fits confirms the booking; money
//! that fits nothing any more goes back whole. An answer that does not come leaves everything pending.

mod apply;
mod ask;
mod by_hand;
#[cfg(test)]
mod charge_tests;
mod collect;
#[cfg(test)]
mod collect_tests;
#[cfg(test)]
mod late_tests;
mod pay;
#[cfg(test)]
mod pay_tests;
mod receive;
#[cfg(test)]
mod refund_tests;
#[cfg(test)]
mod release_tests;
#[cfg(test)]
mod tests;

pub use ask::{book_fee, reconcile, release, send_refund, settle};
pub use by_hand::refund_by_hand;
pub use collect::collect;
pub use pay::{Pay, Standing, look, pay, state};
pub use receive::receive;
