//! What time does to bookings: holds run out, requests and proposals lapse, finished jobs close.

use super::model::Status;
use super::{answer, policy, reschedule, store, transition, work};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::id::BookingId;
use crate::time::CLOCKS_DIFFER;

/// The duty that announces holds that ran out; often, since open pages wait for it.
pub const EXPIRE: &str = "booking.expire";
/// The duty for all that is due by the minute.
pub const CLOSE: &str = "booking.close";

/// The duty that forgets what nobody needs.
pub const SWEEP: &str = "booking.sweep";

const BATCH: i64 = 200;
/// Photos of a hold that never became a booking; until then its customer may take the time again.
const FORGOTTEN_AFTER_DAYS: i64 = 7;

/// Holds whose time has run out. Readers count them as free already; this tells everyone.
pub async fn expire_holds(ctx: &Ctx) -> Result<()> {
    store::restart_holds(ctx.db(), ctx.now(), ctx.now() + CLOCKS_DIFFER).await?;
    for id in store::list_due_holds(ctx.db(), ctx.now(), BATCH).await? {
        calmly(id, answer::expire(ctx, id).await)?;
    }
    Ok(())
}

/// Requests and proposals without an answer, and jobs that ended a day ago.
pub async fn close_due(ctx: &Ctx) -> Result<()> {
    let now = ctx.now();
    for id in store::list_due_requests(ctx.db(), now, BATCH).await? {
        calmly(id, answer::expire(ctx, id).await)?;
    }
    for id in store::list_due_proposals(ctx.db(), now, BATCH).await? {
        calmly(id, reschedule::lapse(ctx, id).await)?;
    }
    let ended_by = now.plus_minutes(-policy::COMPLETES_AFTER_MIN);
    for id in store::list_due_completions(ctx.db(), ended_by, BATCH).await? {
        calmly(id, complete(ctx, id).await)?;
    }
    Ok(())
}

/// Photos are people's homes: they do not stay with what never came about.
pub async fn sweep(ctx: &Ctx) -> Result<()> {
    store::delete_forgotten_photos(ctx.db(), ctx.now().plus_days(-FORGOTTEN_AFTER_DAYS)).await
}

async fn complete(ctx: &Ctx, id: BookingId) -> Result<bool> {
    let mut tx = ctx.begin().await?;
    let (row, _) = transition::lock(&mut tx, ctx, id).await?;
    let is_open = matches!(row.status(), Status::Confirmed | Status::InProgress);
    if !is_open || policy::completes_at(row.ends_at) > ctx.now() {
        return Ok(false);
    }
    work::finish(&mut tx, ctx, &row).await?;
    ctx.commit(tx).await?;
    Ok(true)
}

/// One booking that cannot be moved on must not keep the others waiting; a database that is away ends the round.
fn calmly(id: BookingId, outcome: Result<bool>) -> Result<()> {
    match outcome {
        Ok(_) => Ok(()),
        Err(error @ Error::Unavailable { .. }) => Err(error),
        Err(error) => {
            tracing::warn!(booking = %id, %error, "could not move the booking on");
            Ok(())
        }
    }
}
