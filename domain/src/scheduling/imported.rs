//! Reading busy time out of a calendar file (RFC 5545). Pure: text in, ranges out.

use super::zone;
use crate::time::{DAY, Instant, Span};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use icalendar::{Calendar, CalendarComponent, CalendarDateTime, Component, DatePerhapsTime, Event, Property};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::str::FromStr;

/// Most ranges one calendar may bring.
pub const MAX_RANGES: usize = 5_000;
/// Most occurrences of one recurring event.
const MAX_OCCURRENCES: u16 = 1_500;

/// Longest name of an event that is kept as it is, in bytes: each of its occurrences carries it.
const LONGEST_UID: usize = 255;
/// So many steps may be walked along the rules of one calendar, from where each begins to the end of the window. Two hundred daily ones since 2010 are
/// half of that.
const MOST_STEPS: i64 = 2_000_000;

/// Longest DURATION that is believed, in milliseconds: ten years.
pub const LONGEST: i64 = 3_653 * DAY;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedRange {
    pub uid: String,
    pub during: Span,
    pub title: String,
}

/// Busy ranges that touch the window. Free (transparent) and cancelled events are left out; `house` is the zone of floating times and whole days.
/// Err is a sentence for the person.
pub fn read(text: &str, house: Tz, window: Span) -> Result<Vec<ImportedRange>, String> {
    if !text.trim_start().starts_with("BEGIN:VCALENDAR") {
        return Err("What this address gives is not a calendar file.".into());
    }
    let calendar = Calendar::from_str(text).map_err(|_| "The calendar file could not be read.".to_owned())?;
    let house = calendar.get_timezone().and_then(zone::find).unwrap_or(house);
    let events: Vec<&Event> = calendar
        .components
        .iter()
        .filter_map(|component| if let CalendarComponent::Event(event) = component { Some(event) } else { None })
        .collect();
    // occurrences that were moved or cancelled on their own
    let replaced: HashSet<(String, Instant)> =
        events.iter().filter_map(|event| Some((uid_of(event), begin(&event.get_recurrence_id()?, house)?))).collect();
    let mut found = Vec::new();
    let mut steps = 0;
    for event in events {
        let is_free = event.property_value("TRANSP").is_some_and(|value| value.eq_ignore_ascii_case("TRANSPARENT"));
        let is_cancelled = event.property_value("STATUS").is_some_and(|value| value.eq_ignore_ascii_case("CANCELLED"));
        if is_free || is_cancelled {
            continue;
        }
        steps += steps_of(event, house, window);
        if steps > MOST_STEPS {
            return Err("This calendar repeats too many appointments over too many years to be read.".into());
        }
        of_event(event, house, window, &replaced, &mut found);
        if found.len() > MAX_RANGES {
            return Err(format!("This calendar has more than {MAX_RANGES} appointments in the coming two years."));
        }
    }
    found.sort_unstable_by(|a, b| (a.during, &a.uid).cmp(&(b.during, &b.uid)));
    found.dedup();
    Ok(found)
}

fn of_event(event: &Event, house: Tz, window: Span, replaced: &HashSet<(String, Instant)>, found: &mut Vec<ImportedRange>) {
    let Some(start) = event.get_start() else { return };
    let Some(first) = begin(&start, house) else { return };
    let length = length(event, &start, first, house);
    if length <= 0 {
        return;
    }
    let uid = uid_of(event);
    let title: String = event.get_summary().unwrap_or_default().chars().filter(|c| *c != '\0').take(120).collect();
    let skipped: HashSet<Instant> = listed(event, "EXDATE", house).collect();
    let is_single = event.get_recurrence_id().is_some();
    let mut starts = match event.property_value("RRULE") {
        Some(rule) if !is_single => expand(rule, &start, first, house, Span::new(window.starts_at + -length, window.ends_at)),
        _ => vec![first],
    };
    if !is_single {
        starts.extend(listed(event, "RDATE", house));
    }
    starts.sort_unstable();
    starts.dedup();
    for at in starts {
        let is_replaced = !is_single && replaced.contains(&(uid.clone(), at));
        let during = Span::new(at, at + length);
        if !is_replaced && !skipped.contains(&at) && during.overlaps(window) {
            found.push(ImportedRange { uid: uid.clone(), during, title: title.clone() });
        }
    }
}

/// What tells an event from others of the file; its digest where the database would not take it.
fn uid_of(event: &Event) -> String {
    let uid = event.get_uid().unwrap_or_default();
    if uid.len() <= LONGEST_UID && !uid.contains('\0') { uid.to_owned() } else { hex::encode(Sha256::digest(uid)) }
}

