//! One booking with what belongs to it, in one statement.

use crate::booking::model::{Address, Proposal};
use crate::error::Result;
use crate::id::{AccountId, BookingId, PhotoId, ProviderId, ResourceId, ServiceId};
use crate::provider::model::CancelTiers;
use crate::time::Instant;
use serde::Deserialize;
use sqlx::PgExecutor;
use sqlx::types::Json;

/// A booking as stored, with the names around it, what was refunded and whether it is paid.
#[derive(Debug, Clone)]
pub struct BookingRow {
    pub id: BookingId,
    pub reference: String,
    pub provider_id: ProviderId,
    pub provider_slug: String,
    pub provider_name: String,
    pub provider_phone: String,
    pub provider_place: String,
    pub provider_lat: Option<f64>,
    pub provider_lng: Option<f64>,
    pub category_icon: String,
    pub tone: i32,
    pub is_verified: bool,
    pub rating_sum: i64,
    pub rating_count: i32,
    pub service_id: ServiceId,
    pub service_name: String,
    pub radius_km: Option<f64>,
    pub customer_id: Option<AccountId>,
    pub is_customer_guest: bool,
    pub visitor_id: Option<crate::id::VisitorId>,
    pub status: String,
    pub source: String,
    pub settlement: String,
    pub mode: String,
    pub person_id: Option<ResourceId>,
    pub person_name: Option<String>,
    pub person_tone: Option<i32>,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub buffer_before_min: i32,
    pub buffer_after_min: i32,
    pub zone: String,
    pub needs_approval: bool,
    pub currency: String,
    pub service_minor: i64,
    pub add_ons_minor: i64,
    pub discount_minor: i64,
    pub tip_minor: i64,
    pub tax_minor: i64,
    pub commission_minor: i64,
    pub cancel_tiers: Json<CancelTiers>,
    pub lowest_tier_bp: i32,
    pub customer_name: String,
    pub customer_email: String,
    pub customer_phone: String,
    pub address: Option<Json<Address>>,
    pub notes: String,
    pub hold_expires_at: Option<Instant>,
    pub is_hold_extended: bool,
    pub hold_min: i32,
    pub answer_by: Option<Instant>,
    pub requested_at: Option<Instant>,
    pub confirmed_at: Option<Instant>,
    pub started_at: Option<Instant>,
    pub completed_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub no_show_by: Option<String>,
    pub cancelled_by: Option<String>,
    pub end_reason: Option<String>,
    pub on_the_way_at: Option<Instant>,
    pub late_min: Option<i32>,
    pub proposal: Option<Json<Proposal>>,
    pub sequence: i32,
    pub version: i32,
    pub created_at: Instant,
    pub add_ons: Json<Vec<AddOnRow>>,
    pub photos: Vec<PhotoId>,
    pub refunded_service_minor: i64,
    pub refunded_tax_minor: i64,
    pub refunded_tip_minor: i64,
    pub refunded_commission_minor: i64,
    /// Money was captured for it, whatever has gone back since.
    pub is_paid: bool,
    pub is_authorised: bool,
    pub reviewed_by: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct AddOnRow {
    pub id: crate::id::AddOnId,
    pub name: String,
    pub price_minor: i64,
    pub extra_min: i64,
}

macro_rules! select_booking {
    ($tail:tt, $($arg:expr),*) => {
        sqlx::query_as!(
            BookingRow,
            r#"select
                b.id as "id: BookingId",
                b.reference,
                b.provider_id as "provider_id: ProviderId",
                p.slug as provider_slug,
                p.name as provider_name,
                p.phone as provider_phone,
                concat_ws(', ', nullif(p.street, ''), nullif(p.district, ''), nullif(p.town, '')) as "provider_place!",
                p.lat as provider_lat,
                p.lng as provider_lng,
                c.icon as category_icon,
                coalesce(p.cover_tone, c.tone) as "tone!",
                p.verified_at is not null as "is_verified!",
                p.rating_sum,
                p.rating_count,
                b.service_id as "service_id: ServiceId",
                b.service_name,
                s.radius_km,
                b.customer_id as "customer_id: AccountId",
                coalesce(a.is_guest, false) as "is_customer_guest!",
                b.visitor_id as "visitor_id: crate::id::VisitorId",
                b.status,
                b.source,
                b.settlement,
                b.mode,
                b.person_id as "person_id: ResourceId",
                r.name as "person_name?",
                r.tone as "person_tone?",
                lower(b.during) as "starts_at!: Instant",
                upper(b.during) as "ends_at!: Instant",
                b.buffer_before_min,
                b.buffer_after_min,
                b.zone,
                b.needs_approval,
                b.currency,
                b.service_minor,
                b.add_ons_minor,
                b.discount_minor,
                b.tip_minor,
                b.tax_minor,
                b.commission_minor,
                b.cancel_tiers as "cancel_tiers: Json<CancelTiers>",
                b.lowest_tier_bp,
                b.customer_name,
                b.customer_email,
                b.customer_phone,
                b.address as "address: Json<Address>",
                b.notes,
                b.hold_expires_at as "hold_expires_at: Instant",
                b.is_hold_extended,
                p.hold_min,
                b.answer_by as "answer_by: Instant",
                b.requested_at as "requested_at: Instant",
                b.confirmed_at as "confirmed_at: Instant",
                b.started_at as "started_at: Instant",
                b.completed_at as "completed_at: Instant",
                b.ended_at as "ended_at: Instant",
                b.no_show_by,
                b.cancelled_by,
                b.end_reason,
                b.on_the_way_at as "on_the_way_at: Instant",
                b.late_min,
                b.proposal as "proposal: Json<Proposal>",
                b.sequence,
                b.version,
                b.created_at as "created_at: Instant",
                (
                    select coalesce(json_agg(json_build_object('id', x.add_on_id, 'name', x.name, 'price_minor', x.price_minor, 'extra_min', x.extra_min) order by x.name), '[]')
                    from booking_add_ons x
                    where x.booking_id = b.id
                ) as "add_ons!: Json<Vec<AddOnRow>>",
                array(select f.id from booking_photos f where f.booking_id = b.id order by f.created_at, f.id) as "photos!: Vec<PhotoId>",
                m.service_minor as "refunded_service_minor!",
                m.tax_minor as "refunded_tax_minor!",
                m.tip_minor as "refunded_tip_minor!",
                m.commission_minor as "refunded_commission_minor!",
                -- money that came for something it could not pay any more is posted otherwise
                exists (select from ledger_transactions y where y.booking_id = b.id and y.cause like 'captured:%') as "is_paid!",
                exists (select from payments y where y.booking_id = b.id and y.status = 'authorised') as "is_authorised!",
                array(select w.side from reviews w where w.booking_id = b.id) as "reviewed_by!"
             from bookings b
             join providers p on p.id = b.provider_id
             join services s on s.id = b.service_id
             join categories c on c.id = s.category_id
             left join resources r on r.id = b.person_id
             left join accounts a on a.id = b.customer_id
             cross join lateral (
                select
                    coalesce(sum(z.service_minor), 0)::bigint as service_minor,
                    coalesce(sum(z.tax_minor), 0)::bigint as tax_minor,
                    coalesce(sum(z.tip_minor), 0)::bigint as tip_minor,
                    coalesce(sum(z.commission_minor), 0)::bigint as commission_minor
                from refunds z
                where z.booking_id = b.id
                and z.status <> 'failed'
                and not z.is_return
             ) m "# + $tail,
            $($arg),*
        )
    };
}

pub async fn find(db: impl PgExecutor<'_>, id: BookingId) -> Result<Option<BookingRow>> {
    Ok(select_booking!("where b.id = $1", id as BookingId).fetch_optional(db).await?)
}

/// Waits for whoever is changing the booking, then reads it as it is.
pub async fn lock(db: &mut sqlx::PgConnection, id: BookingId) -> Result<Option<BookingRow>> {
    // Locked first and read by a second statement: subqueries of a locking read would still see the snapshot from before the wait.
    sqlx::query!("select id from bookings where id = $1 for no key update", id as BookingId).fetch_optional(&mut *db).await?;
    find(&mut *db, id).await
}

/// Whether the booking still has everybody and everything it took. Waits for whoever is taking some of it, and from now on keeps it until the transaction
/// ends.
pub async fn keeps_all(db: &mut sqlx::PgConnection, id: BookingId) -> Result<bool> {
    // In the order of whoever claims: people and things first.
    sqlx::query!(
        "select id from resources where id in (select resource_id from allocations where booking_id = $1) order by id for no key update",
        id as BookingId,
    )
    .fetch_all(&mut *db)
    .await?;
    // All of its rows: one that is turned off while this waits has to be seen as it is then.
    Ok(sqlx::query_scalar!(
        r#"select coalesce(bool_and(kept.is_live), false) as "keeps!"
         from (select is_live from allocations where booking_id = $1 order by id for update) kept"#,
        id as BookingId,
    )
    .fetch_one(db)
    .await?)
}

/// What happened to a booking, oldest first.
pub struct PastEvent {
    pub at: Instant,
    pub kind: String,
    pub actor: Option<AccountId>,
    pub data: serde_json::Value,
}

pub async fn list_events(db: impl PgExecutor<'_>, id: BookingId) -> Result<Vec<PastEvent>> {
    Ok(sqlx::query_as!(
        PastEvent,
        r#"select
            e.at as "at: Instant",
            e.kind,
            e.actor_id as "actor: AccountId",
            e.data
         from events e
         where e.booking_id = $1
         order by e.id
         limit 500"#,
        id as BookingId,
    )
    .fetch_all(db)
    .await?)
}

/// The account's bookings that a private calendar feed shows: from a month ago on, as customer or as the person who does the job. Who has left the team sees
/// its jobs no more, and who is suspended nothing.
pub async fn list_feed(db: impl PgExecutor<'_>, account: AccountId, from: Instant) -> Result<Vec<BookingRow>> {
    Ok(select_booking!(
        "where (
            b.customer_id = $1
            or r.account_id = $1
            and exists (select from provider_members w where w.provider_id = b.provider_id and w.account_id = $1)
         )
         and exists (select from accounts o where o.id = $1 and o.suspended_at is null)
         and upper(b.during) >= $2
         and b.status in ('requested', 'confirmed', 'in_progress', 'completed', 'cancelled', 'no_show')
         and (b.confirmed_at is not null or b.requested_at is not null)
         order by lower(b.during), b.id
         limit 1000",
        account as AccountId,
        from as Instant
    )
    .fetch_all(db)
    .await?)
}
