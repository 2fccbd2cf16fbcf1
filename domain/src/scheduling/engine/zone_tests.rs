//! Every zone of the IANA database across every change of its clocks from 2020 to 2037.

use super::tests::{at, obvious, simple};
use super::*;
use crate::scheduling::model::WeekRange;
use crate::scheduling::zone::{LocalTime, Meaning};
use chrono::{DateTime, Timelike, Utc};

/// Open around the clock, 15 minutes each, every 15 minutes.
fn always(zone: Tz) -> (Rules, Book) {
    let (rules, mut book) = simple(zone);
    book.schedules[0].hours = (1..=7).map(|weekday| WeekRange { weekday, from_min: 0, to_min: 1440 }).collect();
    (Rules { duration_min: 15, step_min: 15, horizon_days: 400, ..rules }, book)
}

fn wall(at: Instant, zone: Tz) -> LocalTime {
    let clock = DateTime::<Utc>::from(at).with_timezone(&zone);
    LocalTime { date: clock.date_naive().into(), minute: (clock.hour() * 60 + clock.minute()) as i32 }
}

#[test]
fn no_skipped_hour_and_both_of_a_repeated_one() {
    let years = Span::new(at("2020-01-01T00:00:00Z"), at("2038-01-01T00:00:00Z"));
    let mut changes = 0;
    for &zone in chrono_tz::TZ_VARIANTS.iter() {
        let stretches = zone::stretches(zone, years);
        for pair in stretches.windows(2) {
            changes += 1;
            let change = pair[1].span.starts_at;
            assert_eq!(pair[0].offset % (15 * MINUTE), 0, "{zone}: offsets are whole quarters of an hour");
            assert_ne!(zone::offset_at(zone, change + -1000), zone::offset_at(zone, change), "{zone} {change}");
            check_change(zone, change, pair[1].offset - pair[0].offset);
        }
    }
    // some two hundred zones change their clocks twice a year
    assert!(changes > 5_000, "{changes}");
}

fn check_change(zone: Tz, change: Instant, shift: i64) {
    let (rules, book) = always(zone);
    let window = Span::new(change.plus_hours(-3), change.plus_hours(3));
    let ask = Ask { window, now: window.starts_at, resource: None, limit: usize::MAX };
    let starts = find_starts(&rules, &book, &ask);
    // real time has no gap: one start each quarter of an hour, whatever the clocks show
    assert_eq!(starts.len(), 24, "{zone} {change}");
    let mut seen: Vec<LocalTime> = Vec::with_capacity(24);
    for &(at, _) in &starts.at {
        let local = wall(at, zone);
        assert_eq!(zone::local(at, zone), local, "{zone} {at}");
        assert_eq!(local.minute % 15, 0, "{zone} {at}");
        seen.push(local);
    }
    let old = wall(change + -1, zone);
    let skipped_or_repeated = if shift > 0 { (old.date, old.minute + 1) } else { (wall(change, zone).date, wall(change, zone).minute) };
    let meaning = zone::instant(skipped_or_repeated.0, skipped_or_repeated.1, zone);
    if shift > 0 {
        assert_eq!(meaning, Meaning::Never, "{zone} {change}");
        assert_eq!(zone::first_from(skipped_or_repeated.0, skipped_or_repeated.1, zone), change, "{zone}");
    } else {
        assert_eq!(meaning, Meaning::Twice(change + shift, change), "{zone} {change}");
        let local = wall(change, zone);
        let both = seen.iter().filter(|seen| **seen == local).count();
        assert_eq!(both, 2, "{zone} {change}");
    }
}

#[test]
fn nights_across_every_change_of_the_odd_zones() {
    let years = Span::new(at("2020-01-01T00:00:00Z"), at("2038-01-01T00:00:00Z"));
    for name in [
        "Europe/Lisbon",
        "Australia/Lord_Howe",
        "Antarctica/Troll",
        "America/Santiago",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Pacific/Chatham",
    ] {
        let zone = zone::stored(name);
        let (mut rules, mut book) = always(zone);
        // ends and begins within the hours that clocks skip or repeat
        book.schedules[0].hours = (1..=7).map(|weekday| WeekRange { weekday, from_min: 22 * 60, to_min: 24 * 60 + 75 }).collect();
        rules.duration_min = 45;
        for pair in zone::stretches(zone, years).windows(2) {
            let change = pair[1].span.starts_at;
            let window = Span::new(change.plus_hours(-5), change.plus_hours(5));
            let ask = Ask { window, now: window.starts_at, resource: None, limit: usize::MAX };
            let quick: Vec<Instant> = find_starts(&rules, &book, &ask).at.iter().map(|(at, _)| *at).collect();
            let slow: Vec<Instant> = obvious(&rules, &book, &ask).into_iter().map(|(at, _)| at).collect();
            assert_eq!(quick, slow, "{name} {change}");
        }
    }
}

#[test]
fn a_day_lasts_from_its_first_instant_to_the_next_days() {
    let lisbon = zone::stored("Europe/Lisbon");
    let spring = zone::day("2026-03-29".parse().expect("a date"), lisbon);
    assert_eq!(spring.minutes(), 23 * 60);
    assert_eq!(zone::day("2026-10-25".parse().expect("a date"), lisbon).minutes(), 25 * 60);
    // midnight is skipped in Santiago on this date
    let santiago = zone::stored("America/Santiago");
    let day = zone::day("2026-09-06".parse().expect("a date"), santiago);
    assert_eq!(day.starts_at.to_string(), "2026-09-06T04:00:00Z");
    assert_eq!(zone::local(day.starts_at, santiago).minute, 60);
    assert_eq!(day.minutes(), 23 * 60);
}
