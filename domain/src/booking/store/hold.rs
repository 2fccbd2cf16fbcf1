//! Taking a slot: what is on offer, then claim, booking, allocations, event and audit entry in one statement.

use crate::booking::model::{Address, Price, Settlement, Source, Status};
use crate::booking::store::{AddOnRow, BookingRow};
use crate::error::Result;
use crate::event::Cursor;
use crate::id::{AccountId, AddOnId, AllocationId, AuditId, BookingId, Id, ProviderId, ResourceId, ServiceId, VisitorId};
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
fn line_of(customer: Option<AccountId>, visitor: Option<VisitorId>) -> Option<i64> {
    customer.map(|id| id.as_u128()).or(visitor.map(|id| id.as_u128())).map(|id| id as i64)
}

/// Waits in the customer's line until the transaction ends, as [`take`] does for its own.
pub async fn line_up(tx: &mut PgConnection, customer: Option<AccountId>, visitor: Option<VisitorId>) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock($1)", line_of(customer, visitor).unwrap_or_default()).execute(tx).await?;
    Ok(())
}

/// Everything of a new booking that the statement below writes.
pub struct NewBooking<'a> {
    pub id: BookingId,
    pub reference: String,
    pub offer: &'a Offer,
    pub service: ServiceId,
    pub customer: Option<AccountId>,
    pub visitor: Option<VisitorId>,
    pub status: Status,
    pub source: Source,
    pub settlement: Settlement,
    pub assignment: &'a Assignment,
    pub price: Price,
    pub commission_bp: i64,
    pub contact: (&'a str, &'a str, &'a str),
    pub address: Option<&'a Address>,
    pub notes: &'a str,
    pub hold_expires_at: Option<Instant>,
    pub now: Instant,
    pub event_kind: &'a str,
    pub event_data: serde_json::Value,
    pub audit: AuditId,
    pub actor: Option<AccountId>,
    pub actor_kind: &'a str,
    pub request_id: &'a str,
    pub peer: Option<&'a str>,
    pub allocations: Vec<AllocationId>,
    /// None: as many as one likes (the provider's own hand).
    pub hold_limit: Option<i64>,
    /// For whoever books the same people and things in this moment; otherwise they count as gone.
    pub may_wait: bool,
    /// Of the terms, if they were kept: a change since then is looked for.
    pub as_of: Option<Cursor>,
}

/// What only the statement itself tells.
struct Written {
    person_name: Option<String>,
    person_tone: Option<i32>,
    is_customer_guest: bool,
}

impl NewBooking<'_> {
    fn tiers(&self) -> CancelTiers {
        self.offer.cancel_tiers.as_ref().map(|tiers| tiers.0.clone()).unwrap_or_default()
    }

    /// The row once it is written, with the defaults of its columns. A test holds it to what is read.
    fn row(&self, written: Written) -> BookingRow {
        let (offer, price, job) = (self.offer, self.price, self.assignment.job);
        BookingRow {
            id: self.id,
            reference: self.reference.clone(),
            provider_id: offer.provider_id,
            provider_slug: offer.provider_slug.clone(),
            provider_name: offer.provider_name.clone(),
            provider_phone: offer.provider_phone.clone(),
            provider_place: offer.provider_place.clone(),
            provider_lat: offer.lat,
            provider_lng: offer.lng,
            category_icon: offer.category_icon.clone(),
            tone: offer.tone,
            is_verified: offer.is_verified,
            rating_sum: offer.rating_sum,
            rating_count: offer.rating_count,
            service_id: self.service,
            service_name: offer.service_name.clone(),
            radius_km: offer.radius_km,
            customer_id: self.customer,
            is_customer_guest: written.is_customer_guest,
            visitor_id: self.visitor,
            status: self.status.as_str().to_owned(),
            source: self.source.as_str().to_owned(),
            settlement: self.settlement.as_str().to_owned(),
            mode: offer.mode.clone(),
            person_id: self.assignment.person,
            person_name: written.person_name,
            person_tone: written.person_tone,
            starts_at: job.starts_at,
            ends_at: job.ends_at,
            buffer_before_min: self.assignment.buffer_before_min as i32,
            buffer_after_min: self.assignment.buffer_after_min as i32,
            zone: offer.zone.clone(),
            needs_approval: offer.needs_approval,
            currency: offer.currency.clone(),
            service_minor: price.service_minor,
            add_ons_minor: price.add_ons_minor,
            discount_minor: price.discount_minor,
            tip_minor: 0,
            tax_minor: price.tax_minor,
            commission_minor: price.commission_minor,
            cancel_tiers: Json(self.tiers()),
            lowest_tier_bp: 10_000,
            customer_name: self.contact.0.to_owned(),
            customer_email: self.contact.1.to_owned(),
            customer_phone: self.contact.2.to_owned(),
            address: self.address.cloned().map(Json),
            notes: self.notes.to_owned(),
            hold_expires_at: self.hold_expires_at,
            is_hold_extended: false,
            hold_min: offer.hold_min,
            answer_by: None,
            requested_at: None,
            confirmed_at: (self.status == Status::Confirmed).then_some(self.now),
            started_at: None,
            completed_at: None,
            ended_at: None,
            no_show_by: None,
            cancelled_by: None,
            end_reason: None,
            on_the_way_at: None,
            late_min: None,
            proposal: None,
            sequence: 0,
            version: 1,
            created_at: self.now,
            add_ons: offer.add_ons.clone(),
            photos: Vec::new(),
            refunded_service_minor: 0,
            refunded_tax_minor: 0,
            refunded_tip_minor: 0,
            refunded_commission_minor: 0,
            is_paid: false,
            is_authorised: false,
            reviewed_by: Vec::new(),
        }
    }
}

