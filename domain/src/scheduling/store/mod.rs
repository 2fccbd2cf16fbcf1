//! All SQL of the room.

mod assemble;
mod away;
mod hours;
mod load;

pub use away::*;
pub use hours::*;
pub use load::{Loaded, LoadedService, Wanted, load};

use crate::ctx::Tx;
use crate::error::Result;
use crate::id::{BookingId, ResourceId, ServiceId};
use crate::time::{Instant, Span};
use uuid::Uuid;

/// Locks the resources in id order, turns off expired holds in the way, and gives back those that are taken within the range. `may_wait` false: those
/// another writer holds right now count as taken.
pub async fn claim(
    tx: &mut Tx,
    resources: &[ResourceId],
    span: Span,
    now: Instant,
    ignoring: Option<BookingId>,
    may_wait: bool,
) -> Result<Vec<ResourceId>> {
    let ids: Vec<Uuid> = resources.iter().map(|id| (*id).into()).collect();
    let taken = sqlx::query_scalar!(
        r#"select claim_resources($1, $2, $3, $4, $5) as "taken!: Vec<ResourceId>""#,
        &ids,
        span as Span,
        now as Instant,
        ignoring as Option<BookingId>,
        may_wait,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(taken)
}

/// Makes bookings of a limited service wait for each other, so that their count is right.
pub async fn lock_service(tx: &mut Tx, service: ServiceId) -> Result<()> {
    sqlx::query!("select id from services where id = $1 for no key update", service as ServiceId).fetch_optional(&mut **tx).await?;
    Ok(())
}
