//! Another time: at once, or as a proposal that the other side answers. The price stays; the refund tier that was left is remembered.

use super::model::{Action, BookingRefusal, BookingView, Proposal, ReschedulePreview, Side, Status, ViewerRole};
use super::policy::{self, Cause};
use super::store::{self, BookingRow};
use super::view::role_of;
use super::{cancel, hold, read, transition, work};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::id::{BookingId, ResourceId};
use crate::scheduling::model::{AssignQuery, Assignment, NotFree};
use crate::time::Instant;

/// Asks for another time.
#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
pub struct Reschedule {
    pub starts_at: Instant,
    /// Someone else than now; otherwise the same person if free, else any.
    #[serde(default)]
    pub resource_id: Option<ResourceId>,
}

/// What moving it to `starts_at` would mean. Refuses as the move itself would, except for a slot that is taken only in between.
pub async fn preview_reschedule(ctx: &Ctx, id: BookingId, starts_at: Instant) -> Result<ReschedulePreview> {
    let mut tx = ctx.begin().await?;
    let row = store::find(&mut *tx, id).await?.ok_or(Error::NotFound)?;
    let role = role_of(ctx, &row)?;
    work::require(Action::Reschedule, role, &row, ctx)?;
    let to = Reschedule { starts_at, resource_id: None };
    let found = find_free(&mut tx, ctx, &row, role, &to).await?;
    drop(tx);
    let assignment = match found {
        Ok(assignment) => assignment,
        Err(not_free) => return Err(hold::not_available(ctx, row.service_id, starts_at, not_free).await),
    };
    let lowest = lowest_tier(&row, role.side(), ctx.now());
    let needs_answer = needs_answer(&row, role);
    Ok(ReschedulePreview {
        booking_id: id,
        from: row.starts_at,
        starts_at,
        ends_at: assignment.job.ends_at,
        needs_answer,
        answer_by: needs_answer.then(|| answer_by(&row, starts_at, ctx.now())),
        total: row.money(row.price().total()),
        lowest_tier_bp: lowest,
        scale: cancel::scale_of(&row, starts_at, lowest, ctx.now()),
    })
}

