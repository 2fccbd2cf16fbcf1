//! Time off, and time blocked by hand.

use super::model::{BlockView, ImportedBusyView, NewBlock, TimeOffInput, TimeOffView};
use super::{changed, require_calendar, store, zone};
use crate::audit::{self, Entry};
use crate::ctx::{Ctx, StaffRole, Tx};
use crate::error::{Error, Fields, Refuse, Result, violated};
use crate::id::{AllocationId, ProviderId, ResourceId, TimeOffId};
use crate::time::{DAY, Span};
use serde_json::json;

/// Longest time off or block.
const MAX_AWAY: i64 = 400 * DAY;

/// Something is in the way of a block.
#[derive(Debug)]
pub struct Occupied;

impl Refuse for Occupied {
    fn code(&self) -> &'static str {
        "slot_taken"
    }
    fn sentence(&self) -> String {
        "Something is already booked or blocked in that time. Choose another time, or move that first.".into()
    }
}

/// From now on, in order.
pub async fn list_time_off(ctx: &Ctx, provider: ProviderId) -> Result<Vec<TimeOffView>> {
    if !ctx.is_support() {
        ctx.require_staff(provider, StaffRole::Member)?;
    }
    store::list_time_off(ctx.db(), provider, Span::new(ctx.now(), ctx.now().plus_days(3650))).await
}

/// Time off that touches the span, for calendars.
pub async fn list_time_off_within(ctx: &Ctx, provider: ProviderId, span: Span) -> Result<Vec<TimeOffView>> {
    ctx.require_staff(provider, StaffRole::Member)?;
    store::list_time_off(ctx.db(), provider, span).await
}

