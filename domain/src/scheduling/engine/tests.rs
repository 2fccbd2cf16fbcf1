//! The engine against a second implementation that is slow and obvious: it walks minute by minute and asks each rule in plain words.

use super::*;
use crate::id::Id;
use crate::scheduling::model::{DateRange, Reason, WeekRange};
use chrono::{DateTime, Datelike, Timelike, Utc};
use proptest::prelude::*;

pub fn id(number: u128) -> ResourceId {
    ResourceId::from_u128(number)
}

pub fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

/// 30 minutes, every 30 minutes, no notice, one person who works 09:00–17:00 from Monday to Friday.
pub fn simple(zone: Tz) -> (Rules, Book) {
    let rules = Rules {
        zone,
        duration_min: 30,
        buffer_before_min: 0,
        buffer_after_min: 0,
        step_min: 30,
        min_notice_min: 0,
        horizon_days: 90,
        day_limit: None,
        week_limit: None,
        counts: Vec::new(),
        assignment: AssignmentRule::FirstFree,
        people: vec![person(1)],
        needs: Vec::new(),
    };
    let hours = (1..=5).map(|weekday| WeekRange { weekday, from_min: 540, to_min: 1020 }).collect();
    let mut book = Book { schedules: vec![Schedule { zone, hours, overrides: Vec::new() }], diaries: HashMap::new() };
    book.diaries.insert(id(1), Diary { schedule: Some(0), ..Diary::default() });
    (rules, book)
}

pub fn person(number: u128) -> Candidate {
    Candidate { id: id(number), priority: 2, weight: 100, position: number as i32, recent_jobs: 0 }
}

pub fn ask(from: &str, to: &str, now: &str) -> Ask {
    Ask { window: Span::new(at(from), at(to)), now: at(now), resource: None, limit: usize::MAX }
}

fn times(starts: &Starts) -> Vec<String> {
    starts.at.iter().map(|(at, _)| at.to_string()).collect()
}

/// Minute by minute, from the words of the rules.
pub fn obvious(rules: &Rules, book: &Book, ask: &Ask) -> Vec<(Instant, Vec<ResourceId>)> {
    let read = |minute: i64, zone: Tz| DateTime::<Utc>::from(Instant::from_millis(minute * MINUTE)).with_timezone(&zone);
    let date_of = |minute: i64, zone: Tz| Date::from(read(minute, zone).date_naive());
    let first = ask.window.starts_at.millis() / MINUTE;
    let last = ask.window.ends_at.millis() / MINUTE;
    let earliest = ask.now.millis() / MINUTE + rules.min_notice_min;
    let last_date = date_of(ask.now.millis() / MINUTE, rules.zone).plus_days(rules.horizon_days as i32);
    let is_open = |schedule: &Schedule, minute: i64| {
        let clock = read(minute, schedule.zone);
        let of_day = (clock.hour() * 60 + clock.minute()) as i32;
        let today = Date::from(clock.date_naive());
        [(today, of_day), (today.plus_days(-1), of_day + 1440)].into_iter().any(|(date, minute)| {
            let special: Vec<_> = schedule.overrides.iter().filter(|o| o.date == date).map(|o| (o.from_min, o.to_min)).collect();
            let weekly = schedule.hours.iter().filter(|h| h.weekday == date.weekday()).map(|h| (h.from_min, h.to_min)).collect();
            let ranges: Vec<(i32, i32)> = if special.is_empty() { weekly } else { special };
            ranges.iter().any(|&(from, to)| from <= minute && minute < to)
        })
    };
    let is_free = |resource: ResourceId, start: i64| {
        let Some(diary) = book.diaries.get(&resource) else { return false };
        let works =
            (start..start + rules.duration_min).all(|minute| match diary.schedule.or(diary.house.filter(|_| rules.people.is_empty())) {
                Some(schedule) => is_open(&book.schedules[schedule], minute),
                None => !rules.people.is_empty(),
            });
        works
            && (start - rules.buffer_before_min..start + rules.duration_min + rules.buffer_after_min).all(|minute| {
                let minute = Instant::from_millis(minute * MINUTE);
                !diary.busy.iter().any(|busy| busy.during.contains(minute)) && !diary.time_off.iter().any(|off| off.contains(minute))
            })
    };
    let mut found = Vec::new();
    for start in first..last {
        let clock = read(start, rules.zone);
        let date = Date::from(clock.date_naive());
        let week = clock.date_naive().iso_week();
        let of_day: i64 = rules.counts.iter().filter(|(day, _)| *day == date).map(|(_, count)| count).sum();
        let of_week: i64 =
            rules.counts.iter().filter(|(day, _)| chrono::NaiveDate::from(*day).iso_week() == week).map(|(_, count)| count).sum();
        let refused = start < earliest
            || date > last_date
            || i64::from(clock.hour() * 60 + clock.minute()) % rules.step_min != 0
            || rules.day_limit.is_some_and(|limit| of_day >= limit)
            || rules.week_limit.is_some_and(|limit| of_week >= limit)
            || rules.needs.iter().any(|need| !need.iter().any(|thing| is_free(*thing, start)));
        if refused {
            continue;
        }
        let who: Vec<ResourceId> = if rules.people.is_empty() {
            rules.needs.first().into_iter().flatten().copied().filter(|thing| is_free(*thing, start)).collect()
        } else {
            in_order(rules).into_iter().map(|p| p.id).filter(|person| is_free(*person, start)).collect()
        };
        if !who.is_empty() {
            found.push((Instant::from_millis(start * MINUTE), who));
        }
    }
    found
}

