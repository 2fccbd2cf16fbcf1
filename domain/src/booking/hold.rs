//! Keeping a slot for one customer while they check out.

use super::model::{Action, BookingRefusal, BookingView, HoldSlot, Price, Settlement, Side, Source, Status, ViewerRole};
use super::place;
use super::policy::{self, PriceInput};
use super::store::{self, BookingRow, NewBooking, Offer, Taken};
use super::{terms, together, transition, view, work};
use crate::crash::{Point, passing};
use crate::ctx::{Actor, Ctx};
use crate::error::{Error, Fields, Result, violated};
use crate::event::{Cursor, EventKind};
use crate::id::{AddOnId, BookingId, ResourceId, ServiceId};
use crate::provider::model::Mode;
use crate::scheduling::model::{AssignQuery, Assignment, NotFree, Reason};
use crate::scheduling::{self, Choice};
use crate::time::Instant;
use sqlx::PgConnection;

/// Two customers may be given the same person at the same moment; the loser looks again, so many times.
const ATTEMPTS: usize = 4;
/// So many are tried one after another by kept terms. Whoever has a larger team is asked about all of them at once, which reads everything anew.
const TRIED_AT_ONCE: usize = 4;
pub(super) const MAX_NOTES: usize = 2_000;
pub(super) const MAX_ADD_ONS: usize = 20;

/// Keeps the slot for the caller's account or session, for as long as the provider says (15 min unless set). Asked twice, it answers with
/// the hold there is. Refuses with `slot_taken` and the nearest alternatives, `not_available`, `too_many_holds`, `outside_radius`.
pub async fn hold(ctx: &Ctx, input: HoldSlot) -> Result<BookingView> {
    if ctx.account_id().is_none() && ctx.visitor_id().is_none() {
        return Err(Error::Unauthenticated);
    }
    check(&input)?;
    let mut input = input;
    if let Some(address) = &input.address {
        input.address = Some(place::locate(ctx, address).await?);
    }
    let (service, starts_at) = (input.service_id, input.starts_at);
    for _ in 0..ATTEMPTS {
        match try_hold(ctx, &input).await? {
            Attempt::Held(row) => return seen(ctx, *row),
            Attempt::Refused(not_free) => return Err(not_available(ctx, service, starts_at, not_free).await),
            Attempt::Lost => {}
        }
    }
    Err(slot_taken(ctx, service, starts_at).await)
}

/// The customer gives the slot back before paying, or the team one that waits for its link to be paid.
pub async fn release(ctx: &Ctx, id: BookingId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    match row.status() {
        // What the team took by hand is theirs to give back; any other hold is its customer's.
        Status::Held if row.source() == Source::ByHand && role != ViewerRole::Customer => {}
        Status::Held => work::require(Action::Release, role, &row, ctx)?,
        // Given back or run out already: the same answer.
        Status::Cancelled | Status::Expired => return Ok(()),
        status => return Err(BookingRefusal::WrongStatus { status }.into()),
    }
    store::end(&mut tx, id, Status::Cancelled, ctx.now(), Some(role.side()), None).await?;
    crate::payment::void(&mut tx, ctx, id).await?;
    transition::tell(&mut tx, ctx, &row, EventKind::BookingReleased, Status::Cancelled).await?;
    ctx.commit(tx).await
}

/// As its maker sees it.
pub(super) fn seen(ctx: &Ctx, row: BookingRow) -> Result<BookingView> {
    let role = view::role_of(ctx, &row)?;
    Ok(view::view(row, role, ctx.now()))
}

pub(super) enum Attempt {
    Held(Box<BookingRow>),
    Refused(NotFree),
    /// Someone else was in the way just now; it may be worth another look.
    Lost,
}

async fn try_hold(ctx: &Ctx, input: &HoldSlot) -> Result<Attempt> {
    // Before there is a connection in hand: whoever keeps one and waits for another may wait for itself.
    let limit = ctx.settings().await?.holds_per_person;
    if let Some(attempt) = hold_at_once(ctx, input, limit).await? {
        return Ok(attempt);
    }
    let (service, starts_at) = (input.service_id, input.starts_at);
    match hold_anew(ctx, input, limit).await? {
        // Clicked twice, the first may have been written after the second had looked for it.
        Attempt::Refused(NotFree { reason: Reason::Booked })
            if store::has_own_hold(ctx.db(), service, starts_at, ctx.account_id(), ctx.visitor_id(), ctx.now()).await? =>
        {
            Ok(Attempt::Lost)
        }
        attempt => Ok(attempt),
    }
}