/// Bookings already made stand; new ones are refused.
pub async fn add_time_off(ctx: &Ctx, provider: ProviderId, input: TimeOffInput) -> Result<TimeOffView> {
    let mut tx = ctx.begin().await?;
    require_calendar(&mut tx, ctx, provider, input.resource_id).await?;
    let zone = store::zone_of(&mut tx, provider, input.resource_id).await?.ok_or(Error::NotFound)?;
    let during = meant(&input, &zone)?;
    check_span(during)?;
    let reason = input.reason.trim().to_owned();
    if reason.chars().count() > 200 {
        return Err(Fields::one("reason", "At most 200 characters.").into());
    }
    let view = TimeOffView { id: ctx.new_id(), resource_id: input.resource_id, during, reason };
    store::insert_time_off(&mut tx, provider, &view, ctx.now()).await?;
    let entry = Entry::new("scheduling.add_time_off", "time off", view.id).provider(provider).reason(view.reason.clone());
    audit::record(&mut tx, ctx, entry.data(json!({ "resource_id": view.resource_id, "during": view.during }))).await?;
    changed(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await?;
    Ok(view)
}

pub async fn remove_time_off(ctx: &Ctx, provider: ProviderId, id: TimeOffId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let resource = store::find_time_off(&mut tx, provider, id).await?.ok_or(Error::NotFound)?;
    require_calendar(&mut tx, ctx, provider, resource).await?;
    store::delete_time_off(&mut tx, id).await?;
    audit::record(&mut tx, ctx, Entry::new("scheduling.remove_time_off", "time off", id).provider(provider)).await?;
    changed(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await
}

/// Takes time out of one resource's calendar.
pub async fn create_block(ctx: &Ctx, new: NewBlock) -> Result<BlockView> {
    check_block(new.during, &new.title)?;
    let mut tx = ctx.begin().await?;
    require_calendar(&mut tx, ctx, new.provider_id, Some(new.resource_id)).await?;
    clear_way(&mut tx, ctx, new.resource_id, new.during, None).await?;
    let title = new.title.trim().to_owned();
    let view = BlockView { id: ctx.new_id(), provider_id: new.provider_id, resource_id: new.resource_id, during: new.during, title };
    store::insert_block(&mut tx, &view, ctx.now()).await.map_err(occupied)?;
    let entry = Entry::new("scheduling.create_block", "allocation", view.id).provider(new.provider_id);
    audit::record(&mut tx, ctx, entry.data(json!({ "resource_id": view.resource_id, "during": view.during }))).await?;
    changed(&mut tx, ctx, new.provider_id).await?;
    ctx.commit(tx).await?;
    Ok(view)
}

/// To another time, another resource of the same provider, or both.
pub async fn move_block(ctx: &Ctx, id: AllocationId, resource: ResourceId, during: Span) -> Result<BlockView> {
    check_block(during, "")?;
    let mut tx = ctx.begin().await?;
    let mut view = store::lock_block(&mut tx, id).await?.ok_or(Error::NotFound)?;
    require_calendar(&mut tx, ctx, view.provider_id, Some(view.resource_id)).await?;
    require_calendar(&mut tx, ctx, view.provider_id, Some(resource)).await?;
    clear_way(&mut tx, ctx, resource, during, Some(id)).await?;
    (view.resource_id, view.during) = (resource, during);
    store::move_block(&mut tx, id, resource, during).await.map_err(occupied)?;
    let entry = Entry::new("scheduling.move_block", "allocation", id).provider(view.provider_id);
    audit::record(&mut tx, ctx, entry.data(json!({ "resource_id": resource, "during": during }))).await?;
    changed(&mut tx, ctx, view.provider_id).await?;
    ctx.commit(tx).await?;
    Ok(view)
}

pub async fn delete_block(ctx: &Ctx, id: AllocationId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let view = store::lock_block(&mut tx, id).await?.ok_or(Error::NotFound)?;
    require_calendar(&mut tx, ctx, view.provider_id, Some(view.resource_id)).await?;
    store::delete_block(&mut tx, id).await?;
    audit::record(&mut tx, ctx, Entry::new("scheduling.delete_block", "allocation", id).provider(view.provider_id)).await?;
    changed(&mut tx, ctx, view.provider_id).await?;
    ctx.commit(tx).await
}

/// Blocks that touch the span, for calendars.
pub async fn list_blocks(ctx: &Ctx, provider: ProviderId, span: Span) -> Result<Vec<BlockView>> {
    ctx.require_staff(provider, StaffRole::Member)?;
    store::list_blocks(ctx.db(), provider, span).await
}

/// Imported busy time that touches the span, for calendars.
pub async fn list_imported_busy(ctx: &Ctx, provider: ProviderId, span: Span) -> Result<Vec<ImportedBusyView>> {
    ctx.require_staff(provider, StaffRole::Member)?;
    store::list_imported_busy(ctx.db(), provider, span).await
}

/// Instants as they are; dates as whole local days, or with times as the clock shows them.
fn meant(input: &TimeOffInput, zone_name: &str) -> Result<Span> {
    let zone = zone::stored(zone_name);
    match (input.starts_at, input.ends_at, input.from_date, input.to_date) {
        (Some(starts_at), Some(ends_at), _, _) => Ok(Span::new(starts_at, ends_at)),
        (_, _, Some(from), to) => {
            let from_at = zone::first_from(from, input.from_min.unwrap_or(0), zone);
            let to = to.unwrap_or(from);
            let to_at = zone::first_from(to, input.to_min.unwrap_or(1440), zone);
            Ok(Span::new(from_at, to_at))
        }
        _ => Err(Fields::one("from_date", "Say from when until when.").into()),
    }
}

fn check_block(during: Span, title: &str) -> Result<()> {
    check_span(during)?;
    if title.chars().count() > 120 {
        return Err(Fields::one("title", "At most 120 characters.").into());
    }
    Ok(())
}

fn check_span(during: Span) -> Result<()> {
    let mut fields = Fields::none();
    fields.check(during.starts_at < during.ends_at, "to_date", "It must end after it begins.");
    fields.check(during.ends_at - during.starts_at <= MAX_AWAY, "to_date", "At most 400 days at a time.");
    fields.finish()
}

async fn clear_way(tx: &mut Tx, ctx: &Ctx, resource: ResourceId, during: Span, own: Option<AllocationId>) -> Result<()> {
    let taken = store::claim(tx, &[resource], during, ctx.now(), None, true).await?;
    if taken.is_empty() || (own.is_some() && !store::is_taken_by_others(tx, resource, during, own).await?) {
        return Ok(());
    }
    Err(Occupied.into())
}

fn occupied(error: sqlx::Error) -> Error {
    if violated(&error) == Some("allocations_no_overlap") { Occupied.into() } else { error.into() }
}