/// How far its rule has to be walked.
fn steps_of(event: &Event, house: Tz, window: Span) -> i64 {
    let first = event.get_start().and_then(|start| begin(&start, house));
    let (Some(rule), Some(first)) = (event.property_value("RRULE"), first) else { return 1 };
    let rule = rule.to_ascii_uppercase();
    let step = match () {
        () if rule.contains("FREQ=HOURLY") => DAY / 24,
        () if rule.contains("FREQ=DAILY") => DAY,
        () => 7 * DAY,
    };
    1 + (window.ends_at - first).max(0) / step
}

/// The occurrences of a rule, at most [`MAX_OCCURRENCES`]; a rule we cannot read counts once, at its start.
fn expand(rule: &str, start: &DatePerhapsTime, first: Instant, house: Tz, within: Span) -> Vec<Instant> {
    let upper = rule.to_ascii_uppercase();
    // Nobody is busy each minute; these only burn time. And rules are written in ASCII, which their reader relies on to the point of panicking.
    if !upper.is_ascii() || upper.contains("FREQ=SECONDLY") || upper.contains("FREQ=MINUTELY") {
        return vec![first];
    }
    let zone = match start {
        DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { tzid, .. }) => zone_of(tzid, house),
        DatePerhapsTime::DateTime(CalendarDateTime::Utc(_)) => Tz::UTC,
        _ => house,
    };
    let local = DateTime::<Utc>::from(first).with_timezone(&zone).format("%Y%m%dT%H%M%S");
    let text = format!("DTSTART;TZID={}:{local}\nRRULE:{}", zone.name(), with_utc_until(&upper));
    let Ok(set) = icalendar::rrule::RRuleSet::from_str(&text) else { return vec![first] };
    let edge = |at: Instant| icalendar::rrule::Tz::UTC.from_utc_datetime(&DateTime::<Utc>::from(at).naive_utc());
    let result = set.after(edge(within.starts_at)).before(edge(within.ends_at)).all(MAX_OCCURRENCES);
    result.dates.into_iter().map(|at| at.with_timezone(&Utc).into()).collect()
}

