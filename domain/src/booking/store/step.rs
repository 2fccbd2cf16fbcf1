//! The steps of a booking's life, each one statement on the locked row.

use crate::booking::model::{Address, Proposal, Settlement, Side, Status};
use crate::error::Result;
use crate::id::{AccountId, BookingId, VisitorId};
use crate::scheduling::model::Assignment;
use crate::time::Instant;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Agreed. From now on its allocations have no end of their own.
pub async fn confirm(tx: &mut PgConnection, id: BookingId, now: Instant) -> Result<()> {
    sqlx::query!(
        "with kept as (
            update allocations set expires_at = null where booking_id = $1 and is_live
         )
         update bookings
         set
            status = 'confirmed',
            confirmed_at = $2,
            hold_expires_at = null,
            answer_by = null,
            ended_at = null,
            sequence = sequence + 1,
            version = version + 1,
            updated_at = $2
         where id = $1",
        id as BookingId,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Waits for the provider's answer until `answer_by`.
pub async fn request(tx: &mut PgConnection, id: BookingId, now: Instant, answer_by: Instant) -> Result<()> {
    sqlx::query!(
        "with kept as (
            update allocations set expires_at = null where booking_id = $1 and is_live
         )
         update bookings
         set
            status = 'requested',
            requested_at = $2,
            answer_by = $3,
            hold_expires_at = null,
            ended_at = null,
            version = version + 1,
            updated_at = $2
         where id = $1",
        id as BookingId,
        now as Instant,
        answer_by as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Its answer may come until then at least.
pub async fn keep_open(tx: &mut PgConnection, id: BookingId, until: Instant) -> Result<()> {
    sqlx::query!("update bookings set answer_by = greatest(answer_by, $2) where id = $1", id as BookingId, until as Instant)
        .execute(tx)
        .await?;
    Ok(())
}

/// Over without having taken place: expired, declined or cancelled. Frees its resources.
pub async fn end(tx: &mut PgConnection, id: BookingId, status: Status, now: Instant, by: Option<Side>, reason: Option<&str>) -> Result<()> {
    sqlx::query!(
        "with freed as (
            update allocations set is_live = false where booking_id = $1 and is_live
         )
         update bookings
         set
            status = $2,
            ended_at = $3,
            cancelled_by = case when $2 = 'cancelled' then $4 end,
            end_reason = $5,
            proposal = null,
            sequence = sequence + 1,
            version = version + 1,
            updated_at = $3
         where id = $1",
        id as BookingId,
        status.as_str(),
        now as Instant,
        by.map(Side::as_str),
        reason,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn start(tx: &mut PgConnection, id: BookingId, now: Instant) -> Result<()> {
    sqlx::query!(
        "update bookings set status = 'in_progress', started_at = $2, proposal = null, version = version + 1, updated_at = $2 where id = $1",
        id as BookingId,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Done. What it still occupied is free again.
pub async fn complete(tx: &mut PgConnection, id: BookingId, now: Instant) -> Result<()> {
    sqlx::query!(
        "with freed as (
            update allocations set is_live = false where booking_id = $1 and is_live
         )
         update bookings
         set status = 'completed', completed_at = $2, ended_at = $2, proposal = null, version = version + 1, updated_at = $2
         where id = $1",
        id as BookingId,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// `absent`: who did not come.
pub async fn no_show(tx: &mut PgConnection, id: BookingId, now: Instant, absent: Side) -> Result<()> {
    sqlx::query!(
        "with freed as (
            update allocations set is_live = false where booking_id = $1 and is_live
         )
         update bookings
         set
            status = 'no_show',
            no_show_by = $3,
            ended_at = $2,
            proposal = null,
            sequence = sequence + 1,
            version = version + 1,
            updated_at = $2
         where id = $1",
        id as BookingId,
        now as Instant,
        absent.as_str(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn on_the_way(tx: &mut PgConnection, id: BookingId, now: Instant) -> Result<()> {
    sqlx::query!(
        "update bookings set on_the_way_at = $2, version = version + 1, updated_at = $2 where id = $1",
        id as BookingId,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn running_late(tx: &mut PgConnection, id: BookingId, now: Instant, minutes: i64) -> Result<()> {
    sqlx::query!(
        "update bookings set late_min = $3, version = version + 1, updated_at = $2 where id = $1",
        id as BookingId,
        now as Instant,
        minutes as i32,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Longer by a few minutes, once: a payment attempt has begun.
pub async fn extend_hold(tx: &mut PgConnection, id: BookingId, until: Instant, now: Instant) -> Result<()> {
    sqlx::query!(
        "with kept as (
            update allocations set expires_at = $2 where booking_id = $1 and is_live
         )
         update bookings
         set hold_expires_at = $2, is_hold_extended = true, version = version + 1, updated_at = $3
         where id = $1",
        id as BookingId,
        until as Instant,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What checkout was told. The tip stands until money moves.
pub struct Details<'a> {
    pub customer: Option<AccountId>,
    pub name: &'a str,
    pub email: &'a str,
    pub phone: &'a str,
    pub notes: &'a str,
    pub address: Option<&'a Address>,
    pub tip_minor: i64,
}

pub async fn save_details(tx: &mut PgConnection, id: BookingId, details: Details<'_>, now: Instant) -> Result<()> {
    sqlx::query!(
        "update bookings
         set
            customer_id = coalesce($2, customer_id),
            customer_name = $3,
            customer_email = $4,
            customer_phone = $5,
            notes = $6,
            address = $7,
            tip_minor = $8,
            version = version + 1,
            updated_at = $9
         where id = $1",
        id as BookingId,
        details.customer as Option<AccountId>,
        details.name,
        details.email,
        details.phone,
        details.notes,
        details.address.map(Json) as _,
        details.tip_minor,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The tip as it was paid.
pub async fn set_tip(tx: &mut PgConnection, id: BookingId, tip_minor: i64, now: Instant) -> Result<()> {
    sqlx::query!(
        "update bookings set tip_minor = $2, version = version + 1, updated_at = $3 where id = $1",
        id as BookingId,
        tip_minor,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// How the price is collected, with the commission that goes with it.
pub async fn set_settlement(tx: &mut PgConnection, id: BookingId, settlement: Settlement, now: Instant) -> Result<()> {
    sqlx::query!(
        "update bookings set settlement = $2, updated_at = $3 where id = $1",
        id as BookingId,
        settlement.as_str(),
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn set_notes(tx: &mut PgConnection, id: BookingId, notes: &str, now: Instant) -> Result<()> {
    sqlx::query!(
        "update bookings set notes = $2, version = version + 1, updated_at = $3 where id = $1",
        id as BookingId,
        notes,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Whoever opened the link to pay goes on in this browser.
pub async fn set_visitor(tx: &mut PgConnection, id: BookingId, visitor: VisitorId) -> Result<()> {
    sqlx::query!("update bookings set visitor_id = $2 where id = $1", id as BookingId, visitor as VisitorId).execute(tx).await?;
    Ok(())
}

pub async fn set_proposal(tx: &mut PgConnection, id: BookingId, proposal: Option<&Proposal>, now: Instant) -> Result<()> {
    sqlx::query!(
        "update bookings set proposal = $2, version = version + 1, updated_at = $3 where id = $1",
        id as BookingId,
        proposal.map(Json) as _,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives its resources free; the booking itself stays.
pub async fn free(tx: &mut PgConnection, id: BookingId) -> Result<()> {
    sqlx::query!("update allocations set is_live = false where booking_id = $1 and is_live", id as BookingId).execute(tx).await?;
    Ok(())
}

/// With whoever does it now, at the time it has; no calendar knows of it yet, so its sequence stays.
pub async fn reassign(tx: &mut PgConnection, id: BookingId, to: &Assignment, now: Instant) -> Result<()> {
    sqlx::query!(
        "update bookings
         set
            during = $2,
            person_id = $3,
            buffer_before_min = $4,
            buffer_after_min = $5,
            version = version + 1,
            updated_at = $6
         where id = $1",
        id as BookingId,
        to.job as crate::time::Span,
        to.person as Option<crate::id::ResourceId>,
        to.buffer_before_min as i32,
        to.buffer_after_min as i32,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// At another time, with whoever does it then. Remembers the refund tier it left.
pub async fn move_to(tx: &mut PgConnection, id: BookingId, to: &Assignment, lowest_tier_bp: i64, now: Instant) -> Result<()> {
    sqlx::query!(
        "update bookings
         set
            during = $2,
            person_id = $3,
            buffer_before_min = $4,
            buffer_after_min = $5,
            lowest_tier_bp = $6,
            proposal = null,
            on_the_way_at = null,
            late_min = null,
            sequence = sequence + 1,
            version = version + 1,
            updated_at = $7
         where id = $1",
        id as BookingId,
        to.job as crate::time::Span,
        to.person as Option<crate::id::ResourceId>,
        to.buffer_before_min as i32,
        to.buffer_after_min as i32,
        lowest_tier_bp as i32,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}
