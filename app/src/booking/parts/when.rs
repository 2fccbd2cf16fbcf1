//! When a job is, in the place's zone.

use crate::kit::format;
use domain::scheduling::zone;
use domain::time::{Date, Instant};
use leptos::prelude::*;

/// A booked time taken apart for pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    pub date: Date,
    /// `14:00–15:30`
    pub range: String,
    /// `14:00`
    pub start: String,
    /// `Fri 12 June`
    pub day: String,
    /// `Tomorrow, in 19 h`
    pub near: String,
    /// `Europe/Lisbon`, in words
    pub zone: String,
}

impl When {
    pub fn of(starts_at: Instant, ends_at: Instant, zone_name: &str, now: Instant) -> Self {
        let (start, end) = (zone::local_in(starts_at, zone_name), zone::local_in(ends_at, zone_name));
        let today = zone::local_in(now, zone_name).date;
        let near = if now < starts_at {
            near(start.date, today, format::relative(starts_at, now))
        } else if now < ends_at {
            "Now".to_owned()
        } else {
            format::relative(ends_at, now)
        };
        Self {
            date: start.date,
            range: format::clock_range(start.minute.into(), end.minute.into()),
            start: format::clock(start.minute.into()),
            day: format::day(start.date),
            near,
            zone: zone_name.replace('_', " "),
        }
    }
    /// `Fri 12 June, 14:00`
    pub fn moment(at: Instant, zone_name: &str) -> String {
        let local = zone::local_in(at, zone_name);
        format!("{}, {}", format::day(local.date), format::clock(local.minute.into()))
    }
    /// The same with `today` and `tomorrow`.
    pub fn near_moment(at: Instant, zone_name: &str, now: Instant) -> String {
        let (local, today) = (zone::local_in(at, zone_name), zone::local_in(now, zone_name).date);
        let day = match local.date.days() - today.days() {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            _ => format::day(local.date),
        };
        format!("{day}, {}", format::clock(local.minute.into()))
    }
}

/// `Tomorrow, in 19 h`; beyond tomorrow by days as a calendar counts them.
fn near(date: Date, today: Date, apart: String) -> String {
    let words = format::day_near(date, today);
    match date.days() - today.days() {
        ..=1 => format!("{words}, {apart}"),
        days => format!("{words}, in {days} days"),
    }
}

/// The day as a leaf of a calendar.
#[component]
pub fn Leaf(date: Date) -> impl IntoView {
    let (_, month, day) = date.ymd();
    // the leaf is as wide as five letters
    let name = format::month_name(month);
    let short = if name.len() > 5 { &name[..3] } else { name };
    view! {
        <div class="leaf" aria-hidden="true">
            <span>{format::weekday_short(date.weekday())}</span>
            <b>{day}</b>
            <span>{short}</span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_ahead_are_those_of_the_calendar() {
        let now: Instant = "2026-11-21T10:06:00Z".parse().expect("a moment");
        let near = |at: &str| {
            let at: Instant = at.parse().expect("a moment");
            When::of(at, at.plus_hours(1), "Europe/London", now).near
        };
        assert_eq!(near("2026-11-21T15:06:00Z"), "Today, in 5 h");
        assert_eq!(near("2026-11-22T09:00:00Z"), "Tomorrow, in 22 h");
        assert_eq!(near("2026-11-22T23:00:00Z"), "Tomorrow, in 36 h");
        assert_eq!(near("2026-11-23T10:00:00Z"), "Mon, in 2 days");
        assert_eq!(near("2026-12-01T10:00:00Z"), "Tue 1 December, in 10 days");
    }
}
