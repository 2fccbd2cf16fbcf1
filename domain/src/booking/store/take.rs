//! Taking a slot: claim, booking, allocations, event and audit entry in one statement, for one booking or for several that different people want.

use super::hold::line_of;
use super::{BookingRow, Offer};
use crate::booking::model::{Address, Price, Settlement, Source, Status};
use crate::event::Cursor;
use crate::id::{AccountId, AddOnId, AllocationId, AuditId, BookingId, ProviderId, ResourceId, ServiceId, VisitorId};
use crate::provider::model::CancelTiers;
use crate::scheduling::model::Assignment;
use crate::time::Instant;
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;

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

impl NewBooking<'_> {
    /// All holds of one customer stand in one line, so that counting them is sound.
    pub fn line(&self) -> Option<i64> {
        self.hold_limit.and_then(|_| line_of(self.customer, self.visitor))
    }

    /// As [`take_all`] reads it.
    pub fn asked(&self) -> Asked {
        let (offer, price, assignment) = (self.offer, self.price, self.assignment);
        let wanted = Wanted {
            id: self.id,
            reference: &self.reference,
            provider_id: offer.provider_id,
            service_id: self.service,
            customer_id: self.customer,
            visitor_id: self.visitor,
            status: self.status.as_str(),
            source: self.source.as_str(),
            settlement: self.settlement.as_str(),
            mode: &offer.mode,
            person_id: assignment.person,
            starts_at: assignment.job.starts_at,
            ends_at: assignment.job.ends_at,
            buffer_before_min: assignment.buffer_before_min,
            buffer_after_min: assignment.buffer_after_min,
            zone: &offer.zone,
            service_name: &offer.service_name,
            needs_approval: offer.needs_approval,
            currency: &offer.currency,
            service_minor: price.service_minor,
            add_ons_minor: price.add_ons_minor,
            discount_minor: price.discount_minor,
            tax_minor: price.tax_minor,
            commission_bp: self.commission_bp,
            commission_minor: price.commission_minor,
            tax_bp: offer.tax_bp,
            cancel_tiers: self.tiers(),
            customer_name: self.contact.0,
            customer_email: self.contact.1,
            customer_phone: self.contact.2,
            address: self.address,
            notes: self.notes,
            hold_expires_at: self.hold_expires_at,
            confirmed_at: (self.status == Status::Confirmed).then_some(self.now),
            moment: self.now,
            add_ons: offer.add_ons.iter().map(|add_on| add_on.id).collect(),
            allocations: &self.allocations,
            resources: &assignment.resources,
            busy_from: assignment.during.starts_at,
            busy_until: assignment.during.ends_at,
            event_kind: self.event_kind,
            event_data: &self.event_data,
            audit: self.audit,
            actor_id: self.actor,
            actor_kind: self.actor_kind,
            request_id: self.request_id,
            peer: self.peer,
            hold_limit: self.hold_limit,
            line: self.line(),
            may_wait: self.may_wait,
            xid: self.as_of.map(|as_of| as_of.xid.to_string()),
            epoch: self.as_of.map(|as_of| as_of.epoch),
        };
        Asked(serde_json::to_string(&wanted).expect("texts and numbers"))
    }

    /// What the statement's answer means for this one.
    pub fn taken(&self, outcome: Outcome) -> Taken {
        match outcome {
            Outcome { is_written: true, .. } => Taken::Written(Box::new(self.row(outcome))),
            Outcome { taken: None, .. } => Taken::Outdated,
            Outcome { is_own: true, .. } => Taken::Own,
            Outcome { taken: Some(taken), .. } if taken.is_empty() => Taken::TooMany,
            Outcome { taken: Some(taken), was_free: true, .. } => Taken::Overtaken(taken),
            Outcome { taken: Some(taken), .. } => Taken::Gone(taken),
        }
    }

    fn tiers(&self) -> CancelTiers {
        self.offer.cancel_tiers.as_ref().map(|tiers| tiers.0.clone()).unwrap_or_default()
    }

    /// The row once it is written, with the defaults of its columns. A test holds it to what is read.
    fn row(&self, outcome: Outcome) -> BookingRow {
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
            is_customer_guest: outcome.is_customer_guest,
            visitor_id: self.visitor,
            status: self.status.as_str().to_owned(),
            source: self.source.as_str().to_owned(),
            settlement: self.settlement.as_str().to_owned(),
            mode: offer.mode.clone(),
            person_id: self.assignment.person,
            person_name: outcome.person_name,
            person_tone: outcome.person_tone,
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

/// One new booking as the statement below reads it: the text of a JSON object.
pub struct Asked(String);

/// Named and typed as the columns of `wanted` there.
#[derive(Serialize)]
struct Wanted<'a> {
    id: BookingId,
    reference: &'a str,
    provider_id: ProviderId,
    service_id: ServiceId,
    customer_id: Option<AccountId>,
    visitor_id: Option<VisitorId>,
    status: &'static str,
    source: &'static str,
    settlement: &'static str,
    mode: &'a str,
    person_id: Option<ResourceId>,
    starts_at: Instant,
    ends_at: Instant,
    buffer_before_min: i64,
    buffer_after_min: i64,
    zone: &'a str,
    service_name: &'a str,
    needs_approval: bool,
    currency: &'a str,
    service_minor: i64,
    add_ons_minor: i64,
    discount_minor: i64,
    tax_minor: i64,
    commission_bp: i64,
    commission_minor: i64,
    tax_bp: i32,
    cancel_tiers: CancelTiers,
    customer_name: &'a str,
    customer_email: &'a str,
    customer_phone: &'a str,
    address: Option<&'a Address>,
    notes: &'a str,
    hold_expires_at: Option<Instant>,
    confirmed_at: Option<Instant>,
    moment: Instant,
    add_ons: Vec<AddOnId>,
    allocations: &'a [AllocationId],
    resources: &'a [ResourceId],
    busy_from: Instant,
    busy_until: Instant,
    event_kind: &'a str,
    event_data: &'a serde_json::Value,
    audit: AuditId,
    actor_id: Option<AccountId>,
    actor_kind: &'a str,
    request_id: &'a str,
    peer: Option<&'a str>,
    hold_limit: Option<i64>,
    line: Option<i64>,
    may_wait: bool,
    xid: Option<String>,
    epoch: Option<i32>,
}

