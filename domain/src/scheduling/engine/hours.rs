//! From weekly hours and date overrides to the instants at which someone works.

use super::set::Set;
use crate::scheduling::model::{DateRange, WeekRange};
use crate::scheduling::zone::{self, LocalTime};
use crate::time::{DAY, Date, MINUTE, Span};
use chrono_tz::Tz;

/// Local time in a zone. A minute of the wall clock is open or not, whatever instant shows it: so a skipped
/// minute never comes and a repeated one is open both times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub zone: Tz,
    pub hours: Vec<WeekRange>,
    /// In order of date.
    pub overrides: Vec<DateRange>,
}

impl Schedule {
    /// The ranges that begin on this date, in minutes from its midnight, and whether an override gave them.
    pub fn on(&self, date: Date) -> (Vec<(i32, i32)>, bool) {
        let mut ranges = Vec::new();
        let is_override = self.each_on(date, |from, to| ranges.push((from, to)));
        ranges.sort_unstable();
        (ranges, is_override)
    }

    /// Whether an override speaks for the date.
    fn each_on(&self, date: Date, mut each: impl FnMut(i32, i32)) -> bool {
        let first = self.overrides.partition_point(|range| range.date < date);
        let of_date = self.overrides[first..].iter().take_while(|range| range.date == date);
        let mut is_override = false;
        for range in of_date {
            is_override = true;
            if range.from_min < range.to_min {
                each(range.from_min, range.to_min);
            }
        }
        if !is_override {
            for range in self.hours.iter().filter(|range| range.weekday == date.weekday()) {
                each(range.from_min, range.to_min);
            }
        }
        is_override
    }

    /// When it is open within the span.
    pub fn open(&self, span: Span) -> Set {
        let mut found = Vec::new();
        for stretch in zone::stretches(self.zone, span) {
            let (from, to) = (stretch.span.starts_at.millis(), stretch.span.ends_at.millis());
            // the evening before may run past midnight
            let first = date_of(from + stretch.offset).plus_days(-1);
            let last = date_of(to + stretch.offset - 1);
            for days in first.days()..=last.days() {
                let midnight = i64::from(days) * DAY - stretch.offset;
                self.each_on(Date::from_days(days), |from_min, to_min| {
                    let range = (midnight + i64::from(from_min) * MINUTE, midnight + i64::from(to_min) * MINUTE);
                    found.push((range.0.max(from), range.1.min(to)));
                });
            }
        }
        Set::of(found)
    }

    /// Whether it is open at that reading of the clock.
    pub fn is_open_at(&self, local: LocalTime) -> bool {
        let within = |date: Date, minute: i32| self.on(date).0.iter().any(|&(from, to)| from <= minute && minute < to);
        within(local.date, local.minute) || within(local.date.plus_days(-1), local.minute + 1440)
    }
}

fn date_of(wall: i64) -> Date {
    Date::from_days(wall.div_euclid(DAY) as i32)
}
