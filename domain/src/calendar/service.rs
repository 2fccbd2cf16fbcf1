//! Reading a stretch of days.

use super::model::{CalendarView, Day, Entry, Kind, MAX_DAYS, Placed};
use super::policy;
use super::store::{self, Wanted};
use crate::booking::model::Status;
use crate::ctx::{Ctx, StaffRole};
use crate::error::{Fields, Result};
use crate::id::{ProviderId, ResourceId};
use crate::outbox;
use crate::provider::model::ResourceKind;
use crate::scheduling::zone;
use crate::time::{Date, Instant, Span};

/// `days` days from `from` (None: today) in the provider's zone, 1 to [`MAX_DAYS`]; of one resource, or of all. For staff.
pub async fn get_calendar(
    ctx: &Ctx,
    provider: ProviderId,
    from: Option<Date>,
    days: i32,
    only: Option<ResourceId>,
) -> Result<CalendarView> {
    ctx.require_staff(provider, StaffRole::Member)?;
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(Fields::one("days", "Choose between 1 and 42 days.").into());
    }
    let mut tx = ctx.begin().await?;
    store::begin_snapshot(&mut *tx).await?;
    let cursor = outbox::cursor(&mut *tx).await?.to_string();
    let zone_name = store::get_zone(&mut *tx, provider).await?;
    let tz = zone::stored(&zone_name);
    let now = ctx.now();
    let local = zone::local(now, tz);
    let first = from.unwrap_or(local.date);
    let last = first.plus_days(days - 1);
    let span = zone::days(first, last, tz);
    let lanes = store::list_lanes(&mut *tx, provider).await?;
    let schedule = store::get_schedule(&mut *tx, provider, first.plus_days(-1), last).await?;
    let mut entries = store::list_bookings(&mut *tx, provider, Wanted::During(span), now).await?;
    entries.extend(store::list_busy(&mut *tx, provider, span).await?);
    tx.rollback().await?;

    if let Some(only) = only {
        entries.retain(|entry| entry.resource.is_none_or(|resource| resource == only));
    }
    entries.sort_by_key(|entry| (entry.span.starts_at, entry.span.ends_at));
    let people = lanes.iter().filter(|lane| lane.kind == ResourceKind::Person && only.is_none_or(|id| id == lane.id)).count() as i64;
    let days: Vec<Day> = (0..days)
        .map(|offset| {
            let date = first.plus_days(offset);
            let (open_before, _) = schedule.on(date.plus_days(-1));
            let (open, _) = schedule.on(date);
            let late = open_before.into_iter().filter(|&(_, to)| to > 1440).map(|(_, to)| (0, to - 1440));
            let open = late.chain(open.into_iter().map(|(from, to)| (from, to.min(1440)))).collect();
            day(date, open, &entries, tz)
        })
        .collect();
    let open_min = days.iter().flat_map(|day| &day.open).map(|(from, to)| i64::from(to - from)).sum::<i64>() * people.max(1);
    let booked_min =
        entries.iter().filter(|e| matches!(e.kind, Kind::Booking { status, .. } if status != Status::Held)).map(|e| e.span.minutes()).sum();
    Ok(CalendarView { zone: zone_name, today: local.date, now_min: local.minute, now, days, lanes, booked_min, open_min, cursor })
}

/// Requests that wait for this provider's answer, soonest deadline first. For staff.
pub async fn list_requests(ctx: &Ctx, provider: ProviderId) -> Result<Vec<Entry>> {
    ctx.require_staff(provider, StaffRole::Member)?;
    store::list_bookings(ctx.db(), provider, Wanted::Requests, ctx.now()).await
}

fn day(date: Date, open: Vec<(i32, i32)>, entries: &[Entry], tz: chrono_tz::Tz) -> Day {
    let whole = zone::day(date, tz);
    let of_day: Vec<&Entry> = entries.iter().filter(|entry| entry.span.overlaps(whole)).collect();
    let is_all_day =
        |entry: &Entry| matches!(entry.kind, Kind::TimeOff { .. } | Kind::Block { .. } | Kind::Imported) && covers(entry.span, whole);
    let all_day = of_day.iter().filter(|entry| is_all_day(entry)).map(|entry| (*entry).clone()).collect();
    let timed: Vec<&Entry> = of_day.into_iter().filter(|entry| !is_all_day(entry)).collect();
    let ranges: Vec<(i32, i32)> = timed.iter().map(|entry| on_the_clock(entry.span, whole, tz)).collect();
    let placed = timed
        .iter()
        .zip(&ranges)
        .zip(policy::lanes(&ranges))
        .map(|((entry, &(from_min, to_min)), (lane, lanes))| Placed { entry: (*entry).clone(), from_min, to_min, lane, lanes })
        .collect();
    Day { date, open, placed, all_day }
}

fn covers(span: Span, day: Span) -> bool {
    span.starts_at <= day.starts_at && span.ends_at >= day.ends_at
}

/// What the wall clock shows at its ends; at least a quarter of an hour, also where a repeated hour would turn it round.
fn on_the_clock(span: Span, day: Span, tz: chrono_tz::Tz) -> (i32, i32) {
    let minute = |at: Instant| zone::local(at, tz).minute;
    let from = if span.starts_at <= day.starts_at { 0 } else { minute(span.starts_at) };
    let to = if span.ends_at >= day.ends_at { 1440 } else { minute(span.ends_at) };
    (from.min(1425), to.max(from.min(1425) + 15))
}
