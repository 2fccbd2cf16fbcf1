//! Asking for free times and taking them.

use super::engine::{self, Ask, Book, Rules};
use super::model::{
    AssignQuery, Assignment, Availability, AvailabilityQuery, Because, DaySlots, Explanation, MAX_DAYS, NotFree, Reason, Slot,
};
use super::store::{self, Loaded, LoadedService, Wanted};
use super::zone;
use crate::ctx::{Ctx, StaffRole, Tx};
use crate::error::{Error, Fields, Result};
use crate::event::Cursor;
use crate::id::{ProviderId, ResourceId, ServiceId};
use crate::provider::model::AssignmentRule;
use crate::time::{Date, Instant, Span};
use sqlx::PgConnection;
use std::collections::HashMap;

/// How far ahead the first look for next free times goes, and the second for those that had too few.
const NEXT_FREE_DAYS: [i64; 2] = [14, MAX_DAYS as i64];
/// Longest that add-ons may make a job.
const MAX_EXTRA_MIN: i64 = 1440;

/// Free times by date, as of one snapshot.
pub async fn get_availability(ctx: &Ctx, query: &AvailabilityQuery) -> Result<Availability> {
    let mut fields = Fields::none();
    fields.check(query.from <= query.to, "to", "The last date lies before the first.");
    fields.check(query.to.days() - query.from.days() < MAX_DAYS, "to", "Ask for at most 62 days at a time.");
    fields.check((0..=MAX_EXTRA_MIN).contains(&query.extra_min), "extra_min", "Add-ons can take at most a day.");
    let asked_zone = match &query.zone {
        Some(name) => Some((zone::parse(name, "tz")?, name.clone())),
        None => None,
    };
    fields.finish()?;
    let now = ctx.now();
    // the provider's zone is not known yet: a day more on each side covers any
    let rough = Span::new(
        zone::first_from(query.from, 0, chrono_tz::Tz::UTC).plus_days(-1),
        zone::first_from(query.to, 0, chrono_tz::Tz::UTC).plus_days(2),
    );
    let wanted = Wanted {
        services: &[query.service],
        window: clipped(rough, now),
        now,
        extra_min: query.extra_min,
        person: query.resource,
        ignoring: query.ignoring,
        with_busy: true,
    };
    let loaded = store::load(ctx.db(), wanted).await?;
    let service = loaded.services.get(&query.service).filter(|service| service.provider == query.provider).ok_or(Error::NotFound)?;
    require_visible(ctx, service)?;
    let (zone, zone_name) = asked_zone.unwrap_or_else(|| (service.rules.zone, service.zone_name.clone()));
    let ask = Ask { window: zone::days(query.from, query.to, zone), now, resource: query.resource, limit: usize::MAX };
    let mut days: Vec<DaySlots> =
        (query.from.days()..=query.to.days()).map(|day| DaySlots { date: Date::from_days(day), slots: Vec::new() }).collect();
    for slot in engine::find_starts(&service.rules, &loaded.book, &ask).slots() {
        let at = zone::local(slot.starts_at, zone).date.days() - query.from.days();
        if let Some(day) = days.get_mut(at as usize) {
            day.slots.push(slot);
        }
    }
    Ok(Availability { zone: zone_name, as_of: now, cursor: loaded.cursor.to_string(), days })
}

/// The next `per_service` free times of each service from `after` on, up to two months ahead, for many services at once.
/// Services without any are absent.
pub async fn list_next_free(
    ctx: &Ctx,
    services: &[ServiceId],
    after: Instant,
    per_service: usize,
) -> Result<HashMap<ServiceId, Vec<Slot>>> {
    let mut found: HashMap<ServiceId, Vec<Slot>> = HashMap::with_capacity(services.len());
    let mut left: Vec<ServiceId> = services.to_vec();
    for days in NEXT_FREE_DAYS {
        if left.is_empty() {
            break;
        }
        let window = Span::new(after, after.plus_days(days));
        found.extend(list_free_within(ctx, &left, window, per_service).await?);
        left.retain(|id| found.get(id).is_none_or(|slots| slots.len() < per_service));
    }
    Ok(found)
}

