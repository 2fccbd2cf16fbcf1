//! Agreed jobs, from the hold over the agreement to completion, with their changes and cancellations.
//!
//! **Words.** A *hold* keeps a slot for one customer while they check out; a *booking* is the agreed job; an *allocation*
//! (of scheduling) is what a booking occupies. A *proposal* is a new time that waits for the other side's yes.
//!
//! **Invariants.** No resource is in two live allocations at once: the database refuses it, and the loser is told with the nearest
//! free times. Price, commission rate, tax and cancellation tiers are frozen when the slot is held; only the tip may change until
//! money moves. A booking is confirmed by money (or by a total of zero, or by the provider's own hand), never by a browser coming
//! back. What a preview shows and what a refund returns come from the same function, [`policy::refund`].
//! Every step is safe to repeat: the second call finds it done and answers the same.
//!
//! **Who may.** The customer, or the visitor who holds it; staff of the provider; operators. Everyone else does not find it.
//! The steps themselves are in [`policy::may`].

pub mod model;
pub mod policy;
