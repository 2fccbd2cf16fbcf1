//! Cancelling: what comes back, shown first, then done by the same function.

use super::model::{
    Action, BookingRefusal, BookingView, CancellationPreview, RefundSoFar, ScaleStep, Settlement, Side, Status, Tier, ViewerRole,
};
use super::policy::{self, Cause};
use super::store::{self, BookingRow};
use super::view::role_of;
use super::{money, read, text, transition, work};
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result};
use crate::event::EventKind;
use crate::id::BookingId;
use crate::money::Money;
use crate::time::Instant;

/// Asks for a cancellation.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
pub struct CancelBooking {
    /// Shown to the other side.
    #[serde(default)]
    pub reason: String,
    /// The refund that was shown; if it has changed since, nothing happens and the new one is told.
    #[serde(default)]
    pub expected_refund_minor: Option<i64>,
}

/// What would come back if the caller cancelled now, and when it becomes less.
pub async fn preview_cancellation(ctx: &Ctx, id: BookingId) -> Result<CancellationPreview> {
    let row = store::find(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    let role = role_of(ctx, &row)?;
    work::require(Action::Cancel, role, &row, ctx)?;
    Ok(preview(&row, role, ctx.now()))
}

/// Cancels a request or a confirmed booking. The customer gets back by tier; cancelled by the provider or the operator, everything.
pub async fn cancel(ctx: &Ctx, id: BookingId, input: CancelBooking) -> Result<BookingView> {
    let reason = text::tidy_line(&input.reason);
    let mut fields = Fields::none();
    fields.check(reason.chars().count() <= 500, "reason", "Please keep it under 500 characters.");
    fields.finish()?;
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    let by = transition::side_of(role, ctx);
    if row.status() == Status::Cancelled && row.cancelled_by.as_deref() == Some(by.as_str()) {
        return read::as_it_stands(ctx, tx, id).await;
    }
    work::require(Action::Cancel, role, &row, ctx)?;
    let shown = preview(&row, role, ctx.now()).refund;
    if input.expected_refund_minor.is_some_and(|expected| expected != shown.minor) {
        return Err(BookingRefusal::RefundChanged { refund: shown }.into());
    }
    end(&mut tx, ctx, &row, cause(&row, role, ctx.now()), by, &reason).await?;
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// The cancellation itself, for every way that leads to it.
pub(super) async fn end(tx: &mut crate::ctx::Tx, ctx: &Ctx, row: &BookingRow, cause: Cause, by: Side, reason: &str) -> Result<()> {
    store::end(tx, row.id, Status::Cancelled, ctx.now(), Some(by), (!reason.is_empty()).then_some(reason)).await?;
    let back = money::give_back(tx, ctx, row, cause, by, if reason.is_empty() { "cancelled" } else { reason }).await?;
    let more = serde_json::json!({ "by": by, "reason": reason, "refund_minor": back.total() });
    transition::tell_with(tx, ctx, row, EventKind::BookingCancelled, Status::Cancelled, more, (!reason.is_empty()).then_some(reason)).await
}

/// By tier only for the customer's own wish: not for a request, nor while the provider wants another time than agreed.
fn cause(row: &BookingRow, role: ViewerRole, now: Instant) -> Cause {
    let is_moved_by_provider = row.proposal.as_ref().is_some_and(|p| p.by != Side::Customer);
    if role == ViewerRole::Customer && row.status() != Status::Requested && !is_moved_by_provider {
        Cause::CustomerCancels { at: now }
    } else {
        Cause::Whole
    }
}

fn preview(row: &BookingRow, role: ViewerRole, now: Instant) -> CancellationPreview {
    let cause = cause(row, role, now);
    let back = money::refund_of(row, cause);
    let is_charged = row.is_paid;
    let (tiers, lowest) = (&row.cancel_tiers.0.0, i64::from(row.lowest_tier_bp));
    let next_tier_at = match cause {
        Cause::CustomerCancels { .. } if is_charged => policy::next_step_at(tiers, row.starts_at, lowest, now),
        _ => None,
    };
    CancellationPreview {
        booking_id: row.id,
        by: role.side(),
        is_charged,
        tier_bp: back.tier_bp,
        service: row.money(back.service_minor),
        tax: row.money(back.tax_minor),
        tip: row.money(back.tip_minor),
        refund: row.money(back.total()),
        next_tier_at,
        next_refund: next_tier_at.map(|at| {
            let later = money::refund_of(row, Cause::CustomerCancels { at: at + 1 });
            row.money(later.total())
        }),
        scale: if matches!(cause, Cause::CustomerCancels { .. }) && row.settlement() == Settlement::Gateway {
            scale_of(row, row.starts_at, lowest, now)
        } else {
            Vec::new()
        },
    }
}

/// The refund scale of a booking that would start at `starts_at`.
pub(super) fn scale_of(row: &BookingRow, starts_at: Instant, lowest_tier_bp: i64, now: Instant) -> Vec<ScaleStep> {
    scale(&row.price(), &row.refunded(), &row.cancel_tiers.0.0, starts_at, lowest_tier_bp, now, row.currency())
}

/// What comes back until when, as pages draw it: one line a tier, and one for after the start.
pub fn scale(
    price: &super::model::Price,
    before: &RefundSoFar,
    tiers: &[Tier],
    starts_at: Instant,
    lowest_tier_bp: i64,
    now: Instant,
    currency: crate::money::Currency,
) -> Vec<ScaleStep> {
    let mut is_found = false;
    let mut lines: Vec<ScaleStep> = policy::steps(tiers, starts_at, lowest_tier_bp)
        .into_iter()
        .map(|step| {
            let is_past = now > step.until || step.until == starts_at && now >= starts_at;
            let is_now = !is_past && !is_found;
            is_found |= is_now;
            let at = if step.until == starts_at { step.until + -1 } else { step.until };
            let back = policy::refund(price, before, tiers, lowest_tier_bp, starts_at, false, Cause::CustomerCancels { at });
            ScaleStep { until: Some(step.until), refund_bp: step.refund_bp, refund: Money::new(back.total(), currency), is_past, is_now }
        })
        .collect();
    lines.push(ScaleStep { until: None, refund_bp: 0, refund: Money::zero(currency), is_past: false, is_now: !is_found });
    lines
}
