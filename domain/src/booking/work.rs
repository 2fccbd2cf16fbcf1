//! The working day: on the way, late, started, done, or nobody there.

use super::model::{Action, BookingRefusal, BookingView, NoShowPreview, Side, Status, ViewerRole};
use super::policy::{self, Cause};
use super::store::{self, BookingRow};
use super::{money, read, transition, view};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Fields, Result};
use crate::event::EventKind;
use crate::id::BookingId;

/// Staff begin the job, from an hour before its time.
pub async fn start(ctx: &Ctx, id: BookingId) -> Result<BookingView> {
    let (mut tx, row, role) = open(ctx, id).await?;
    if row.status() == Status::InProgress {
        return read::as_it_stands(ctx, tx, id).await;
    }
    require(Action::Start, role, &row, ctx)?;
    store::start(&mut tx, id, ctx.now()).await?;
    transition::tell(&mut tx, ctx, &row, EventKind::BookingStarted, Status::InProgress).await?;
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// Staff finish the job.
pub async fn complete(ctx: &Ctx, id: BookingId) -> Result<BookingView> {
    let (mut tx, row, role) = open(ctx, id).await?;
    if row.status() == Status::Completed {
        return read::as_it_stands(ctx, tx, id).await;
    }
    require(Action::Complete, role, &row, ctx)?;
    finish(&mut tx, ctx, &row).await?;
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// Done, by hand or by itself.
pub(super) async fn finish(tx: &mut Tx, ctx: &Ctx, row: &BookingRow) -> Result<()> {
    store::complete(tx, row.id, ctx.now()).await?;
    transition::tell(tx, ctx, row, EventKind::BookingCompleted, Status::Completed).await
}

/// What saying so would give back, from 15 minutes after the start.
pub async fn preview_no_show(ctx: &Ctx, id: BookingId) -> Result<NoShowPreview> {
    let row = store::find(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    let role = view::role_of(ctx, &row)?;
    require(Action::NoShow, role, &row, ctx)?;
    let absent: &[Side] = match role {
        ViewerRole::Customer => &[Side::Provider],
        ViewerRole::Staff => &[Side::Customer],
        ViewerRole::Operator => &[Side::Customer, Side::Provider],
    };
    let back = |side| row.money(money::refund_of(&row, absence(side)).total());
    Ok(NoShowPreview { is_charged: row.is_paid, ways: absent.iter().map(|&side| (side, back(side))).collect() })
}

/// The customer's absence gives nothing back, the provider's everything.
fn absence(absent: Side) -> Cause {
    if absent == Side::Provider { Cause::Whole } else { Cause::CustomerNoShow }
}

/// From 15 minutes after the start each side may say that the other did not come. The customer's absence gives nothing back, the provider's everything.
/// Operators say who was absent.
pub async fn no_show(ctx: &Ctx, id: BookingId, absent: Option<Side>) -> Result<BookingView> {
    let (mut tx, row, role) = open(ctx, id).await?;
    let absent = match role {
        ViewerRole::Customer => Side::Provider,
        ViewerRole::Staff => Side::Customer,
        ViewerRole::Operator => match absent {
            Some(side @ (Side::Customer | Side::Provider)) => side,
            _ => return Err(Fields::one("absent", "Say who was not there: customer or provider.").into()),
        },
    };
    if row.status() == Status::NoShow && row.no_show_by.as_deref() == Some(absent.as_str()) {
        return read::as_it_stands(ctx, tx, id).await;
    }
    require(Action::NoShow, role, &row, ctx)?;
    store::no_show(&mut tx, id, ctx.now(), absent).await?;
    let back = money::give_back(&mut tx, ctx, &row, absence(absent), transition::side_of(role, ctx), "no-show").await?;
    let more = serde_json::json!({ "absent": absent, "by": role.side(), "refund_minor": back.total() });
    transition::tell_with(&mut tx, ctx, &row, EventKind::BookingNoShow, Status::NoShow, more, None).await?;
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// Staff set out.
pub async fn on_the_way(ctx: &Ctx, id: BookingId) -> Result<BookingView> {
    let (mut tx, row, role) = open(ctx, id).await?;
    if row.on_the_way_at.is_some() && row.status() == Status::Confirmed && role != ViewerRole::Customer {
        return read::as_it_stands(ctx, tx, id).await;
    }
    require(Action::OnTheWay, role, &row, ctx)?;
    store::on_the_way(&mut tx, id, ctx.now()).await?;
    transition::tell(&mut tx, ctx, &row, EventKind::BookingOnTheWay, row.status()).await?;
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

/// Staff say by how many minutes (1 to 240) they will be late.
pub async fn running_late(ctx: &Ctx, id: BookingId, minutes: i64) -> Result<BookingView> {
    let mut fields = Fields::none();
    fields.check((1..=240).contains(&minutes), "minutes", "Say between 1 and 240 minutes.");
    fields.finish()?;
    let (mut tx, row, role) = open(ctx, id).await?;
    require(Action::RunningLate, role, &row, ctx)?;
    if row.late_min.map(i64::from) != Some(minutes) {
        store::running_late(&mut tx, id, ctx.now(), minutes).await?;
        let more = serde_json::json!({ "minutes": minutes });
        transition::tell_with(&mut tx, ctx, &row, EventKind::BookingRunningLate, row.status(), more, None).await?;
    }
    ctx.commit(tx).await?;
    read::get(ctx, id).await
}

async fn open(ctx: &Ctx, id: BookingId) -> Result<(Tx, BookingRow, ViewerRole)> {
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    Ok((tx, row, role))
}

/// Ok if this viewer may take this step now; otherwise why not: not theirs to take, not from this status, or not yet.
pub(super) fn require(action: Action, role: ViewerRole, row: &BookingRow, ctx: &Ctx) -> Result<()> {
    let (facts, now) = (row.facts(), ctx.now());
    if policy::may(action, role, &facts, now) {
        return Ok(());
    }
    let other_role = match role {
        ViewerRole::Customer => ViewerRole::Staff,
        ViewerRole::Staff | ViewerRole::Operator => ViewerRole::Customer,
    };
    if policy::may(action, other_role, &facts, now) {
        return Err(Error::Forbidden);
    }
    let from = match action {
        Action::Start => Some(facts.starts_at.plus_minutes(-policy::START_EARLY_MIN)),
        Action::OnTheWay | Action::RunningLate => Some(facts.starts_at.plus_minutes(-policy::ON_THE_WAY_EARLY_MIN)),
        Action::NoShow => Some(policy::no_show_from(facts.starts_at)),
        Action::Complete if role != ViewerRole::Customer => Some(facts.ends_at),
        _ => None,
    };
    match facts.status {
        Status::Confirmed => match from {
            // A customer never starts or finishes a job, however long they wait.
            Some(from) if now < from && policy::may(action, role, &facts, from) => {
                Err(BookingRefusal::NotYet { from: super::timeline::moment(from, &row.zone), at: from }.into())
            }
            _ if !policy::may(action, role, &facts, facts.starts_at)
                && !policy::may(action, role, &facts, facts.ends_at)
                && from.is_some() =>
            {
                Err(Error::Forbidden)
            }
            _ => Err(BookingRefusal::TooLate.into()),
        },
        Status::Requested if matches!(action, Action::Approve | Action::Decline) => Err(BookingRefusal::TooLate.into()),
        status => Err(BookingRefusal::WrongStatus { status }.into()),
    }
}