/// What the statement tells of one booking.
#[derive(Debug)]
pub struct Outcome {
    pub id: BookingId,
    is_written: bool,
    /// None: nothing was looked at.
    taken: Option<Vec<ResourceId>>,
    was_free: bool,
    is_own: bool,
    /// Nothing is known, since to know it one would have had to wait; it has to be tried alone.
    pub is_left: bool,
    person_name: Option<String>,
    person_tone: Option<i32>,
    is_customer_guest: bool,
}

/// Claims the people and things and writes it all, in one statement that needs no transaction around it. The overlap constraint may refuse it as a
/// database error.
pub async fn take(db: &mut PgConnection, new: &NewBooking<'_>) -> Result<Taken, sqlx::Error> {
    let outcome =
        take_all(db, &[&new.asked()], true).await?.pop().ok_or_else(|| sqlx::Error::Protocol("no answer for the one booking".into()))?;
    Ok(new.taken(outcome))
}

/// The same for several, each with one resource, no two of them with the same resource or of one customer. One that `is_alone` waits for whoever is in
/// its way, if it may; otherwise nobody waits. An error says that none is written.
pub async fn take_all(db: &mut PgConnection, asked: &[&Asked], is_alone: bool) -> Result<Vec<Outcome>, sqlx::Error> {
    let asked = format!("[{}]", asked.iter().map(|Asked(one)| one.as_str()).collect::<Vec<_>>().join(","));
    sqlx::query_as!(
        Outcome,
        r#"with wanted as materialized (
            select
                w.*,
                -- the kinds of the index events_terms
                w.xid is null or w.epoch = (select s.epoch from spine s) and not exists (
                    select from events e
                    where e.provider_id = w.provider_id and e.xid >= w.xid and e.kind in (
                        'provider.approved', 'provider.rejected', 'provider.suspended', 'provider.reinstated', 'provider.changed',
                        'category.changed', 'settings.changed', 'availability.changed', 'review.published'
                    )
                ) and not exists (
                    select from events e
                    where e.provider_id is null and e.xid >= w.xid and e.kind in (
                        'provider.approved', 'provider.rejected', 'provider.suspended', 'provider.reinstated', 'provider.changed',
                        'category.changed', 'settings.changed', 'availability.changed', 'review.published'
                    )
                ) as is_current
            from json_to_recordset($1::text::json) as w (
                id uuid, reference text, provider_id uuid, service_id uuid, customer_id uuid, visitor_id uuid,
                status text, source text, settlement text, mode text, person_id uuid, starts_at timestamptz, ends_at timestamptz,
                buffer_before_min integer, buffer_after_min integer, zone text, service_name text, needs_approval boolean, currency text,
                service_minor bigint, add_ons_minor bigint, discount_minor bigint, tax_minor bigint,
                commission_bp integer, commission_minor bigint, tax_bp integer, cancel_tiers jsonb,
                customer_name text, customer_email text, customer_phone text, address jsonb, notes text,
                hold_expires_at timestamptz, confirmed_at timestamptz, moment timestamptz,
                add_ons uuid[], allocations uuid[], resources uuid[], busy_from timestamptz, busy_until timestamptz,
                event_kind text, event_data jsonb, audit uuid, actor_id uuid, actor_kind text, request_id text, peer text,
                hold_limit bigint, line bigint, may_wait boolean, xid xid8, epoch integer
            )
        ), claimed as materialized (
            -- holds are only counted where the start was free at first
            select w.id, c.taken, c.holds, c.is_own, false as is_left
            from wanted w
            cross join lateral claim_slot(
                w.resources, tstzrange(w.busy_from, w.busy_until), w.moment, w.line, w.customer_id, w.visitor_id, w.service_id, w.starts_at, w.may_wait
            ) c
            where w.is_current and $2
            union all
            select c.id, c.taken, c.holds, c.is_own, c.is_left
            from (
                select
                    array_agg(w.id) as ids, array_agg(w.resources[1]) as resources, array_agg(tstzrange(w.busy_from, w.busy_until)) as spans,
                    array_agg(w.moment) as moments, array_agg(w.line) as lines, array_agg(w.customer_id) as customers,
                    array_agg(w.visitor_id) as visitors, array_agg(w.service_id) as services, array_agg(w.starts_at) as starts
                from wanted w
                where w.is_current and not $2
            ) w
            cross join lateral claim_slots(w.ids, w.resources, w.spans, w.moments, w.lines, w.customers, w.visitors, w.services, w.starts) c
            where w.ids is not null
        ), free as materialized (
            select w.*
            from wanted w
            join claimed c on c.id = w.id
            where c.taken = '{}' and not c.is_left and (w.hold_limit is null or c.holds < w.hold_limit)
        ), booking as (
            insert into bookings (
                id, reference, provider_id, service_id, customer_id, visitor_id, status, source, settlement, mode, person_id,
                during, buffer_before_min, buffer_after_min, zone, service_name, needs_approval, currency,
                service_minor, add_ons_minor, discount_minor, tip_minor, tax_minor, commission_bp, commission_minor, tax_bp, cancel_tiers,
                customer_name, customer_email, customer_phone, address, notes, hold_expires_at, confirmed_at, created_at, updated_at
            )
            select
                id, reference, provider_id, service_id, customer_id, visitor_id, status, source, settlement, mode, person_id,
                tstzrange(starts_at, ends_at), buffer_before_min, buffer_after_min, zone, service_name, needs_approval, currency,
                service_minor, add_ons_minor, discount_minor, 0, tax_minor, commission_bp, commission_minor, tax_bp, cancel_tiers,
                customer_name, customer_email, customer_phone, address, notes, hold_expires_at, confirmed_at, moment, moment
            from free
        ), chosen as (
            insert into booking_add_ons (booking_id, add_on_id, name, price_minor, extra_min)
            select f.id, x.id, x.name, x.price_minor, x.extra_min
            from free f
            cross join unnest(f.add_ons) as a (id)
            join service_add_ons x on x.id = a.id
        ), busy as (
            insert into allocations (id, provider_id, resource_id, booking_id, kind, during, expires_at, created_at)
            select a.id, f.provider_id, a.resource_id, f.id, 'booking', tstzrange(f.busy_from, f.busy_until), f.hold_expires_at, f.moment
            from free f
            cross join unnest(f.allocations, f.resources) as a (id, resource_id)
        ), told as (
            insert into events (at, kind, booking_id, provider_id, account_id, actor_id, data)
            select moment, event_kind, id, provider_id, customer_id, actor_id, event_data
            from free
        ), audited as (
            insert into audit_entries (id, at, actor_id, actor_kind, action, subject_kind, subject_id, provider_id, data, request_id, address)
            select audit, moment, actor_id, actor_kind, event_kind, 'booking', id::text, provider_id, '{}', request_id, peer
            from free
        )
        select
            w.id as "id!: BookingId",
            exists (select from free f where f.id = w.id) as "is_written!",
            c.taken as "taken: Vec<ResourceId>",
            c.holds is not null as "was_free!",
            coalesce(c.is_own, false) as "is_own!",
            coalesce(c.is_left, false) as "is_left!",
            (select r.name from resources r where r.id = w.person_id) as person_name,
            (select r.tone from resources r where r.id = w.person_id) as person_tone,
            coalesce((select a.is_guest from accounts a where a.id = w.customer_id), false) as "is_customer_guest!"
        from wanted w
        left join claimed c on c.id = w.id"#,
        asked,
        is_alone,
    )
    .fetch_all(db)
    .await
}
