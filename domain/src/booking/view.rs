//! A stored booking as one viewer may see it, and who that viewer is to it.

use super::model::{
    Address, BookedAddOn, BookingFacts, BookingItem, BookingView, Contact, PersonBrief, Price, PriceView, ProviderBrief, RefundSoFar,
    Settlement, Side, Source, Status, ViewerRole,
};
use super::policy;
use super::store::{BookingRow, ItemRow};
use crate::ctx::{Actor, Ctx};
use crate::error::{Error, Result};
use crate::event::{EventKind, NewEvent};
use crate::money::{Currency, Money};
use crate::provider::model::Mode;
use crate::time::Instant;

impl BookingRow {
    pub fn status(&self) -> Status {
        Status::parse(&self.status).expect("the database allows no other word")
    }
    pub fn settlement(&self) -> Settlement {
        Settlement::parse(&self.settlement).expect("the database allows no other word")
    }
    pub fn source(&self) -> Source {
        Source::parse(&self.source).expect("the database allows no other word")
    }
    pub fn mode(&self) -> Mode {
        Mode::parse(&self.mode).expect("the database allows no other word")
    }
    pub fn currency(&self) -> Currency {
        self.currency.parse().unwrap_or(Currency::EUR)
    }
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency())
    }
    pub const fn price(&self) -> Price {
        Price {
            service_minor: self.service_minor,
            add_ons_minor: self.add_ons_minor,
            discount_minor: self.discount_minor,
            tip_minor: self.tip_minor,
            tax_minor: self.tax_minor,
            commission_minor: self.commission_minor,
        }
    }
    pub const fn refunded(&self) -> RefundSoFar {
        RefundSoFar {
            service_minor: self.refunded_service_minor,
            tax_minor: self.refunded_tax_minor,
            tip_minor: self.refunded_tip_minor,
            commission_minor: self.refunded_commission_minor,
        }
    }
    pub fn extra_min(&self) -> i64 {
        self.add_ons.iter().map(|a| a.extra_min).sum()
    }
    pub fn facts(&self) -> BookingFacts {
        BookingFacts {
            status: self.status(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            hold_expires_at: self.hold_expires_at,
            answer_by: self.answer_by,
            completed_at: self.completed_at,
            proposal_by: self.proposal.as_ref().map(|p| p.by),
            is_on_the_way: self.on_the_way_at.is_some(),
            needs_card: self.status() == Status::Requested
                && self.settlement() == Settlement::Gateway
                && !self.is_authorised
                && !self.is_paid,
            is_by_hand: self.source() == Source::ByHand,
        }
    }
    /// A fact about this booking, with what open pages need to know of it: no names and no addresses.
    pub fn event(&self, kind: EventKind, status: Status) -> NewEvent {
        NewEvent::new(kind).booking(self.id).provider(self.provider_id).account(self.customer_id).data(serde_json::json!({
            "status": status,
            "from": self.status,
            "service_id": self.service_id,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "hold_expires_at": self.hold_expires_at,
        }))
    }
}

/// In whose shoes the caller looks at this booking; NotFound for everyone else.
pub fn role_of(ctx: &Ctx, row: &BookingRow) -> Result<ViewerRole> {
    // A browser keeps what it held until the booking belongs to an account of its own.
    let is_open = row.customer_id.is_none() || row.is_customer_guest;
    let is_same_visitor = is_open && row.visitor_id.is_some() && row.visitor_id == ctx.visitor_id();
    match &ctx.actor {
        Actor::System(_) => Ok(ViewerRole::Operator),
        Actor::Person(person) if row.customer_id == Some(person.id) => Ok(ViewerRole::Customer),
        Actor::Person(_) if ctx.staff_role(row.provider_id).is_some() => Ok(ViewerRole::Staff),
        _ if is_same_visitor => Ok(ViewerRole::Customer),
        _ if ctx.is_support() => Ok(ViewerRole::Operator),
        _ => Err(Error::NotFound),
    }
}

/// What staff may see of the customer: everything once it was confirmed, before that the name and about where.
fn sees_customer(role: ViewerRole, confirmed_at: Option<Instant>, source: &str) -> bool {
    role != ViewerRole::Staff || confirmed_at.is_some() || source == Source::ByHand.as_str()
}

