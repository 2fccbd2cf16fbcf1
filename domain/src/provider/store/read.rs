//! Providers, services and resources as views.

use crate::error::{Error, Result};
use crate::id::{AccountId, AddOnId, CategoryId, ProviderId, ResourceId, ServiceId};
use crate::money::{Currency, Money};
use crate::provider::model::*;
use crate::time::Instant;
use sqlx::PgPool;
use std::collections::HashMap;

struct ProviderRow {
    id: ProviderId,
    slug: String,
    name: String,
    tagline: String,
    story: String,
    category_id: Option<CategoryId>,
    category_slug: Option<String>,
    category_name: Option<String>,
    category_icon: Option<String>,
    category_tone: Option<i32>,
    status: String,
    status_reason: Option<String>,
    is_verified: bool,
    submitted_at: Option<Instant>,
    decided_at: Option<Instant>,
    created_at: Instant,
    zone: String,
    currency: String,
    country: String,
    street: String,
    district: String,
    town: String,
    postcode: String,
    lat: Option<f64>,
    lng: Option<f64>,
    languages: Vec<String>,
    email: String,
    phone: String,
    website: String,
    cover_tone: Option<i32>,
    tax_bp: i32,
    horizon_days: i32,
    min_notice_min: i32,
    slot_step_min: i32,
    hold_min: i32,
    cancel_tiers: Option<serde_json::Value>,
    rating_sum: i64,
    rating_count: i32,
}

/// The whole profile; `$condition` picks the rows.
macro_rules! providers {
    ($db:expr, $condition:literal, $($arg:expr),*) => {
        sqlx::query_as!(
            ProviderRow,
            r#"select
                p.id as "id: ProviderId",
                p.slug,
                p.name,
                p.tagline,
                p.story,
                c.id as "category_id?: CategoryId",
                c.slug as "category_slug?",
                c.name as "category_name?",
                c.icon as "category_icon?",
                c.tone as "category_tone?",
                p.status,
                p.status_reason,
                p.verified_at is not null as "is_verified!",
                p.submitted_at as "submitted_at: Instant",
                p.decided_at as "decided_at: Instant",
                p.created_at as "created_at: Instant",
                p.zone,
                p.currency,
                p.country,
                p.street,
                p.district,
                p.town,
                p.postcode,
                p.lat,
                p.lng,
                p.languages,
                p.email,
                p.phone,
                p.website,
                p.cover_tone,
                p.tax_bp,
                p.horizon_days,
                p.min_notice_min,
                p.slot_step_min,
                p.hold_min,
                p.cancel_tiers,
                p.rating_sum,
                p.rating_count
             from providers p
             left join categories c on c.id = p.category_id
             where "# + $condition,
            $($arg),*
        )
        .fetch_all($db)
        .await
    };
}

pub async fn find(db: &PgPool, id: ProviderId) -> Result<Option<ProviderView>> {
    let rows = providers!(db, "p.id = $1", id as ProviderId)?;
    Ok(with_teams(db, rows).await?.pop())
}

pub async fn find_by_slug(db: &PgPool, slug: &str) -> Result<Option<ProviderView>> {
    let rows = providers!(db, "p.slug = $1", slug)?;
    Ok(with_teams(db, rows).await?.pop())
}

pub async fn list_of_account(db: &PgPool, account: AccountId) -> Result<Vec<ProviderView>> {
    let rows = providers!(
        db,
        "p.id in (select m.provider_id from provider_members m where m.account_id = $1) order by p.name",
        account as AccountId
    )?;
    with_teams(db, rows).await
}

async fn with_teams(db: &PgPool, rows: Vec<ProviderRow>) -> Result<Vec<ProviderView>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<uuid::Uuid> = rows.iter().map(|row| row.id.into()).collect();
    let mut teams: HashMap<ProviderId, Vec<ResourceView>> = HashMap::new();
    let people = sqlx::query_as!(
        ResourceRow,
        r#"select
            id as "id: ResourceId",
            provider_id as "provider_id: ProviderId",
            kind,
            name,
            account_id as "account_id: AccountId",
            tone,
            position,
            archived_at is not null as "is_archived!"
         from resources
         where provider_id = any($1) and kind = 'person' and archived_at is null
         order by position, id"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    for person in people {
        let person = person.view()?;
        teams.entry(person.provider_id).or_default().push(person);
    }
    rows.into_iter().map(|row| row.view(&mut teams)).collect()
}

