//! The provider's answer to a request.

use super::model::{Action, BookingView, Side, Status};
use super::store;
use super::{read, text, transition, work};
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result};
use crate::event::EventKind;
use crate::id::BookingId;

/// So much longer a request that was accepted in time stays open, while its card is charged.
const CHARGING_MIN: i64 = 1;

/// Accepts a request. What is set aside on the card is charged first; the money then confirms the booking. A card that fails leaves the request
/// open, and the customer is asked for another within the answer's deadline.
pub async fn approve(ctx: &Ctx, id: BookingId) -> Result<BookingView> {
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    if row.status() == Status::Confirmed {
        return read::as_it_stands(ctx, tx, id).await;
    }
    work::require(Action::Approve, role, &row, ctx)?;
    if row.settlement() == super::model::Settlement::Gateway && !row.is_paid {
        // No third party is called while rows are locked, and nobody lets the request lapse while there is something to charge.
        if row.is_authorised {
            store::keep_open(&mut tx, id, ctx.now().plus_minutes(CHARGING_MIN)).await?;
            ctx.commit(tx).await?;
        } else {
            drop(tx);
        }
        super::settlement::collect(ctx, id).await?;
        return read::get(ctx, id).await;
    }
    transition::confirm(&mut tx, ctx, &row).await?;
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// Declines a request with a word for the customer (up to 500 characters). What was set aside is released.
pub async fn decline(ctx: &Ctx, id: BookingId, reason: &str) -> Result<BookingView> {
    let reason = text::tidy_line(reason);
    let mut fields = Fields::none();
    fields.check(reason.chars().count() <= 500, "reason", "Please keep it under 500 characters.");
    fields.finish()?;
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    if row.status() == Status::Declined {
        return read::as_it_stands(ctx, tx, id).await;
    }
    work::require(Action::Decline, role, &row, ctx)?;
    store::end(&mut tx, id, Status::Declined, ctx.now(), None, (!reason.is_empty()).then_some(&reason)).await?;
    crate::payment::void(&mut tx, ctx, id).await?;
    let more = serde_json::json!({ "reason": reason, "by": role.side() });
    transition::tell_with(&mut tx, ctx, &row, EventKind::BookingDeclined, Status::Declined, more, (!reason.is_empty()).then_some(&reason))
        .await?;
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// A hold or a request whose time has run out. False when someone was faster.
pub(super) async fn expire(ctx: &Ctx, id: BookingId) -> Result<bool> {
    let mut tx = ctx.begin().await?;
    let row = store::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let now = ctx.now();
    let is_due = match row.status() {
        Status::Held => row.hold_expires_at.is_some_and(|at| at <= now),
        Status::Requested => row.answer_by.is_some_and(|at| at <= now),
        _ => false,
    };
    if !is_due {
        return Ok(false);
    }
    store::end(&mut tx, id, Status::Expired, now, Some(Side::System), None).await?;
    if row.status() == Status::Requested {
        crate::payment::void(&mut tx, ctx, id).await?;
    }
    transition::tell(&mut tx, ctx, &row, EventKind::BookingExpired, Status::Expired).await?;
    ctx.commit(tx).await?;
    Ok(true)
}
