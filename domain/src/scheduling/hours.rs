//! Weekly hours and what replaces them on single dates.

use super::engine::Set;
use super::model::{DateRange, ScheduleView, WeekRange};
use super::{changed, require_calendar, store, zone};
use crate::audit::{self, Entry};
use crate::ctx::{Ctx, StaffRole};
use crate::error::{Error, Fields, Result};
use crate::id::{ProviderId, ResourceId};
use crate::time::Date;
use serde_json::json;

/// At most so many ranges a day.
const MAX_RANGES: usize = 8;

/// The provider's own schedule and those of its people and things, with overrides from yesterday on.
pub async fn list_schedules(ctx: &Ctx, provider: ProviderId) -> Result<Vec<ScheduleView>> {
    if !ctx.is_support() {
        ctx.require_staff(provider, StaffRole::Member)?;
    }
    store::list_schedules(ctx.db(), provider, ctx.now().utc_date().plus_days(-1)).await
}

/// Replaces the weekly hours; overlapping and touching ranges are joined. `zone` None keeps the zone, or takes the provider's.
pub async fn set_hours(
    ctx: &Ctx,
    provider: ProviderId,
    resource: Option<ResourceId>,
    zone_name: Option<&str>,
    hours: Vec<WeekRange>,
) -> Result<()> {
    if let Some(name) = zone_name {
        zone::parse(name, "zone")?;
    }
    let hours = joined_week(hours)?;
    let mut tx = ctx.begin().await?;
    require_calendar(&mut tx, ctx, provider, resource).await?;
    let schedule = store::open_schedule(&mut tx, ctx.new_id(), provider, resource, zone_name, ctx.now()).await?;
    store::replace_hours(&mut tx, schedule, &hours).await?;
    let entry = Entry::new("scheduling.set_hours", "schedule", schedule).provider(provider);
    audit::record(&mut tx, ctx, entry.data(json!({ "resource_id": resource, "hours": hours }))).await?;
    changed(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await
}

/// The person or thing follows the provider's hours again; overrides go too.
pub async fn clear_hours(ctx: &Ctx, provider: ProviderId, resource: ResourceId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    require_calendar(&mut tx, ctx, provider, Some(resource)).await?;
    store::delete_schedule(&mut tx, provider, resource).await?;
    audit::record(&mut tx, ctx, Entry::new("scheduling.clear_hours", "resource", resource).provider(provider)).await?;
    changed(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await
}

/// Replaces one date; no ranges close it. Someone who followed the provider's hours gets a copy of them to override.
pub async fn set_override(
    ctx: &Ctx,
    provider: ProviderId,
    resource: Option<ResourceId>,
    date: Date,
    ranges: Vec<(i32, i32)>,
) -> Result<()> {
    let ranges = joined(ranges, "ranges")?;
    let today = ctx.now().utc_date();
    if date < today.plus_days(-1) || date > today.plus_days(731) {
        return Err(Fields::one("date", "Choose a date from today to two years ahead.").into());
    }
    let mut tx = ctx.begin().await?;
    require_calendar(&mut tx, ctx, provider, resource).await?;
    let schedule = store::open_schedule(&mut tx, ctx.new_id(), provider, resource, None, ctx.now()).await?;
    let closed = [DateRange { date, from_min: 0, to_min: 0 }];
    let special: Vec<DateRange> = ranges.iter().map(|&(from_min, to_min)| DateRange { date, from_min, to_min }).collect();
    store::replace_override(&mut tx, schedule, date, if special.is_empty() { &closed } else { &special }).await?;
    let entry = Entry::new("scheduling.set_override", "schedule", schedule).provider(provider);
    audit::record(&mut tx, ctx, entry.data(json!({ "resource_id": resource, "date": date, "ranges": ranges }))).await?;
    changed(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await
}

/// The weekday holds again on that date.
pub async fn remove_override(ctx: &Ctx, provider: ProviderId, resource: Option<ResourceId>, date: Date) -> Result<()> {
    let mut tx = ctx.begin().await?;
    require_calendar(&mut tx, ctx, provider, resource).await?;
    let schedule = store::find_schedule(&mut tx, provider, resource).await?.ok_or(Error::NotFound)?;
    store::replace_override(&mut tx, schedule, date, &[]).await?;
    let entry = Entry::new("scheduling.remove_override", "schedule", schedule).provider(provider);
    audit::record(&mut tx, ctx, entry.data(json!({ "resource_id": resource, "date": date }))).await?;
    changed(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await
}

fn joined_week(hours: Vec<WeekRange>) -> Result<Vec<WeekRange>> {
    if hours.iter().any(|range| !(1..=7).contains(&range.weekday)) {
        return Err(Fields::one("hours", "Weekdays run from 1 (Monday) to 7 (Sunday).").into());
    }
    let mut week = Vec::new();
    for weekday in 1..=7 {
        let of_day = hours.iter().filter(|range| range.weekday == weekday).map(|range| (range.from_min, range.to_min)).collect();
        week.extend(joined(of_day, "hours")?.into_iter().map(|(from_min, to_min)| WeekRange { weekday, from_min, to_min }));
    }
    Ok(week)
}

fn joined(ranges: Vec<(i32, i32)>, field: &str) -> Result<Vec<(i32, i32)>> {
    let mut fields = Fields::none();
    fields.check(
        ranges.iter().all(|(from, to)| (0..1440).contains(from) && *to <= 2880),
        field,
        "Hours begin within the day and end by midnight of the next.",
    );
    fields.check(
        ranges.iter().all(|(from, to)| from < to),
        field,
        "Hours must end after they begin. For a night, give an end on the next day.",
    );
    let set = Set::of(ranges.into_iter().map(|(from, to)| (from.into(), to.into())).collect());
    fields.check(set.ranges().len() <= MAX_RANGES, field, "At most eight ranges a day.");
    fields.finish()?;
    Ok(set.ranges().iter().map(|&(from, to)| (from as i32, to as i32)).collect())
}
