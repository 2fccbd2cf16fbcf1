//! Where a booking and its payment meet: whoever brings the news, the same transition follows.

use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::id::BookingId;

/// Charges what was set aside for an accepted request; the money then confirms it through [`super::transition::money_arrived`].
/// Until payments can be started there is none to charge.
pub async fn collect(_ctx: &Ctx, _booking: BookingId) -> Result<()> {
    Err(Error::Unavailable { retry_after_s: 60 })
}
