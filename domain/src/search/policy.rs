//! The order of results, and what the words mean. Pure.
//!
//! Each result gets a score between 0 and 1, the weighted mean of what is known about it:
//!
//! | part | weight | 1 means | falls |
//! |---|---|---|---|
//! | text | 30 | every word in name or services | with the words' weight in the document (`ts_rank`), 0.5 at a rank of 0.2 |
//! | near | 25 | at the place | to a half at 3 km, a quarter at 9 km |
//! | free | 25 | free now | to a half for tomorrow, a quarter in three days, 0 if nothing is free in two months |
//! | rating | 15 | five stars | to 0 at three; with few reviews drawn towards 4.30 |
//! | price | 5 | free of charge | to a half at 100 of the currency |
//!
//! A part that the search does not speak of (no words, no place) is left out and the others weigh more. The database orders by everything but
//! `free`, which is never cached or stored; the best of that order are then asked for their free times and ordered by the whole.

use super::model::Sort;
use crate::time::{HOUR, Instant};

pub const TEXT: f64 = 30.0;
pub const NEAR: f64 = 25.0;
pub const FREE: f64 = 25.0;
pub const RATING: f64 = 15.0;
pub const PRICE: f64 = 5.0;

/// What is known about a candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// `ts_rank` of the words; None without words.
    pub text: Option<f64>,
    /// From the place searched; None without one.
    pub distance_m: Option<f64>,
    pub first_free: Option<Instant>,
    /// Hundredths, drawn towards the ordinary.
    pub rating: i64,
    pub price_minor: i64,
    /// Minor units in one unit of the currency.
    pub unit: i64,
}

/// Between 0 and 1.
pub fn score(facts: &Facts, now: Instant) -> f64 {
    let parts = [
        facts.text.map(|rank| (TEXT, rank / (rank + 0.2))),
        facts.distance_m.map(|metres| (NEAR, 1.0 / (1.0 + metres / 3000.0))),
        Some((FREE, facts.first_free.map_or(0.0, |at| 1.0 / (1.0 + ((at - now).max(0) as f64 / HOUR as f64) / 24.0)))),
        Some((RATING, ((facts.rating - 300) as f64 / 200.0).clamp(0.0, 1.0))),
        Some((PRICE, 1.0 / (1.0 + facts.price_minor as f64 / (100 * facts.unit.max(1)) as f64))),
    ];
    let (sum, weight) = parts.into_iter().flatten().fold((0.0, 0.0), |(sum, weight), (w, v)| (sum + w * v, weight + w));
    sum / weight
}

/// What results are sorted by, smallest first; the caller breaks ties by id.
pub fn key(sort: Sort, facts: &Facts, now: Instant) -> [f64; 2] {
    let best = -score(facts, now);
    match sort {
        Sort::Best => [best, 0.0],
        Sort::Soonest => [facts.first_free.map_or(f64::MAX, |at| at.millis() as f64), best],
        Sort::Nearest => [facts.distance_m.unwrap_or(f64::MAX), best],
        Sort::Price => [facts.price_minor as f64, best],
        Sort::Rating => [-(facts.rating as f64), best],
    }
}

/// The words typed, in the spelling of the documents: folded by the caller, letters and digits only, at most eight.
pub fn words(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in folded.split(|c: char| !c.is_alphanumeric()) {
        let word: String = word.chars().take(40).collect();
        if !word.is_empty() && !words.contains(&word) && words.len() < 8 {
            words.push(word);
        }
    }
    words
}

/// A text query of Postgres: every word as a prefix, or what it was probably meant to be. `near` holds for each word the known ones that
/// resemble it, empty if the word itself is known.
pub fn text_query(words: &[String], near: &[Vec<String>], needs_all: bool) -> String {
    let groups: Vec<String> = words
        .iter()
        .zip(near)
        .map(|(word, near)| {
            let choices: Vec<String> = std::iter::once(word).chain(near).map(|w| format!("{w}:*")).collect();
            format!("({})", choices.join(" | "))
        })
        .collect();
    groups.join(if needs_all { " & " } else { " | " })
}

/// How well a service's name answers the words: the number of words that begin one of its words.
pub fn hits(service_name: &str, words: &[String]) -> usize {
    let name: Vec<String> = service_name.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    words.iter().filter(|word| name.iter().any(|part| is_kin(part, word))).count()
}

/// One begins like the other, endings aside: "leaking" and "leak", "tap" and "taps".
fn is_kin(part: &str, word: &str) -> bool {
    let stem = |w: &str| {
        let w = w.strip_suffix("ing").or_else(|| w.strip_suffix("ed")).or_else(|| w.strip_suffix('s')).unwrap_or(w);
        w.to_owned()
    };
    let (part, word) = (stem(part), stem(word));
    word.len() >= 2 && (part.starts_with(&word) || (part.len() >= 3 && word.starts_with(&part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            text: Some(0.4),
            distance_m: Some(1200.0),
            first_free: Some(Instant::from_millis(3 * HOUR)),
            rating: 480,
            price_minor: 9000,
            unit: 100,
        }
    }

    #[test]
    fn each_part_counts_in_its_direction() {
        let now = Instant::from_millis(0);
        let base = score(&facts(), now);
        assert!((0.0..=1.0).contains(&base));
        for better in [
            Facts { text: Some(0.9), ..facts() },
            Facts { distance_m: Some(100.0), ..facts() },
            Facts { first_free: Some(now), ..facts() },
            Facts { rating: 500, ..facts() },
            Facts { price_minor: 100, ..facts() },
        ] {
            assert!(score(&better, now) > base, "{better:?}");
        }
        assert!(score(&Facts { first_free: None, ..facts() }, now) < base);
    }

    #[test]
    fn what_is_not_asked_does_not_count() {
        let now = Instant::from_millis(0);
        let plain = Facts { text: None, distance_m: None, ..facts() };
        assert!(score(&plain, now) > 0.5);
    }

    #[test]
    fn words_become_a_query() {
        let words = words("leeking tap's & (drop table)");
        assert_eq!(words, ["leeking", "tap", "s", "drop", "table"]);
        let query = text_query(&words[..2], &[vec!["leaking".into()], vec![]], true);
        assert_eq!(query, "(leeking:* | leaking:*) & (tap:*)");
    }

    #[test]
    fn services_answer_words_by_their_stems() {
        let typed = words("leaking taps");
        assert_eq!(hits("Leak repair visit", &typed), 1);
        assert_eq!(hits("Tap and valve repair", &typed), 1);
        assert_eq!(hits("Boiler service", &typed), 0);
    }
}
