//! Instants, dates and durations as the browser and the server share them.
//!
//! Instants are UTC milliseconds, RFC 3339 text in JSON. Zones, and all arithmetic on local time,
//! stay on the server (`scheduling`), because the zone database is large.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
/// Clocks of one installation differ by less. What was written at a later time than this allows was written before a clock was set back.
pub const CLOCKS_DIFFER: i64 = MINUTE;

/// The text was not an RFC 3339 instant, an ISO 8601 date, or lay outside the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid date or time")]
pub struct BadTime;

/// A moment in UTC, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }
    pub const fn millis(self) -> i64 {
        self.0
    }
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0 + minutes * MINUTE)
    }
    pub const fn plus_hours(self, hours: i64) -> Self {
        Self(self.0 + hours * HOUR)
    }
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * DAY)
    }
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + seconds * 1000)
    }
    /// The date in UTC.
    pub const fn utc_date(self) -> Date {
        Date(self.0.div_euclid(DAY) as i32)
    }
}

/// Adds milliseconds.
impl Add<i64> for Instant {
    type Output = Self;
    fn add(self, millis: i64) -> Self {
        Self(self.0 + millis)
    }
}
/// Milliseconds from the right to the left.
impl Sub for Instant {
    type Output = i64;
    fn sub(self, other: Self) -> i64 {
        self.0 - other.0
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_day = self.0.rem_euclid(DAY);
        let (hour, minute) = (of_day / HOUR, of_day / MINUTE % 60);
        let (second, millis) = (of_day / 1000 % 60, of_day % 1000);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}", self.utc_date())?;
        if millis != 0 {
            write!(f, ".{millis:03}")?;
        }
        f.write_str("Z")
    }
}

impl FromStr for Instant {
    type Err = BadTime;
    /// RFC 3339 section 5.6, with any offset; fractions beyond milliseconds are cut.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        if !text.is_ascii() || text.len() < 20 {
            return Err(BadTime);
        }
        let date: Date = text[..10].parse()?;
        let bytes = text.as_bytes();
        if !matches!(bytes[10], b'T' | b't' | b' ') || bytes[13] != b':' || bytes[16] != b':' {
            return Err(BadTime);
        }
        let (hour, minute, second) = (digits(&text[11..13])?, digits(&text[14..16])?, digits(&text[17..19])?);
        if hour > 23 || minute > 59 || second > 60 {
            return Err(BadTime);
        }
        let mut rest = &text[19..];
        let mut millis = 0;
        if let Some(fraction) = rest.strip_prefix('.') {
            let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if length == 0 {
                return Err(BadTime);
            }
            let padded = format!("{:0<3}", &fraction[..length.min(3)]);
            millis = digits(&padded)?;
            rest = &fraction[length..];
        }
        let offset = match rest.as_bytes() {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let (h, m) = (digits(&rest[1..3])?, digits(&rest[4..6])?);
                if h > 23 || m > 59 {
                    return Err(BadTime);
                }
                let minutes = h * 60 + m;
                if *sign == b'-' { -minutes } else { minutes }
            }
            _ => return Err(BadTime),
        };
        let of_day = hour * HOUR + minute * MINUTE + second.min(59) * 1000 + millis;
        Ok(Self(i64::from(date.0) * DAY + of_day - offset * MINUTE))
    }
}

/// A calendar date without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// Days since 1970-01-01.
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }
    pub const fn days(self) -> i32 {
        self.0
    }
    pub const fn plus_days(self, days: i32) -> Self {
        Self(self.0 + days)
    }
    /// ISO 8601: Monday is 1, Sunday 7.
    pub const fn weekday(self) -> u8 {
        ((self.0 + 3).rem_euclid(7) + 1) as u8
    }
    /// Year, month (1–12), day (1–31) in the proleptic Gregorian calendar.
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    pub const fn ymd(self) -> (i32, u8, u8) {
        let z = self.0 as i64 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
        (year as i32, month as u8, day as u8)
    }
    /// None if there is no such day.
    // Hinnant, days_from_civil.
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Option<Self> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        let y = i64::from(year) - i64::from(month <= 2);
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let shifted = (i64::from(month) + 9) % 12;
        let doy = (153 * shifted + 2) / 5 + i64::from(day) - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let date = Self((era * 146_097 + doe - 719_468) as i32);
        (date.ymd() == (year, month, day)).then_some(date)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}
impl FromStr for Date {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || !text.is_ascii() || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(BadTime);
        }
        let (year, month, day) = (digits(&text[..4])?, digits(&text[5..7])?, digits(&text[8..])?);
        Self::from_ymd(year as i32, month as u8, day as u8).ok_or(BadTime)
    }
}

/// A half-open range of instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Span {
    pub starts_at: Instant,
    pub ends_at: Instant,
}

impl Span {
    pub const fn new(starts_at: Instant, ends_at: Instant) -> Self {
        Self { starts_at, ends_at }
    }
    pub const fn minutes(self) -> i64 {
        (self.ends_at.0 - self.starts_at.0) / MINUTE
    }
    pub fn overlaps(self, other: Self) -> bool {
        self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }
    pub fn contains(self, at: Instant) -> bool {
        self.starts_at <= at && at < self.ends_at
    }
    /// Longer by minutes on both sides.
    pub const fn widened(self, before_min: i64, after_min: i64) -> Self {
        Self { starts_at: self.starts_at.plus_minutes(-before_min), ends_at: self.ends_at.plus_minutes(after_min) }
    }
}