/// An UNTIL given as a date or a local time becomes UTC, which is what a start with a zone demands (RFC 5545 section 3.3.10).
fn with_utc_until(rule: &str) -> String {
    let parts = rule.split(';').map(|part| match part.strip_prefix("UNTIL=") {
        Some(date) if date.len() == 8 => format!("UNTIL={date}T235959Z"),
        Some(local) if local.len() == 15 => format!("UNTIL={local}Z"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join(";")
}

/// Dates of a property that may stand several times, each with a list.
fn listed<'a>(event: &'a Event, key: &'a str, house: Tz) -> impl Iterator<Item = Instant> + 'a {
    let several = event.multi_properties().get(key).into_iter().flatten();
    several.chain(event.properties().get(key)).flat_map(move |property: &Property| {
        let tzid = property.params().get("TZID").map(|parameter| parameter.value().to_owned());
        let zone = tzid.map_or(house, |tzid| zone_of(&tzid, house));
        property.value().split(',').filter_map(move |value| stamp(value.trim(), zone)).collect::<Vec<_>>()
    })
}

fn stamp(value: &str, zone: Tz) -> Option<Instant> {
    if let Some(utc) = value.strip_suffix('Z') {
        return NaiveDateTime::parse_from_str(utc, "%Y%m%dT%H%M%S").ok().map(|naive| naive.and_utc().into());
    }
    match NaiveDateTime::parse_from_str(value, "%Y%m%dT%H%M%S") {
        Ok(naive) => Some(from_wall(naive, zone)),
        Err(_) => NaiveDate::parse_from_str(value, "%Y%m%d").ok().map(|date| zone::first_from(date.into(), 0, zone)),
    }
}

fn begin(start: &DatePerhapsTime, house: Tz) -> Option<Instant> {
    Some(match start {
        DatePerhapsTime::Date(date) => zone::first_from((*date).into(), 0, house),
        DatePerhapsTime::DateTime(CalendarDateTime::Utc(at)) => (*at).into(),
        DatePerhapsTime::DateTime(CalendarDateTime::Floating(naive)) => from_wall(*naive, house),
        DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { date_time, tzid }) => from_wall(*date_time, zone_of(tzid, house)),
    })
}

/// Milliseconds: to DTEND, by DURATION, one day for a date, nothing for a moment.
fn length(event: &Event, start: &DatePerhapsTime, first: Instant, house: Tz) -> i64 {
    if let Some(end) = event.get_end().and_then(|end| begin(&end, house)) {
        return end - first;
    }
    if let Some(length) = event.property_value("DURATION").and_then(length_of) {
        return length;
    }
    if matches!(start, DatePerhapsTime::Date(_)) { DAY } else { 0 }
}

/// Milliseconds of a DURATION by RFC 5545 section 3.3.6, such as `PT1H30M` or `P1W`. None for what is none, is negative, or is longer than
/// [`LONGEST`].
pub fn length_of(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (mut total, mut is_time) = (0_i64, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            (rest, is_time) = (after, true);
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest.get(..digits)?.parse().ok().filter(|number| *number < 100_000)?;
        let seconds = match (rest[digits..].chars().next()?, is_time) {
            ('W', false) => 604_800,
            ('D', false) => 86_400,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        total += number * seconds * 1000;
        // units may stand again and again, so that the sum has to be looked at each time
        if total > LONGEST {
            return None;
        }
        rest = &rest[digits + 1..];
    }
    Some(total)
}

fn from_wall(naive: NaiveDateTime, zone: Tz) -> Instant {
    use chrono::Timelike;
    let minute = (naive.hour() * 60 + naive.minute()) as i32;
    zone::first_from(naive.date().into(), minute, zone) + i64::from(naive.second()) * 1000
}

/// IANA names, those behind a vendor's prefix, and the Windows names that Outlook writes.
fn zone_of(tzid: &str, house: Tz) -> Tz {
    let name = tzid.trim_matches('"');
    let last_two = || {
        let mut parts = name.rsplit('/');
        let (city, region) = (parts.next()?, parts.next()?);
        zone::find(&format!("{region}/{city}"))
    };
    zone::find(name).or_else(last_two).or_else(|| windows_zone(name).and_then(zone::find)).unwrap_or(house)
}

/// From the Unicode CLDR's windowsZones, territory 001; the ones seen in European and American calendars.
fn windows_zone(name: &str) -> Option<&'static str> {
    Some(match name {
        "GMT Standard Time" => "Europe/London",
        "Greenwich Standard Time" => "Atlantic/Reykjavik",
        "W. Europe Standard Time" => "Europe/Berlin",
        "Romance Standard Time" => "Europe/Paris",
        "Central Europe Standard Time" => "Europe/Budapest",
        "Central European Standard Time" => "Europe/Warsaw",
        "E. Europe Standard Time" => "Europe/Chisinau",
        "GTB Standard Time" => "Europe/Bucharest",
        "FLE Standard Time" => "Europe/Kiev",
        "Turkey Standard Time" => "Europe/Istanbul",
        "Russian Standard Time" => "Europe/Moscow",
        "Eastern Standard Time" => "America/New_York",
        "Central Standard Time" => "America/Chicago",
        "Mountain Standard Time" => "America/Denver",
        "US Mountain Standard Time" => "America/Phoenix",
        "Pacific Standard Time" => "America/Los_Angeles",
        "Atlantic Standard Time" => "America/Halifax",
        "E. South America Standard Time" => "America/Sao_Paulo",
        "India Standard Time" => "Asia/Kolkata",
        "China Standard Time" => "Asia/Shanghai",
        "Tokyo Standard Time" => "Asia/Tokyo",
        "AUS Eastern Standard Time" => "Australia/Sydney",
        "New Zealand Standard Time" => "Pacific/Auckland",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{}END:VCALENDAR\r\n", events.replace('\n', "\r\n"))
    }

    fn spans(events: &str) -> Vec<String> {
        let at = |text: &str| text.parse::<Instant>().expect("an instant");
        let window = Span::new(at("2026-03-20T00:00:00Z"), at("2026-04-10T00:00:00Z"));
        let found = read(&file(events), zone::stored("Europe/Lisbon"), window).expect("readable");
        found.iter().map(|range| format!("{} {}", range.during.starts_at, range.during.minutes())).collect()
    }

    #[test]
    fn single_events_in_each_form_of_time() {
        let found = spans(
            "BEGIN:VEVENT\nUID:a\nDTSTART:20260401T090000Z\nDTEND:20260401T100000Z\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:b\nDTSTART;TZID=America/New_York:20260402T090000\nDURATION:PT1H30M\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:c\nDTSTART;VALUE=DATE:20260403\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:d\nDTSTART:20260404T090000\nDTEND:20260404T093000\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:e\nDTSTART;TZID=\"W. Europe Standard Time\":20260405T090000\nDURATION:PT1H\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:f\nDTSTART:20260406T090000Z\nDTEND:20260406T100000Z\nTRANSP:TRANSPARENT\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:g\nDTSTART:20260406T090000Z\nDTEND:20260406T100000Z\nSTATUS:CANCELLED\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:h\nDTSTART:20200406T090000Z\nDTEND:20200406T100000Z\nEND:VEVENT\n",
        );
        assert_eq!(
            found,
            [
                "2026-04-01T09:00:00Z 60",
                "2026-04-02T13:00:00Z 90",
                "2026-04-02T23:00:00Z 1440",
                "2026-04-04T08:00:00Z 30",
                "2026-04-05T07:00:00Z 60"
            ]
        );
    }

    #[test]
    fn a_weekly_event_keeps_its_local_time_and_its_exceptions() {
        let found = spans(
            "BEGIN:VEVENT\nUID:w\nDTSTART;TZID=Europe/Lisbon:20260106T090000\nDTEND;TZID=Europe/Lisbon:20260106T100000\n\
             RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20260407\nEXDATE;TZID=Europe/Lisbon:20260324T090000\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:w\nRECURRENCE-ID;TZID=Europe/Lisbon:20260331T090000\nDTSTART;TZID=Europe/Lisbon:20260331T150000\n\
             DTEND;TZID=Europe/Lisbon:20260331T160000\nEND:VEVENT\n",
        );
        // 24 March is excluded, 31 March was moved to 15:00 (summer time), 7 April stays
        assert_eq!(found, ["2026-03-31T14:00:00Z 60", "2026-04-07T08:00:00Z 60"]);
    }

    #[test]
    fn rules_without_end_are_capped_by_the_window() {
        assert_eq!(spans("BEGIN:VEVENT\nUID:d\nDTSTART:20200101T120000Z\nDURATION:PT15M\nRRULE:FREQ=DAILY\nEND:VEVENT\n").len(), 21);
        assert_eq!(spans("BEGIN:VEVENT\nUID:s\nDTSTART:20260401T120000Z\nDURATION:PT15M\nRRULE:FREQ=SECONDLY\nEND:VEVENT\n").len(), 1);
        assert_eq!(
            spans("BEGIN:VEVENT\nUID:w\nDTSTART:20260401T120000Z\nDURATION:PT15M\nRRULE:FREQ=WEEKLY;BYDAY=MO,W\u{e9}E\nEND:VEVENT\n").len(),
            1
        );
    }

    #[test]
    fn lengths_are_read_and_bounded() {
        for (text, minutes) in [("PT1H30M", Some(90)), ("P1W", Some(10_080)), ("+P1DT2H", Some(1_560)), ("P", Some(0)), ("-PT1H", None)] {
            assert_eq!(length_of(text), minutes.map(|minutes| minutes * 60_000), "{text}");
        }
        for text in ["1H", "PT1X", "P1H", "PT", "P99999W"] {
            assert_eq!(length_of(text).filter(|length| *length > 0), None, "{text}");
        }
        // a file is at most a few megabytes, and this sum would be more than a number holds
        assert_eq!(length_of(&format!("P{}", "99999W".repeat(200_000))), None);
    }

    #[test]
    fn no_file_makes_much_of_little() {
        let window = Span::new(Instant::from_millis(0), Instant::from_millis(700 * DAY));
        let hourly = |count: usize, year: u16| {
            let event = format!(
                "BEGIN:VEVENT\nUID:{}\nDTSTART:{year}0101T000000Z\nDURATION:PT5M\nRRULE:FREQ=HOURLY\nEND:VEVENT\n",
                "u".repeat(1_000_000)
            );
            file(&event.repeat(count))
        };
        // each of its 1,500 occurrences carries the name
        let found = read(&hourly(1, 1970), Tz::UTC, window).expect("readable");
        assert_eq!(found.len(), 1_500);
        assert!(found.iter().all(|range| range.uid.len() <= LONGEST_UID));
        // a million hours to walk for each
        let refused = read(&hourly(3, 1870), Tz::UTC, window).expect_err("too much");
        assert!(refused.contains("repeats"), "{refused}");
    }

    #[test]
    fn what_is_no_calendar_is_said_so() {
        let window = Span::new(Instant::from_millis(0), Instant::from_millis(DAY));
        for text in ["", "<!doctype html><p>Sign in</p>", "BEGIN:VCARD\nEND:VCARD"] {
            assert!(read(text, Tz::UTC, window).is_err(), "{text}");
        }
    }
}
