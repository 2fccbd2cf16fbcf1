//! Asking for free times and taking them.

use super::model::{AssignQuery, Assignment, Availability, AvailabilityQuery, Explanation, NotFree, Slot};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::id::ServiceId;
use crate::time::Instant;
use std::collections::HashMap;

/// Free times by date, as of one snapshot.
pub async fn get_availability(ctx: &Ctx, query: &AvailabilityQuery) -> Result<Availability> {
    let _ = (ctx, query);
    Err(Error::Unavailable { retry_after_s: 5 })
}

/// The next `per_service` free times of each service from `after` on, for many services at once; services without any are absent.
pub async fn list_next_free(
    ctx: &Ctx,
    services: &[ServiceId],
    after: Instant,
    per_service: usize,
) -> Result<HashMap<ServiceId, Vec<Slot>>> {
    let _ = (ctx, services, after, per_service);
    Ok(HashMap::new())
}

/// Whether each service can start at exactly this instant, for search by "free on".
pub async fn list_free_at(ctx: &Ctx, services: &[ServiceId], starts_at: Instant) -> Result<HashMap<ServiceId, Slot>> {
    let _ = (ctx, services, starts_at);
    Ok(HashMap::new())
}

/// Decides inside the booking's transaction who and what does the job, releasing expired holds that stand in the way and locking the
/// resources in id order. The caller inserts the allocations next; should the overlap constraint still refuse, the slot was taken.
pub async fn assign(tx: &mut Tx, ctx: &Ctx, query: &AssignQuery) -> Result<Result<Assignment, NotFree>> {
    let _ = (tx, ctx, query);
    Err(Error::Unavailable { retry_after_s: 5 })
}

/// The free times nearest to `near`, nearest first.
pub async fn list_alternatives(ctx: &Ctx, service: ServiceId, near: Instant, count: usize) -> Result<Vec<Slot>> {
    let _ = (ctx, service, near, count);
    Ok(Vec::new())
}

/// Which rules remove this instant, in words; staff also learn whom each concerns.
pub async fn explain(ctx: &Ctx, service: ServiceId, at: Instant) -> Result<Explanation> {
    let _ = (ctx, service, at);
    Err(Error::Unavailable { retry_after_s: 5 })
}