/// By the terms kept in memory, each try in the one statement that writes it and checks them. None when they are not enough to say: then everything is
/// read anew, and that decides. They do say that everyone who could do it is booked.
async fn hold_at_once(ctx: &Ctx, input: &HoldSlot, limit: i64) -> Result<Option<Attempt>> {
    let terms = terms::get(ctx, input.service_id).await?;
    let offer = terms.offer(&input.add_ons);
    if check_offer(&offer, input, ctx.now()).is_err() {
        return Ok(None);
    }
    let Some(choice) = terms.outlook.choose(&query(input, &offer), ctx.now()) else { return Ok(None) };
    let new = new_hold(ctx, input, &offer, limit);
    let draft = Draft::new(ctx, input, &offer, &new, Some(terms.outlook.as_of));
    let (mut gone, mut is_certain): (Vec<ResourceId>, bool) = (Vec::new(), true);
    for _ in 0..TRIED_AT_ONCE {
        let Some(assignment) = choice.pick(&gone) else {
            // Without anyone found busy the terms contradict themselves, which is no reason to give.
            let is_booked = is_certain && !gone.is_empty();
            return Ok(is_booked.then_some(Attempt::Refused(NotFree { reason: Reason::Booked })));
        };
        match draft.write_at_once(&assignment).await? {
            Some(Taken::Written(row)) => {
                ctx.committed();
                passing(Point::HoldCommitted);
                return Ok(Some(Attempt::Held(row)));
            }
            Some(Taken::Gone(resources)) => gone.extend(resources),
            // While this waited for them they may have been archived rather than booked.
            Some(Taken::Overtaken(resources)) => {
                gone.extend(resources);
                is_certain = false;
            }
            Some(Taken::Outdated) => {
                terms::forget(ctx, input.service_id).await;
                return Ok(None);
            }
            // The customer's own, with these extras or others.
            Some(Taken::Own | Taken::TooMany) => return Ok(None),
            None => return Ok(Some(Attempt::Lost)),
        }
    }
    Ok(None)
}

/// By what is read now.
async fn hold_anew(ctx: &Ctx, input: &HoldSlot, limit: i64) -> Result<Attempt> {
    let (customer, visitor, now) = (ctx.account_id(), ctx.visitor_id(), ctx.now());
    let mut db = ctx.db().acquire().await?;
    let find = async |db: &mut PgConnection| {
        let offer = store::find_offer(db, input.service_id, Some(&input.add_ons), input.starts_at, customer, visitor, now).await?;
        offer.ok_or(Error::NotFound)
    };
    let offer = find(&mut db).await?;
    if offer.own_hold.is_none() && !offer.is_limited {
        let attempt = take(ctx, &mut db, input, &offer, limit).await?;
        if let Attempt::Held(_) = attempt {
            ctx.committed();
            passing(Point::HoldCommitted);
        }
        return Ok(attempt);
    }
    drop(db);
    // To replace a hold, or to count a day's bookings, takes several statements.
    let mut tx = ctx.begin().await?;
    store::line_up(&mut tx, customer, visitor).await?;
    if offer.is_limited {
        scheduling::lock_service(&mut tx, input.service_id).await?;
    }
    let offer = find(&mut tx).await?;
    if let Some(own) = offer.own_hold {
        // Locked, since its money may be arriving: what is paid by now is no hold to replace.
        let row = store::lock(&mut tx, own).await?.ok_or(Error::NotFound)?;
        if row.status() != Status::Held {
            return Ok(Attempt::Lost);
        }
        let mut had: Vec<_> = row.add_ons.iter().map(|a| a.id).collect();
        had.sort();
        if had == asked_add_ons(input) {
            return Ok(Attempt::Held(Box::new(row)));
        }
        // The same start with other extras: the old hold makes room.
        store::end(&mut tx, own, Status::Cancelled, now, Some(Side::Customer), None).await?;
        crate::payment::void(&mut tx, ctx, own).await?;
        transition::tell(&mut tx, ctx, &row, EventKind::BookingReleased, Status::Cancelled).await?;
    }
    let attempt = take(ctx, &mut tx, input, &offer, limit).await?;
    if let Attempt::Held(_) = attempt {
        ctx.commit(tx).await?;
        passing(Point::HoldCommitted);
    }
    Ok(attempt)
}

fn query(input: &HoldSlot, offer: &Offer) -> AssignQuery {
    AssignQuery {
        service: input.service_id,
        starts_at: input.starts_at,
        extra_min: offer.add_ons.iter().map(|a| a.extra_min).sum(),
        resource: input.resource_id,
        ignoring: None,
        is_by_hand: false,
        agreed: None,
        had_notice: false,
    }
}

fn asked_add_ons(input: &HoldSlot) -> Vec<AddOnId> {
    let mut asked = input.add_ons.clone();
    asked.sort();
    asked.dedup();
    asked
}

