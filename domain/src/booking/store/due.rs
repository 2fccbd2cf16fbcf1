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
