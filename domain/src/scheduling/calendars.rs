//! Busy time imported from other calendars by their address.

use super::model::ImportedCalendarView;
use super::port::{FetchFailure, Fetched};
use super::{changed, imported, require_calendar, store, zone};
use crate::audit::{self, Entry};
use crate::ctx::{Ctx, StaffRole};
use crate::error::{Error, Fields, Result, violated};
use crate::id::{CalendarId, ProviderId, ResourceId};
use crate::queue::{self, NewJob};
use crate::time::Span;
use serde_json::json;

pub const IMPORT: &str = "scheduling.import_calendar";
/// How often each is read again.
pub const REFRESH_MIN: i64 = 15;
/// How far ahead busy time is kept: the longest horizon.
const AHEAD_DAYS: i64 = 732;

pub async fn list_calendars(ctx: &Ctx, provider: ProviderId) -> Result<Vec<ImportedCalendarView>> {
    if !ctx.is_support() {
        ctx.require_staff(provider, StaffRole::Member)?;
    }
    store::list_calendars(ctx.db(), provider).await
}

/// Remembers the address and reads it right after.
pub async fn add_calendar(ctx: &Ctx, provider: ProviderId, resource: ResourceId, url: &str) -> Result<CalendarId> {
    let url = url.trim();
    // calendars hand their address out under this scheme
    let url = url.strip_prefix("webcal://").map_or_else(|| url.to_owned(), |rest| format!("https://{rest}"));
    let mut fields = Fields::none();
    fields.check(
        url.starts_with("https://") && url.len() > 12 && !url.contains(char::is_whitespace),
        "url",
        "Paste the calendar's private address; it begins with https:// or webcal://.",
    );
    fields.check(url.len() <= 2000, "url", "This address is too long.");
    fields.finish()?;
    let mut tx = ctx.begin().await?;
    require_calendar(&mut tx, ctx, provider, Some(resource)).await?;
    if store::count_calendars(&mut tx, resource).await? >= 10 {
        return Err(Fields::one("url", "At most ten calendars each.").into());
    }
    let id: CalendarId = ctx.new_id();
    store::insert_calendar(&mut tx, id, provider, resource, &url, ctx.now()).await.map_err(|error| match violated(&error) {
        Some("imported_calendars_url") => Fields::one("url", "This calendar is already imported.").into(),
        _ => Error::from(error),
    })?;
    queue::enqueue(&mut tx, ctx, NewJob::new(IMPORT, json!({ "calendar_id": id })).once(id)).await?;
    audit::record(&mut tx, ctx, Entry::new("scheduling.add_calendar", "imported calendar", id).provider(provider)).await?;
    ctx.commit(tx).await?;
    Ok(id)
}

pub async fn remove_calendar(ctx: &Ctx, provider: ProviderId, id: CalendarId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let resource = store::resource_of_calendar(&mut tx, provider, id).await?.ok_or(Error::NotFound)?;
    require_calendar(&mut tx, ctx, provider, Some(resource)).await?;
    store::delete_calendar(&mut tx, id).await?;
    audit::record(&mut tx, ctx, Entry::new("scheduling.remove_calendar", "imported calendar", id).provider(provider)).await?;
    changed(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await
}

/// Reads it again now.
pub async fn refresh_calendar(ctx: &Ctx, provider: ProviderId, id: CalendarId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let resource = store::resource_of_calendar(&mut tx, provider, id).await?.ok_or(Error::NotFound)?;
    require_calendar(&mut tx, ctx, provider, Some(resource)).await?;
    queue::enqueue(&mut tx, ctx, NewJob::new(IMPORT, json!({ "calendar_id": id })).once(id)).await?;
    ctx.commit(tx).await
}

/// A job for every calendar not read for [`REFRESH_MIN`] minutes.
pub async fn refresh_due(ctx: &Ctx) -> Result<()> {
    let mut tx = ctx.begin().await?;
    for id in store::list_due_calendars(&mut tx, ctx.now().plus_minutes(-REFRESH_MIN)).await? {
        queue::enqueue(&mut tx, ctx, NewJob::new(IMPORT, json!({ "calendar_id": id })).once(id)).await?;
    }
    ctx.commit(tx).await
}

/// Fetches one calendar and replaces its busy time. A failure is kept with its sentence for the team, and what was busy stays busy.
pub async fn import(ctx: &Ctx, id: CalendarId) -> Result<()> {
    let Some(calendar) = store::find_calendar(ctx.db(), id).await? else { return Ok(()) };
    let now = ctx.now();
    let fetched = ctx.house().calendars.fetch(&calendar.url, calendar.etag.as_deref()).await;
    let (body, etag) = match fetched {
        Ok(Fetched::Unchanged) => return store::note_unchanged(ctx.db(), id, now).await,
        Ok(Fetched::Calendar { body, etag }) => (body, etag),
        Err(FetchFailure::Refused(why)) => {
            return store::note_failure(ctx.db(), id, now, &format!("The address may not be read: {why}.")).await;
        }
        Err(FetchFailure::Unavailable(why)) => {
            return store::note_failure(ctx.db(), id, now, &format!("The calendar did not answer: {why}.")).await;
        }
    };
    let window = Span::new(now.plus_days(-1), now.plus_days(AHEAD_DAYS));
    let zone = zone::stored(&calendar.zone);
    let read = tokio::task::spawn_blocking(move || imported::read(&body, zone, window)).await.map_err(Error::internal)?;
    let busy = match read {
        Ok(busy) => busy,
        Err(why) => return store::note_failure(ctx.db(), id, now, &why).await,
    };
    let mut tx = ctx.begin().await?;
    let is_changed = store::replace_imported(&mut tx, &calendar, etag.as_deref(), &busy, now).await?;
    if is_changed {
        changed(&mut tx, ctx, calendar.provider_id).await?;
    }
    ctx.commit(tx).await
}
