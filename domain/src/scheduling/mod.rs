//! Free times: when people and things work, when they are busy, and which starts that leaves.
//!
//! - A *slot* is a start at which a service can be booked now. The engine finds them from data alone: no database, no clock.
//! - What is busy is an *allocation* (a booking with its buffers, or blocked time) or a range of an imported calendar.
//! - Schedules are local time in a zone. A local time that a clock change skips is not offered; one that occurs twice is two slots.
//! - The database refuses an overlap of live allocations; `assign` decides inside the booking's own transaction, after locking.
//! - Expired holds count as free for readers at once.
//! - Everyone may ask for free times of active providers. Hours, time off, blocks and imported calendars belong to the team: managers
//!   everyone's, members their own.

pub mod model;

#[cfg(feature = "server")]
pub mod engine;
#[cfg(feature = "server")]
pub mod port;
#[cfg(feature = "server")]
pub mod zone;

#[cfg(feature = "server")]
mod away;
#[cfg(feature = "server")]
mod calendars;
#[cfg(feature = "server")]
mod hours;
#[cfg(feature = "server")]
pub mod imported;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;
#[cfg(all(test, feature = "server"))]
mod tests;

#[cfg(feature = "server")]
pub use away::{
    add_time_off, create_block, delete_block, list_blocks, list_imported_busy, list_time_off, list_time_off_within, move_block,
    remove_time_off,
};
#[cfg(feature = "server")]
pub use calendars::{add_calendar, list_calendars, refresh_calendar, refresh_due, remove_calendar};
#[cfg(feature = "server")]
pub use hours::{clear_hours, list_schedules, remove_override, set_hours, set_override};
#[cfg(feature = "server")]
pub use service::{
    Choice, Outlook, assign, choose, explain, get_availability, list_alternatives, list_closed, list_free_at, list_free_within,
    list_next_free, load_outlook, lock_service,
};

#[cfg(feature = "server")]
use crate::{
    ctx::{Ctx, StaffRole, Tx},
    error::{Error, Result},
    event::{EventKind, NewEvent},
    id::{ProviderId, ResourceId},
    outbox,
};

/// Managers keep everyone's calendar, members their own; the provider's own needs a manager. NotFound for a resource of someone else.
#[cfg(feature = "server")]
async fn require_calendar(tx: &mut Tx, ctx: &Ctx, provider: ProviderId, resource: Option<ResourceId>) -> Result<()> {
    ctx.require_staff(provider, StaffRole::Member)?;
    let Some(resource) = resource else { return ctx.require_staff(provider, StaffRole::Manager) };
    let account = store::account_of(tx, provider, resource).await?.ok_or(Error::NotFound)?;
    if account.is_some() && account == ctx.account_id() { Ok(()) } else { ctx.require_staff(provider, StaffRole::Manager) }
}

/// Free times may differ from now on.
#[cfg(feature = "server")]
async fn changed(tx: &mut Tx, ctx: &Ctx, provider: ProviderId) -> Result<()> {
    outbox::record(tx, ctx, NewEvent::new(EventKind::AvailabilityChanged).provider(provider)).await
}
