//! Time off, blocks and imported calendars.

use crate::ctx::Tx;
use crate::error::Result;
use crate::id::{AllocationId, CalendarId, ProviderId, ResourceId, TimeOffId};
use crate::scheduling::imported::ImportedRange;
use crate::scheduling::model::{BlockView, ImportedBusyView, ImportedCalendarView, TimeOffView};
use crate::time::{Instant, Span};
use sqlx::PgPool;

pub async fn list_time_off(db: &PgPool, provider: ProviderId, span: Span) -> Result<Vec<TimeOffView>> {
    Ok(sqlx::query_as!(
        TimeOffView,
        r#"select id as "id: TimeOffId", resource_id as "resource_id: ResourceId", during as "during: Span", reason
         from time_off
         where provider_id = $1 and during && $2
         order by during, id
         limit 500"#,
        provider as ProviderId,
        span as Span,
    )
    .fetch_all(db)
    .await?)
}

/// The outer None: no such time off of this provider. The inner: everyone's.
pub async fn find_time_off(tx: &mut Tx, provider: ProviderId, id: TimeOffId) -> Result<Option<Option<ResourceId>>> {
    Ok(sqlx::query_scalar!(
        r#"select resource_id as "resource: ResourceId" from time_off where id = $1 and provider_id = $2"#,
        id as TimeOffId,
        provider as ProviderId,
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub async fn insert_time_off(tx: &mut Tx, provider: ProviderId, view: &TimeOffView, now: Instant) -> Result<()> {
    sqlx::query!(
        "insert into time_off (id, provider_id, resource_id, during, reason, created_at) values ($1, $2, $3, $4, $5, $6)",
        view.id as TimeOffId,
        provider as ProviderId,
        view.resource_id as Option<ResourceId>,
        view.during as Span,
        view.reason,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete_time_off(tx: &mut Tx, id: TimeOffId) -> Result<()> {
    sqlx::query!("delete from time_off where id = $1", id as TimeOffId).execute(&mut **tx).await?;
    Ok(())
}

pub async fn list_blocks(db: &PgPool, provider: ProviderId, span: Span) -> Result<Vec<BlockView>> {
    Ok(sqlx::query_as!(
        BlockView,
        r#"select
            id as "id: AllocationId",
            provider_id as "provider_id: ProviderId",
            resource_id as "resource_id: ResourceId",
            during as "during: Span",
            title
         from allocations
         where provider_id = $1 and is_live and kind = 'block' and during && $2
         order by during, id"#,
        provider as ProviderId,
        span as Span,
    )
    .fetch_all(db)
    .await?)
}

pub async fn lock_block(tx: &mut Tx, id: AllocationId) -> Result<Option<BlockView>> {
    Ok(sqlx::query_as!(
        BlockView,
        r#"select
            id as "id: AllocationId",
            provider_id as "provider_id: ProviderId",
            resource_id as "resource_id: ResourceId",
            during as "during: Span",
            title
         from allocations
         where id = $1 and is_live and kind = 'block'
         for update"#,
        id as AllocationId,
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub async fn insert_block(tx: &mut Tx, view: &BlockView, now: Instant) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into allocations (id, provider_id, resource_id, kind, during, title, created_at) values ($1, $2, $3, 'block', $4, $5, $6)",
        view.id as AllocationId,
        view.provider_id as ProviderId,
        view.resource_id as ResourceId,
        view.during as Span,
        view.title,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn move_block(tx: &mut Tx, id: AllocationId, resource: ResourceId, during: Span) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update allocations set resource_id = $2, during = $3 where id = $1",
        id as AllocationId,
        resource as ResourceId,
        during as Span,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete_block(tx: &mut Tx, id: AllocationId) -> Result<()> {
    sqlx::query!("delete from allocations where id = $1 and kind = 'block'", id as AllocationId).execute(&mut **tx).await?;
    Ok(())
}

pub async fn is_taken_by_others(tx: &mut Tx, resource: ResourceId, during: Span, own: Option<AllocationId>) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
            select 1 from allocations where resource_id = $1 and is_live and during && $2 and id is distinct from $3
        ) as "is_taken!""#,
        resource as ResourceId,
        during as Span,
        own as Option<AllocationId>,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn list_imported_busy(db: &PgPool, provider: ProviderId, span: Span) -> Result<Vec<ImportedBusyView>> {
    Ok(sqlx::query_as!(
        ImportedBusyView,
        r#"select i.resource_id as "resource_id: ResourceId", i.during as "during: Span", i.title
         from imported_busy i
         join resources r on r.id = i.resource_id
         where r.provider_id = $1 and i.during && $2
         order by i.during"#,
        provider as ProviderId,
        span as Span,
    )
    .fetch_all(db)
    .await?)
}

pub async fn list_calendars(db: &PgPool, provider: ProviderId) -> Result<Vec<ImportedCalendarView>> {
    Ok(sqlx::query_as!(
        ImportedCalendarView,
        r#"select
            c.id as "id: CalendarId",
            c.resource_id as "resource_id: ResourceId",
            split_part(split_part(c.url, '/', 3), '@', -1) as "host!",
            c.fetched_at as "fetched_at: Instant",
            c.failed_at as "failed_at: Instant",
            c.failure,
            (select count(*) from imported_busy b where b.calendar_id = c.id) as "busy_count!"
         from imported_calendars c
         where c.provider_id = $1
         order by c.created_at, c.id"#,
        provider as ProviderId,
    )
    .fetch_all(db)
    .await?)
}

/// What is needed to read it.
pub struct CalendarRow {
    pub id: CalendarId,
    pub provider_id: ProviderId,
    pub resource_id: ResourceId,
    pub url: String,
    pub etag: Option<String>,
    /// Of the provider.
    pub zone: String,
}

pub async fn find_calendar(db: &PgPool, id: CalendarId) -> Result<Option<CalendarRow>> {
    Ok(sqlx::query_as!(
        CalendarRow,
        r#"select
            c.id as "id: CalendarId",
            c.provider_id as "provider_id: ProviderId",
            c.resource_id as "resource_id: ResourceId",
            c.url,
            c.etag,
            p.zone
         from imported_calendars c
         join providers p on p.id = c.provider_id
         where c.id = $1"#,
        id as CalendarId,
    )
    .fetch_optional(db)
    .await?)
}

pub async fn resource_of_calendar(tx: &mut Tx, provider: ProviderId, id: CalendarId) -> Result<Option<ResourceId>> {
    Ok(sqlx::query_scalar!(
        r#"select resource_id as "resource: ResourceId" from imported_calendars where id = $1 and provider_id = $2"#,
        id as CalendarId,
        provider as ProviderId,
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub async fn count_calendars(tx: &mut Tx, resource: ResourceId) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from imported_calendars where resource_id = $1"#, resource as ResourceId,)
        .fetch_one(&mut **tx)
        .await?)
}

pub async fn insert_calendar(
    tx: &mut Tx,
    id: CalendarId,
    provider: ProviderId,
    resource: ResourceId,
    url: &str,
    now: Instant,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into imported_calendars (id, provider_id, resource_id, url, created_at) values ($1, $2, $3, $4, $5)",
        id as CalendarId,
        provider as ProviderId,
        resource as ResourceId,
        url,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete_calendar(tx: &mut Tx, id: CalendarId) -> Result<()> {
    sqlx::query!("delete from imported_calendars where id = $1", id as CalendarId).execute(&mut **tx).await?;
    Ok(())
}

/// Those whose last try lies before `before`, the longest waiting first.
pub async fn list_due_calendars(tx: &mut Tx, before: Instant) -> Result<Vec<CalendarId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: CalendarId"
         from imported_calendars
         where coalesce(greatest(fetched_at, failed_at), '-infinity') < $1
         order by greatest(fetched_at, failed_at) nulls first
         limit 1000"#,
        before as Instant,
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn note_unchanged(db: &PgPool, id: CalendarId, now: Instant) -> Result<()> {
    sqlx::query!(
        "update imported_calendars set fetched_at = $2, failed_at = null, failure = null where id = $1",
        id as CalendarId,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn note_failure(db: &PgPool, id: CalendarId, now: Instant, why: &str) -> Result<()> {
    sqlx::query!("update imported_calendars set failed_at = $2, failure = $3 where id = $1", id as CalendarId, now as Instant, why,)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether anything is different from before.
pub async fn replace_imported(
    tx: &mut Tx,
    calendar: &CalendarRow,
    etag: Option<&str>,
    busy: &[ImportedRange],
    now: Instant,
) -> Result<bool> {
    let is_there = sqlx::query!(
        "update imported_calendars set fetched_at = $2, failed_at = null, failure = null, etag = $3 where id = $1",
        calendar.id as CalendarId,
        now as Instant,
        etag,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    // removed while it was being read
    if is_there == 0 {
        return Ok(false);
    }
    let before = sqlx::query!(
        r#"delete from imported_busy where calendar_id = $1 returning uid, during as "during: Span", title"#,
        calendar.id as CalendarId,
    )
    .fetch_all(&mut **tx)
    .await?;
    let uids: Vec<String> = busy.iter().map(|range| range.uid.clone()).collect();
    let titles: Vec<String> = busy.iter().map(|range| range.title.clone()).collect();
    let froms: Vec<Instant> = busy.iter().map(|range| range.during.starts_at).collect();
    let tos: Vec<Instant> = busy.iter().map(|range| range.during.ends_at).collect();
    sqlx::query!(
        "insert into imported_busy (calendar_id, resource_id, uid, during, title)
         select $1, $2, n.uid, tstzrange(n.starts_at, n.ends_at), n.title
         from unnest($3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[]) n(uid, starts_at, ends_at, title)",
        calendar.id as CalendarId,
        calendar.resource_id as ResourceId,
        &uids,
        &froms as &[Instant],
        &tos as &[Instant],
        &titles,
    )
    .execute(&mut **tx)
    .await?;
    let mut old: Vec<(Span, String)> = before.into_iter().map(|row| (row.during, row.uid)).collect();
    let mut new: Vec<(Span, String)> = busy.iter().map(|range| (range.during, range.uid.clone())).collect();
    old.sort_unstable();
    new.sort_unstable();
    Ok(old != new)
}
