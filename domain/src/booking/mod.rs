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
mod refusal;

#[cfg(all(test, feature = "server"))]
mod again_tests;
#[cfg(feature = "server")]
mod answer;
#[cfg(all(test, feature = "server"))]
mod archive_tests;
#[cfg(feature = "server")]
mod by_hand;
#[cfg(all(test, feature = "server"))]
mod by_hand_tests;
#[cfg(feature = "server")]
mod calendar_file;
#[cfg(feature = "server")]
mod cancel;
#[cfg(feature = "server")]
mod checkout;
#[cfg(all(test, feature = "server"))]
mod clock_tests;
#[cfg(feature = "server")]
mod edit;
#[cfg(feature = "server")]
mod hold;
#[cfg(all(test, feature = "server"))]
mod hold_tests;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
mod money;
pub mod place;
#[cfg(all(test, feature = "server"))]
mod privacy_tests;
#[cfg(feature = "server")]
mod read;
#[cfg(feature = "server")]
mod reschedule;
#[cfg(all(test, feature = "server"))]
mod reschedule_tests;
#[cfg(feature = "server")]
pub mod settlement;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "server")]
mod terms;
#[cfg(all(test, feature = "server"))]
mod terms_tests;
#[cfg(all(test, feature = "server"))]
mod tests;
mod text;
#[cfg(feature = "server")]
mod timeline;
#[cfg(feature = "server")]
mod together;
#[cfg(all(test, feature = "server"))]
mod together_tests;
#[cfg(feature = "server")]
pub mod transition;
#[cfg(feature = "server")]
mod view;
#[cfg(feature = "server")]
mod work;

#[cfg(feature = "server")]
pub use answer::{approve, decline};
#[cfg(feature = "server")]
pub use by_hand::{BookedByHand, book_by_hand, open_pay_link};
#[cfg(feature = "server")]
pub use calendar_file::{calendar_file, calendar_for_mail, feed, issue_feed, revoke_feed};
#[cfg(feature = "server")]
pub use cancel::{CancelBooking, cancel, preview_cancellation, scale};
#[cfg(feature = "server")]
pub use checkout::{GivenDetails, check_out, check_out_with, copy_details, copy_photos, keep_typed};
#[cfg(feature = "server")]
pub use edit::{MAX_PHOTO_BYTES, add_photo, edit_notes, get_photo, remove_photo};
#[cfg(feature = "server")]
pub use hold::{hold, release};
#[cfg(feature = "server")]
pub use read::{get, list, list_past, list_upcoming, timeline};
#[cfg(feature = "server")]
pub use reschedule::{Reschedule, consent, preview_reschedule, refuse, reschedule, withdraw};
#[cfg(feature = "server")]
pub use together::Together;
#[cfg(feature = "server")]
pub use work::{complete, no_show, on_the_way, preview_no_show, running_late, start};