fn assert_agree(rules: &Rules, book: &Book, ask: &Ask) -> Result<(), TestCaseError> {
    let starts = find_starts(rules, book, ask);
    let quick: Vec<(Instant, Vec<ResourceId>)> = starts.slots().map(|slot| (slot.starts_at, slot.resource_ids)).collect();
    let slow = obvious(rules, book, ask);
    prop_assert_eq!(&quick, &slow);
    // the explanation knows the same times
    let mut offered = slow.iter().map(|(at, _)| *at).peekable();
    let mut minute = ask.window.starts_at;
    while minute < ask.window.ends_at {
        let is_offered = offered.next_if_eq(&minute).is_some();
        let against = explain(rules, book, ask.resource, minute, ask.now);
        prop_assert_eq!(against.is_empty(), is_offered, "{} {:?}", minute, against);
        minute = minute.plus_minutes(5);
    }
    Ok(())
}

/// Zones with hour, half-hour and two-hour changes, changes at midnight, odd offsets, and none.
const ZONES: &[(&str, &str)] = &[
    ("Europe/Lisbon", "2026-03-29T01:00:00Z"),
    ("Europe/Lisbon", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Antarctica/Troll", "2026-03-29T01:00:00Z"),
    ("Antarctica/Troll", "2026-10-25T01:00:00Z"),
    ("America/Santiago", "2026-09-06T04:00:00Z"),
    ("Africa/Cairo", "2026-04-23T22:00:00Z"),
    ("Pacific/Chatham", "2026-04-04T14:00:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
    ("Asia/Kathmandu", "2026-06-01T00:00:00Z"),
    ("America/St_Johns", "2026-11-01T04:30:00Z"),
];

fn any_ranges() -> impl Strategy<Value = Vec<(i32, i32)>> {
    // in quarters of an hour, up to six hours into the next day
    proptest::collection::vec((0_i32..96, 1_i32..60), 0..3)
        .prop_map(|ranges| ranges.into_iter().map(|(from, length)| (from * 15, ((from + length) * 15).min(1800))).collect())
}

fn any_schedule(zone: Tz, middle: Date) -> impl Strategy<Value = Schedule> {
    let hours = proptest::collection::vec(any_ranges(), 7);
    let overrides = proptest::collection::vec((-2_i32..3, any_ranges()), 0..2);
    (hours, overrides).prop_map(move |(hours, overrides)| {
        let weekly = hours.into_iter().zip(1_u8..);
        let hours =
            weekly.flat_map(|(ranges, weekday)| ranges.into_iter().map(move |(from_min, to_min)| WeekRange { weekday, from_min, to_min }));
        let mut special: Vec<DateRange> = Vec::new();
        for (offset, ranges) in overrides {
            let date = middle.plus_days(offset);
            let ranges = if ranges.is_empty() { vec![(0, 0)] } else { ranges };
            special.extend(ranges.into_iter().map(|(from_min, to_min)| DateRange { date, from_min, to_min }));
        }
        special.sort();
        Schedule { zone, hours: hours.collect(), overrides: special }
    })
}

fn any_spans(middle: Instant) -> impl Strategy<Value = Vec<Span>> {
    proptest::collection::vec((-2000_i64..2000, 1_i64..400), 0..6).prop_map(move |spans| {
        spans.into_iter().map(|(from, length)| Span::new(middle.plus_minutes(from), middle.plus_minutes(from + length))).collect()
    })
}

fn any_diary(middle: Instant, schedules: Vec<Option<usize>>) -> impl Strategy<Value = Diary> {
    let house = proptest::option::of(0_usize..2);
    (proptest::sample::select(schedules), house, any_spans(middle), proptest::option::weighted(0.3, any_spans(middle))).prop_map(
        |(schedule, house, busy, off)| Diary {
            schedule,
            house,
            busy: busy.into_iter().map(|during| Busy { during, kind: BusyKind::Booking }).collect(),
            time_off: off.unwrap_or_default(),
        },
    )
}

fn any_case() -> impl Strategy<Value = (Rules, Book, Ask)> {
    (proptest::sample::select(ZONES), proptest::sample::select(ZONES)).prop_flat_map(|((name, change), (other, _))| {
        let (zone, other) = (zone::stored(name), zone::stored(other));
        let middle = at(change);
        let date = zone::local(middle, zone).date;
        let numbers = (
            proptest::sample::select(vec![5_i64, 15, 25, 30, 60, 90]),
            proptest::sample::select(vec![0_i64, 5, 10, 30]),
            proptest::sample::select(vec![0_i64, 5, 20]),
            proptest::sample::select(vec![5_i64, 10, 15, 20, 30, 45, 50, 60, 90]),
            -1500_i64..1500,
            proptest::sample::select(vec![0_i64, 60, 600]),
            0_i64..4,
        );
        let limits = (
            proptest::option::of(1_i64..3),
            proptest::option::weighted(0.3, 1_i64..6),
            proptest::collection::vec((-3_i32..4, 1_i64..3), 0..3),
        );
        let shape = (0_usize..3, 0_usize..3, any::<bool>(), proptest::collection::vec((0_i32..3, 0_i32..3, 0_i64..4), 3));
        let book = (
            any_schedule(zone, date),
            any_schedule(other, date),
            proptest::collection::vec(any_diary(middle, vec![Some(0), Some(1)]), 3),
            proptest::collection::vec(any_diary(middle, vec![None, Some(0)]), 3),
        );
        (numbers, limits, shape, book).prop_map(move |(numbers, limits, shape, book)| {
            let (duration_min, buffer_before_min, buffer_after_min, step_min, now, min_notice_min, horizon_days) = numbers;
            let (people, groups, is_round_robin, candidates) = shape;
            let mut counts: Vec<(Date, i64)> = limits.2.into_iter().map(|(offset, count)| (date.plus_days(offset), count)).collect();
            counts.sort_unstable();
            counts.dedup_by_key(|(day, _)| *day);
            let rules = Rules {
                zone,
                duration_min,
                buffer_before_min,
                buffer_after_min,
                step_min,
                min_notice_min,
                horizon_days,
                day_limit: limits.0,
                week_limit: limits.1,
                counts,
                assignment: if is_round_robin { AssignmentRule::RoundRobin } else { AssignmentRule::FirstFree },
                people: (0..people)
                    .map(|n| {
                        let (priority, weight, recent_jobs) = candidates[n];
                        Candidate { id: id(n as u128), priority, weight: weight * 50, position: n as i32, recent_jobs }
                    })
                    .collect(),
                needs: [vec![], vec![vec![id(10), id(11)]], vec![vec![id(10)], vec![id(11), id(12)]]][groups].clone(),
            };
            let mut diaries: HashMap<ResourceId, Diary> = book.2.into_iter().enumerate().map(|(n, diary)| (id(n as u128), diary)).collect();
            diaries.extend(book.3.into_iter().enumerate().map(|(n, diary)| (id(n as u128 + 10), diary)));
            let window = Span::new(middle.plus_minutes(-1700), middle.plus_minutes(1700));
            let ask = Ask { window, now: middle.plus_minutes(now), resource: None, limit: usize::MAX };
            (rules, Book { schedules: vec![book.0, book.1], diaries }, ask)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_obvious_way((rules, book, ask) in any_case()) {
        assert_agree(&rules, &book, &ask)?;
    }
}

#[test]
fn a_working_day_in_half_hours() {
    let (rules, mut book) = simple(zone::stored("Europe/Lisbon"));
    let day = ask("2026-06-09T00:00:00Z", "2026-06-10T00:00:00Z", "2026-06-01T00:00:00Z");
    let all = times(&find_starts(&rules, &book, &day));
    assert_eq!(all.len(), 16);
    assert_eq!(all[0], "2026-06-09T08:00:00Z");
    assert_eq!(all[15], "2026-06-09T15:30:00Z");
    // a booking takes its own half hour and, with a buffer of 15 minutes, its neighbours
    let booked = Span::new(at("2026-06-09T10:00:00Z"), at("2026-06-09T10:30:00Z"));
    book.diaries.get_mut(&id(1)).expect("there").busy.push(Busy { during: booked, kind: BusyKind::Booking });
    assert_eq!(find_starts(&rules, &book, &day).len(), 15);
    let buffered = Rules { buffer_before_min: 15, ..rules.clone() };
    let left = times(&find_starts(&buffered, &book, &day));
    assert_eq!(left.len(), 14);
    assert!(!left.contains(&"2026-06-09T10:30:00Z".to_owned()));
    assert!(left.contains(&"2026-06-09T09:30:00Z".to_owned()));
}

#[test]
fn a_half_hour_zone_starts_on_its_own_grid() {
    let (rules, book) = simple(zone::stored("Asia/Kolkata"));
    let hourly = Rules { step_min: 60, ..rules };
    let found = times(&find_starts(&hourly, &book, &ask("2026-06-09T00:00:00Z", "2026-06-10T00:00:00Z", "2026-06-01T00:00:00Z")));
    assert_eq!(found.first().map(String::as_str), Some("2026-06-09T03:30:00Z"));
}

#[test]
fn an_override_replaces_the_weekday_and_a_zero_length_one_closes_it() {
    let (rules, mut book) = simple(Tz::UTC);
    let day = ask("2026-06-09T00:00:00Z", "2026-06-10T00:00:00Z", "2026-06-01T00:00:00Z");
    let date = "2026-06-09".parse().expect("a date");
    book.schedules[0].overrides = vec![DateRange { date, from_min: 600, to_min: 660 }];
    assert_eq!(times(&find_starts(&rules, &book, &day)), ["2026-06-09T10:00:00Z", "2026-06-09T10:30:00Z"]);
    book.schedules[0].overrides = vec![DateRange { date, from_min: 0, to_min: 0 }];
    assert!(find_starts(&rules, &book, &day).is_empty());
    let against = explain(&rules, &book, None, at("2026-06-09T10:00:00Z"), day.now);
    assert_eq!(against.iter().map(|f| f.reason).collect::<Vec<_>>(), [Reason::DateOverride]);
}

#[test]
fn touching_ranges_join_and_nights_pass_midnight() {
    let (mut rules, mut book) = simple(Tz::UTC);
    rules.duration_min = 120;
    book.schedules[0].hours =
        vec![WeekRange { weekday: 2, from_min: 1320, to_min: 1440 }, WeekRange { weekday: 3, from_min: 0, to_min: 60 }];
    let night = ask("2026-06-09T00:00:00Z", "2026-06-11T00:00:00Z", "2026-06-01T00:00:00Z");
    let joined = ["2026-06-09T22:00:00Z", "2026-06-09T22:30:00Z", "2026-06-09T23:00:00Z"];
    assert_eq!(times(&find_starts(&rules, &book, &night)), joined);
    book.schedules[0].hours = vec![WeekRange { weekday: 2, from_min: 1320, to_min: 1500 }];
    assert_eq!(times(&find_starts(&rules, &book, &night)), joined);
}

#[test]
fn round_robin_follows_priority_then_share() {
    let (mut rules, _) = simple(Tz::UTC);
    rules.assignment = AssignmentRule::RoundRobin;
    rules.people = vec![
        Candidate { recent_jobs: 4, weight: 200, ..person(1) },
        Candidate { recent_jobs: 1, ..person(2) },
        Candidate { recent_jobs: 9, priority: 4, ..person(3) },
        Candidate { weight: 0, ..person(4) },
    ];
    assert_eq!(in_order(&rules).iter().map(|p| p.id).collect::<Vec<_>>(), [id(3), id(2), id(1), id(4)]);
    rules.assignment = AssignmentRule::FirstFree;
    assert_eq!(in_order(&rules).iter().map(|p| p.id).collect::<Vec<_>>(), [id(3), id(1), id(2), id(4)]);
}

#[test]
fn nobody_means_no_times() {
    let (mut rules, book) = simple(Tz::UTC);
    rules.people.clear();
    assert!(find_starts(&rules, &book, &ask("2026-06-09T00:00:00Z", "2026-06-10T00:00:00Z", "2026-06-01T00:00:00Z")).is_empty());
}
