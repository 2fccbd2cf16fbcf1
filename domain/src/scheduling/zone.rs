//! Local time: the only place where zones are applied.
//!
//! Offsets come from chrono-tz, which carries the IANA database. A zone's offset changes at most once within any day
//! of our time, which is what finding the changes by probing each day relies on; the tests check it for every zone.

use crate::error::{Fields, Result};
use crate::time::{DAY, Date, Instant, MINUTE, Span};
use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::{OffsetName, Tz};

/// A reading of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    pub date: Date,
    /// Since local midnight as the clock shows it, 0 to 1439.
    pub minute: i32,
}

impl LocalTime {
    /// Monday is 1.
    pub const fn weekday(self) -> u8 {
        self.date.weekday()
    }
    pub const fn hour(self) -> i32 {
        self.minute / 60
    }
}

/// What a wall-clock reading means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The clocks skip it.
    Never,
    Once(Instant),
    /// The clocks go back over it; the earlier first.
    Twice(Instant, Instant),
}

impl Meaning {
    /// The earlier one.
    pub const fn first(self) -> Option<Instant> {
        match self {
            Self::Never => None,
            Self::Once(at) | Self::Twice(at, _) => Some(at),
        }
    }
}

/// A stretch of time in which the zone's offset stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub span: Span,
    /// Milliseconds east of UTC: what is added to an instant to read the wall clock.
    pub offset: i64,
}

/// The zone of an IANA name, as [`crate::error::Error::Invalid`] on field `field` otherwise.
pub fn parse(name: &str, field: &str) -> Result<Tz> {
    find(name).ok_or_else(|| Fields::one(field, "This time zone is not known. Use a name such as Europe/Lisbon.").into())
}

pub fn find(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// The zone of a stored name; UTC if a newer database of zones wrote it.
pub fn stored(name: &str) -> Tz {
    find(name).unwrap_or(Tz::UTC)
}

/// Every IANA name, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

/// Milliseconds east of UTC at that instant.
pub fn offset_at(zone: Tz, at: Instant) -> i64 {
    let utc: DateTime<Utc> = at.into();
    i64::from(zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()) * 1000
}

/// Such as `GMT` or `+05:30`.
pub fn abbreviation(zone: Tz, at: Instant) -> String {
    let utc: DateTime<Utc> = at.into();
    let offset = zone.offset_from_utc_datetime(&utc.naive_utc());
    offset.abbreviation().map_or_else(|| offset.to_string(), str::to_owned)
}

/// What the wall clock shows.
pub fn local(at: Instant, zone: Tz) -> LocalTime {
    read(at.millis() + offset_at(zone, at))
}

/// The same by name; UTC for an unknown one.
pub fn local_in(at: Instant, zone: &str) -> LocalTime {
    local(at, stored(zone))
}

/// When the wall clock shows this; `minute` may lie beyond the day.
pub fn instant(date: Date, minute: i32, zone: Tz) -> Meaning {
    let wall = i64::from(date.days()) * DAY + i64::from(minute) * MINUTE;
    let near = Span::new(Instant::from_millis(wall - 2 * DAY), Instant::from_millis(wall + 2 * DAY));
    let mut found = stretches(zone, near)
        .into_iter()
        .map(|stretch| (stretch, Instant::from_millis(wall - stretch.offset)))
        .filter(|(stretch, at)| stretch.span.contains(*at))
        .map(|(_, at)| at);
    match (found.next(), found.next()) {
        (None, _) => Meaning::Never,
        (Some(at), None) => Meaning::Once(at),
        (Some(first), Some(second)) => Meaning::Twice(first, second),
    }
}

/// The first instant whose wall-clock reading is this or later; for a skipped reading the moment the clocks jump.
pub fn first_from(date: Date, minute: i32, zone: Tz) -> Instant {
    if let Some(at) = instant(date, minute, zone).first() {
        return at;
    }
    let wall = i64::from(date.days()) * DAY + i64::from(minute) * MINUTE;
    let near = Span::new(Instant::from_millis(wall - 2 * DAY), Instant::from_millis(wall + 2 * DAY));
    stretches(zone, near)
        .into_iter()
        .find(|stretch| stretch.span.starts_at.millis() + stretch.offset >= wall)
        .map_or(Instant::from_millis(wall), |stretch| stretch.span.starts_at)
}

/// From the first instant of the local date to the first of the next.
pub fn day(date: Date, zone: Tz) -> Span {
    Span::new(first_from(date, 0, zone), first_from(date.plus_days(1), 0, zone))
}

/// From the first instant of the first local date to the end of the last.
pub fn days(first: Date, last: Date, zone: Tz) -> Span {
    Span::new(first_from(first, 0, zone), first_from(last.plus_days(1), 0, zone))
}

/// Monday of the date's ISO week.
pub const fn monday(date: Date) -> Date {
    date.plus_days(1 - date.weekday() as i32)
}

/// The span cut at every change of offset, in order.
pub fn stretches(zone: Tz, span: Span) -> Vec<Stretch> {
    let mut found = Vec::with_capacity(2);
    let mut from = span.starts_at;
    let mut offset = offset_at(zone, from);
    let mut probe = from;
    while probe < span.ends_at {
        let next = (probe + DAY).min(span.ends_at);
        let offset_then = offset_at(zone, next);
        if offset_then != offset {
            let change = bisect(zone, probe, next, offset);
            found.push(Stretch { span: Span::new(from, change), offset });
            from = change;
            offset = offset_then;
        }
        probe = next;
    }
    if from < span.ends_at {
        found.push(Stretch { span: Span::new(from, span.ends_at), offset });
    }
    found
}

/// The first whole second after `before` with another offset; `after` already has it.
fn bisect(zone: Tz, before: Instant, after: Instant, offset: i64) -> Instant {
    let (mut low, mut high) = (before.millis().div_euclid(1000), after.millis().div_euclid(1000));
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if offset_at(zone, Instant::from_millis(middle * 1000)) == offset {
            low = middle;
        } else {
            high = middle;
        }
    }
    Instant::from_millis(high * 1000)
}

fn read(wall: i64) -> LocalTime {
    LocalTime { date: Date::from_days(wall.div_euclid(DAY) as i32), minute: (wall.rem_euclid(DAY) / MINUTE) as i32 }
}
