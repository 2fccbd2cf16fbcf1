//! What is asked of search and what comes back; shared with the browser.

use crate::error::Fields;
use crate::id::{ProviderId, ResourceId, ServiceId};
use crate::money::{Currency, Money};
pub use crate::place::model::{PlaceView, Point};
use crate::provider::model::Mode;
use crate::time::{Date, Instant, minute_of};
use serde::{Deserialize, Serialize};

/// Without a radius of one's own, this far around the place.
pub const DEFAULT_RADIUS_KM: f64 = 15.0;
pub const MAX_RADIUS_KM: f64 = 200.0;
pub const MAX_TEXT: usize = 120;
/// Results on one page of people's search.
pub const PAGE: usize = 12;

/// How results are ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Text, distance, freeness, rating and price together.
    #[default]
    Best,
    Soonest,
    Nearest,
    Price,
    Rating,
}

impl Sort {
    pub const ALL: [Self; 5] = [Self::Best, Self::Soonest, Self::Nearest, Self::Price, Self::Rating];
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Soonest => "soonest",
            Self::Nearest => "nearest",
            Self::Price => "price",
            Self::Rating => "rating",
        }
    }
    pub const fn label(self) -> &'static str {
        match self {
            Self::Best => "Best match",
            Self::Soonest => "Soonest",
            Self::Nearest => "Nearest",
            Self::Price => "Lowest price",
            Self::Rating => "Best rated",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text)
    }
}

/// One search, as its address carries it; [`SearchQuery::link`] and [`SearchQuery::parse`] are inverse.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchQuery {
    /// What was typed; empty for everything.
    pub q: String,
    /// A category's slug.
    pub category: Option<String>,
    /// Street, district or postcode, as typed.
    pub place: String,
    /// Wins over `place`.
    pub at: Option<Point>,
    pub radius_km: Option<f64>,
    pub price_max_minor: Option<i64>,
    pub currency: Option<Currency>,
    /// Hundredths of a star: 450 for "4.5 and up".
    pub rating_min: Option<i64>,
    /// Free on this date, in the provider's zone.
    pub free_on: Option<Date>,
    /// Minutes from local midnight; with `free_on`, free at that time.
    pub free_at: Option<i32>,
    /// Only what is confirmed without waiting for an answer.
    pub is_instant: bool,
    /// ISO 639-1.
    pub language: Option<String>,
    pub mode: Option<Mode>,
    pub sort: Sort,
    pub cursor: Option<String>,
    pub limit: Option<usize>,
}