/// The first `per_service` free times of each service that start within the window, in one statement. Services without any are absent.
pub async fn list_free_within(
    ctx: &Ctx,
    services: &[ServiceId],
    window: Span,
    per_service: usize,
) -> Result<HashMap<ServiceId, Vec<Slot>>> {
    let now = ctx.now();
    let window = clipped(window, now);
    if services.is_empty() || window.starts_at >= window.ends_at {
        return Ok(HashMap::new());
    }
    let loaded =
        store::load(ctx.db(), Wanted { services, window, now, extra_min: 0, person: None, ignoring: None, with_busy: true }).await?;
    let ask = Ask { window, now, resource: None, limit: per_service };
    let free = loaded.services.iter().filter(|(_, service)| service.is_offered).filter_map(|(id, service)| {
        let slots: Vec<Slot> = engine::find_starts(&service.rules, &loaded.book, &ask).slots().collect();
        (!slots.is_empty()).then_some((*id, slots))
    });
    Ok(free.collect())
}

/// Those of the providers who are plainly closed on that date, by hours alone: cheaper than asking for their free times.
pub async fn list_closed(ctx: &Ctx, providers: &[ProviderId], date: Date) -> Result<Vec<ProviderId>> {
    store::list_closed(ctx.db(), providers, date).await
}

/// Which of the services can start at exactly this instant.
pub async fn list_free_at(ctx: &Ctx, services: &[ServiceId], starts_at: Instant) -> Result<HashMap<ServiceId, Slot>> {
    let free = list_free_within(ctx, services, Span::new(starts_at, starts_at + 1), 1).await?;
    Ok(free.into_iter().filter_map(|(id, mut slots)| slots.pop().map(|slot| (id, slot))).collect())
}

/// Who could do a job at one start, as of one snapshot.
pub struct Choice {
    rules: Rules,
    free: Vec<ResourceId>,
    asked: Option<ResourceId>,
    starts_at: Instant,
}

impl Choice {
    /// Who and what would do it, were those that are gone not there; None when somebody or something is lacking.
    pub fn pick(&self, gone: &[ResourceId]) -> Option<Assignment> {
        let picked = engine::pick(&self.rules, self.asked, |id| self.free.contains(&id) && !gone.contains(&id))?;
        let job = self.rules.job(self.starts_at);
        let (buffer_before_min, buffer_after_min) = (self.rules.buffer_before_min, self.rules.buffer_after_min);
        let during = job.widened(buffer_before_min, buffer_after_min);
        Some(Assignment { person: picked.person, resources: picked.resources(), job, during, buffer_before_min, buffer_after_min })
    }

    /// Counts per day or week bind it: a choice is only sound while the service is locked.
    fn is_limited(&self) -> bool {
        self.rules.day_limit.or(self.rules.week_limit).is_some()
    }
}

/// The rules of one service, with what other calendars keep busy but without bookings and blocks: enough to claim a start by, as long as none of it
/// changes. Kept in memory, so whoever writes by it has `as_of` checked in the statement that writes.
pub struct Outlook {
    /// Every change before it is in here.
    pub as_of: Cursor,
    /// What is known about.
    window: Span,
    rules: Rules,
    book: Book,
}

/// # Errors
/// NotFound for an unknown service.
pub async fn load_outlook(ctx: &Ctx, service: ServiceId) -> Result<Outlook> {
    let now = ctx.now();
    let window = Span::new(now.plus_days(-1), now.plus_days(732));
    let wanted = Wanted { services: &[service], window, now, extra_min: 0, person: None, ignoring: None, with_busy: false };
    let mut loaded = store::load(ctx.db(), wanted).await?;
    let rules = loaded.services.remove(&service).ok_or(Error::NotFound)?.rules;
    Ok(Outlook { as_of: loaded.cursor, window, rules, book: loaded.book })
}

impl Outlook {
    /// Who could do the job if nothing were booked or blocked. None when the rules refuse it, and when they are not enough to say: counts limit the
    /// service, or decide whose turn it is.
    pub fn choose(&self, query: &AssignQuery, now: Instant) -> Option<Choice> {
        let rules = Rules { duration_min: self.rules.duration_min + query.extra_min, ..self.rules.clone() };
        let is_by_turns = rules.assignment == AssignmentRule::RoundRobin && rules.people.len() > 1 && query.resource.is_none();
        let is_known = self.window.contains(query.starts_at) && (0..=MAX_EXTRA_MIN).contains(&query.extra_min);
        let choice = Choice { free: Vec::new(), asked: query.resource, starts_at: query.starts_at, rules };
        if is_by_turns || !is_known || choice.is_limited() {
            return None;
        }
        let free = free_now(&choice.rules, &self.book, query, now)?;
        Some(Choice { free, ..choice })
    }
}

