//! The slot engine: data in, starts out. No database, no clock, no chance.
//!
//! For each resource the set of possible starts is: opening hours, shortened at their ends by the length of the job; less
//! everything busy, widened by the job and its buffers. The service's starts are the union over its people, met
//! with, for each further need, the union over its alternatives. The job itself must lie within the hours; the buffers need
//! not, but must keep clear of everything busy and of time off. Only then are the starts on the grid counted out.

mod explain;
mod hours;
mod pick;
mod set;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod zone_tests;

pub use explain::{Finding, clock, explain, is_available};
pub use hours::Schedule;
pub use pick::{Picked, in_order, is_clear, pick};
pub use set::Set;

use super::zone;
use crate::id::ResourceId;
use crate::provider::model::AssignmentRule;
use crate::scheduling::model::Slot;
use crate::time::{DAY, Date, Instant, MINUTE, Span};
use chrono_tz::Tz;
use std::collections::HashMap;

/// Most people one service may have; the set of those free at a start is a 128-bit mask.
pub const MAX_PEOPLE: usize = 128;

/// What a service demands of a start.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Of the provider: the grid of starts, horizon and limits are meant in it.
    pub zone: Tz,
    /// With add-ons.
    pub duration_min: i64,
    pub buffer_before_min: i64,
    pub buffer_after_min: i64,
    pub step_min: i64,
    pub min_notice_min: i64,
    pub horizon_days: i64,
    pub day_limit: Option<i64>,
    pub week_limit: Option<i64>,
    /// Bookings of this service by local date, where there are any.
    pub counts: Vec<(Date, i64)>,
    pub assignment: AssignmentRule,
    /// One of them is needed; empty if the service takes no person.
    pub people: Vec<Candidate>,
    /// One of each is needed.
    pub needs: Vec<Vec<ResourceId>>,
}

/// Someone who can do the service.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub id: ResourceId,
    /// Higher first.
    pub priority: i32,
    /// Share of the jobs among equals.
    pub weight: i32,
    /// In the team list.
    pub position: i32,
    /// Jobs of this service lately, for fairness.
    pub recent_jobs: i64,
}

/// What is known of one person or thing.
#[derive(Debug, Clone, Default)]
pub struct Diary {
    /// Index into [`Book::schedules`]: a person's own or the provider's, a thing's own.
    pub schedule: Option<usize>,
    /// The provider's hours, for a thing without hours of its own that is booked without a person. With a person it is there whenever they are.
    pub house: Option<usize>,
    pub time_off: Vec<Span>,
    pub busy: Vec<Busy>,
}