impl SearchQuery {
    /// Reads name–value pairs of an address. What cannot be read is left out and named in the fields; unknown names are ignored.
    pub fn parse<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Self, Fields) {
        let mut query = Self::default();
        let mut fields = Fields::none();
        let (mut lat, mut lng) = (None, None);
        for (name, value) in pairs {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            let is_read = match name {
                "q" => {
                    query.q = clean(value);
                    true
                }
                "place" => {
                    query.place = clean(value);
                    true
                }
                "category" => set(&mut query.category, is_slug(value).then(|| value.to_owned())),
                "lat" => set(&mut lat, number(value, -90.0, 90.0)),
                "lng" => set(&mut lng, number(value, -180.0, 180.0)),
                "radius_km" => set(&mut query.radius_km, number(value, 0.1, MAX_RADIUS_KM)),
                "price_max_minor" => set(&mut query.price_max_minor, value.parse().ok().filter(|v| (0..=100_000_000_000).contains(v))),
                "currency" => set(&mut query.currency, value.parse().ok()),
                "rating_min" => set(&mut query.rating_min, number(value, 0.0, 5.0).map(|stars| (stars * 100.0).round() as i64)),
                "free_on" => set(&mut query.free_on, value.parse().ok()),
                "free_at" => set(&mut query.free_at, minute_of(value)),
                "instant" => match value {
                    "1" | "true" | "on" => {
                        query.is_instant = true;
                        true
                    }
                    other => matches!(other, "0" | "false" | "off"),
                },
                "language" => set(&mut query.language, is_language(value).then(|| value.to_ascii_lowercase())),
                "mode" => set(&mut query.mode, Mode::parse(value)),
                "sort" => Sort::parse(value).map(|sort| query.sort = sort).is_some(),
                "cursor" => {
                    query.cursor = Some(value.to_owned());
                    true
                }
                "limit" => set(&mut query.limit, value.parse().ok().filter(|v| (1..=100).contains(v))),
                _ => true,
            };
            if !is_read {
                fields.add(name, problem(name));
            }
        }
        match (lat, lng) {
            (Some(lat), Some(lng)) => query.at = Some(Point { lat, lng }),
            (None, None) => {}
            _ => fields.add("lat", "Give both lat and lng, or neither."),
        }
        (query, fields)
    }

    /// The pairs of the address, in a fixed order, without what is default.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<(&'static str, String)> = Vec::new();
        let mut add = |name: &'static str, value: Option<String>| {
            if let Some(value) = value.filter(|v| !v.is_empty()) {
                pairs.push((name, value));
            }
        };
        add("q", Some(self.q.clone()));
        add("category", self.category.clone());
        add("place", Some(self.place.clone()));
        add("lat", self.at.map(|p| p.lat.to_string()));
        add("lng", self.at.map(|p| p.lng.to_string()));
        add("radius_km", self.radius_km.map(|km| km.to_string()));
        add("price_max_minor", self.price_max_minor.map(|v| v.to_string()));
        add("currency", self.currency.map(|c| c.to_string()));
        add("rating_min", self.rating_min.map(|h| (h as f64 / 100.0).to_string()));
        add("free_on", self.free_on.map(|d| d.to_string()));
        add("free_at", self.free_at.map(|m| format!("{:02}:{:02}", m / 60, m % 60)));
        add("instant", self.is_instant.then(|| "1".to_owned()));
        add("language", self.language.clone());
        add("mode", self.mode.map(|m| m.as_str().to_owned()));
        add("sort", (self.sort != Sort::Best).then(|| self.sort.as_str().to_owned()));
        add("cursor", self.cursor.clone());
        add("limit", self.limit.map(|l| l.to_string()));
        pairs
    }

    /// The address of this search: whoever opens it sees the same view.
    pub fn link(&self) -> String {
        let text: Vec<String> = self.pairs().into_iter().map(|(name, value)| format!("{name}={}", escape(&value))).collect();
        if text.is_empty() { "/search".to_owned() } else { format!("/search?{}", text.join("&")) }
    }

    /// The same search changed, from its first page.
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut query = Self { cursor: None, ..self.clone() };
        change(&mut query);
        query
    }

    pub fn has_filters(&self) -> bool {
        *self
            != Self {
                q: self.q.clone(),
                place: self.place.clone(),
                at: self.at,
                sort: self.sort,
                cursor: self.cursor.clone(),
                limit: self.limit,
                ..Self::default()
            }
    }
}

fn set<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let is_read = value.is_some();
    *slot = value;
    is_read
}

/// Without control characters, single spaces, at most [`MAX_TEXT`] characters.
fn clean(text: &str) -> String {
    let words: Vec<String> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).map(str::to_owned).collect();
    let text: String = words.join(" ").chars().take(MAX_TEXT).collect();
    // cut off between two words
    text.trim_end().to_owned()
}

fn number(text: &str, least: f64, most: f64) -> Option<f64> {
    text.parse().ok().filter(|v: &f64| v.is_finite() && (least..=most).contains(v))
}

fn is_slug(text: &str) -> bool {
    text.len() <= 80 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_language(text: &str) -> bool {
    (2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphabetic())
}

fn problem(name: &str) -> &'static str {
    match name {
        "lat" => "A latitude lies between -90 and 90.",
        "lng" => "A longitude lies between -180 and 180.",
        "radius_km" => "A radius lies between 0.1 and 200 km.",
        "price_max_minor" => "A price is a whole number of minor units, such as 12000 for $120.",
        "currency" => "This is not a currency of ISO 4217.",
        "rating_min" => "A rating lies between 0 and 5.",
        "free_on" => "A date looks like 2026-11-21.",
        "free_at" => "A time looks like 18:00.",
        "instant" => "Say true or false.",
        "language" => "A language is a code such as en or es.",
        "mode" => "Say at_provider, at_customer or online.",
        "sort" => "Sort by best, soonest, nearest, price or rating.",
        "limit" => "Ask for 1 to 100 at a time.",
        _ => "This could not be read.",
    }
}

/// Percent-encoding of a query value (RFC 3986 section 2.3: unreserved characters stay).
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// One page of results with all that its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SearchView {
    pub items: Vec<ResultView>,
    pub next_cursor: Option<String>,
    /// How many match, free times included where they are asked for.
    pub total: i64,
    /// There are more than were looked at; `total` is then the number looked at.
    pub is_total_capped: bool,
    /// How many came on earlier pages.
    pub offset: i64,
    /// Where distances are measured from, if anywhere.
    pub place: Option<PlaceView>,
    /// A place was asked for and not found; the search went on without it.
    pub is_place_unknown: bool,
    /// The category asked for, by name.
    pub category_name: Option<String>,
    pub facets: Facets,
    /// When the free times were true.
    pub as_of: Instant,
    /// Today and the zone, where the results are: what "today" and "tomorrow" mean.
    pub today: Date,
    pub zone: String,
    pub currency: String,
}

