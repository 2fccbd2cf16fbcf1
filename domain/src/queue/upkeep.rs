//! Sweeping out what has served its time: rows of the spine that nobody will ask for again.

use super::{LEASE_S, LONGEST_WAIT_H};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::time::{CLOCKS_DIFFER, Instant};

/// The duty's name.
pub const SWEEP: &str = "queue.sweep";

/// Small steps, because a long writer holds back every reader of events.
const STEP: i64 = 2000;

/// Ended sessions, answered idempotency keys (24 h), finished jobs (7 days), old limits, intervals and nodes.
pub async fn sweep(ctx: &Ctx) -> Result<()> {
    let (db, now) = (ctx.db(), ctx.now());
    let day_ago = now.plus_days(-1);
    loop {
        let mut most = 0;
        let done = sqlx::query!(
            "delete from sessions where id in (select id from sessions where expires_at <= $1 limit $2)",
            now as Instant,
            STEP
        );
        most = done.execute(db).await?.rows_affected().max(most);
        let done = sqlx::query!(
            "delete from idempotency_keys where (scope, key) in (select scope, key from idempotency_keys where created_at < $1 limit $2)",
            day_ago as Instant,
            STEP
        );
        most = done.execute(db).await?.rows_affected().max(most);
        let done = sqlx::query!(
            "delete from jobs where id in (select id from jobs where finished_at < $1 limit $2)",
            now.plus_days(-7) as Instant,
            STEP
        );
        most = done.execute(db).await?.rows_affected().max(most);
        if most < STEP as u64 {
            break;
        }
    }
    sqlx::query!("delete from rate_windows where window_start < $1", now.plus_minutes(-5) as Instant).execute(db).await?;
    sqlx::query!("delete from cron_runs where minute < $1", day_ago as Instant).execute(db).await?;
    sqlx::query!("delete from nodes where seen_at < $1", day_ago as Instant).execute(db).await?;
    Ok(())
}

/// The duty's name.
pub const CATCH_UP: &str = "queue.catch_up";

/// After a clock has been set back: jobs that it put off or had in hand are due, and requests that it saw begin may begin anew.
pub async fn catch_up(ctx: &Ctx) -> Result<()> {
    let (db, now) = (ctx.db(), ctx.now());
    sqlx::query!(
        "update jobs
         set run_at = least(run_at, $1::timestamptz), leased_until = null, leased_by = null
         where finished_at is null
           and dead_at is null
           and (run_at > $2 or leased_until > $3)",
        now as Instant,
        now.plus_hours(LONGEST_WAIT_H) as Instant,
        (now.plus_seconds(LEASE_S) + CLOCKS_DIFFER) as Instant,
    )
    .execute(db)
    .await?;
    sqlx::query!(
        "update idempotency_keys set created_at = $1 where status is null and created_at > $2",
        now as Instant,
        (now + CLOCKS_DIFFER) as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// This process says that it lives; those that have not for a day are forgotten.
pub async fn report_node(db: &sqlx::PgPool, name: &str, version: &str, started_at: Instant, now: Instant) -> Result<()> {
    sqlx::query!(
        "insert into nodes (id, version, started_at, seen_at)
         values ($1, $2, $3, $4)
         on conflict (id) do update set version = excluded.version, started_at = excluded.started_at, seen_at = excluded.seen_at",
        name,
        version,
        started_at as Instant,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}
