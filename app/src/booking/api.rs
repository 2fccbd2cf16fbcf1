//! What the islands of the checkout ask of the server.

use crate::door::Door;
use domain::id::BookingId;
use domain::place::model::PlaceView;
use leptos::prelude::*;

/// How many milliseconds a hold still lasts; None once it is none any more. Beginning to pay makes it longer, so the page asks before it says that it is over.
#[server(prefix = "/do", endpoint = "booking/hold_left")]
pub async fn hold_left(booking: BookingId) -> Door<Option<i64>> {
    use domain::booking::model::Status;
    let ctx = crate::door::ctx()?;
    let held = domain::booking::get(&ctx, booking).await?;
    let left = held.hold_expires_at.filter(|_| held.status == Status::Held).map(|at| at - ctx.now());
    Ok(left.filter(|ms| *ms > 0))
}

/// Streets and districts that begin like the words, or resemble them.
#[server(prefix = "/do", endpoint = "booking/suggest_places")]
pub async fn suggest_places(text: String) -> Door<Vec<PlaceView>> {
    let ctx = crate::door::ctx()?;
    let found = domain::place::suggest(&ctx, &text, 6).await?;
    Ok(found.into_iter().filter(|place| !place.street.is_empty()).collect())
}