/// A provider that matches, with the service that matches best and its next free times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ResultView {
    pub provider: ProviderCard,
    pub service: ServiceCard,
    /// Other services of the provider that match as well.
    pub other_services: i64,
    /// Straight line from the place searched, in metres.
    pub distance_m: Option<i64>,
    /// The same as an offset to east and north in metres, for the plot of distances.
    pub east_m: Option<i64>,
    pub north_m: Option<i64>,
    /// Up to three, soonest first.
    pub next_free: Vec<FreeTime>,
    pub is_favourite: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProviderCard {
    pub id: ProviderId,
    pub slug: String,
    pub name: String,
    pub tagline: String,
    pub category_slug: String,
    pub category_name: String,
    /// Lucide's name.
    pub icon: String,
    pub tone: i32,
    pub is_verified: bool,
    pub district: String,
    pub town: String,
    /// Mean of published reviews in hundredths; None without any.
    pub rating: Option<i64>,
    pub rating_count: i64,
    pub languages: Vec<String>,
    pub zone: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ServiceCard {
    pub id: ServiceId,
    pub name: String,
    pub duration_min: i64,
    pub price: Money,
    pub mode: Mode,
    pub is_instant: bool,
}

/// A slot with its local reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct FreeTime {
    pub starts_at: Instant,
    pub ends_at: Instant,
    /// In the provider's zone.
    pub date: Date,
    /// Minutes from local midnight.
    pub minute: i32,
    pub resource_ids: Vec<ResourceId>,
}

/// How many results each filter would leave, the others staying as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Facets {
    pub categories: Vec<Facet>,
    /// By day: today first, then the date or time asked for.
    pub free: Vec<Facet>,
    /// Price steps in minor units.
    pub prices: Vec<Facet>,
    pub modes: Vec<Facet>,
    pub instant: i64,
    /// In hundredths of a star.
    pub ratings: Vec<Facet>,
    pub languages: Vec<Facet>,
}

/// One choice of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Facet {
    /// As the address carries it.
    pub value: String,
    pub label: String,
    pub count: i64,
    pub is_on: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_cut_off_are_read_the_same_again() {
        let long = format!("{} tap", "x".repeat(MAX_TEXT - 1));
        let once = clean(&long);
        assert_eq!((clean(&once), once.chars().count()), (once, MAX_TEXT - 1));
    }

    #[test]
    fn an_address_reproduces_the_search() {
        let address = "/search?q=leaking+tap&place=Lantern+Lane%2C+Millbank&radius_km=5&price_max_minor=12000&rating_min=4.5&free_on=2026-06-13&free_at=18:00&instant=1&language=es&mode=at_customer&sort=soonest";
        let pairs = [
            ("q", "leaking tap"),
            ("place", "Lantern Lane, Millbank"),
            ("radius_km", "5"),
            ("price_max_minor", "12000"),
            ("rating_min", "4.5"),
            ("free_on", "2026-06-13"),
            ("free_at", "18:00"),
            ("instant", "1"),
            ("language", "es"),
            ("mode", "at_customer"),
            ("sort", "soonest"),
        ];
        let (query, fields) = SearchQuery::parse(pairs);
        assert!(fields.is_empty());
        assert_eq!(query.link(), address);
        let again = query.pairs();
        let (same, _) = SearchQuery::parse(again.iter().map(|(n, v)| (*n, v.as_str())));
        assert_eq!(same, query);
    }

    #[test]
    fn names_what_it_cannot_read() {
        for (name, value) in [
            ("lat", "91"),
            ("radius_km", "NaN"),
            ("price_max_minor", "-1"),
            ("free_on", "2026-02-30"),
            ("free_at", "25:00"),
            ("free_at", "1é:00"),
            ("mode", "moon"),
            ("sort", "random"),
            ("limit", "0"),
            ("category", "../etc"),
        ] {
            let (_, fields) = SearchQuery::parse([(name, value)]);
            assert!(fields.problem(name).is_some(), "{name}={value}");
        }
    }

    #[test]
    fn typed_text_is_one_line() {
        let (query, _) = SearchQuery::parse([("q", "  leaking\n\u{0}tap ")]);
        assert_eq!(query.q, "leaking tap");
    }
}