/// Looks, without locking anything, who could do the job. What is chosen has to be claimed by whoever writes it.
///
/// # Errors
/// NotFound for an unknown service; Invalid for add-ons that take longer than a day.
pub async fn choose(db: &mut PgConnection, ctx: &Ctx, query: &AssignQuery) -> Result<Result<Choice, NotFree>> {
    let not_free = |reason| Ok(Err(NotFree { reason }));
    let now = ctx.now();
    let window = clipped(Span::new(query.starts_at, query.starts_at + 1), now);
    if window.starts_at >= window.ends_at && !query.is_by_hand {
        return not_free(if query.starts_at < now { Reason::Past } else { Reason::Horizon });
    }
    if !(0..=MAX_EXTRA_MIN).contains(&query.extra_min) {
        return Err(Fields::one("add_ons", "Add-ons can take at most a day.").into());
    }
    let window = Span::new(query.starts_at, query.starts_at + 1);
    let services = [query.service];
    let wanted = Wanted {
        services: &services,
        window,
        now,
        extra_min: query.extra_min,
        person: query.resource,
        ignoring: query.ignoring,
        with_busy: true,
    };
    let mut loaded = store::load(db, wanted).await?;
    let Some(mut service) = loaded.services.remove(&query.service) else { return Err(Error::NotFound) };
    keep_agreed(&mut service.rules, query);
    if !service.is_offered && query.ignoring.is_none() {
        return not_free(Reason::NotOffered);
    }
    match free_now(&service.rules, &loaded.book, query, now) {
        Some(free) => Ok(Ok(Choice { rules: service.rules, free, asked: query.resource, starts_at: query.starts_at })),
        None => not_free(why(&service, &loaded, query, now)),
    }
}

/// Decides inside the booking's transaction who and what does the job, releasing expired holds that stand in the way and locking the
/// resources in id order. The caller inserts the allocations next; should the overlap constraint still refuse, the slot was taken.
///
/// Unlocked first: a start that is plainly gone is refused without writing.
pub async fn assign(tx: &mut Tx, ctx: &Ctx, query: &AssignQuery) -> Result<Result<Assignment, NotFree>> {
    let mut choice = choose(tx, ctx, query).await?;
    if choice.as_ref().is_ok_and(Choice::is_limited) && !query.is_by_hand {
        lock_service(tx, query.service).await?;
        choice = choose(tx, ctx, query).await?;
    }
    let choice = match choice {
        Ok(choice) => choice,
        Err(not_free) => return Ok(Err(not_free)),
    };
    let mut gone: Vec<ResourceId> = Vec::new();
    loop {
        let Some(assignment) = choice.pick(&gone) else { return Ok(Err(NotFree { reason: Reason::Booked })) };
        // the first claim waits for whoever is booking the same; a later one, made while holding locks, must not, or two could wait for each other
        let taken = store::claim(tx, &assignment.resources, assignment.during, ctx.now(), query.ignoring, gone.is_empty()).await?;
        if taken.is_empty() {
            return Ok(Ok(assignment));
        }
        gone.extend(taken);
    }
}

/// Makes bookings of a service that is limited per day or week wait for each other until the transaction ends.
pub async fn lock_service(tx: &mut Tx, service: ServiceId) -> Result<()> {
    store::lock_service(tx, service).await
}

/// The free times nearest to `near`, nearest first. Those who lose the same slot at the same moment are read the same ones, once.
pub async fn list_alternatives(ctx: &Ctx, service: ServiceId, near: Instant, count: usize) -> Result<Vec<Slot>> {
    let key = format!("alternatives/{service}/{}/{count}", near.millis());
    let found = ctx.house().caches.load_together(key, find_alternatives(ctx, service, near, count)).await?;
    Ok(found.to_vec())
}

async fn find_alternatives(ctx: &Ctx, service: ServiceId, near: Instant, count: usize) -> Result<Vec<Slot>> {
    let now = ctx.now();
    let mut slots: Vec<Slot> = Vec::new();
    for days in [3, 21] {
        let window = clipped(Span::new(near.plus_days(-days).max(now), near.plus_days(days)), now);
        if window.starts_at >= window.ends_at {
            continue;
        }
        slots = list_free_within(ctx, &[service], window, usize::MAX).await?.remove(&service).unwrap_or_default();
        if slots.len() >= count {
            break;
        }
    }
    slots.retain(|slot| slot.starts_at != near);
    slots.sort_by_key(|slot| ((slot.starts_at - near).abs(), slot.starts_at));
    slots.truncate(count);
    Ok(slots)
}

