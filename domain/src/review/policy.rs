//! Who may write what until when. Pure.

use super::model::{MAX_BODY, WINDOW_DAYS, WriteReview};
use crate::error::Fields;
use crate::time::Instant;

/// The last moment for either side.
pub const fn due_at(completed_at: Instant) -> Instant {
    completed_at.plus_days(WINDOW_DAYS)
}

pub fn is_open(completed_at: Instant, now: Instant) -> bool {
    now <= due_at(completed_at)
}

pub fn check(input: &WriteReview) -> Fields {
    let mut fields = Fields::none();
    fields.check((1..=5).contains(&input.rating), "rating", "Choose one to five stars.");
    fields.check(input.body.chars().count() <= MAX_BODY, "body", "Please keep it under 2,000 characters.");
    fields
}

/// Without control characters other than line ends, trimmed.
pub fn tidy(text: &str) -> String {
    let text: String = text.replace("\r\n", "\n").chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    text.trim().to_owned()
}

/// "Maud F.": enough to be someone, not enough to be found.
pub fn public_name(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().unwrap_or("Someone");
    match words.next_back().and_then(|word| word.chars().next()) {
        Some(initial) => format!("{first} {initial}."),
        None => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    #[test]
    fn seven_days_to_the_moment() {
        let done = Instant::from_millis(0);
        assert!(is_open(done, Instant::from_millis(7 * DAY)));
        assert!(!is_open(done, Instant::from_millis(7 * DAY + 1)));
    }

    #[test]
    fn names_are_shortened() {
        assert_eq!(public_name("Maud Ferris"), "Maud F.");
        assert_eq!(public_name("Ana de la Cruz"), "Ana C.");
        assert_eq!(public_name("Cher"), "Cher");
        assert_eq!(public_name(""), "Someone");
    }

    #[test]
    fn stars_and_length_are_checked() {
        assert!(check(&WriteReview { rating: 5, body: String::new() }).is_empty());
        assert!(check(&WriteReview { rating: 6, body: String::new() }).problem("rating").is_some());
        assert!(check(&WriteReview { rating: 1, body: "x".repeat(2001) }).problem("body").is_some());
        assert_eq!(tidy(" a\r\nb\u{7} "), "a\nb");
    }
}