/// Minutes from midnight of `09:30` or `09:30:15`, as time fields send it and addresses carry it: 0 to 1439.
pub fn minute_of(text: &str) -> Option<i32> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (i32, i32) = (hour.parse().ok()?, minute.get(..2)?.parse().ok()?);
    // Reckoned only once it is known to be small: strangers write hours that overflow.
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then(|| hour * 60 + minute)
}

fn digits(text: &str) -> Result<i64, BadTime> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadTime);
    }
    text.parse().map_err(|_| BadTime)
}

macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
as_text! { Instant Date }

#[cfg(feature = "server")]
mod server {
    use super::{Date, Instant, Span};
    use chrono::{DateTime, Days, NaiveDate, Utc};
    use sqlx::postgres::types::PgRange;
    use std::ops::Bound;

    impl From<DateTime<Utc>> for Instant {
        fn from(value: DateTime<Utc>) -> Self {
            Self::from_millis(value.timestamp_millis())
        }
    }
    impl From<Instant> for DateTime<Utc> {
        /// Instants beyond chrono's range (262,000 years) are held at its ends.
        fn from(value: Instant) -> Self {
            DateTime::from_timestamp_millis(value.millis()).unwrap_or(if value.millis() < 0 {
                DateTime::<Utc>::MIN_UTC
            } else {
                DateTime::<Utc>::MAX_UTC
            })
        }
    }
    impl From<NaiveDate> for Date {
        fn from(value: NaiveDate) -> Self {
            Self::from_days((value - NaiveDate::default()).num_days() as i32)
        }
    }
    impl From<Date> for NaiveDate {
        fn from(value: Date) -> Self {
            let epoch = NaiveDate::default();
            let days = Days::new(u64::from(value.days().unsigned_abs()));
            let moved = if value.days() < 0 { epoch.checked_sub_days(days) } else { epoch.checked_add_days(days) };
            moved.unwrap_or(epoch)
        }
    }
    crate::sql::delegate!(Instant, DateTime<Utc>);
    crate::sql::delegate!(Date, NaiveDate);

    impl From<Span> for PgRange<DateTime<Utc>> {
        fn from(value: Span) -> Self {
            PgRange { start: Bound::Included(value.starts_at.into()), end: Bound::Excluded(value.ends_at.into()) }
        }
    }
    impl From<PgRange<DateTime<Utc>>> for Span {
        /// Our ranges are always bounded and half-open; an open end becomes the end of time.
        fn from(value: PgRange<DateTime<Utc>>) -> Self {
            let start = match value.start {
                Bound::Included(at) | Bound::Excluded(at) => at,
                Bound::Unbounded => DateTime::<Utc>::MIN_UTC,
            };
            let end = match value.end {
                Bound::Included(at) | Bound::Excluded(at) => at,
                Bound::Unbounded => DateTime::<Utc>::MAX_UTC,
            };
            Self::new(start.into(), end.into())
        }
    }
    crate::sql::delegate!(Span, PgRange<DateTime<Utc>>);

    macro_rules! text_schema {
        ($name:ident, $format:expr) => {
            impl utoipa::PartialSchema for $name {
                fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                    utoipa::openapi::ObjectBuilder::new()
                        .schema_type(utoipa::openapi::schema::Type::String)
                        .format(Some(utoipa::openapi::SchemaFormat::KnownFormat($format)))
                        .into()
                }
            }
            impl utoipa::ToSchema for $name {}
        };
    }
    text_schema!(Instant, utoipa::openapi::KnownFormat::DateTime);
    text_schema!(Date, utoipa::openapi::KnownFormat::Date);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_and_write_rfc_3339() {
        for (text, same) in [
            ("2026-11-21T09:30:00Z", "2026-11-21T09:30:00Z"),
            ("2026-11-21T09:30:00.125Z", "2026-11-21T09:30:00.125Z"),
            ("2026-11-21T15:00:00+05:30", "2026-11-21T09:30:00Z"),
            ("2024-02-29T23:59:59-00:30", "2024-03-01T00:29:59Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(text.parse::<Instant>().expect(text).to_string(), same);
        }
        for text in [
            "",
            "2026-11-21",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T09:30:00",
            "2026-11-21T09:30:00.Z",
        ] {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_of_day_are_read_whatever_is_written() {
        assert_eq!(["00:00", "09:30", "9:30:15", "23:59"].map(minute_of), [Some(0), Some(570), Some(570), Some(1439)]);
        for text in ["", "9", "24:00", "12:60", "-1:30", "12:5", "52562023:59", "2147483647:00", "12:é"] {
            assert_eq!(minute_of(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_survives_the_round_trip() {
        let mut weekday = 6; // 1 January 2000 was a Saturday
        let first = Date::from_ymd(2000, 1, 1).expect("a date");
        for days in 0..146_097 {
            let date = first.plus_days(days);
            let (year, month, day) = date.ymd();
            assert_eq!(Date::from_ymd(year, month, day), Some(date));
            assert_eq!(date.weekday(), weekday);
            weekday = weekday % 7 + 1;
        }
    }
}
