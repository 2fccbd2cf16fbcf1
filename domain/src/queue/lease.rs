//! Taking jobs so that one worker has each, and a killed worker's come back by themselves.

use crate::error::Result;
use crate::id::JobId;
use crate::time::Instant;
use sqlx::{PgExecutor, PgPool};

/// A job that is ours until its lease ends.
#[derive(Debug, Clone)]
pub struct Leased {
    pub id: JobId,
    pub kind: String,
    pub payload: serde_json::Value,
    /// Including this one.
    pub attempts: i32,
    pub max_attempts: i32,
    /// Where whoever left it for later stood in their trace, if anybody collects them.
    pub traceparent: Option<String>,
}

/// Which jobs stand in one line. Each line has workers of its own, so that a mail server or a calendar's host that takes its time never holds up
/// money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Whatever is to be settled with the gateway.
    Money,
    /// Reading other people's, of which there may be thousands on hosts that take their time.
    Calendars,
    Rest,
}

impl Lane {
    pub const ALL: [Self; 3] = [Self::Money, Self::Calendars, Self::Rest];

    /// As the index `jobs_due_by_line` has it.
    fn name(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Calendars => "calendars",
            Self::Rest => "rest",
        }
    }
}

/// Takes up to `limit` due jobs, the longest due first. A lease that ran out counts as none; a job whose workers have died as often as it may be tried
/// is a dead letter, for it may be what they died of.
pub async fn lease(db: impl PgExecutor<'_>, lane: Lane, worker: &str, now: Instant, until: Instant, limit: i64) -> Result<Vec<Leased>> {
    let rows = sqlx::query!(
        r#"with due as materialized (
            -- once: as a subquery the planner may run it again for each row of jobs, and each run takes others
            select id, attempts >= max_attempts as is_worn_out
            from jobs
            where finished_at is null
              and dead_at is null
              and run_at <= $2
              and (leased_until is null or leased_until <= $2)
              and case when starts_with(kind, 'payment.') then 'money' when kind = 'scheduling.import_calendar' then 'calendars' else 'rest' end = $5
            order by run_at, id
            limit $4
            for update skip locked
         ), buried as (
            update jobs j
            set dead_at = $2, leased_until = null, leased_by = null, last_error = 'its workers died of it or with it'
            from due
            where j.id = due.id and due.is_worn_out
         )
         update jobs j
         set leased_until = $3, leased_by = $1, attempts = attempts + 1
         from due
         where j.id = due.id and not due.is_worn_out
         returning j.id as "id: JobId", j.kind, j.payload, j.attempts, j.max_attempts, j.traceparent"#,
        worker,
        now as Instant,
        until as Instant,
        limit,
        lane.name(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Leased {
            id: row.id,
            kind: row.kind,
            payload: row.payload,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            traceparent: row.traceparent,
        })
        .collect())
}

/// Keeps a lease while the job still runs.
pub async fn renew(db: &PgPool, worker: &str, id: JobId, until: Instant) -> Result<()> {
    sqlx::query!(
        "update jobs set leased_until = $3 where id = $1 and leased_by = $2 and finished_at is null",
        id as JobId,
        worker,
        until as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn finish(db: &PgPool, worker: &str, id: JobId, now: Instant) -> Result<()> {
    sqlx::query!(
        "update jobs set finished_at = $3, leased_until = null, leased_by = null, last_error = null where id = $1 and leased_by = $2",
        id as JobId,
        worker,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// After a failure: to be tried again at `retry_at`, or a dead letter when that is None.
pub async fn put_off(db: &PgPool, worker: &str, id: JobId, now: Instant, retry_at: Option<Instant>, error: &str) -> Result<()> {
    sqlx::query!(
        "update jobs
         set run_at = coalesce($4, run_at),
             dead_at = case when $4::timestamptz is null then $3::timestamptz end,
             leased_until = null,
             leased_by = null,
             last_error = $5
         where id = $1
           and leased_by = $2",
        id as JobId,
        worker,
        now as Instant,
        retry_at as Option<Instant>,
        error,
    )
    .execute(db)
    .await?;
    Ok(())
}
