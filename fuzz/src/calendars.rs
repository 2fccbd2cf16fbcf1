//! Calendar files of other makers.

use super::NOW;
use chrono_tz::Tz;
use domain::scheduling::imported::{self, MAX_RANGES};
use domain::time::{Instant, Span};

pub fn read(input: &[u8]) {
    let from = Instant::from_millis(NOW * 1000);
    let window = Span::new(from, from.plus_days(730));
    let Ok(found) = imported::read(&String::from_utf8_lossy(input), Tz::Europe__Lisbon, window) else { return };
    assert!(found.len() <= MAX_RANGES);
    for range in &found {
        assert!(range.during.starts_at < range.during.ends_at && range.during.overlaps(window), "{range:?}");
    }
}
