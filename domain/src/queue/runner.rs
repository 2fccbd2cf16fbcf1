//! Running what is due: outcome, backoff and dead letters.

use super::lease::{self, Lane, Leased};
use crate::crash::{Point, passing};
use crate::ctx::{Actor, Ctx, House};
use crate::error::{Error, Result};
use crate::jobs;
use crate::time::Instant;
use crate::trace;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// A worker that dies holds its jobs back no longer than this; what it had begun must be right again within half a minute.
pub const LEASE_S: i64 = 6;
const RENEW_EVERY: Duration = Duration::from_secs(2);
const LONGEST_BACKOFF_S: i64 = 3600;

/// Takes and runs up to `limit` due jobs of each lane, one after another; how many there were.
pub async fn run_due(house: &Arc<House>, worker: &str, limit: i64) -> Result<usize> {
    let mut count = 0;
    for lane in Lane::ALL {
        let now = house.clock.now();
        let taken = lease::lease(&house.db, lane, worker, now, now.plus_seconds(LEASE_S), limit).await?;
        for job in &taken {
            run_one(house, worker, job).await?;
        }
        count += taken.len();
    }
    Ok(count)
}

/// Runs a leased job and records how it went. Only an unreachable database is an error here.
pub async fn run_one(house: &Arc<House>, worker: &str, job: &Leased) -> Result<()> {
    let ctx = Ctx::new(house.clone(), Actor::System("job"), format!("job-{}", job.id), None);
    let started = std::time::Instant::now();
    let outcome = {
        // A job that panics is one that failed, or it would come back for ever.
        let running = AssertUnwindSafe(jobs::run(&ctx, &job.kind, job.payload.clone())).catch_unwind();
        let running = running.map(|outcome| outcome.unwrap_or_else(|_| Err(Error::internal("the job panicked"))));
        let running = trace::within(trace::job(job), running);
        tokio::pin!(running);
        loop {
            tokio::select! {
                outcome = &mut running => break outcome,
                () = tokio::time::sleep(RENEW_EVERY) => {
                    let until = house.clock.now().plus_seconds(LEASE_S);
                    if let Err(error) = lease::renew(&house.db, worker, job.id, until).await {
                        tracing::warn!(%error, job = %job.id, "cannot renew a lease");
                    }
                }
            }
        }
    };
    // Other jobs are not on the way of a payment.
    if outcome.is_ok() && job.kind.starts_with("payment.") {
        passing(Point::JobDone);
    }
    let result = if outcome.is_ok() { "done" } else { "failed" };
    metrics::histogram!("job_seconds", "kind" => job.kind.clone(), "result" => result).record(started.elapsed().as_secs_f64());
    let now = house.clock.now();
    match outcome {
        Ok(()) => lease::finish(&house.db, worker, job.id, now).await,
        Err(error) => {
            let retry_at = retry_at(house, job, &error, now);
            tracing::warn!(kind = job.kind, job = %job.id, attempt = job.attempts, is_dead = retry_at.is_none(), %error, "a job failed");
            lease::put_off(&house.db, worker, job.id, now, retry_at, &error.to_string()).await
        }
    }
}

/// 2, 4, 8, ... seconds up to an hour, each between 75 and 125 % by chance, so that jobs that failed together do not return together.
fn retry_at(house: &Arc<House>, job: &Leased, error: &Error, now: Instant) -> Option<Instant> {
    if job.attempts >= job.max_attempts {
        return None;
    }
    let backoff_s = (1_i64 << job.attempts.clamp(1, 12)).min(LONGEST_BACKOFF_S);
    let least_s = match error {
        Error::Unavailable { retry_after_s } | Error::TooMany { retry_after_s } => *retry_after_s as i64,
        _ => 0,
    };
    let mut random = [0_u8; 1];
    house.chance.fill(&mut random);
    let millis = backoff_s.max(least_s) * (750 + i64::from(random[0]) * 500 / 255);
    Some(now + millis)
}
