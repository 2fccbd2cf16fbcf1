//! Jobs as rows: the booking, its payment, its entries in the ledger, what it occupies, and what happened to it.

use super::catalogue::{Catalogue, Provider, Service};
use super::people::Customer;
use super::rows::{self, Seed, range};
use super::text;
use anyhow::Result;
use domain::booking::policy;
use domain::ctx::Tx;
use domain::event::EventKind;
use domain::id::{Id, PaymentId, ProviderId, RefundId};
use domain::ledger::model::{Cause, Parts, Pot};
use domain::money::{Halves, WHOLE_BP, share};
use domain::provider::model::CancelTiers;
use domain::time::Instant;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// Ten percent, the platform's default.
const COMMISSION_BP: i64 = 1000;
/// Events of the seed stand before everything that readers of the spine have yet to see.
const OLD_XID: &str = "3";

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Completed,
    InProgress,
    Confirmed,
    Requested,
    /// By the customer, early enough to get everything back.
    Cancelled,
    NoShow,
}

pub struct Job<'a> {
    pub provider: &'a Provider,
    pub service: &'a Service,
    pub person: usize,
    /// The person and what else it occupies; only of jobs that still occupy something.
    pub resources: Vec<Uuid>,
    pub customer: &'a Customer,
    pub starts_at: Instant,
    pub booked_at: Instant,
    pub state: State,
    pub tip: i64,
    pub notes: &'a str,
    pub address: Option<Value>,
}

