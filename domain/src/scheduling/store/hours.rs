//! Schedules: weekly hours and overrides.

use crate::ctx::Tx;
use crate::error::Result;
use crate::id::{AccountId, ProviderId, ResourceId, ScheduleId};
use crate::scheduling::model::{DateRange, ScheduleView, WeekRange};
use crate::time::{Date, Instant};
use sqlx::PgPool;
use std::collections::HashMap;

/// The outer None: no such resource of this provider. The inner: nobody signs in as it.
pub async fn account_of(tx: &mut Tx, provider: ProviderId, resource: ResourceId) -> Result<Option<Option<AccountId>>> {
    Ok(sqlx::query_scalar!(
        r#"select account_id as "account: AccountId" from resources where id = $1 and provider_id = $2 and archived_at is null"#,
        resource as ResourceId,
        provider as ProviderId,
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The zone of the resource's schedule, or of the provider.
pub async fn zone_of(tx: &mut Tx, provider: ProviderId, resource: Option<ResourceId>) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce((select s.zone from schedules s where s.provider_id = p.id and s.resource_id = $2), p.zone) as "zone!"
         from providers p
         where p.id = $1"#,
        provider as ProviderId,
        resource as Option<ResourceId>,
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Those of the providers whose own hours, and those of their people and things, leave that date closed, read in the provider's zone. One with
/// hours in another zone is not among them.
pub async fn list_closed(db: &PgPool, providers: &[ProviderId], date: Date) -> Result<Vec<ProviderId>> {
    Ok(sqlx::query_scalar!(
        r#"select p.id as "id: ProviderId"
         from providers p
         where p.id = any($1)
            and not exists (
                select 1
                from (
                    select sc.id, sc.zone
                    from schedules sc
                    where sc.provider_id = p.id and sc.resource_id is null
                    union all
                    select sc.id, sc.zone
                    from resources r
                    join schedules sc on sc.resource_id = r.id
                    where r.provider_id = p.id and r.archived_at is null
                ) sc
                where sc.zone <> p.zone
                    -- the evening before may run past midnight
                    or exists (
                        select 1 from schedule_hours h
                        where h.schedule_id = sc.id
                            and (h.weekday = extract(isodow from $2::date) or h.weekday = extract(isodow from $2::date - 1) and h.to_min > 1440)
                    )
                    or exists (
                        select 1 from schedule_overrides o where o.schedule_id = sc.id and o.on_date between $2::date - 1 and $2::date
                    )
            )"#,
        providers as &[ProviderId],
        date as Date,
    )
    .fetch_all(db)
    .await?)
}

pub async fn list_schedules(db: &PgPool, provider: ProviderId, from: Date) -> Result<Vec<ScheduleView>> {
    let schedules = sqlx::query!(
        r#"select id as "id: ScheduleId", resource_id as "resource_id: ResourceId", zone
         from schedules
         where provider_id = $1
         order by resource_id nulls first"#,
        provider as ProviderId,
    )
    .fetch_all(db)
    .await?;
    let mut views: Vec<ScheduleView> = Vec::with_capacity(schedules.len());
    let mut places: HashMap<ScheduleId, usize> = HashMap::new();
    for row in schedules {
        places.insert(row.id, views.len());
        views.push(ScheduleView { resource_id: row.resource_id, zone: row.zone, hours: Vec::new(), overrides: Vec::new() });
    }
    let (hours, overrides) = futures::try_join!(
        sqlx::query!(
            r#"select h.schedule_id as "id: ScheduleId", h.weekday, h.from_min, h.to_min
             from schedule_hours h
             join schedules s on s.id = h.schedule_id
             where s.provider_id = $1
             order by h.weekday, h.from_min"#,
            provider as ProviderId,
        )
        .fetch_all(db),
        sqlx::query!(
            r#"select o.schedule_id as "id: ScheduleId", o.on_date as "date: Date", o.from_min, o.to_min
             from schedule_overrides o
             join schedules s on s.id = o.schedule_id
             where s.provider_id = $1 and o.on_date >= $2
             order by o.on_date, o.from_min"#,
            provider as ProviderId,
            from as Date,
        )
        .fetch_all(db),
    )?;
    // a schedule made between the statements is left for the next reading
    for row in hours {
        if let Some(&at) = places.get(&row.id) {
            views[at].hours.push(WeekRange { weekday: row.weekday as u8, from_min: row.from_min, to_min: row.to_min });
        }
    }
    for row in overrides {
        if let Some(&at) = places.get(&row.id) {
            views[at].overrides.push(DateRange { date: row.date, from_min: row.from_min, to_min: row.to_min });
        }
    }
    Ok(views)
}

pub async fn find_schedule(tx: &mut Tx, provider: ProviderId, resource: Option<ResourceId>) -> Result<Option<ScheduleId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: ScheduleId" from schedules where provider_id = $1 and resource_id is not distinct from $2 for update"#,
        provider as ProviderId,
        resource as Option<ResourceId>,
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The schedule, made if there is none: with a copy of the provider's hours for a person or thing that followed them.
pub async fn open_schedule(
    tx: &mut Tx,
    id: ScheduleId,
    provider: ProviderId,
    resource: Option<ResourceId>,
    zone: Option<&str>,
    now: Instant,
) -> Result<ScheduleId> {
    // whoever changes hours of one provider waits for each other, so that only one makes the schedule
    sqlx::query!("select id from providers where id = $1 for no key update", provider as ProviderId).fetch_optional(&mut **tx).await?;
    if let Some(known) = find_schedule(tx, provider, resource).await? {
        sqlx::query!(
            "update schedules set zone = coalesce($2, zone), updated_at = $3 where id = $1",
            known as ScheduleId,
            zone,
            now as Instant,
        )
        .execute(&mut **tx)
        .await?;
        return Ok(known);
    }
    sqlx::query!(
        "insert into schedules (id, provider_id, resource_id, zone, updated_at)
         select $1, p.id, $3, coalesce($4, p.zone), $5 from providers p where p.id = $2",
        id as ScheduleId,
        provider as ProviderId,
        resource as Option<ResourceId>,
        zone,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into schedule_hours (schedule_id, weekday, from_min, to_min)
         select $1, h.weekday, h.from_min, h.to_min
         from schedules s
         join schedule_hours h on h.schedule_id = s.id
         where s.provider_id = $2 and s.resource_id is null and s.id <> $1",
        id as ScheduleId,
        provider as ProviderId,
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

pub async fn replace_hours(tx: &mut Tx, schedule: ScheduleId, hours: &[WeekRange]) -> Result<()> {
    sqlx::query!("delete from schedule_hours where schedule_id = $1", schedule as ScheduleId).execute(&mut **tx).await?;
    let weekdays: Vec<i32> = hours.iter().map(|range| range.weekday.into()).collect();
    let froms: Vec<i32> = hours.iter().map(|range| range.from_min).collect();
    let tos: Vec<i32> = hours.iter().map(|range| range.to_min).collect();
    sqlx::query!(
        "insert into schedule_hours (schedule_id, weekday, from_min, to_min)
         select $1, * from unnest($2::integer[], $3::integer[], $4::integer[])",
        schedule as ScheduleId,
        &weekdays,
        &froms,
        &tos,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// `ranges` are all of `date`; none removes the override.
pub async fn replace_override(tx: &mut Tx, schedule: ScheduleId, date: Date, ranges: &[DateRange]) -> Result<()> {
    sqlx::query!("delete from schedule_overrides where schedule_id = $1 and on_date = $2", schedule as ScheduleId, date as Date,)
        .execute(&mut **tx)
        .await?;
    let froms: Vec<i32> = ranges.iter().map(|range| range.from_min).collect();
    let tos: Vec<i32> = ranges.iter().map(|range| range.to_min).collect();
    sqlx::query!(
        "insert into schedule_overrides (schedule_id, on_date, from_min, to_min)
         select $1, $2, * from unnest($3::integer[], $4::integer[])",
        schedule as ScheduleId,
        date as Date,
        &froms,
        &tos,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete_schedule(tx: &mut Tx, provider: ProviderId, resource: ResourceId) -> Result<()> {
    sqlx::query!("delete from schedules where provider_id = $1 and resource_id = $2", provider as ProviderId, resource as ResourceId,)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