pub fn view(row: BookingRow, role: ViewerRole, now: Instant) -> BookingView {
    let facts = row.facts();
    let price = row.price();
    let refunded = row.refunded();
    let sees_customer = sees_customer(role, row.confirmed_at, &row.source);
    let sees_shares = role != ViewerRole::Customer;
    let money = |minor| row.money(minor);
    let address: Option<Address> = row.address.as_ref().map(|a| a.0.clone());
    BookingView {
        id: row.id,
        status: facts.status,
        viewer: role,
        provider: ProviderBrief {
            id: row.provider_id,
            slug: row.provider_slug.clone(),
            name: row.provider_name.clone(),
            phone: if row.confirmed_at.is_some() { row.provider_phone.clone() } else { String::new() },
            category_icon: row.category_icon.clone(),
            tone: row.tone.into(),
            is_verified: row.is_verified,
            rating_sum: row.rating_sum,
            rating_count: row.rating_count.into(),
            place: row.provider_place.clone(),
        },
        service_id: row.service_id,
        customer_id: row.customer_id,
        contact: if sees_customer {
            Contact { name: row.customer_name.clone(), email: row.customer_email.clone(), phone: row.customer_phone.clone() }
        } else {
            Contact { name: row.customer_name.clone(), email: String::new(), phone: String::new() }
        },
        person: person(row.person_id, row.person_name.as_deref(), row.person_tone),
        mode: row.mode(),
        source: row.source(),
        settlement: row.settlement(),
        needs_approval: row.needs_approval,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        currency: row.currency(),
        price: PriceView {
            service: money(price.service_minor),
            add_ons: money(price.add_ons_minor),
            discount: money(price.discount_minor),
            tip: money(price.tip_minor),
            tax: money(price.tax_minor),
            total: money(price.total()),
            refunded: money(refunded.service_minor + refunded.tax_minor + refunded.tip_minor),
            commission: sees_shares.then(|| money(price.commission_minor)),
            earned: sees_shares.then(|| money(price.earned())),
        },
        add_ons: row
            .add_ons
            .iter()
            .map(|a| BookedAddOn { id: a.id, name: a.name.clone(), price: money(a.price_minor), extra_min: a.extra_min })
            .collect(),
        tiers: row.cancel_tiers.0.0.clone(),
        lowest_tier_bp: row.lowest_tier_bp.into(),
        area: address.as_ref().map(Address::area),
        address: address.filter(|_| sees_customer),
        radius_km: row.radius_km,
        photos: row.photos.clone(),
        hold_expires_at: row.hold_expires_at,
        hold_min: i64::from(row.hold_min) + if row.is_hold_extended { policy::HOLD_EXTENSION_MIN } else { 0 },
        answer_by: row.answer_by,
        requested_at: row.requested_at,
        confirmed_at: row.confirmed_at,
        started_at: row.started_at,
        completed_at: row.completed_at,
        ended_at: row.ended_at,
        no_show_by: row.no_show_by.as_deref().and_then(Side::parse),
        cancelled_by: row.cancelled_by.as_deref().and_then(Side::parse),
        on_the_way_at: row.on_the_way_at,
        late_min: row.late_min.map(i64::from),
        sequence: row.sequence.into(),
        version: row.version.into(),
        created_at: row.created_at,
        actions: policy::actions(role, &facts, now)
            .into_iter()
            .filter(|action| *action != super::model::Action::Review || !row.reviewed_by.iter().any(|side| side == role.side().as_str()))
            .collect(),
        reviewed_by: row.reviewed_by.iter().filter_map(|side| Side::parse(side)).collect(),
        reference: row.reference,
        service_name: row.service_name,
        zone: row.zone,
        notes: row.notes,
        end_reason: row.end_reason,
        proposal: row.proposal.map(|p| p.0),
    }
}

pub fn item(row: ItemRow, role: ViewerRole, now: Instant) -> BookingItem {
    let status = Status::parse(&row.status).expect("the database allows no other word");
    let mode = Mode::parse(&row.mode).expect("the database allows no other word");
    let currency: Currency = row.currency.parse().unwrap_or(Currency::EUR);
    let sees_customer = sees_customer(role, row.confirmed_at, &row.source);
    let place = match (mode, &row.address) {
        (Mode::AtCustomer, Some(address)) if sees_customer => address.line(),
        (Mode::AtCustomer, Some(address)) => address.area(),
        (Mode::AtCustomer, None) => "At the customer's".to_owned(),
        (Mode::AtProvider, _) => row.provider_place,
        (Mode::Online, _) => "Online".to_owned(),
    };
    let can_review = status == Status::Completed
        && row.completed_at.is_some_and(|at| now < at.plus_days(policy::REVIEW_WITHIN_DAYS))
        && !row.reviewed_by.iter().any(|side| side == role.side().as_str());
    BookingItem {
        id: row.id,
        reference: row.reference,
        status,
        provider_id: row.provider_id,
        provider_slug: row.provider_slug,
        provider_name: row.provider_name,
        category_icon: row.category_icon,
        tone: row.tone.into(),
        service_id: row.service_id,
        service_name: row.service_name,
        customer_name: row.customer_name,
        customer_phone: if sees_customer { row.customer_phone } else { String::new() },
        person: person(row.person_id, row.person_name.as_deref(), row.person_tone),
        mode,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        zone: row.zone,
        total: Money::new(row.total_minor, currency),
        earned: (role != ViewerRole::Customer).then(|| Money::new(row.earned_minor, currency)),
        settlement: Settlement::parse(&row.settlement).expect("the database allows no other word"),
        is_paid: row.is_paid,
        place,
        notes: row.notes,
        photo_count: row.photo_count,
        hold_expires_at: row.hold_expires_at,
        answer_by: row.answer_by,
        started_at: row.started_at,
        on_the_way_at: row.on_the_way_at,
        completed_at: row.completed_at,
        late_min: row.late_min.map(i64::from),
        is_proposed: row.is_proposed,
        buffer_before_min: row.buffer_before_min.into(),
        buffer_after_min: row.buffer_after_min.into(),
        earlier_count: row.earlier_count,
        can_review,
    }
}

fn person(id: Option<crate::id::ResourceId>, name: Option<&str>, tone: Option<i32>) -> Option<PersonBrief> {
    Some(PersonBrief { id: id?, name: name.unwrap_or_default().to_owned(), tone: tone.unwrap_or(1).into() })
}