/// Takes the slot on this offer, if there is someone to do it.
async fn take(ctx: &Ctx, db: &mut PgConnection, input: &HoldSlot, offer: &Offer, hold_limit: i64) -> Result<Attempt> {
    check_offer(offer, input, ctx.now())?;
    match scheduling::choose(db, ctx, &query(input, offer)).await? {
        Ok(choice) => write(ctx, db, input, offer, &choice, &new_hold(ctx, input, offer, hold_limit)).await,
        Err(not_free) => Ok(Attempt::Refused(not_free)),
    }
}

fn new_hold(ctx: &Ctx, input: &HoldSlot, offer: &Offer, hold_limit: i64) -> NewHold {
    let price = price_of(offer, offer.commission_bp.into());
    let source = if matches!(&ctx.actor, Actor::Person(p) if p.scopes.is_some()) { Source::Api } else { Source::Online };
    NewHold {
        status: Status::Held,
        source,
        settlement: if price.total() == 0 { Settlement::None } else { Settlement::Gateway },
        price,
        commission_bp: offer.commission_bp.into(),
        contact: person_contact(ctx),
        hold_expires_at: Some(ctx.now().plus_minutes(offer.hold_min.into()).min(input.starts_at)),
        hold_limit: Some(hold_limit),
        kind: EventKind::BookingHeld,
        customer: ctx.account_id(),
        visitor: ctx.visitor_id(),
    }
}

/// What distinguishes a customer's hold from a booking by hand.
pub(super) struct NewHold {
    pub status: Status,
    pub source: Source,
    pub settlement: Settlement,
    pub price: Price,
    pub commission_bp: i64,
    pub contact: (String, String, String),
    pub hold_expires_at: Option<Instant>,
    pub hold_limit: Option<i64>,
    pub kind: EventKind,
    pub customer: Option<crate::id::AccountId>,
    pub visitor: Option<crate::id::VisitorId>,
}

/// Writes the booking with the first who can still be claimed. In a transaction it is the caller who commits; otherwise it is done.
pub(super) async fn write(
    ctx: &Ctx,
    db: &mut PgConnection,
    input: &HoldSlot,
    offer: &Offer,
    choice: &Choice,
    new: &NewHold,
) -> Result<Attempt> {
    let draft = Draft::new(ctx, input, offer, new, None);
    let mut gone: Vec<ResourceId> = Vec::new();
    while let Some(assignment) = choice.pick(&gone) {
        // the first waits for whoever is booking the same; a later one, made while holding locks, must not, or two could wait for each other
        match draft.write(db, &assignment, gone.is_empty()).await? {
            Some(Taken::Written(row)) => return Ok(Attempt::Held(row)),
            Some(Taken::Gone(resources) | Taken::Overtaken(resources)) => gone.extend(resources),
            Some(Taken::Own | Taken::TooMany | Taken::Outdated) | None => return Ok(Attempt::Lost),
        }
    }
    Ok(Attempt::Refused(NotFree { reason: Reason::Booked }))
}

/// A booking of which everything is known but who does it.
struct Draft<'a> {
    ctx: &'a Ctx,
    input: &'a HoldSlot,
    offer: &'a Offer,
    new: &'a NewHold,
    /// Of the terms, if they were kept in memory.
    as_of: Option<Cursor>,
    id: BookingId,
    reference: String,
    notes: String,
}

impl<'a> Draft<'a> {
    fn new(ctx: &'a Ctx, input: &'a HoldSlot, offer: &'a Offer, new: &'a NewHold, as_of: Option<Cursor>) -> Self {
        let random = u64::from_be_bytes(ctx.new_secret().as_bytes()[..8].try_into().expect("a secret has 22 letters"));
        passing(Point::HoldDecided);
        let (reference, notes) = (policy::reference(random), super::text::tidy(&input.notes));
        Self { ctx, input, offer, new, as_of, id: ctx.new_id(), reference, notes }
    }

    /// Tries it with these, together with whatever else is wanted now, or alone; either commits by itself and keeps no locks. None when two writers met.
    ///
    /// # Errors
    /// `too_many_holds`.
    async fn write_at_once(&self, assignment: &Assignment) -> Result<Option<Taken>> {
        if let Some(taken) = together::take(self.ctx, &self.with(assignment, true)).await? {
            return self.judge(Ok(taken));
        }
        let mut db = self.ctx.db().acquire().await?;
        self.write(&mut db, assignment, true).await
    }

    /// Tries it with these. None when two writers met.
    ///
    /// # Errors
    /// `too_many_holds`.
    async fn write(&self, db: &mut PgConnection, assignment: &Assignment, may_wait: bool) -> Result<Option<Taken>> {
        self.judge(store::take(db, &self.with(assignment, may_wait)).await)
    }

