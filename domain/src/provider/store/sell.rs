//! Services with their parts, and resources.

use crate::ctx::Tx;
use crate::error::{Error, Result};
use crate::id::{AccountId, AddOnId, CategoryId, ProviderId, ResourceId, ServiceId};
use crate::provider::model::{AddOnInput, PersonInput, ResourceInput, ServiceInput, ThingInput};
use crate::time::Instant;
use uuid::Uuid;

pub async fn count_services(tx: &mut Tx, provider: ProviderId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from services where provider_id = $1 and archived_at is null"#,
        provider as ProviderId,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn is_category(tx: &mut Tx, id: CategoryId) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select 1 from categories where id = $1) as "exists!""#, id as CategoryId)
        .fetch_one(&mut **tx)
        .await?)
}

/// How many of these are the provider's own, in use, and people (or things).
pub async fn count_own(tx: &mut Tx, provider: ProviderId, ids: &[ResourceId], are_people: bool) -> Result<i64> {
    let ids: Vec<Uuid> = ids.iter().map(|id| (*id).into()).collect();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!"
         from resources
         where provider_id = $1 and id = any($2) and archived_at is null and (kind = 'person') = $3"#,
        provider as ProviderId,
        &ids,
        are_people,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn insert_service(tx: &mut Tx, id: ServiceId, provider: ProviderId, service: &ServiceInput, now: Instant) -> Result<()> {
    sqlx::query!(
        "insert into services (id, provider_id, category_id, name, mode, radius_km, duration_min, price_minor, position, created_at, updated_at)
         values (
            $1, $2, $3, $4, $5, $6, $7, $8,
            (select coalesce(max(position), 0) + 1 from services where provider_id = $2),
            $9, $9
         )",
        id as ServiceId,
        provider as ProviderId,
        service.category_id as CategoryId,
        service.name,
        service.mode.as_str(),
        service.radius_km,
        service.duration_min as i32,
        service.price_minor,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    update_service(tx, id, service, now).await
}

pub async fn update_service(tx: &mut Tx, id: ServiceId, service: &ServiceInput, now: Instant) -> Result<()> {
    let small = |number: Option<i64>| number.map(|number| number as i32);
    let tiers = service.overrides.cancel_tiers.as_ref().map(serde_json::to_value).transpose().map_err(Error::internal)?;
    sqlx::query!(
        "update services set
            category_id = $2,
            name = $3,
            description = $4,
            mode = $5,
            radius_km = $6,
            duration_min = $7,
            price_minor = $8,
            buffer_before_min = $9,
            buffer_after_min = $10,
            needs_approval = $11,
            horizon_days = $12,
            min_notice_min = $13,
            slot_step_min = $14,
            cancel_tiers = $15,
            day_limit = $16,
            week_limit = $17,
            assignment = $18,
            updated_at = $19
         where id = $1",
        id as ServiceId,
        service.category_id as CategoryId,
        service.name,
        service.description,
        service.mode.as_str(),
        service.radius_km,
        service.duration_min as i32,
        service.price_minor,
        service.buffer_before_min as i32,
        service.buffer_after_min as i32,
        service.needs_approval,
        small(service.overrides.horizon_days),
        small(service.overrides.min_notice_min),
        small(service.overrides.slot_step_min),
        tiers,
        small(service.day_limit),
        small(service.week_limit),
        service.assignment.as_str(),
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those not named any more are archived, since bookings refer to them; ids of another service change nothing.
pub async fn replace_add_ons(tx: &mut Tx, service: ServiceId, add_ons: &[(AddOnId, &AddOnInput)], now: Instant) -> Result<()> {
    let ids: Vec<Uuid> = add_ons.iter().map(|(id, _)| (*id).into()).collect();
    let names: Vec<String> = add_ons.iter().map(|(_, extra)| extra.name.clone()).collect();
    let prices: Vec<i64> = add_ons.iter().map(|(_, extra)| extra.price_minor).collect();
    let minutes: Vec<i32> = add_ons.iter().map(|(_, extra)| extra.extra_min as i32).collect();
    sqlx::query!(
        "update service_add_ons set archived_at = $3 where service_id = $1 and archived_at is null and id <> all($2)",
        service as ServiceId,
        &ids,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into service_add_ons (id, service_id, name, price_minor, extra_min, position)
         select n.id, $1, n.name, n.price, n.minutes, n.position
         from unnest($2::uuid[], $3::text[], $4::bigint[], $5::integer[]) with ordinality n(id, name, price, minutes, position)
         on conflict (id) do update
         set name = excluded.name, price_minor = excluded.price_minor, extra_min = excluded.extra_min, position = excluded.position,
            archived_at = null
         where service_add_ons.service_id = $1",
        service as ServiceId,
        &ids,
        &names,
        &prices,
        &minutes,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn replace_people(tx: &mut Tx, service: ServiceId, people: &[PersonInput]) -> Result<()> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.resource_id.into()).collect();
    let priorities: Vec<i32> = people.iter().map(|person| person.priority).collect();
    let weights: Vec<i32> = people.iter().map(|person| person.weight).collect();
    sqlx::query!("delete from service_people where service_id = $1", service as ServiceId).execute(&mut **tx).await?;
    sqlx::query!(
        "insert into service_people (service_id, resource_id, priority, weight)
         select $1, * from unnest($2::uuid[], $3::integer[], $4::integer[])",
        service as ServiceId,
        &ids,
        &priorities,
        &weights,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn replace_things(tx: &mut Tx, service: ServiceId, things: &[ThingInput]) -> Result<()> {
    let ids: Vec<Uuid> = things.iter().map(|thing| thing.resource_id.into()).collect();
    let needs: Vec<i32> = things.iter().map(|thing| thing.need).collect();
    sqlx::query!("delete from service_things where service_id = $1", service as ServiceId).execute(&mut **tx).await?;
    sqlx::query!(
        "insert into service_things (service_id, resource_id, need) select $1, * from unnest($2::uuid[], $3::integer[])",
        service as ServiceId,
        &ids,
        &needs,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn archive_service(tx: &mut Tx, id: ServiceId, now: Instant) -> Result<()> {
    sqlx::query!(
        "update services set archived_at = coalesce(archived_at, $2), updated_at = $2 where id = $1",
        id as ServiceId,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn count_resources(tx: &mut Tx, provider: ProviderId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from resources where provider_id = $1 and archived_at is null"#,
        provider as ProviderId,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn insert_resource(tx: &mut Tx, id: ResourceId, provider: ProviderId, resource: &ResourceInput, now: Instant) -> Result<()> {
    sqlx::query!(
        "insert into resources (id, provider_id, kind, name, account_id, tone, position, created_at)
         select $1, $2, $3, $4, $5, coalesce($6, 1 + n.position % 8), n.position, $7
         from (select coalesce(max(position), 0) + 1 as position from resources where provider_id = $2) n",
        id as ResourceId,
        provider as ProviderId,
        resource.kind.as_str(),
        resource.name,
        resource.account_id as Option<AccountId>,
        resource.tone,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A member of the team as someone who can be booked.
pub async fn insert_person(tx: &mut Tx, id: ResourceId, provider: ProviderId, account: AccountId, name: &str, now: Instant) -> Result<()> {
    let kind = crate::provider::model::ResourceKind::Person;
    insert_resource(tx, id, provider, &ResourceInput { kind, name: name.to_owned(), tone: None, account_id: Some(account) }, now).await
}

pub async fn update_resource(tx: &mut Tx, id: ResourceId, resource: &ResourceInput) -> Result<()> {
    sqlx::query!(
        "update resources set name = $2, tone = coalesce($3, tone), account_id = $4 where id = $1",
        id as ResourceId,
        resource.name,
        resource.tone,
        resource.account_id as Option<AccountId>,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether it is there and the provider's.
pub async fn lock_resource(tx: &mut Tx, provider: ProviderId, id: ResourceId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select id as "id: ResourceId" from resources where id = $1 and provider_id = $2 and archived_at is null for update"#,
        id as ResourceId,
        provider as ProviderId,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// Live bookings of the resource that have not ended.
pub async fn count_ahead(tx: &mut Tx, id: ResourceId, now: Instant) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!"
         from allocations
         where resource_id = $1 and is_live and kind = 'booking' and upper(during) > $2 and (expires_at is null or expires_at > $2)"#,
        id as ResourceId,
        now as Instant,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn archive_resource(tx: &mut Tx, id: ResourceId, now: Instant) -> Result<()> {
    sqlx::query!("update resources set archived_at = $2 where id = $1", id as ResourceId, now as Instant).execute(&mut **tx).await?;
    Ok(())
}
