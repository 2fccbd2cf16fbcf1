//! The steps that several verbs share, and the one that money takes: it alone confirms what costs something.

use super::model::{Settlement, Side, Status, ViewerRole};
use super::policy;
use super::store::{self, BookingRow};
use super::view::role_of;
use crate::audit::{self, Entry};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::id::BookingId;
use crate::money::Money;
use crate::outbox;
use crate::scheduling;
use crate::scheduling::model::{Agreed, AssignQuery, Assignment, NotFree};
use crate::time::Span;

/// Money that has arrived, or is certain to arrive once captured.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    pub amount: Money,
    /// Authorised on the card, not yet captured.
    pub is_authorised_only: bool,
}

/// What money that arrived has led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyOutcome {
    Confirmed,
    Requested,
    /// The booking stood there before.
    AlreadyDone,
    /// It must go back whole; the reason is a sentence for the customer.
    ReturnIt {
        reason: String,
    },
}

/// The one way by which money moves a booking, whoever brings the news: webhook, return or reconciler. Safe to repeat, in any order.
pub async fn money_arrived(tx: &mut Tx, ctx: &Ctx, id: BookingId, arrived: Arrived) -> Result<MoneyOutcome> {
    let row = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
    let status = row.status();
    let back = |reason: &str| Ok(MoneyOutcome::ReturnIt { reason: reason.to_owned() });
    let is_over = ctx.now() >= row.starts_at;
    match status {
        Status::Confirmed | Status::InProgress | Status::Completed => return Ok(MoneyOutcome::AlreadyDone),
        Status::NoShow => return Ok(MoneyOutcome::AlreadyDone),
        Status::Requested if arrived.is_authorised_only => return Ok(MoneyOutcome::AlreadyDone),
        Status::Cancelled => return back("The booking was cancelled before the money arrived."),
        Status::Declined => return back("The request was declined."),
        Status::Held | Status::Expired if is_over => return back("The booked time had already begun when the money arrived."),
        Status::Held | Status::Expired | Status::Requested => {}
    }
    if !take_amount(tx, ctx, &row, arrived.amount).await? {
        return back("The amount was not what the booking costs.");
    }
    // The next customer may have taken some or all of what a hold kept that ran out, before the job announced it.
    let has_lost = status == Status::Expired || status == Status::Held && !store::keeps_all(tx, id).await?;
    if has_lost && !take_again(tx, ctx, &row).await? {
        return back("The time was taken by someone else before the money arrived.");
    }
    if row.needs_approval && arrived.is_authorised_only {
        let answer_by = policy::answer_by(ctx.now(), row.starts_at);
        if answer_by <= ctx.now() {
            store::free(tx, id).await?;
            return back("There was no time left for the provider to answer.");
        }
        request(tx, ctx, &row).await?;
        return Ok(MoneyOutcome::Requested);
    }
    confirm(tx, ctx, &row).await?;
    Ok(MoneyOutcome::Confirmed)
}

/// The price is what the booking says; what was paid above it, up to the service itself, is the tip that was chosen with that attempt.
async fn take_amount(tx: &mut Tx, ctx: &Ctx, row: &BookingRow, amount: Money) -> Result<bool> {
    let price = row.price();
    if amount.currency != row.currency() {
        return Ok(false);
    }
    let tip_minor = amount.minor - (price.total() - price.tip_minor);
    if policy::check_tip(tip_minor, &price).is_err() {
        return Ok(false);
    }
    if tip_minor != price.tip_minor {
        store::set_tip(tx, row.id, tip_minor, ctx.now()).await?;
    }
    Ok(true)
}

/// Occupies the time of a lapsed hold or request once more, with the same person if they are free, else with a colleague who works then.
async fn take_again(tx: &mut Tx, ctx: &Ctx, row: &BookingRow) -> Result<bool> {
    for resource in [row.person_id, None] {
        let query = AssignQuery {
            service: row.service_id,
            starts_at: row.starts_at,
            extra_min: row.extra_min(),
            resource,
            ignoring: Some(row.id),
            // They were offered when it was held, so their hours have been answered then; nobody has asked for a colleague's.
            is_by_hand: resource == row.person_id,
            agreed: Some(agreed(row)),
            had_notice: true,
        };
        match assign(tx, ctx, &query).await? {
            Some(Ok(assignment)) => {
                let is_placed = place(tx, ctx, row, &assignment).await?;
                if is_placed {
                    store::reassign(tx, row.id, &assignment, ctx.now()).await?;
                }
                return Ok(is_placed);
            }
            Some(Err(_)) => {}
            // The transaction is spent; whoever brought the news brings it again.
            None => return Err(Error::Unavailable { retry_after_s: 1 }),
        }
        if resource.is_none() {
            break;
        }
    }
    Ok(false)
}

/// As long as it was agreed, extras included, whatever its service says by now.
pub(super) fn agreed(row: &BookingRow) -> Agreed {
    Agreed {
        duration_min: Span::new(row.starts_at, row.ends_at).minutes(),
        buffer_before_min: row.buffer_before_min.into(),
        buffer_after_min: row.buffer_after_min.into(),
    }
}

