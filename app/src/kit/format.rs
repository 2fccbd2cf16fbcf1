//! Dates, times, distances and counts as people read them. Local times come in already converted; zones stay on the server.

use domain::time::{DAY, Date, HOUR, Instant, MINUTE};
use leptos::prelude::*;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// `Friday`; `weekday` 1 to 7 from Monday (ISO 8601).
pub fn weekday_name(weekday: u8) -> &'static str {
    WEEKDAYS[usize::from(weekday.clamp(1, 7)) - 1]
}
/// `Fri`
pub fn weekday_short(weekday: u8) -> &'static str {
    &weekday_name(weekday)[..3]
}
/// `June`; `month` 1 to 12.
pub fn month_name(month: u8) -> &'static str {
    MONTHS[usize::from(month.clamp(1, 12)) - 1]
}
/// `June 2026`
pub fn month_year(date: Date) -> String {
    let (year, month, _) = date.ymd();
    format!("{} {year}", month_name(month))
}
/// `12 June`
pub fn day_month(date: Date) -> String {
    let (_, month, day) = date.ymd();
    format!("{day} {}", month_name(month))
}
/// `12 Jun`
pub fn day_month_short(date: Date) -> String {
    let (_, month, day) = date.ymd();
    format!("{day} {}", month_name(month).chars().take(3).collect::<String>())
}
/// `12 June 2026`
pub fn date(date: Date) -> String {
    format!("{} {}", day_month(date), date.ymd().0)
}
/// `Fri 12 June`
pub fn day(date: Date) -> String {
    format!("{} {}", weekday_short(date.weekday()), day_month(date))
}
/// `Friday 12 June`
pub fn day_long(date: Date) -> String {
    format!("{} {}", weekday_name(date.weekday()), day_month(date))
}
/// `Today`, `Tomorrow`, `Fri` within six days, else `Fri 12 June`.
pub fn day_near(date: Date, today: Date) -> String {
    match date.days() - today.days() {
        0 => "Today".into(),
        1 => "Tomorrow".into(),
        2..=6 => weekday_short(date.weekday()).into(),
        _ => day(date),
    }
}
/// For narrow places: `Today`, `Fri` within six days, else `12 Jun`.
pub fn day_tight(date: Date, today: Date) -> String {
    match date.days() - today.days() {
        0 => "Today".into(),
        1..=6 => weekday_short(date.weekday()).into(),
        _ => {
            let (_, month, day) = date.ymd();
            format!("{day} {}", &month_name(month)[..3])
        }
    }
}
/// `14:00`, of minutes since local midnight; past 24 h it wraps.
pub fn clock(minute: i64) -> String {
    let minute = minute.rem_euclid(1440);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
/// `14:00–15:30`
pub fn clock_range(from_min: i64, to_min: i64) -> String {
    format!("{}–{}", clock(from_min), clock(to_min))
}
/// `45 min`, `90 min`, `4 h`, `2 h 15 min`.
pub fn duration(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        _ if minutes <= 90 => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}
/// `0.8 km`, `12 km`.
pub fn distance(km: f64) -> String {
    if km < 10.0 { format!("{:.1} km", km.max(0.1)) } else { format!("{km:.0} km") }
}
/// `4.93`, from hundredths: 493.
pub fn rating(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
/// `12,480`
pub fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::new();
    if n < 0 {
        text.push('\u{2212}');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
/// `1 review`, `12 reviews`.
pub fn plural(n: i64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}
/// `Two`, `Three`; digits above nine.
pub fn count_word(n: usize) -> String {
    const WORDS: [&str; 10] = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];
    WORDS.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}
/// `7.5 %`, of basis points.
pub fn percent(bp: i64) -> String {
    let (sign, bp) = if bp < 0 { ("\u{2212}", -bp) } else { ("", bp) };
    match bp % 100 {
        0 => format!("{sign}{} %", bp / 100),
        rest if rest % 10 == 0 => format!("{sign}{}.{} %", bp / 100, rest / 10),
        rest => format!("{sign}{}.{rest:02} %", bp / 100),
    }
}
/// `just now`, `5 min ago`, `in 3 h`, `2 days ago`; beyond four weeks the number of weeks. What comes within two days is said in hours.
pub fn relative(at: Instant, now: Instant) -> String {
    let apart = at - now;
    let size = apart.abs();
    let amount = match size {
        _ if size < MINUTE => return if apart > 0 { "in a moment".into() } else { "just now".into() },
        _ if size < HOUR => format!("{} min", size / MINUTE),
        _ if size < DAY => format!("{} h", size / HOUR),
        _ if apart > 0 && size < 2 * DAY => format!("{} h", size / HOUR),
        _ if size < 2 * DAY => "1 day".to_owned(),
        _ if size < 28 * DAY => format!("{} days", size / DAY),
        _ => format!("{} weeks", size / (7 * DAY)),
    };
    if apart > 0 { format!("in {amount}") } else { format!("{amount} ago") }
}
/// How long to wait: `20 seconds`, `2 minutes`.
pub fn wait(seconds: u64) -> String {
    match seconds {
        1 => "1 second".into(),
        0..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}
/// The first letters of the first and last word: `Ines Calloway` gives `IC`.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// A path as the value of a query parameter.
pub fn query_text(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => text.push(byte as char),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// A time in words with the exact one for machines and on hover.
#[component]
pub fn Time(
    at: Instant,
    #[prop(into)] text: String,
    /// Shown on hover, such as `Fri 12 June 2026, 14:00`.
    #[prop(optional, into)]
    exact: Option<String>,
) -> impl IntoView {
    view! { <time datetime=at.to_string() title=exact>{text}</time> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_people_write_it() {
        let friday: Date = "2026-06-12".parse().expect("a date");
        assert_eq!(day(friday), "Fri 12 June");
        assert_eq!(day_near(friday, friday.plus_days(-1)), "Tomorrow");
        assert_eq!(day_tight(friday, friday.plus_days(-9)), "12 Jun");
        assert_eq!(clock_range(840, 930), "14:00–15:30");
        assert_eq!(clock(1500), "01:00");
        assert_eq!(duration(90), "90 min");
        assert_eq!(duration(240), "4 h");
        assert_eq!(duration(135), "2 h 15 min");
        assert_eq!(distance(1.24), "1.2 km");
        assert_eq!(distance(14.6), "15 km");
        assert_eq!(count(12480), "12,480");
        assert_eq!(percent(1000), "10 %");
        assert_eq!(percent(-750), "\u{2212}7.5 %");
        assert_eq!(initials("Ines Maria Calloway"), "IC");
        assert_eq!(initials("Quayhand"), "Q");
        assert_eq!(initials(""), "");
        let now = Instant::from_millis(0);
        assert_eq!(relative(now.plus_hours(3), now), "in 3 h");
        assert_eq!(relative(now.plus_minutes(-5), now), "5 min ago");
        assert_eq!(relative(now, now), "just now");
        assert_eq!((relative(now.plus_hours(47), now).as_str(), relative(now.plus_hours(-47), now).as_str()), ("in 47 h", "1 day ago"));
    }
}