/// Which rules remove this instant, in words; the team also learns whom each concerns.
pub async fn explain(ctx: &Ctx, provider: ProviderId, service: ServiceId, at: Instant) -> Result<Explanation> {
    let now = ctx.now();
    if (at - now).abs() > 800 * crate::time::DAY {
        return Err(Fields::one("at", "Ask about a time within two years.").into());
    }
    let wanted =
        Wanted { services: &[service], window: Span::new(at, at + 1), now, extra_min: 0, person: None, ignoring: None, with_busy: true };
    let loaded = store::load(ctx.db(), wanted).await?;
    let found = loaded.services.get(&service).filter(|found| found.provider == provider).ok_or(Error::NotFound)?;
    let is_inside = require_visible(ctx, found)?;
    let mut because: Vec<Because> = Vec::new();
    if !found.is_offered {
        because.push(Because { reason: Reason::NotOffered, resource: None, sentence: Reason::NotOffered.sentence().into() });
    }
    for finding in engine::explain(&found.rules, &loaded.book, None, at, now) {
        let name = finding.resource.and_then(|id| loaded.names.get(&id));
        let sentence = match (is_inside, name, finding.resource) {
            (true, Some(name), _) => format!("{name} {}.", finding.words),
            (true, None, Some(_)) => "Someone who did this service has left the team.".to_owned(),
            (_, _, None) => finding.words,
            (false, _, Some(_)) => finding.reason.sentence().to_owned(),
        };
        let told = Because { reason: finding.reason, resource: name.filter(|_| is_inside).cloned(), sentence };
        if !because.contains(&told) {
            because.push(told);
        }
    }
    let summary = match because.first() {
        None => "This time is free.".to_owned(),
        Some(first) if because.len() == 1 => first.sentence.clone(),
        Some(_) => format!("{} rules speak against this time.", because.len()),
    };
    Ok(Explanation { at, zone: found.zone_name.clone(), is_free: because.is_empty(), summary, because })
}

/// Whether the caller is one of the team, support or the system; NotFound for others when it is not offered.
fn require_visible(ctx: &Ctx, service: &LoadedService) -> Result<bool> {
    let is_inside = ctx.is_system() || ctx.is_support() || ctx.is_staff(service.provider, StaffRole::Member);
    if is_inside || service.is_offered { Ok(is_inside) } else { Err(Error::NotFound) }
}

/// Nothing is bookable in the past or more than two years ahead, whatever a service says.
fn clipped(window: Span, now: Instant) -> Span {
    let starts_at = window.starts_at.max(now.plus_days(-1));
    Span::new(starts_at, window.ends_at.min(now.plus_days(732)).max(starts_at))
}

/// What was agreed before stands, whatever the service says by now.
fn keep_agreed(rules: &mut Rules, query: &AssignQuery) {
    if let Some(agreed) = query.agreed {
        rules.duration_min = agreed.duration_min;
        rules.buffer_before_min = agreed.buffer_before_min;
        rules.buffer_after_min = agreed.buffer_after_min;
    }
    if query.had_notice {
        rules.min_notice_min = 0;
    }
}

/// Everyone and everything free for this start; None if the service cannot start then.
fn free_now(rules: &Rules, book: &Book, query: &AssignQuery, now: Instant) -> Option<Vec<ResourceId>> {
    let all = || rules.people.iter().map(|person| person.id).chain(rules.needs.iter().flatten().copied());
    if query.is_by_hand {
        let job = rules.job(query.starts_at);
        return Some(all().filter(|id| engine::is_clear(rules, book, *id, job)).collect());
    }
    let ask = Ask { window: Span::new(query.starts_at, query.starts_at + 1), now, resource: query.resource, limit: 1 };
    if engine::find_starts(rules, book, &ask).is_empty() {
        return None;
    }
    Some(all().filter(|id| engine::is_available(rules, book, *id, query.starts_at)).collect())
}

/// The reason to tell: the service's own first, then what a new try could change least.
fn why(service: &LoadedService, loaded: &Loaded, query: &AssignQuery, now: Instant) -> Reason {
    let found = engine::explain(&service.rules, &loaded.book, query.resource, query.starts_at, now);
    let of_service = found.iter().find(|finding| finding.resource.is_none()).map(|finding| finding.reason);
    let rank = |reason: &Reason| match reason {
        Reason::Booked => 0,
        Reason::Blocked => 1,
        Reason::ImportedBusy => 2,
        Reason::TimeOff => 3,
        Reason::DateOverride => 4,
        _ => 5,
    };
    of_service.or_else(|| found.iter().map(|finding| finding.reason).min_by_key(rank)).unwrap_or(Reason::Booked)
}
