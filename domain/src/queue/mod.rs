//! Jobs as rows, written beside the business rows in the same transaction.

#[cfg(test)]
mod clock_tests;
mod duties;
mod lease;
mod runner;
#[cfg(test)]
mod tests;
mod upkeep;

pub use duties::{interval_of, run_due_duties, run_due_duty};
pub use lease::{Lane, Leased, finish, lease, put_off, renew};
pub use runner::{LEASE_S, run_due, run_one};
pub use upkeep::{CATCH_UP, SWEEP, catch_up, report_node, sweep};

use crate::ctx::{Ctx, Tx};
use crate::error::Result;
use crate::id::JobId;
use crate::time::Instant;
use crate::trace;
use uuid::Uuid;

/// Nothing is put off longer, so what waits longer was put off by a clock that has been set back.
pub(crate) const LONGEST_WAIT_H: i64 = 2;

/// Work for later. `kind` is `room.verb` and is dispatched in [`crate::jobs`].
#[derive(Debug, Clone)]
pub struct NewJob {
    pub kind: &'static str,
    pub payload: serde_json::Value,
    /// Two live jobs of one kind with the same key are one job.
    pub dedup_key: Option<String>,
    /// None: at once.
    pub run_at: Option<Instant>,
}

impl NewJob {
    pub fn new(kind: &'static str, payload: serde_json::Value) -> Self {
        Self { kind, payload, dedup_key: None, run_at: None }
    }
    pub fn once(mut self, key: impl ToString) -> Self {
        self.dedup_key = Some(key.to_string());
        self
    }
    pub fn at(mut self, instant: Instant) -> Self {
        self.run_at = Some(instant);
        self
    }
}

pub async fn enqueue(tx: &mut Tx, ctx: &Ctx, job: NewJob) -> Result<()> {
    let now = ctx.now();
    debug_assert!(job.run_at.is_none_or(|at| at <= now.plus_hours(LONGEST_WAIT_H)), "{} is put off for too long", job.kind);
    sqlx::query!(
        "insert into jobs (id, kind, payload, dedup_key, run_at, created_at, traceparent)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (kind, dedup_key) where dedup_key is not null and finished_at is null and dead_at is null do nothing",
        Uuid::from(ctx.new_id::<JobId>()),
        job.kind,
        job.payload,
        job.dedup_key,
        job.run_at.unwrap_or(now) as Instant,
        now as Instant,
        trace::place(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
