//! Why a time is not offered: the same rules, asked one by one about one instant.

use super::{Book, BusyKind, Diary, Rules, Schedule};
use crate::id::ResourceId;
use crate::scheduling::model::Reason;
use crate::scheduling::zone::{self, LocalTime};
use crate::time::{Instant, MINUTE, Span};

/// One rule that speaks against the instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub reason: Reason,
    /// None: the rule is the service's.
    pub resource: Option<ResourceId>,
    /// What the rule says, continuing "Ana …" or standing alone.
    pub words: String,
}

/// Every rule that removes the instant, the service's own first; empty if it can be booked.
///
/// Someone who is busy is only named when nobody else can stand in: while one person is free, the others do not matter.
pub fn explain(rules: &Rules, book: &Book, only: Option<ResourceId>, at: Instant, now: Instant) -> Vec<Finding> {
    let mut found = Vec::new();
    of_service(rules, at, now, &mut found);
    if rules.takes_person() {
        let people = super::in_order(rules).into_iter().map(|person| person.id).filter(|id| only.is_none_or(|only| only == *id));
        of_group(rules, book, people.collect(), at, &mut found);
    }
    for need in &rules.needs {
        let asked = only.filter(|id| !rules.takes_person() && need.contains(id));
        of_group(rules, book, need.iter().copied().filter(|id| asked.is_none_or(|asked| asked == *id)).collect(), at, &mut found);
    }
    found
}

/// Whether this resource works and is clear for the job, whatever the service's own rules say.
pub fn is_available(rules: &Rules, book: &Book, id: ResourceId, at: Instant) -> bool {
    of_resource(rules, book, id, at).is_none()
}

fn of_service(rules: &Rules, at: Instant, now: Instant, found: &mut Vec<Finding>) {
    let local = zone::local(at, rules.zone);
    let mut say = |reason, words: String| found.push(Finding { reason, resource: None, words });
    if rules.people.is_empty() && rules.needs.is_empty() {
        say(Reason::NobodyAssigned, "Nobody is set up to do this service.".into());
    }
    let bookable = rules.bookable(now);
    if at < now {
        say(Reason::Past, "This time has already passed.".into());
    } else if at < bookable.starts_at {
        say(Reason::Notice, format!("It is less than {} ahead, the shortest notice.", length(rules.min_notice_min)));
    }
    if at >= bookable.ends_at {
        say(Reason::Horizon, format!("It is more than {} days ahead, the furthest that can be booked.", rules.horizon_days));
    }
    let is_whole = (at.millis() + zone::offset_at(rules.zone, at)) % MINUTE == 0;
    if i64::from(local.minute) % rules.step_min != 0 || !is_whole {
        say(Reason::Step, format!("Starts are every {} from midnight, and {} is not one.", length(rules.step_min), clock(local.minute)));
    }
    if rules.is_day_full(local.date) {
        say(Reason::DayLimit, format!("The limit of {} a day is reached.", jobs(rules.day_limit.unwrap_or_default())));
    }
    if rules.is_week_full(local.date) {
        say(Reason::WeekLimit, format!("The limit of {} a week is reached.", jobs(rules.week_limit.unwrap_or_default())));
    }
}

/// Nothing if one of the group is free.
fn of_group(rules: &Rules, book: &Book, group: Vec<ResourceId>, at: Instant, found: &mut Vec<Finding>) {
    let mut against = Vec::new();
    for id in group {
        match of_resource(rules, book, id, at) {
            Some((reason, words)) => against.push(Finding { reason, resource: Some(id), words }),
            None => return,
        }
    }
    if against.is_empty() {
        against.push(Finding {
            reason: Reason::NobodyAssigned,
            resource: None,
            words: "The person asked for does not do this service.".into(),
        });
    }
    found.extend(against);
}

fn of_resource(rules: &Rules, book: &Book, id: ResourceId, at: Instant) -> Option<(Reason, String)> {
    let Some(diary) = book.diaries.get(&id) else {
        return Some((Reason::NobodyAssigned, "is not set up".into()));
    };
    let job = rules.job(at);
    let during = job.widened(rules.buffer_before_min, rules.buffer_after_min);
    match diary.schedule_for(rules) {
        Some(schedule) => {
            if let Some(found) = against_hours(&book.schedules[schedule], job) {
                return Some(found);
            }
        }
        None if rules.takes_person() => {}
        None => return Some((Reason::Hours, "has no opening hours".into())),
    }
    against_diary(rules, diary, job, during)
}

fn against_hours(schedule: &Schedule, job: Span) -> Option<(Reason, String)> {
    let is_open = schedule.open(job).ranges() == [(job.starts_at.millis(), job.ends_at.millis())];
    if is_open {
        return None;
    }
    let local = zone::local(job.starts_at, schedule.zone);
    let (ranges, is_override) = schedule.on(local.date);
    let listed: Vec<String> = ranges.iter().map(|&(from, to)| format!("{}–{}", clock(from), clock(to))).collect();
    let until = clock(zone::local(job.ends_at, schedule.zone).minute);
    let what = format!("this would take {}–{until}", clock(local.minute));
    Some(match (is_override, listed.is_empty()) {
        (true, true) => (Reason::DateOverride, "is closed on this date".into()),
        (true, false) => (Reason::DateOverride, format!("has other hours on this date ({}), and {what}", listed.join(", "))),
        (false, true) => (Reason::Hours, format!("does not work on {}s", weekday(local))),
        (false, false) => (Reason::Hours, format!("works {} on {}s, and {what}", listed.join(", "), weekday(local))),
    })
}

fn against_diary(rules: &Rules, diary: &Diary, job: Span, during: Span) -> Option<(Reason, String)> {
    if diary.time_off.iter().any(|span| span.overlaps(during)) {
        return Some((Reason::TimeOff, "has time off".into()));
    }
    let busy = diary.busy.iter().find(|busy| busy.during.overlaps(during))?;
    let from = clock(zone::local(busy.during.starts_at, rules.zone).minute);
    let to = clock(zone::local(busy.during.ends_at, rules.zone).minute);
    let near = if busy.during.overlaps(job) { "" } else { ", too close for this service's buffers" };
    Some(match busy.kind {
        BusyKind::Booking => (Reason::Booked, format!("is booked {from}–{to} with buffers{near}")),
        BusyKind::Block => (Reason::Blocked, format!("is blocked {from}–{to}{near}")),
        BusyKind::Imported => (Reason::ImportedBusy, format!("is busy {from}–{to} in an imported calendar{near}")),
    })
}

/// `09:30`; past midnight the clock of the next day.
pub fn clock(minute: i32) -> String {
    if minute == 1440 {
        return "24:00".into();
    }
    format!("{:02}:{:02}", minute.rem_euclid(1440) / 60, minute.rem_euclid(60))
}

fn weekday(local: LocalTime) -> &'static str {
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][usize::from(local.weekday() - 1)]
}

fn length(minutes: i64) -> String {
    let count = |number: i64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    match minutes {
        m if m > 0 && m % 1440 == 0 => count(m / 1440, "day"),
        m if m > 0 && m % 60 == 0 => count(m / 60, "hour"),
        m => count(m, "minute"),
    }
}

fn jobs(count: i64) -> String {
    if count == 1 { "1 booking".into() } else { format!("{count} bookings") }
}
