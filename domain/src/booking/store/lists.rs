//! Lists of bookings: a customer's, a provider's, a stretch of the calendar.

use crate::booking::model::Address;
use crate::error::Result;
use crate::id::{AccountId, BookingId, ProviderId, ResourceId, ServiceId, VisitorId};
use crate::time::{Instant, Span};
use sqlx::PgExecutor;
use sqlx::types::Json;

/// One booking in a list.
#[derive(Debug, Clone)]
pub struct ItemRow {
    pub id: BookingId,
    pub reference: String,
    pub status: String,
    pub provider_id: ProviderId,
    pub provider_slug: String,
    pub provider_name: String,
    pub provider_place: String,
    pub category_icon: String,
    pub tone: i32,
    pub service_id: ServiceId,
    pub service_name: String,
    pub customer_id: Option<AccountId>,
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
    /// Only what this person does.
    pub person: Option<ResourceId>,
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
            b.provider_id as "provider_id: ProviderId",
            p.slug as provider_slug,
            p.name as provider_name,
            concat_ws(', ', nullif(p.street, ''), nullif(p.district, ''), nullif(p.town, '')) as "provider_place!",
            c.icon as category_icon,
            coalesce(p.cover_tone, c.tone) as "tone!",
            b.service_id as "service_id: ServiceId",
            b.service_name,
            b.customer_id as "customer_id: AccountId",
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
         and ($2::uuid is null or b.visitor_id = $2)
         and ($3::uuid is null or b.provider_id = $3)
         and ($4::uuid is null or b.person_id = $4)
         and (cardinality($5::text[]) = 0 or b.status = any($5))
         and ($6::timestamptz is null or upper(b.during) > $6)
         and ($7::timestamptz is null or lower(b.during) < $7)
         -- a hold that has run out is nobody's business any more
         and (b.status <> 'held' or $12::timestamptz is null or b.hold_expires_at > $12)
         and (
            $8::timestamptz is null
            or (not $10 and (lower(b.during), b.id) < ($8, $9))
            or ($10 and (lower(b.during), b.id) > ($8, $9))
         )
         order by
            case when $10 then lower(b.during) end,
            case when $10 then b.id end,
            lower(b.during) desc,
            b.id desc
         limit $11"#,
        filter.customer as Option<AccountId>,
        filter.visitor as Option<VisitorId>,
        filter.provider as Option<ProviderId>,
        filter.person as Option<ResourceId>,
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

/// Requests that wait for the provider's answer.
pub async fn count_requests(db: impl PgExecutor<'_>, provider: ProviderId, now: Instant) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from bookings where provider_id = $1 and status = 'requested' and answer_by > $2"#,
        provider as ProviderId,
        now as Instant,
    )
    .fetch_one(db)
    .await?)
}

/// A person or thing and when it is busy without a booking of ours: blocked by hand, or imported.
pub struct BusyRow {
    pub id: Option<uuid::Uuid>,
    pub resource_id: ResourceId,
    pub during: Span,
    pub title: String,
    pub is_imported: bool,
}

pub async fn list_busy(db: impl PgExecutor<'_>, provider: ProviderId, during: Span) -> Result<Vec<BusyRow>> {
    Ok(sqlx::query_as!(
        BusyRow,
        r#"select
            a.id as "id?",
            a.resource_id as "resource_id!: ResourceId",
            a.during as "during!: Span",
            a.title as "title!",
            false as "is_imported!"
         from allocations a
         where a.provider_id = $1
         and a.kind = 'block'
         and a.is_live
         and a.during && $2
         union all
         select
            null,
            i.resource_id,
            i.during,
            i.title,
            true
         from imported_busy i
         join resources r on r.id = i.resource_id
         where r.provider_id = $1
         and i.during && $2
         union all
         select
            null,
            r.id,
            t.during,
            coalesce(nullif(t.reason, ''), 'Time off'),
            false
         from time_off t
         join resources r on r.provider_id = t.provider_id and (t.resource_id is null or r.id = t.resource_id)
         where t.provider_id = $1
         and r.kind = 'person'
         and r.archived_at is null
         and t.during && $2"#,
        provider as ProviderId,
        during as Span,
    )
    .fetch_all(db)
    .await?)
}