impl ProviderRow {
    fn view(self, teams: &mut HashMap<ProviderId, Vec<ResourceView>>) -> Result<ProviderView> {
        let category = self.category_id.map(|id| CategoryRef {
            id,
            slug: self.category_slug.unwrap_or_default(),
            name: self.category_name.unwrap_or_default(),
            icon: self.category_icon.unwrap_or_default(),
            tone: self.category_tone.unwrap_or(1),
        });
        Ok(ProviderView {
            id: self.id,
            slug: self.slug,
            name: self.name,
            tagline: self.tagline,
            story: self.story,
            category,
            status: known(ProviderStatus::parse(&self.status), &self.status)?,
            status_reason: self.status_reason,
            is_verified: self.is_verified,
            submitted_at: self.submitted_at,
            decided_at: self.decided_at,
            created_at: self.created_at,
            zone: self.zone,
            currency: currency(&self.currency)?,
            country: self.country,
            street: self.street,
            district: self.district,
            town: self.town,
            postcode: self.postcode,
            lat: self.lat,
            lng: self.lng,
            languages: self.languages,
            email: self.email,
            phone: self.phone,
            website: self.website,
            cover_tone: self.cover_tone,
            tax_bp: self.tax_bp.into(),
            policy: BookingPolicy {
                horizon_days: self.horizon_days.into(),
                min_notice_min: self.min_notice_min.into(),
                slot_step_min: self.slot_step_min.into(),
                hold_min: self.hold_min.into(),
                cancel_tiers: tiers(self.cancel_tiers)?.unwrap_or_default(),
            },
            rating_sum: self.rating_sum,
            rating_count: self.rating_count.into(),
            team: teams.remove(&self.id).unwrap_or_default(),
        })
    }
}

struct ResourceRow {
    id: ResourceId,
    provider_id: ProviderId,
    kind: String,
    name: String,
    account_id: Option<AccountId>,
    tone: i32,
    position: i32,
    is_archived: bool,
}

impl ResourceRow {
    fn view(self) -> Result<ResourceView> {
        Ok(ResourceView {
            id: self.id,
            provider_id: self.provider_id,
            kind: known(ResourceKind::parse(&self.kind), &self.kind)?,
            name: self.name,
            account_id: self.account_id,
            tone: self.tone,
            position: self.position,
            is_archived: self.is_archived,
        })
    }
}