impl Diary {
    fn schedule_for(&self, rules: &Rules) -> Option<usize> {
        self.schedule.or(self.house.filter(|_| !rules.takes_person()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    pub during: Span,
    pub kind: BusyKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusyKind {
    Booking,
    Block,
    Imported,
}

/// Schedules and diaries of all resources concerned.
#[derive(Debug, Clone, Default)]
pub struct Book {
    pub schedules: Vec<Schedule>,
    pub diaries: HashMap<ResourceId, Diary>,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Starts within.
    pub window: Span,
    pub now: Instant,
    /// Only this person (or, of a service without people, this thing).
    pub resource: Option<ResourceId>,
    /// At most so many starts, the earliest.
    pub limit: usize,
}

/// Starts in order, each with an index into the few combinations of who is free.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Starts {
    pub duration: i64,
    pub at: Vec<(Instant, u32)>,
    pub who: Vec<Vec<ResourceId>>,
}

impl Starts {
    pub fn len(&self) -> usize {
        self.at.len()
    }
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }
    pub fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.at.iter().map(|&(starts_at, who)| Slot {
            starts_at,
            ends_at: starts_at + self.duration,
            resource_ids: self.who[who as usize].clone(),
        })
    }
}

impl Rules {
    fn duration(&self) -> i64 {
        self.duration_min * MINUTE
    }
    /// From the shortest notice to the end of the last bookable day.
    pub fn bookable(&self, now: Instant) -> Span {
        let last = zone::local(now, self.zone).date.plus_days(self.horizon_days as i32);
        Span::new(now.plus_minutes(self.min_notice_min), zone::day(last, self.zone).ends_at)
    }
    fn is_day_full(&self, date: Date) -> bool {
        self.day_limit.is_some_and(|limit| self.counts.iter().any(|&(day, count)| day == date && count >= limit))
    }
    fn is_week_full(&self, date: Date) -> bool {
        let monday = zone::monday(date);
        let booked = |(day, _): &&(Date, i64)| zone::monday(*day) == monday;
        self.week_limit.is_some_and(|limit| self.counts.iter().filter(booked).map(|(_, count)| count).sum::<i64>() >= limit)
    }
    fn full_days(&self) -> Set {
        let mut full = Vec::new();
        for &(date, _) in &self.counts {
            if self.is_day_full(date) {
                full.push(zone::day(date, self.zone));
            }
            if self.is_week_full(date) {
                let monday = zone::monday(date);
                full.push(zone::days(monday, monday.plus_days(6), self.zone));
            }
        }
        Set::of(full.into_iter().map(|span| (span.starts_at.millis(), span.ends_at.millis())).collect())
    }
    fn takes_person(&self) -> bool {
        !self.people.is_empty()
    }
}

/// All starts within the window that every rule allows.
pub fn find_starts(rules: &Rules, book: &Book, ask: &Ask) -> Starts {
    let mut starts = Starts { duration: rules.duration(), ..Starts::default() };
    let bookable = rules.bookable(ask.now);
    let window = Span::new(ask.window.starts_at.max(bookable.starts_at), ask.window.ends_at.min(bookable.ends_at));
    if window.starts_at >= window.ends_at || (rules.people.is_empty() && rules.needs.is_empty()) {
        return starts;
    }
    let mut allowed = Set::one(window.starts_at.millis(), window.ends_at.millis()).minus(&rules.full_days());
    let mut choices: Vec<(ResourceId, Set)> = Vec::new();
    for (group, need) in rules.needs.iter().enumerate() {
        let asked = ask.resource.filter(|id| !rules.takes_person() && need.contains(id));
        let mut any = Set::empty();
        for &thing in need.iter().filter(|id| asked.is_none_or(|asked| asked == **id)) {
            let free = starts_of(rules, book, thing, window);
            any = any.union(&free);
            if !rules.takes_person() && group == 0 {
                choices.push((thing, free));
            }
        }
        allowed = allowed.intersect(&any);
        if allowed.is_empty() {
            return starts;
        }
    }
    if rules.takes_person() {
        for person in in_order(rules).into_iter().filter(|person| ask.resource.is_none_or(|id| id == person.id)).take(MAX_PEOPLE) {
            choices.push((person.id, starts_of(rules, book, person.id, window).intersect(&allowed)));
        }
    } else {
        choices.iter_mut().for_each(|(_, free)| *free = free.intersect(&allowed));
        choices.truncate(MAX_PEOPLE);
    }
    count_out(rules, &choices, window, ask.limit, &mut starts);
    starts
}

/// Where the job can start as far as this one resource is concerned.
fn starts_of(rules: &Rules, book: &Book, resource: ResourceId, window: Span) -> Set {
    let Some(diary) = book.diaries.get(&resource) else { return Set::empty() };
    let length = rules.duration();
    let open = match diary.schedule_for(rules) {
        Some(at) => book.schedules[at].open(Span::new(window.starts_at, window.ends_at + length)).starts(length),
        None if rules.takes_person() => Set::one(window.starts_at.millis(), window.ends_at.millis()),
        None => return Set::empty(),
    };
    let (before, after) = (rules.buffer_before_min * MINUTE, rules.buffer_after_min * MINUTE);
    // the job with its buffers [t − before, t + length + after) meets [from, to) exactly for t in (from − length − after, to + before)
    let bar = |span: Span| (span.starts_at.millis() - length - after + 1, span.ends_at.millis() + before);
    let barred: Vec<(i64, i64)> =
        diary.busy.iter().map(|busy| bar(busy.during)).chain(diary.time_off.iter().map(|span| bar(*span))).collect();
    open.minus(&Set::of(barred))
}

/// Walks the grid of starts through everyone's sets at once.
fn count_out(rules: &Rules, choices: &[(ResourceId, Set)], window: Span, limit: usize, into: &mut Starts) {
    let any = Set::of(choices.iter().flat_map(|(_, free)| free.ranges().iter().copied()).collect());
    let mut at_range = vec![0_usize; choices.len()];
    let mut known: HashMap<u128, u32> = HashMap::new();
    for stretch in zone::stretches(rules.zone, window) {
        let within = Set::one(stretch.span.starts_at.millis(), stretch.span.ends_at.millis());
        for &(from, to) in any.intersect(&within).ranges() {
            for at in grid(from, to, stretch.offset, rules.step_min * MINUTE) {
                let mut free = 0_u128;
                for (index, (_, set)) in choices.iter().enumerate() {
                    let ranges = set.ranges();
                    while ranges.get(at_range[index]).is_some_and(|range| range.1 <= at) {
                        at_range[index] += 1;
                    }
                    if ranges.get(at_range[index]).is_some_and(|range| range.0 <= at) {
                        free |= 1 << index;
                    }
                }
                if free == 0 {
                    continue;
                }
                let who = *known.entry(free).or_insert_with(|| {
                    into.who.push(choices.iter().enumerate().filter(|(index, _)| free >> index & 1 == 1).map(|(_, (id, _))| *id).collect());
                    into.who.len() as u32 - 1
                });
                into.at.push((Instant::from_millis(at), who));
                if into.at.len() >= limit {
                    return;
                }
            }
        }
    }
}

/// Multiples of the step from local midnight within `[from, to)`; a step that does not divide the day begins anew each midnight.
fn grid(from: i64, to: i64, offset: i64, step: i64) -> impl Iterator<Item = i64> {
    let first = next_on_grid(from + offset, step);
    std::iter::successors(Some(first), move |at| Some(next_on_grid(at + 1, step)))
        .map(move |wall| wall - offset)
        .take_while(move |at| *at < to)
}

/// The first wall-clock millisecond on the grid, at or after `wall`.
fn next_on_grid(wall: i64, step: i64) -> i64 {
    let midnight = wall.div_euclid(DAY) * DAY;
    let next = midnight + (wall - midnight + step - 1) / step * step;
    next.min(midnight + DAY)
}