    fn judge(&self, taken: Result<Taken, sqlx::Error>) -> Result<Option<Taken>> {
        match taken {
            Ok(Taken::TooMany) => Err(BookingRefusal::TooManyHolds { limit: self.new.hold_limit.unwrap_or_default() }.into()),
            Ok(taken) => Ok(Some(taken)),
            Err(error) if transition::is_contention(&error) || violated(&error) == Some("bookings_reference_key") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn with<'b>(&'b self, assignment: &'b Assignment, may_wait: bool) -> NewBooking<'b> {
        let (ctx, input, new) = (self.ctx, self.input, self.new);
        let (name, email, phone) = &new.contact;
        NewBooking {
            id: self.id,
            reference: self.reference.clone(),
            offer: self.offer,
            service: input.service_id,
            customer: new.customer,
            visitor: new.visitor,
            status: new.status,
            source: new.source,
            settlement: new.settlement,
            assignment,
            price: new.price,
            commission_bp: new.commission_bp,
            contact: (name, email, phone),
            address: input.address.as_ref(),
            notes: &self.notes,
            hold_expires_at: new.hold_expires_at,
            now: ctx.now(),
            event_kind: new.kind.as_str(),
            event_data: serde_json::json!({
                "status": new.status,
                "service_id": input.service_id,
                "starts_at": assignment.job.starts_at,
                "ends_at": assignment.job.ends_at,
                "resource_ids": assignment.resources,
            }),
            audit: ctx.new_id(),
            actor: ctx.account_id(),
            actor_kind: actor_kind(ctx),
            request_id: &ctx.request_id,
            peer: ctx.address.as_deref(),
            allocations: assignment.resources.iter().map(|_| ctx.new_id()).collect(),
            hold_limit: new.hold_limit,
            may_wait,
            as_of: self.as_of,
        }
    }
}

fn actor_kind(ctx: &Ctx) -> &str {
    match &ctx.actor {
        Actor::Visitor { .. } => "visitor",
        Actor::Person(p) if p.scopes.is_some() => "token",
        Actor::Person(_) => "person",
        Actor::System(name) => name,
    }
}

fn check(input: &HoldSlot) -> Result<()> {
    let mut fields = Fields::none();
    fields.check(input.notes.chars().count() <= MAX_NOTES, "notes", "Please keep it under 2,000 characters.");
    fields.check(input.add_ons.len() <= MAX_ADD_ONS, "add_ons", "That is more extras than there are.");
    if let Some(address) = &input.address {
        place::check(&mut fields, address);
    }
    fields.finish()
}

pub(super) fn check_offer(offer: &Offer, input: &HoldSlot, now: Instant) -> Result<()> {
    if !offer.is_open {
        return Err(BookingRefusal::NotBookable.into());
    }
    if asked_add_ons(input).len() != offer.add_ons.len() {
        return Err(BookingRefusal::UnknownAddOn.into());
    }
    if offer.needs_approval && input.starts_at > now && policy::answer_by(now, input.starts_at) <= now {
        return Err(BookingRefusal::TooLateToAsk.into());
    }
    if let (Some(address), Some(Mode::AtCustomer)) = (&input.address, Mode::parse(&offer.mode)) {
        place::check_radius(address, offer.radius_km, offer.lat, offer.lng)?;
    }
    Ok(())
}

pub(super) fn price_of(offer: &Offer, commission_bp: i64) -> Price {
    let add_ons: Vec<i64> = offer.add_ons.iter().map(|a| a.price_minor).collect();
    policy::price(PriceInput {
        service_minor: offer.price_minor,
        add_ons_minor: &add_ons,
        discount_minor: 0,
        tip_minor: 0,
        tax_bp: offer.tax_bp.into(),
        commission_bp,
    })
}

fn person_contact(ctx: &Ctx) -> (String, String, String) {
    match &ctx.actor {
        Actor::Person(person) => (person.name.clone(), person.email.clone(), String::new()),
        _ => Default::default(),
    }
}

/// The loser's answer: what happened, and the nearest free times.
pub(super) async fn slot_taken(ctx: &Ctx, service: ServiceId, near: Instant) -> Error {
    let alternatives = scheduling::list_alternatives(ctx, service, near, 6).await.unwrap_or_default();
    BookingRefusal::SlotTaken { alternatives }.into()
}

pub(super) async fn not_available(ctx: &Ctx, service: ServiceId, near: Instant, not_free: NotFree) -> Error {
    match not_free.reason {
        Reason::Booked | Reason::Blocked | Reason::ImportedBusy => slot_taken(ctx, service, near).await,
        Reason::NotOffered | Reason::NobodyAssigned => BookingRefusal::NotBookable.into(),
        reason => {
            // A start far outside every horizon has no neighbours; the next free times are what helps.
            let near = near.max(ctx.now()).min(ctx.now().plus_days(730));
            let alternatives = scheduling::list_alternatives(ctx, service, near, 6).await.unwrap_or_default();
            BookingRefusal::NotAvailable { why: reason.sentence().to_owned(), alternatives }.into()
        }
    }
}
