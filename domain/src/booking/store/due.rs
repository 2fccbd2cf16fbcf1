//! What time has overtaken. Found without locks; each is then locked and looked at again by its verb.

use crate::error::Result;
use crate::id::BookingId;
use crate::time::Instant;
use sqlx::PgExecutor;

pub async fn list_due_holds(db: impl PgExecutor<'_>, now: Instant, limit: i64) -> Result<Vec<BookingId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: BookingId" from bookings where status = 'held' and hold_expires_at <= $1 order by hold_expires_at limit $2"#,
        now as Instant,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Holds made at a later time than `latest`, before a clock was set back, begin again: they last as long as they were to last, and no longer.
pub async fn restart_holds(db: impl PgExecutor<'_>, now: Instant, latest: Instant) -> Result<()> {
    sqlx::query!(
        "with late as (
            update bookings
            set hold_expires_at = least(lower(during), $1::timestamptz + (hold_expires_at - created_at)), created_at = $1, version = version + 1
            where status = 'held'
            and created_at > $2
            returning id, hold_expires_at
         )
         update allocations a
         set expires_at = late.hold_expires_at
         from late
         where a.booking_id = late.id
         and a.is_live",
        now as Instant,
        latest as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn list_due_requests(db: impl PgExecutor<'_>, now: Instant, limit: i64) -> Result<Vec<BookingId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: BookingId" from bookings where status = 'requested' and answer_by <= $1 order by answer_by limit $2"#,
        now as Instant,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Confirmed and ended before `ended_by`.
pub async fn list_due_completions(db: impl PgExecutor<'_>, ended_by: Instant, limit: i64) -> Result<Vec<BookingId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: BookingId"
         from bookings
         where status in ('confirmed', 'in_progress')
         and upper(during) <= $1
         order by upper(during)
         limit $2"#,
        ended_by as Instant,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Proposals of another time that nobody answered.
pub async fn list_due_proposals(db: impl PgExecutor<'_>, now: Instant, limit: i64) -> Result<Vec<BookingId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: BookingId"
         from bookings
         where status = 'confirmed'
         and proposal is not null
         and (proposal ->> 'answer_by')::timestamptz <= $1
         limit $2"#,
        now as Instant,
        limit,
    )
    .fetch_all(db)
    .await?)
}