/// Moves the booking's allocations to the assignment; false when someone else has it. What was done before in the transaction stays.
pub(super) async fn place(tx: &mut Tx, ctx: &Ctx, row: &BookingRow, assignment: &Assignment) -> Result<bool> {
    use sqlx::Acquire;
    let ids: Vec<_> = assignment.resources.iter().map(|_| ctx.new_id()).collect();
    let mut inner = tx.begin().await?;
    store::free(&mut inner, row.id).await?;
    match store::allocate(&mut inner, row.id, row.provider_id, &ids, assignment, ctx.now()).await {
        Ok(()) => {
            inner.commit().await?;
            Ok(true)
        }
        Err(error) if is_contention(&error) => {
            inner.rollback().await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// A payment attempt begins: the hold lasts ten minutes longer, once. Its row is locked, and may be paid for.
pub(super) async fn extend_hold_for_payment(tx: &mut Tx, ctx: &Ctx, row: &BookingRow) -> Result<()> {
    let Some(expires_at) = row.hold_expires_at.filter(|_| row.status() == Status::Held && !row.is_hold_extended) else { return Ok(()) };
    store::extend_hold(tx, row.id, expires_at.plus_minutes(policy::HOLD_EXTENSION_MIN), ctx.now()).await
}

/// Reads and locks a booking that the caller may see. Support may look but not act.
pub(super) async fn lock(tx: &mut Tx, ctx: &Ctx, id: BookingId) -> Result<(BookingRow, ViewerRole)> {
    let row = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
    let role = role_of(ctx, &row)?;
    if role == ViewerRole::Operator && !ctx.is_system() && !ctx.is_admin() {
        return Err(Error::Forbidden);
    }
    Ok((row, role))
}

/// Agreed: tells the provider and the customer.
pub(super) async fn confirm(tx: &mut Tx, ctx: &Ctx, row: &BookingRow) -> Result<()> {
    debug_assert!(policy::may_follow(row.status(), Status::Confirmed));
    store::confirm(tx, row.id, ctx.now()).await?;
    tell(tx, ctx, row, EventKind::BookingConfirmed, Status::Confirmed).await
}

/// Waits for the provider's answer from now on.
pub(super) async fn request(tx: &mut Tx, ctx: &Ctx, row: &BookingRow) -> Result<()> {
    debug_assert!(policy::may_follow(row.status(), Status::Requested));
    store::request(tx, row.id, ctx.now(), policy::answer_by(ctx.now(), row.starts_at)).await?;
    tell(tx, ctx, row, EventKind::BookingRequested, Status::Requested).await
}

/// Without money to wait for: confirmed, or asked.
pub(super) async fn settle_without_money(tx: &mut Tx, ctx: &Ctx, row: &BookingRow) -> Result<()> {
    store::set_settlement(tx, row.id, Settlement::None, ctx.now()).await?;
    if row.needs_approval { request(tx, ctx, row).await } else { confirm(tx, ctx, row).await }
}

/// The fact on the spine and the entry in the audit, both in the verb's transaction.
pub(super) async fn tell(tx: &mut Tx, ctx: &Ctx, row: &BookingRow, kind: EventKind, status: Status) -> Result<()> {
    tell_with(tx, ctx, row, kind, status, serde_json::json!({}), None).await
}

/// The same with more to say: members of `more` join the event's data, the reason goes to the audit.
pub(super) async fn tell_with(
    tx: &mut Tx,
    ctx: &Ctx,
    row: &BookingRow,
    kind: EventKind,
    status: Status,
    more: serde_json::Value,
    reason: Option<&str>,
) -> Result<()> {
    let mut event = row.event(kind, status);
    if let (Some(data), serde_json::Value::Object(more)) = (event.data.as_object_mut(), more.clone()) {
        data.extend(more);
    }
    outbox::record(tx, ctx, event).await?;
    let mut entry = Entry::new(kind.as_str(), "booking", row.id).provider(row.provider_id).data(more);
    if let Some(reason) = reason {
        entry = entry.reason(reason);
    }
    audit::record(tx, ctx, entry).await
}

/// Asks scheduling who does it. None: someone else is at the same resources, look again.
pub(super) async fn assign(tx: &mut Tx, ctx: &Ctx, query: &AssignQuery) -> Result<Option<Result<Assignment, NotFree>>> {
    match scheduling::assign(tx, ctx, query).await {
        Ok(answer) => Ok(Some(answer)),
        // deadlock, serialisation failure, lock timeout
        Err(Error::Unavailable { retry_after_s: 1 }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Two writers met: the overlap constraint, a deadlock, a serialisation failure or a lock timeout.
pub(super) fn is_contention(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| matches!(e.code().as_deref(), Some("23P01" | "40P01" | "40001" | "55P03")))
}

/// Which side a person's act counts as.
pub(super) fn side_of(role: ViewerRole, ctx: &Ctx) -> Side {
    if ctx.is_system() { Side::System } else { role.side() }
}