pub async fn list_resources(db: &PgPool, provider: ProviderId) -> Result<Vec<ResourceView>> {
    let rows = sqlx::query_as!(
        ResourceRow,
        r#"select
            id as "id: ResourceId",
            provider_id as "provider_id: ProviderId",
            kind,
            name,
            account_id as "account_id: AccountId",
            tone,
            position,
            archived_at is not null as "is_archived!"
         from resources
         where provider_id = $1 and archived_at is null
         order by array_position(array['person', 'room', 'vehicle', 'equipment'], kind), position, id"#,
        provider as ProviderId,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(ResourceRow::view).collect()
}

struct ServiceRow {
    id: ServiceId,
    provider_id: ProviderId,
    category_id: CategoryId,
    category_name: String,
    name: String,
    description: String,
    mode: String,
    radius_km: Option<f64>,
    duration_min: i32,
    price_minor: i64,
    currency: String,
    tax_bp: i32,
    commission_bp: i32,
    buffer_before_min: i32,
    buffer_after_min: i32,
    needs_approval: bool,
    horizon_days: Option<i32>,
    min_notice_min: Option<i32>,
    slot_step_min: Option<i32>,
    cancel_tiers: Option<serde_json::Value>,
    provider_horizon_days: i32,
    provider_min_notice_min: i32,
    provider_slot_step_min: i32,
    provider_cancel_tiers: Option<serde_json::Value>,
    hold_min: i32,
    day_limit: Option<i32>,
    week_limit: Option<i32>,
    assignment: String,
    position: i32,
    is_archived: bool,
}

/// The whole service with what it inherits; `$condition` picks the rows.
macro_rules! services {
    ($db:expr, $condition:literal, $($arg:expr),*) => {
        sqlx::query_as!(
            ServiceRow,
            r#"select
                s.id as "id: ServiceId",
                s.provider_id as "provider_id: ProviderId",
                s.category_id as "category_id: CategoryId",
                c.name as category_name,
                s.name,
                s.description,
                s.mode,
                s.radius_km,
                s.duration_min,
                s.price_minor,
                p.currency,
                p.tax_bp,
                -- the most specific rule wins
                coalesce(
                    s.commission_bp,
                    p.commission_bp,
                    c.commission_bp,
                    (select (value #>> '{}')::integer from settings where key = 'commission_bp'),
                    1000
                ) as "commission_bp!",
                s.buffer_before_min,
                s.buffer_after_min,
                s.needs_approval,
                s.horizon_days,
                s.min_notice_min,
                s.slot_step_min,
                s.cancel_tiers,
                p.horizon_days as provider_horizon_days,
                p.min_notice_min as provider_min_notice_min,
                p.slot_step_min as provider_slot_step_min,
                p.cancel_tiers as provider_cancel_tiers,
                p.hold_min,
                s.day_limit,
                s.week_limit,
                s.assignment,
                s.position,
                s.archived_at is not null as "is_archived!"
             from services s
             join providers p on p.id = s.provider_id
             join categories c on c.id = s.category_id
             where "# + $condition,
            $($arg),*
        )
        .fetch_all($db)
        .await
    };
}

pub async fn list_services(db: &PgPool, provider: ProviderId) -> Result<Vec<ServiceView>> {
    let rows = services!(db, "s.provider_id = $1 and s.archived_at is null order by s.position, s.id", provider as ProviderId)?;
    with_parts(db, rows).await
}

pub async fn find_service(db: &PgPool, id: ServiceId) -> Result<Option<ServiceView>> {
    let rows = services!(db, "s.id = $1", id as ServiceId)?;
    Ok(with_parts(db, rows).await?.pop())
}

/// Adds add-ons, people and things, in three statements for however many services.
async fn with_parts(db: &PgPool, rows: Vec<ServiceRow>) -> Result<Vec<ServiceView>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<uuid::Uuid> = rows.iter().map(|row| row.id.into()).collect();
    let mut views = rows.into_iter().map(ServiceRow::view).collect::<Result<Vec<_>>>()?;
    let at: HashMap<ServiceId, usize> = views.iter().enumerate().map(|(at, view)| (view.id, at)).collect();
    let (add_ons, people, things) = futures::try_join!(
        sqlx::query!(
            r#"select id as "id: AddOnId", service_id as "service_id: ServiceId", name, price_minor, extra_min
             from service_add_ons
             where service_id = any($1) and archived_at is null
             order by position, id"#,
            &ids,
        )
        .fetch_all(db),
        sqlx::query!(
            r#"select
                sp.service_id as "service_id: ServiceId",
                r.id as "id: ResourceId",
                r.name,
                r.tone,
                sp.priority,
                sp.weight
             from service_people sp
             join resources r on r.id = sp.resource_id
             where sp.service_id = any($1) and r.archived_at is null
             order by sp.priority desc, r.position, r.id"#,
            &ids,
        )
        .fetch_all(db),
        sqlx::query!(
            r#"select
                st.service_id as "service_id: ServiceId",
                r.id as "id: ResourceId",
                r.name,
                r.kind,
                st.need
             from service_things st
             join resources r on r.id = st.resource_id
             where st.service_id = any($1) and r.archived_at is null
             order by st.need, r.position, r.id"#,
            &ids,
        )
        .fetch_all(db),
    )?;
    for row in add_ons {
        let view = &mut views[at[&row.service_id]];
        let price = Money::new(row.price_minor, view.price.currency);
        view.add_ons.push(AddOnView { id: row.id, name: row.name, price, extra_min: row.extra_min.into() });
    }
    for row in people {
        let person = ServicePerson { resource_id: row.id, name: row.name, tone: row.tone, priority: row.priority, weight: row.weight };
        views[at[&row.service_id]].people.push(person);
    }
    for row in things {
        let kind = known(ResourceKind::parse(&row.kind), &row.kind)?;
        views[at[&row.service_id]].things.push(ServiceThing { resource_id: row.id, name: row.name, kind, need: row.need });
    }
    Ok(views)
}

impl ServiceRow {
    fn view(self) -> Result<ServiceView> {
        let own_tiers = tiers(self.cancel_tiers)?;
        let provider_tiers = tiers(self.provider_cancel_tiers)?;
        Ok(ServiceView {
            id: self.id,
            provider_id: self.provider_id,
            category_id: self.category_id,
            category_name: self.category_name,
            name: self.name,
            description: self.description,
            mode: known(Mode::parse(&self.mode), &self.mode)?,
            radius_km: self.radius_km,
            duration_min: self.duration_min.into(),
            price: Money::new(self.price_minor, currency(&self.currency)?),
            tax_bp: self.tax_bp.into(),
            commission_bp: Some(self.commission_bp.into()),
            buffer_before_min: self.buffer_before_min.into(),
            buffer_after_min: self.buffer_after_min.into(),
            needs_approval: self.needs_approval,
            horizon_days: self.horizon_days.unwrap_or(self.provider_horizon_days).into(),
            min_notice_min: self.min_notice_min.unwrap_or(self.provider_min_notice_min).into(),
            slot_step_min: self.slot_step_min.unwrap_or(self.provider_slot_step_min).into(),
            hold_min: self.hold_min.into(),
            cancel_tiers: own_tiers.clone().or(provider_tiers).unwrap_or_default(),
            overrides: ServiceOverrides {
                horizon_days: self.horizon_days.map(Into::into),
                min_notice_min: self.min_notice_min.map(Into::into),
                slot_step_min: self.slot_step_min.map(Into::into),
                cancel_tiers: own_tiers,
            },
            day_limit: self.day_limit.map(Into::into),
            week_limit: self.week_limit.map(Into::into),
            assignment: known(AssignmentRule::parse(&self.assignment), &self.assignment)?,
            position: self.position,
            is_archived: self.is_archived,
            add_ons: Vec::new(),
            people: Vec::new(),
            things: Vec::new(),
        })
    }
}

fn tiers(json: Option<serde_json::Value>) -> Result<Option<CancelTiers>> {
    json.map(serde_json::from_value).transpose().map_err(Error::internal)
}

pub(super) fn currency(code: &str) -> Result<Currency> {
    code.parse().map_err(|_| Error::internal(format!("a provider has currency {code}")))
}

/// The database's checks allow only words we know, except while a newer release is writing.
pub(super) fn known<T>(parsed: Option<T>, text: &str) -> Result<T> {
    parsed.ok_or_else(|| Error::internal(format!("unknown word {text} in a provider's row")))
}

pub async fn find_resource(db: &PgPool, id: ResourceId) -> Result<Option<ResourceView>> {
    let row = sqlx::query_as!(
        ResourceRow,
        r#"select
            id as "id: ResourceId",
            provider_id as "provider_id: ProviderId",
            kind,
            name,
            account_id as "account_id: AccountId",
            tone,
            position,
            archived_at is not null as "is_archived!"
         from resources
         where id = $1"#,
        id as ResourceId,
    )
    .fetch_optional(db)
    .await?;
    row.map(ResourceRow::view).transpose()
}

/// Id and name of those that can be chosen, in their order.
pub async fn list_category_choices(db: &PgPool) -> Result<Vec<(CategoryId, String)>> {
    let rows = sqlx::query!(r#"select id as "id: CategoryId", name from categories where not is_hidden order by position, name"#)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
