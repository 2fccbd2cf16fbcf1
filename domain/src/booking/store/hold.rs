//! Before a slot is taken: what is on offer, and who has it already.

use crate::booking::store::AddOnRow;
use crate::error::Result;
use crate::id::{AccountId, AddOnId, AllocationId, BookingId, Id, ProviderId, ServiceId, VisitorId};
use crate::provider::model::CancelTiers;
use crate::scheduling::model::Assignment;
use crate::time::Instant;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// What a service sells at this moment: everything a hold freezes, and who sells it.
#[derive(Debug, Clone)]
pub struct Offer {
    pub provider_id: ProviderId,
    pub provider_slug: String,
    pub provider_name: String,
    pub provider_phone: String,
    pub provider_place: String,
    pub category_icon: String,
    pub tone: i32,
    pub is_verified: bool,
    pub rating_sum: i64,
    pub rating_count: i32,
    pub is_open: bool,
    pub service_name: String,
    pub mode: String,
    pub radius_km: Option<f64>,
    pub price_minor: i64,
    pub needs_approval: bool,
    pub cancel_tiers: Option<Json<CancelTiers>>,
    pub commission_bp: i32,
    pub tax_bp: i32,
    pub currency: String,
    pub zone: String,
    pub hold_min: i32,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    pub add_ons: Json<Vec<AddOnRow>>,
    /// At most so many a day or a week.
    pub is_limited: bool,
    /// A live hold of the same customer on the same start: asked for twice.
    pub own_hold: Option<BookingId>,
}

/// With the asked extras, or all there are.
pub async fn find_offer(
    db: &mut PgConnection,
    service: ServiceId,
    add_ons: Option<&[AddOnId]>,
    starts_at: Instant,
    customer: Option<AccountId>,
    visitor: Option<VisitorId>,
    now: Instant,
) -> Result<Option<Offer>> {
    let add_ons: Option<Vec<Uuid>> = add_ons.map(|ids| ids.iter().map(|&id| id.into()).collect());
    Ok(sqlx::query_as!(
        Offer,
        r#"select
            s.provider_id as "provider_id: ProviderId",
            p.slug as provider_slug,
            p.name as provider_name,
            p.phone as provider_phone,
            concat_ws(', ', nullif(p.street, ''), nullif(p.district, ''), nullif(p.town, '')) as "provider_place!",
            c.icon as category_icon,
            coalesce(p.cover_tone, c.tone) as "tone!",
            p.verified_at is not null as "is_verified!",
            p.rating_sum,
            p.rating_count,
            p.status = 'active' and s.archived_at is null as "is_open!",
            s.name as service_name,
            s.mode,
            s.radius_km,
            s.price_minor,
            s.needs_approval,
            coalesce(s.cancel_tiers, p.cancel_tiers) as "cancel_tiers: Json<CancelTiers>",
            -- the most specific rule wins
            coalesce(s.commission_bp, p.commission_bp, c.commission_bp, (select (value #>> '{}')::integer from settings where key = 'commission_bp'), 1000) as "commission_bp!",
            p.tax_bp,
            p.currency,
            p.zone,
            p.hold_min,
            p.lat,
            p.lng,
            (
                select coalesce(json_agg(json_build_object('id', x.id, 'name', x.name, 'price_minor', x.price_minor, 'extra_min', x.extra_min) order by x.name), '[]')
                from service_add_ons x
                where x.service_id = s.id
                and ($2::uuid[] is null or x.id = any($2))
                and x.archived_at is null
            ) as "add_ons!: Json<Vec<AddOnRow>>",
            s.day_limit is not null or s.week_limit is not null as "is_limited!",
            (
                select b.id
                from bookings b
                where b.status = 'held'
                -- "is true" keeps the planner from the index of all holds; one person has few
                and (b.hold_expires_at > $6) is true
                and b.service_id = s.id
                and lower(b.during) = $3
                and (b.customer_id = $4 or b.visitor_id = $5)
                limit 1
            ) as "own_hold: BookingId"
         from services s
         join providers p on p.id = s.provider_id
         join categories c on c.id = s.category_id
         where s.id = $1"#,
        service as ServiceId,
        add_ons as Option<Vec<Uuid>>,
        starts_at as Instant,
        customer as Option<AccountId>,
        visitor as Option<VisitorId>,
        now as Instant,
    )
    .fetch_optional(db)
    .await?)
}

/// Whether the customer has a live hold on that start by now.
pub async fn has_own_hold(
    db: &PgPool,
    service: ServiceId,
    starts_at: Instant,
    customer: Option<AccountId>,
    visitor: Option<VisitorId>,
    now: Instant,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
            select from bookings b
            where b.status = 'held'
            and (b.hold_expires_at > $5) is true
            and b.service_id = $1
            and lower(b.during) = $2
            and (b.customer_id = $3 or b.visitor_id = $4)
        ) as "has!""#,
        service as ServiceId,
        starts_at as Instant,
        customer as Option<AccountId>,
        visitor as Option<VisitorId>,
        now as Instant,
    )
    .fetch_one(db)
    .await?)
}

/// All holds of one customer stand in one line, so that counting them is sound.
pub(super) fn line_of(customer: Option<AccountId>, visitor: Option<VisitorId>) -> Option<i64> {
    customer.map(|id| id.as_u128()).or(visitor.map(|id| id.as_u128())).map(|id| id as i64)
}

/// Waits in the customer's line until the transaction ends, as [`take`] does for its own.
pub async fn line_up(tx: &mut PgConnection, customer: Option<AccountId>, visitor: Option<VisitorId>) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock($1)", line_of(customer, visitor).unwrap_or_default()).execute(tx).await?;
    Ok(())
}

/// Occupies the resources of a booking anew. The overlap constraint may refuse it as a database error.
pub async fn allocate(
    tx: &mut PgConnection,
    booking: BookingId,
    provider: ProviderId,
    ids: &[AllocationId],
    assignment: &Assignment,
    now: Instant,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|&id| id.into()).collect();
    let resources: Vec<Uuid> = assignment.resources.iter().map(|&id| id.into()).collect();
    sqlx::query!(
        "insert into allocations (id, provider_id, resource_id, booking_id, kind, during, created_at)
         select a.id, $2, a.resource_id, $1, 'booking', $5, $6
         from unnest($3::uuid[], $4::uuid[]) as a (id, resource_id)",
        booking as BookingId,
        provider as ProviderId,
        &ids,
        &resources,
        assignment.during as crate::time::Span,
        now as Instant,
    )
    .execute(tx)
    .await?;
    Ok(())
}