/// Moves it. The customer's move of a service by approval, and every move by the provider, waits for the other side as a proposal; the old time stays until then.
pub async fn reschedule(ctx: &Ctx, id: BookingId, to: Reschedule) -> Result<BookingView> {
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    // Asked twice: already there, or already proposed by this side.
    let is_proposed = row.proposal.as_ref().is_some_and(|p| p.starts_at == to.starts_at && p.by == role.side());
    if is_proposed {
        return read::as_it_stands(ctx, tx, id).await;
    }
    if row.proposal.is_some() && row.status() == Status::Confirmed {
        return Err(BookingRefusal::ProposalWaiting.into());
    }
    work::require(Action::Reschedule, role, &row, ctx)?;
    let is_other_person = to.resource_id.is_some() && to.resource_id != row.person_id;
    if to.starts_at == row.starts_at && !(is_other_person && role != ViewerRole::Customer) {
        return Err(BookingRefusal::SameTime.into());
    }
    let assignment = match find_free(&mut tx, ctx, &row, role, &to).await? {
        Ok(assignment) => assignment,
        Err(not_free) => {
            drop(tx);
            return Err(hold::not_available(ctx, row.service_id, to.starts_at, not_free).await);
        }
    };
    // The same time with another colleague is nobody's business but the provider's.
    if needs_answer(&row, role) && to.starts_at != row.starts_at {
        let proposal = Proposal {
            starts_at: to.starts_at,
            ends_at: assignment.job.ends_at,
            by: role.side(),
            at: ctx.now(),
            answer_by: answer_by(&row, to.starts_at, ctx.now()),
            person_id: to.resource_id,
        };
        if proposal.answer_by <= ctx.now() {
            return Err(BookingRefusal::TooLateToAsk.into());
        }
        store::set_proposal(&mut tx, id, Some(&proposal), ctx.now()).await?;
        let more = serde_json::json!({ "by": role.side(), "proposed_at": to.starts_at, "answer_by": proposal.answer_by });
        transition::tell_with(&mut tx, ctx, &row, EventKind::RescheduleProposed, row.status(), more, None).await?;
        ctx.commit(tx).await?;
        return read::get(ctx, id).await;
    }
    let lowest = lowest_tier(&row, role.side(), ctx.now());
    if !move_to(&mut tx, ctx, &row, &assignment, role.side(), lowest).await? {
        drop(tx);
        return Err(hold::slot_taken(ctx, row.service_id, to.starts_at).await);
    }
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// The other side says yes to the proposed time. Refuses with `slot_taken` if it has gone meanwhile; the old time stays. Whoever says which time they saw
/// answers no other: `proposal_changed`.
pub async fn consent(ctx: &Ctx, id: BookingId, expected_starts_at: Option<Instant>) -> Result<BookingView> {
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    let Some(proposal) = row.proposal.as_ref().map(|p| p.0.clone()) else {
        return Err(BookingRefusal::NoProposal.into());
    };
    work::require(Action::Consent, role, &row, ctx)?;
    check_seen(&row, expected_starts_at)?;
    if proposal.answer_by <= ctx.now() {
        return Err(BookingRefusal::TooLate.into());
    }
    let to = Reschedule { starts_at: proposal.starts_at, resource_id: proposal.person_id };
    // Hours and notice were met when it was proposed.
    let found = find_free(&mut tx, ctx, &row, ViewerRole::Staff, &to).await?;
    // The customer left a tier when they asked; whoever follows the provider's wish leaves none.
    let lowest = lowest_tier(&row, proposal.by, proposal.at);
    let is_moved = match found {
        Ok(assignment) => move_to(&mut tx, ctx, &row, &assignment, role.side(), lowest).await?,
        Err(_) => false,
    };
    if !is_moved {
        drop(tx);
        return Err(hold::slot_taken(ctx, row.service_id, proposal.starts_at).await);
    }
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// The other side says no. A customer's wish is dropped and the old time stays; a provider who cannot keep the old time loses the booking, and everything goes back.
pub async fn refuse(ctx: &Ctx, id: BookingId, expected_starts_at: Option<Instant>) -> Result<BookingView> {
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    if row.proposal.is_none() {
        if row.status() == Status::Confirmed {
            return Err(BookingRefusal::NoProposal.into());
        }
        return read::as_it_stands(ctx, tx, id).await;
    }
    work::require(Action::Refuse, role, &row, ctx)?;
    check_seen(&row, expected_starts_at)?;
    drop_proposal(&mut tx, ctx, &row, "declined").await?;
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// Whoever proposed takes it back; the old time stays.
pub async fn withdraw(ctx: &Ctx, id: BookingId, expected_starts_at: Option<Instant>) -> Result<BookingView> {
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    if row.proposal.is_none() {
        return read::as_it_stands(ctx, tx, id).await;
    }
    work::require(Action::Withdraw, role, &row, ctx)?;
    check_seen(&row, expected_starts_at)?;
    store::set_proposal(&mut tx, id, None, ctx.now()).await?;
    let more = serde_json::json!({ "outcome": "withdrawn", "by": role.side() });
    transition::tell_with(&mut tx, ctx, &row, EventKind::RescheduleDeclined, row.status(), more, None).await?;
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// A proposal that nobody answered counts as refused. False when someone was faster.
pub(super) async fn lapse(ctx: &Ctx, id: BookingId) -> Result<bool> {
    let mut tx = ctx.begin().await?;
    let row = store::lock(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let is_due = row.status() == Status::Confirmed && row.proposal.as_ref().is_some_and(|p| p.answer_by <= ctx.now());
    if !is_due {
        return Ok(false);
    }
    drop_proposal(&mut tx, ctx, &row, "lapsed").await?;
    ctx.commit(tx).await?;
    Ok(true)
}

async fn drop_proposal(tx: &mut Tx, ctx: &Ctx, row: &BookingRow, outcome: &str) -> Result<()> {
    let by_customer = row.proposal.as_ref().is_some_and(|p| p.by == Side::Customer);
    if !by_customer {
        return cancel::end(tx, ctx, row, Cause::Whole, Side::Provider, "The time had to change and no other one suited.").await;
    }
    store::set_proposal(tx, row.id, None, ctx.now()).await?;
    let more = serde_json::json!({ "outcome": outcome });
    transition::tell_with(tx, ctx, row, EventKind::RescheduleDeclined, row.status(), more, None).await
}

/// An answer is about the time that was seen: another one may have been proposed since.
fn check_seen(row: &BookingRow, expected_starts_at: Option<Instant>) -> Result<()> {
    match (&row.proposal, expected_starts_at) {
        (Some(proposal), Some(expected)) if proposal.starts_at != expected => {
            Err(BookingRefusal::ProposalChanged { starts_at: proposal.starts_at }.into())
        }
        _ => Ok(()),
    }
}

/// Asks scheduling for the person there is, then for anyone who does it, for as long as it was agreed.
async fn find_free(tx: &mut Tx, ctx: &Ctx, row: &BookingRow, role: ViewerRole, to: &Reschedule) -> Result<Result<Assignment, NotFree>> {
    let preferred = to.resource_id.or(row.person_id);
    let mut answer = None;
    for resource in [preferred, None] {
        let query = AssignQuery {
            service: row.service_id,
            starts_at: to.starts_at,
            extra_min: row.extra_min(),
            resource,
            ignoring: Some(row.id),
            is_by_hand: role != ViewerRole::Customer,
            agreed: Some(transition::agreed(row)),
            had_notice: false,
        };
        let found = transition::assign(tx, ctx, &query).await?.ok_or(Error::Unavailable { retry_after_s: 1 })?;
        let is_last = found.is_ok() || resource.is_none() || to.resource_id.is_some();
        answer = Some(found);
        if is_last {
            break;
        }
    }
    answer.ok_or(Error::Unavailable { retry_after_s: 1 })
}

async fn move_to(tx: &mut Tx, ctx: &Ctx, row: &BookingRow, to: &Assignment, by: Side, lowest_tier_bp: i64) -> Result<bool> {
    if !transition::place(tx, ctx, row, to).await? {
        return Ok(false);
    }
    store::move_to(tx, row.id, to, lowest_tier_bp, ctx.now()).await?;
    let more = serde_json::json!({
        "by": by,
        "starts_at": to.job.starts_at,
        "ends_at": to.job.ends_at,
        "was_starts_at": row.starts_at,
        "was_ends_at": row.ends_at,
        "resource_ids": to.resources,
    });
    transition::tell_with(tx, ctx, row, EventKind::BookingRescheduled, row.status(), more, None).await?;
    Ok(true)
}

/// The lowest tier the booking has ever left, this move included, so that moving cannot buy a better refund. Only the customer's own wish, at the moment
/// they have it, leaves one: nobody else's move may cost them any of theirs.
fn lowest_tier(row: &BookingRow, wished_by: Side, at: Instant) -> i64 {
    let so_far = i64::from(row.lowest_tier_bp);
    if wished_by == Side::Customer { policy::tier_at(&row.cancel_tiers.0.0, row.starts_at, at).min(so_far) } else { so_far }
}

fn needs_answer(row: &BookingRow, role: ViewerRole) -> bool {
    role != ViewerRole::Customer || row.needs_approval
}

/// As for a request, counted to the earlier of both starts.
fn answer_by(row: &BookingRow, starts_at: Instant, now: Instant) -> Instant {
    policy::answer_by(now, row.starts_at.min(starts_at))
}
