//! Lists of bookings: a customer's, a provider's, a stretch of the calendar.

use crate::booking::model::Address;
use crate::error::Result;
use crate::id::{AccountId, BookingId, ProviderId, ResourceId, ServiceId, VisitorId};
use crate::time::Instant;
use sqlx::PgExecutor;
use sqlx::types::Json;

/// One booking in a list.
#[derive(Debug, Clone)]
pub struct ItemRow {
    pub id: BookingId,
    pub reference: String,
    pub status: String,
    pub source: String,
    pub confirmed_at: Option<Instant>,
    pub provider_id: ProviderId,
    pub provider_slug: String,
    pub provider_name: String,
    pub provider_place: String,
    pub category_icon: String,
    pub tone: i32,
    pub service_id: ServiceId,
    pub service_name: String,
    pub customer_name: String,
    pub customer_phone: String,
    pub person_id: Option<ResourceId>,
    pub person_name: Option<String>,
    pub person_tone: Option<i32>,
    pub mode: String,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub zone: String,
    pub currency: String,
    pub total_minor: i64,
    pub earned_minor: i64,
    pub settlement: String,
    pub is_paid: bool,
    pub address: Option<Json<Address>>,
    pub notes: String,
    pub photo_count: i64,
    pub hold_expires_at: Option<Instant>,
    pub answer_by: Option<Instant>,
    pub started_at: Option<Instant>,
    pub on_the_way_at: Option<Instant>,
    pub completed_at: Option<Instant>,
    pub late_min: Option<i32>,
    pub is_proposed: bool,
    pub buffer_before_min: i32,
    pub buffer_after_min: i32,
    pub earlier_count: i64,
    pub reviewed_by: Vec<String>,
}

/// Which bookings. Exactly one of customer, visitor and provider is given.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    pub customer: Option<AccountId>,
    pub visitor: Option<VisitorId>,
    pub provider: Option<ProviderId>,
    /// Empty: all.
    pub statuses: Vec<String>,
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    /// (start, id) of the last one seen.
    pub after: Option<(Instant, BookingId)>,
    pub is_ascending: bool,
    pub limit: i64,
    pub now: Option<Instant>,
}

pub async fn list(db: impl PgExecutor<'_>, filter: &ListFilter) -> Result<Vec<ItemRow>> {
    let (after_at, after_id) = filter.after.unzip();
    Ok(sqlx::query_as!(
        ItemRow,
        r#"select
            b.id as "id: BookingId",
            b.reference,
            b.status,
            b.source,
            b.confirmed_at as "confirmed_at: Instant",
            b.provider_id as "provider_id: ProviderId",
            p.slug as provider_slug,
            p.name as provider_name,
            concat_ws(', ', nullif(p.street, ''), nullif(p.district, ''), nullif(p.town, '')) as "provider_place!",
            c.icon as category_icon,
            coalesce(p.cover_tone, c.tone) as "tone!",
            b.service_id as "service_id: ServiceId",
            b.service_name,
            b.customer_name,
            b.customer_phone,
            b.person_id as "person_id: ResourceId",
            r.name as "person_name?",
            r.tone as "person_tone?",
            b.mode,
            lower(b.during) as "starts_at!: Instant",
            upper(b.during) as "ends_at!: Instant",
            b.zone,
            b.currency,
            b.service_minor + b.add_ons_minor - b.discount_minor + b.tip_minor + b.tax_minor as "total_minor!",
            b.service_minor + b.add_ons_minor - b.discount_minor - b.commission_minor + b.tip_minor as "earned_minor!",
            b.settlement,
            exists (select from payments y where y.booking_id = b.id and y.captured_minor > y.refunded_minor) as "is_paid!",
            b.address as "address: Json<Address>",
            b.notes,
            (select count(*) from booking_photos f where f.booking_id = b.id) as "photo_count!",
            b.hold_expires_at as "hold_expires_at: Instant",
            b.answer_by as "answer_by: Instant",
            b.started_at as "started_at: Instant",
            b.on_the_way_at as "on_the_way_at: Instant",
            b.completed_at as "completed_at: Instant",
            b.late_min,
            b.proposal is not null as "is_proposed!",
            b.buffer_before_min,
            b.buffer_after_min,
            case when $3::uuid is null then 0 else (
                select count(*)
                from bookings e
                where e.customer_id = b.customer_id
                and e.provider_id = b.provider_id
                and e.status = 'completed'
                and e.during << b.during
            ) end as "earlier_count!",
            array(select w.side from reviews w where w.booking_id = b.id) as "reviewed_by!"
         from bookings b
         join providers p on p.id = b.provider_id
         join services s on s.id = b.service_id
         join categories c on c.id = s.category_id
         left join resources r on r.id = b.person_id
         where ($1::uuid is null or b.customer_id = $1)
         -- a browser keeps what it held until the booking belongs to an account of its own
         and (
            $2::uuid is null
            or b.visitor_id = $2
            and (b.customer_id is null or exists (select from accounts a where a.id = b.customer_id and a.is_guest))
         )
         and ($3::uuid is null or b.provider_id = $3)
         and (cardinality($4::text[]) = 0 or b.status = any($4))
         and ($5::timestamptz is null or upper(b.during) > $5)
         and ($6::timestamptz is null or lower(b.during) < $6)
         -- a hold that has run out is nobody's business any more
         and (b.status <> 'held' or $11::timestamptz is null or b.hold_expires_at > $11)
         and (
            $7::timestamptz is null
            or (not $9 and (lower(b.during), b.id) < ($7, $8))
            or ($9 and (lower(b.during), b.id) > ($7, $8))
         )
         order by
            case when $9 then lower(b.during) end,
            case when $9 then b.id end,
            lower(b.during) desc,
            b.id desc
         limit $10"#,
        filter.customer as Option<AccountId>,
        filter.visitor as Option<VisitorId>,
        filter.provider as Option<ProviderId>,
        &filter.statuses,
        filter.from as Option<Instant>,
        filter.to as Option<Instant>,
        after_at as Option<Instant>,
        after_id as Option<BookingId>,
        filter.is_ascending,
        filter.limit,
        filter.now as Option<Instant>,
    )
    .fetch_all(db)
    .await?)
}