/// All rows so far.
pub struct Books {
    pots: HashMap<(&'static str, Option<Uuid>), Uuid>,
    currency: String,
    pub bookings: Vec<Value>,
    payments: Vec<Value>,
    attempts: Vec<Value>,
    refunds: Vec<Value>,
    allocations: Vec<Value>,
    transactions: Vec<Value>,
    entries: Vec<Value>,
    events: Vec<Value>,
    pub reviews: Vec<Value>,
}

/// All different, however many: of so many drawn by chance two would be the same. The step has no factor in common with the 30⁶ references
/// there are, so it passes through each of them once.
fn reference(number: usize) -> String {
    const STEP: u64 = 433_494_437;
    policy::reference((number as u64 + 1) * STEP)
}

impl Books {
    /// Opens the ledger accounts.
    pub async fn new(tx: &mut Tx, seed: &mut Seed, catalogue: &Catalogue) -> Result<Self> {
        let mut pots = HashMap::new();
        let mut open: Vec<(&'static str, Option<Uuid>)> = vec![("gateway", None), ("platform", None)];
        open.extend(catalogue.providers.iter().map(|p| ("provider", Some(p.id))));
        let mut accounts = Vec::new();
        for (kind, provider) in open {
            let id = seed.die.id(seed.now.millis());
            accounts.push(json!({ "id": id, "kind": kind, "provider_id": provider, "currency": seed.currency }));
            pots.insert((kind, provider), id);
        }
        rows::insert(tx, "ledger_accounts", &accounts).await?;
        Ok(Self {
            pots,
            currency: seed.currency.clone(),
            bookings: Vec::new(),
            payments: Vec::new(),
            attempts: Vec::new(),
            refunds: Vec::new(),
            allocations: Vec::new(),
            transactions: Vec::new(),
            entries: Vec::new(),
            events: Vec::new(),
            reviews: Vec::new(),
        })
    }

    pub fn add(&mut self, seed: &mut Seed, job: &Job) -> Uuid {
        let id = seed.die.id(job.booked_at.millis());
        let ends_at = job.starts_at.plus_minutes(job.service.min);
        let (is_paid, is_free) = (job.state != State::Requested, job.service.price == 0);
        let tip = if is_free { 0 } else { job.tip };
        let commission = share(job.service.price, COMMISSION_BP, WHOLE_BP, Halves::Down);
        let confirmed_at = if job.service.needs_approval { job.booked_at.plus_minutes(95) } else { job.booked_at.plus_minutes(2) };
        let started = matches!(job.state, State::Completed | State::InProgress).then_some(job.starts_at.plus_minutes(2));
        let completed = (job.state == State::Completed).then_some(ends_at.plus_minutes(4));
        let ended = match job.state {
            State::Completed => completed,
            State::Cancelled => Some(job.booked_at.plus_hours(20)),
            State::NoShow => Some(job.starts_at.plus_minutes(30)),
            _ => None,
        };
        let is_all_back = job.state == State::Cancelled && !is_free;
        let amount = job.service.price + tip;
        self.bookings.push(json!({
            "id": id, "reference": reference(self.bookings.len()), "provider_id": job.provider.id, "service_id": job.service.id,
            "customer_id": job.customer.id, "status": status(job.state), "source": "online",
            "settlement": if is_free { "none" } else { "gateway" }, "mode": job.service.mode,
            "person_id": job.provider.people.get(job.person).map(|p| p.id), "during": range(job.starts_at, ends_at),
            "buffer_before_min": job.service.before, "buffer_after_min": job.service.after, "zone": seed.zone_name,
            "service_name": job.service.name, "needs_approval": job.service.needs_approval, "currency": self.currency,
            "service_minor": job.service.price, "add_ons_minor": 0, "discount_minor": 0, "tip_minor": tip, "tax_minor": 0,
            "commission_bp": COMMISSION_BP, "commission_minor": commission, "tax_bp": 0, "cancel_tiers": json!(CancelTiers::default()),
            "lowest_tier_bp": WHOLE_BP, "refunded_minor": if is_all_back { amount } else { 0 },
            "customer_name": job.customer.name, "customer_email": job.customer.email, "customer_phone": job.customer.phone,
            "address": job.address, "notes": job.notes,
            "is_hold_extended": false,
            "answer_by": (job.state == State::Requested).then(|| text(policy::answer_by(job.booked_at, job.starts_at))),
            "requested_at": job.service.needs_approval.then(|| text(job.booked_at.plus_minutes(2))),
            "confirmed_at": is_paid.then(|| text(confirmed_at)), "started_at": started.map(text), "completed_at": completed.map(text),
            "ended_at": ended.map(text), "no_show_by": (job.state == State::NoShow).then_some("customer"),
            "cancelled_by": (job.state == State::Cancelled).then_some("customer"), "end_reason": null,
            "sequence": 0, "version": 1, "created_at": text(job.booked_at),
            "updated_at": text(ended.or(started).unwrap_or(job.booked_at)),
        }));
        if !is_free {
            self.pay(seed, job, id, amount, tip, commission, ended.filter(|_| is_all_back));
        }
        let is_live = matches!(job.state, State::Confirmed | State::InProgress | State::Requested);
        if is_live {
            let during = range(job.starts_at.plus_minutes(-job.service.before), ends_at.plus_minutes(job.service.after));
            for resource in &job.resources {
                self.allocations.push(json!({
                    "id": seed.die.id(job.booked_at.millis()), "provider_id": job.provider.id, "resource_id": resource,
                    "booking_id": id, "kind": "booking", "during": during, "is_live": true, "title": "",
                    "created_at": text(job.booked_at),
                }));
            }
        }
        // timelines of what people still look at
        if seed.now - job.starts_at < 30 * domain::time::DAY {
            self.tell(job, id, confirmed_at, started, ended);
        }
        id
    }

    /// A paid, refunded or (while it waits for an answer) authorised payment with its attempt and entries.
    fn pay(&mut self, seed: &mut Seed, job: &Job, booking: Uuid, amount: i64, tip: i64, commission: i64, refunded_at: Option<Instant>) {
        let waits = job.state == State::Requested;
        let id = seed.die.id(job.booked_at.millis());
        let paid_at = if job.service.needs_approval { job.booked_at.plus_minutes(95) } else { job.booked_at.plus_minutes(2) };
        let captured = if waits { 0 } else { amount };
        let (status, attempt) = match (waits, refunded_at) {
            (true, _) => ("authorised", "authorised"),
            (false, Some(_)) => ("refunded", "succeeded"),
            (false, None) => ("paid", "succeeded"),
        };
        self.payments.push(json!({
            "id": id, "booking_id": booking, "payer_id": job.customer.id, "currency": self.currency, "amount_minor": amount,
            "tip_minor": tip, "capture": if job.service.needs_approval { "manual" } else { "automatic" }, "status": status,
            "captured_minor": captured, "refunded_minor": if refunded_at.is_some() { amount } else { 0 }, "card_brand": "visa",
            "card_last4": "4242", "paid_at": (!waits).then(|| text(paid_at)), "created_at": text(job.booked_at),
            "updated_at": text(paid_at),
        }));
        self.attempts.push(json!({
            "id": seed.die.id(job.booked_at.millis()), "payment_id": id, "gateway": "stripe",
            "gateway_ref": gateway_ref(id, amount, &self.currency, waits), "amount_minor": amount, "is_hosted": false, "request": {}, "status": attempt,
            "created_at": text(job.booked_at), "updated_at": text(paid_at), "checked_at": text(paid_at),
        }));
        if waits {
            return;
        }
        let provider = ProviderId::from_u128(job.provider.id.as_u128());
        let payment = PaymentId::from_u128(id.as_u128());
        let parts = Parts { service_minor: job.service.price, tax_minor: 0, tip_minor: tip, commission_minor: commission };
        self.post(seed, booking, id, &Cause::Captured { payment, provider, parts }, paid_at);
        if let Some(at) = refunded_at {
            let refund = seed.die.id(at.millis());
            self.refunds.push(json!({
                "id": refund, "payment_id": id, "booking_id": booking, "currency": self.currency, "amount_minor": amount,
                "service_minor": parts.service_minor, "tax_minor": 0, "tip_minor": tip, "commission_minor": commission,
                "reason": "Cancelled by the customer", "by_actor": "customer", "actor_id": job.customer.id,
                "gateway_ref": format!("re_demo_{}", refund.simple()), "status": "succeeded", "created_at": text(at),
                "settled_at": text(at.plus_minutes(1)),
            }));
            let refund = RefundId::from_u128(refund.as_u128());
            self.post(seed, booking, id, &Cause::Refunded { refund, payment, provider, parts }, at);
        }
    }

    fn post(&mut self, seed: &mut Seed, booking: Uuid, payment: Uuid, cause: &Cause, at: Instant) {
        let id = seed.die.id(at.millis());
        self.transactions.push(json!({
            "id": id, "cause": domain::ledger::policy::key(cause), "booking_id": booking, "payment_id": payment,
            "memo": domain::ledger::policy::memo(cause), "at": text(at),
        }));
        for (pot, minor) in domain::ledger::policy::entries(cause) {
            let provider = match pot {
                Pot::Provider(id) => Some(Uuid::from(id)),
                _ => None,
            };
            let account = self.pots[&(pot.kind(), provider)];
            self.entries.push(json!({ "transaction_id": id, "account_id": account, "currency": self.currency, "amount_minor": minor }));
        }
    }

    fn tell(&mut self, job: &Job, booking: Uuid, confirmed_at: Instant, started: Option<Instant>, ended: Option<Instant>) {
        let mut told = vec![(job.booked_at, EventKind::BookingHeld)];
        if job.service.needs_approval {
            told.push((job.booked_at.plus_minutes(2), EventKind::BookingRequested));
        }
        if job.state != State::Requested {
            told.push((confirmed_at, EventKind::BookingConfirmed));
        }
        told.extend(started.map(|at| (at, EventKind::BookingStarted)));
        if let Some(at) = ended {
            told.push((
                at,
                match job.state {
                    State::Cancelled => EventKind::BookingCancelled,
                    State::NoShow => EventKind::BookingNoShow,
                    _ => EventKind::BookingCompleted,
                },
            ));
        }
        let team = [EventKind::BookingStarted, EventKind::BookingCompleted, EventKind::BookingNoShow];
        for (at, kind) in told {
            let actor = if team.contains(&kind) { job.provider.owner } else { job.customer.id };
            self.events.push(json!({
                "xid": OLD_XID, "at": text(at), "kind": kind.as_str(), "booking_id": booking, "provider_id": job.provider.id,
                "account_id": job.customer.id, "actor_id": actor, "data": {},
            }));
        }
    }

    pub async fn insert(self, tx: &mut Tx) -> Result<()> {
        rows::insert(tx, "bookings", &self.bookings).await?;
        rows::insert(tx, "allocations", &self.allocations).await?;
        rows::insert(tx, "payments", &self.payments).await?;
        rows::insert(tx, "payment_attempts", &self.attempts).await?;
        rows::insert(tx, "refunds", &self.refunds).await?;
        rows::insert(tx, "ledger_transactions", &self.transactions).await?;
        rows::insert(tx, "ledger_entries", &self.entries).await?;
        rows::insert(tx, "reviews", &self.reviews).await?;
        rows::insert(tx, "events", &self.events).await
    }
}

const fn status(state: State) -> &'static str {
    match state {
        State::Completed => "completed",
        State::InProgress => "in_progress",
        State::Confirmed => "confirmed",
        State::Requested => "requested",
        State::Cancelled => "cancelled",
        State::NoShow => "no_show",
    }
}

/// Says all that a stand-in for the gateway needs to answer for a payment it has never seen: amount, currency and whether it was captured.
fn gateway_ref(payment: Uuid, amount: i64, currency: &str, waits: bool) -> String {
    let state = if waits { "authorised" } else { "captured" };
    format!("pi_demo_{state}_{amount}_{}_{}", currency.to_lowercase(), &payment.simple().to_string()[12..])
}

#[cfg(test)]
mod tests {
    use super::reference;
    use std::collections::HashSet;

    #[test]
    fn references_never_repeat() {
        let all: HashSet<String> = (0..100_000).map(reference).collect();
        assert_eq!(all.len(), 100_000);
    }
}