/// What became of it.
#[derive(Debug, Clone)]
pub enum Taken {
    /// As [`find`](super::find) would read it now.
    Written(Box<BookingRow>),
    /// The customer holds this very start by now: clicked twice.
    Own,
    /// The customer keeps as many holds as allowed.
    TooMany,
    /// Somebody else has these people or things at that time; nothing is written.
    Gone(Vec<ResourceId>),
    /// They were free at first, and are not to be had after a wait, for whatever reason; nothing is written.
    Overtaken(Vec<ResourceId>),
    /// The terms may not be what they were; nothing is looked at or written.
    Outdated,
}

/// Claims the people and things and writes it all, in one statement that needs no transaction around it. The overlap constraint may refuse it as a
/// database error.
pub async fn take(db: &mut PgConnection, new: &NewBooking<'_>) -> Result<Taken, sqlx::Error> {
    let allocations: Vec<Uuid> = new.allocations.iter().map(|&id| id.into()).collect();
    let resources: Vec<Uuid> = new.assignment.resources.iter().map(|&id| id.into()).collect();
    let add_ons: Vec<Uuid> = new.offer.add_ons.iter().map(|a| a.id.into()).collect();
    let is_confirmed = new.status == Status::Confirmed;
    let line = new.hold_limit.and_then(|_| line_of(new.customer, new.visitor));
    let outcome = sqlx::query!(
        r#"with terms as materialized (
            -- the kinds of the index events_terms
            select $49::text is null or s.epoch = $50 and not exists (
                select from events e
                where e.provider_id = $3 and e.xid >= $49::text::xid8 and e.kind in (
                    'provider.approved', 'provider.rejected', 'provider.suspended', 'provider.reinstated', 'provider.changed',
                    'category.changed', 'settings.changed', 'availability.changed', 'review.published'
                )
            ) and not exists (
                select from events e
                where e.provider_id is null and e.xid >= $49::text::xid8 and e.kind in (
                    'provider.approved', 'provider.rejected', 'provider.suspended', 'provider.reinstated', 'provider.changed',
                    'category.changed', 'settings.changed', 'availability.changed', 'review.published'
                )
            ) as are_current
            from spine s
        ), claimed as materialized (
            -- holds are only counted where the start was free at first
            select c.taken, c.holds, c.is_own
            from terms
            cross join lateral claim_slot($38, $36, $29, $47, $5, $6, $4, lower($12::tstzrange), $48) as c
            where terms.are_current
        ), booking as (
            insert into bookings (
                id, reference, provider_id, service_id, customer_id, visitor_id, status, source, settlement, mode, person_id,
                during, buffer_before_min, buffer_after_min, zone, service_name, needs_approval, currency,
                service_minor, add_ons_minor, discount_minor, tip_minor, tax_minor, commission_bp, commission_minor, tax_bp, cancel_tiers,
                customer_name, customer_email, customer_phone, address, notes, hold_expires_at, confirmed_at, created_at, updated_at
            )
            select
                $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
                $12, $13, $14, $15, $16, $17, $18,
                $19, $20, $21, 0, $22, $23, $24, $25, $26,
                $27, $28, $42, $30, $31, $32, case when $33 then $29::timestamptz end, $29, $29
            from claimed
            where claimed.taken = '{}' and ($34::bigint is null or claimed.holds < $34)
            returning id
        ), chosen as (
            insert into booking_add_ons (booking_id, add_on_id, name, price_minor, extra_min)
            select b.id, x.id, x.name, x.price_minor, x.extra_min
            from booking b
            join service_add_ons x on x.id = any($35)
        ), busy as (
            insert into allocations (id, provider_id, resource_id, booking_id, kind, during, expires_at, created_at)
            select a.id, $3, a.resource_id, b.id, 'booking', $36, $32, $29
            from booking b
            cross join unnest($37::uuid[], $38::uuid[]) as a (id, resource_id)
        ), told as (
            insert into events (at, kind, booking_id, provider_id, account_id, actor_id, data)
            select $29, $39, b.id, $3, $5, $40, $41
            from booking b
        ), audited as (
            insert into audit_entries (id, at, actor_id, actor_kind, action, subject_kind, subject_id, provider_id, data, request_id, address)
            select $43, $29, $40, $44, $39, 'booking', b.id::text, $3, '{}', $45, $46
            from booking b
        )
        select exists (select from booking) as "is_written!", c.taken as "taken!: Vec<ResourceId>", c.is_own as "is_own!",
            c.holds is not null as "was_free!",
            r.name as "person_name?", r.tone as "person_tone?",
            exists (select from accounts a where a.id = $5 and a.is_guest) as "is_customer_guest!"
        from claimed c
        left join resources r on r.id = $11"#,
        new.id as BookingId,
        new.reference,
        new.offer.provider_id as ProviderId,
        new.service as ServiceId,
        new.customer as Option<AccountId>,
        new.visitor as Option<VisitorId>,
        new.status.as_str(),
        new.source.as_str(),
        new.settlement.as_str(),
        new.offer.mode,
        new.assignment.person as Option<ResourceId>,
        new.assignment.job as crate::time::Span,
        new.assignment.buffer_before_min as i32,
        new.assignment.buffer_after_min as i32,
        new.offer.zone,
        new.offer.service_name,
        new.offer.needs_approval,
        new.offer.currency,
        new.price.service_minor,
        new.price.add_ons_minor,
        new.price.discount_minor,
        new.price.tax_minor,
        new.commission_bp as i32,
        new.price.commission_minor,
        new.offer.tax_bp,
        Json(new.tiers()) as _,
        new.contact.0,
        new.contact.1,
        new.now as Instant,
        new.address.map(Json) as _,
        new.notes,
        new.hold_expires_at as Option<Instant>,
        is_confirmed,
        new.hold_limit,
        &add_ons,
        new.assignment.during as crate::time::Span,
        &allocations,
        &resources,
        new.event_kind,
        new.actor as Option<AccountId>,
        new.event_data,
        new.contact.2,
        new.audit as AuditId,
        new.actor_kind,
        new.request_id,
        new.peer,
        line,
        new.may_wait,
        new.as_of.map(|as_of| as_of.xid.to_string()),
        new.as_of.map(|as_of| as_of.epoch),
    )
    .fetch_optional(db)
    .await?;
    let Some(outcome) = outcome else { return Ok(Taken::Outdated) };
    let (person_name, person_tone, is_customer_guest) = (outcome.person_name, outcome.person_tone, outcome.is_customer_guest);
    Ok(match outcome.is_written {
        true => Taken::Written(Box::new(new.row(Written { person_name, person_tone, is_customer_guest }))),
        false if outcome.is_own => Taken::Own,
        false if outcome.taken.is_empty() => Taken::TooMany,
        false if outcome.was_free => Taken::Overtaken(outcome.taken),
        false => Taken::Gone(outcome.taken),
    })
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
