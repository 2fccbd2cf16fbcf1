//! The search itself: match, rank, ask for free times, rank again, lay out.

use super::model::*;
use super::policy::{self, Facts};
use super::store::candidates::{self as store, CandidateRow, CardRow, CountRow, ServiceRow, Wanted};
use crate::category;
use crate::category::model::CategoryName;
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result};
use crate::id::{CategoryId, Id, ProviderId, ServiceId};
use crate::money::{Currency, Money};
use crate::place;
use crate::provider::model::Mode;
use crate::scheduling;
use crate::scheduling::model::Slot;
use crate::scheduling::zone;
use crate::time::{Date, Instant, Span};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::{HashMap, HashSet};

/// So many of the best are asked for their free times; with "free on" as many again and more, should too few of the first have one.
const ASKED: i64 = 60;
const ASKED_FREE: i64 = 150;
/// A start within this of the time asked for counts as free then.
const AROUND_MIN: i64 = 30;
/// A cursor remembers what was shown; nobody pages further.
const MOST_SHOWN: usize = 600;
const FREE_TIMES: usize = 3;
/// Where the results are, while nothing else says it.
const HOME_ZONE: &str = "Europe/London";

/// Who matches, best first, with the next times that are really free.
///
/// # Errors
/// Invalid for a cursor that is not ours; a category that does not exist finds nobody.
pub async fn find(ctx: &Ctx, query: &SearchQuery) -> Result<SearchView> {
    let now = ctx.now();
    let shown = read_cursor(query.cursor.as_deref())?;
    let categories = category::list_names(ctx).await?;
    let category = query.category.as_ref().map(|slug| categories.iter().find(|c| c.slug == *slug));
    let (place, is_place_unknown) = locate(ctx, query).await?;
    let at = query.at.or(place.as_ref().map(PlaceView::point));
    let folded = match query.q.is_ascii() {
        true => query.q.to_ascii_lowercase(),
        false => store::fold(ctx.db(), &query.q).await?,
    };
    let words = policy::words(&folded);
    let near = if words.is_empty() { Vec::new() } else { store::list_near_words(ctx.db(), &words).await? };
    let currency = query.currency.map(|c| c.to_string());
    let unit = query.currency.unwrap_or(Currency::USD);
    let price_steps = price_steps(unit, query.price_max_minor);
    let is_free_asked = query.free_on.is_some();
    let limit = query.limit.unwrap_or(PAGE).clamp(1, 100);

    let mut view = SearchView {
        items: Vec::new(),
        next_cursor: None,
        total: 0,
        is_total_capped: false,
        offset: shown.len() as i64,
        is_place_unknown,
        category_name: category.flatten().map(|c| c.name.clone()),
        facets: Facets::default(),
        as_of: now,
        today: zone::local_in(now, HOME_ZONE).date,
        zone: HOME_ZONE.to_owned(),
        currency: unit.to_string(),
        place,
    };
    if matches!(category, Some(None)) {
        return Ok(view);
    }
    let asked = if is_free_asked { ASKED_FREE } else { ASKED.max(limit as i64 + 1) };
    let mut wanted = Wanted {
        text: None,
        at,
        radius_km: query.radius_km.unwrap_or(DEFAULT_RADIUS_KM),
        category: category.flatten().map(|c| c.id),
        price_max_minor: query.price_max_minor,
        currency: currency.as_deref(),
        rating_min: query.rating_min,
        language: query.language.as_deref(),
        modes: modes(query.mode),
        is_instant: query.is_instant,
        sort: query.sort,
        shown: &shown,
        limit: asked,
        price_steps,
    };
    // every word first; if nobody has them all, whoever has most
    let strict = (!words.is_empty()).then(|| policy::text_query(&words, &near, true));
    let loose = policy::text_query(&words, &near, false);
    wanted.text = strict.as_deref();
    let (mut candidates, mut counts) = store::list(ctx.db(), &wanted).await?;
    if counts.looked_at == 0 && words.len() > 1 {
        wanted.text = Some(&loose);
        (candidates, counts) = store::list(ctx.db(), &wanted).await?;
    }

    let typed: Vec<String> = words.iter().cloned().chain(near.into_iter().flatten()).collect();
    let was_cut = candidates.len() as i64 >= asked;
    let at_once = ASKED.max(limit as i64 + 1) as usize;
    let (mut found, mut today_count): (Vec<Found>, i64) = (Vec::new(), 0);
    // without "free on" there is one round
    while !candidates.is_empty() && found.len() <= limit {
        let later = candidates.split_off(candidates.len().min(at_once));
        let ids: Vec<ProviderId> = candidates.iter().map(|c| c.provider_id).collect();
        let (cards, services, closed) = tokio::try_join!(
            store::list_cards(ctx.db(), &ids, ctx.account_id()),
            store::list_services(ctx.db(), &ids),
            list_closed(ctx, query, &ids)
        )?;
        candidates.retain(|c| !closed.contains(&c.provider_id));
        let mut round = join(candidates, cards, &services, query, wanted.category, &typed);
        if let Some(first) = round.first().filter(|_| found.is_empty()) {
            view.zone = first.card.zone.clone();
            view.today = zone::local_in(now, &first.card.zone).date;
            view.currency = first.card.currency.clone();
        }
        today_count += add_free_times(ctx, query, &mut round).await?;
        found.extend(round.into_iter().filter(|f| !is_free_asked || !f.free.is_empty()));
        candidates = later;
    }
    let was_cut = was_cut || !candidates.is_empty();
    let free_now = found.iter().filter(|f| !f.free.is_empty()).count() as i64;
    rank(&mut found, query.sort, now);

    view.total = if is_free_asked { shown.len() as i64 + found.len() as i64 } else { counts.total };
    view.is_total_capped = counts.looked_at >= store::MOST || (is_free_asked && was_cut);
    view.facets = facets(query, &counts, &categories, today_count, free_now, view.today, price_steps, unit);
    let has_more = found.len() > limit || (was_cut && !found.is_empty());
    found.truncate(limit);
    if has_more && shown.len() + found.len() < MOST_SHOWN {
        view.next_cursor = Some(write_cursor(&shown, &found));
    }
    view.items = found.into_iter().map(|f| f.into_view(at)).collect();
    Ok(view)
}

/// The place named, if the query has no point of its own.
async fn locate(ctx: &Ctx, query: &SearchQuery) -> Result<(Option<PlaceView>, bool)> {
    if query.at.is_some() || query.place.is_empty() {
        return Ok((None, false));
    }
    let found = place::find(ctx, &query.place).await?;
    let is_unknown = found.is_none();
    Ok((found, is_unknown))
}

/// A candidate with its best service.
pub(super) struct Found {
    row: CandidateRow,
    pub card: CardRow,
    pub service: ServiceRow,
    others: i64,
    /// Matching services that may be free when the best is not.
    spare: Vec<ServiceRow>,
    pub free: Vec<Slot>,
}

fn join(
    candidates: Vec<CandidateRow>,
    cards: Vec<CardRow>,
    services: &[ServiceRow],
    query: &SearchQuery,
    category: Option<CategoryId>,
    words: &[String],
) -> Vec<Found> {
    let mut cards: HashMap<ProviderId, CardRow> = cards.into_iter().map(|card| (card.id, card)).collect();
    let mut by_provider: HashMap<ProviderId, Vec<&ServiceRow>> = HashMap::new();
    for service in services {
        by_provider.entry(service.provider_id).or_default().push(service);
    }
    candidates
        .into_iter()
        .filter_map(|row| {
            let card = cards.remove(&row.provider_id)?;
            let mut fitting: Vec<&ServiceRow> =
                by_provider.remove(&row.provider_id)?.into_iter().filter(|s| fits(s, query, category, row.metres)).collect();
            // most words first; the provider's own order otherwise, or the cheapest when that is asked for
            fitting.sort_by_key(|s| {
                let price = if query.sort == Sort::Price { s.price_minor } else { 0 };
                (std::cmp::Reverse(policy::hits(&s.name, words)), price)
            });
            let mut fitting = fitting.into_iter().cloned();
            let service = fitting.next()?;
            let spare: Vec<ServiceRow> = fitting.collect();
            Some(Found { row, card, service, others: spare.len() as i64, spare, free: Vec::new() })
        })
        .collect()
}

fn fits(service: &ServiceRow, query: &SearchQuery, category: Option<CategoryId>, metres: Option<f64>) -> bool {
    let reaches = match (service.mode.as_str(), metres, service.radius_km) {
        ("at_customer", Some(metres), Some(km)) => metres <= km * 1000.0,
        _ => true,
    };
    reaches
        && query.mode.is_none_or(|mode| service.mode == mode.as_str())
        && !(query.is_instant && service.needs_approval)
        && query.price_max_minor.is_none_or(|most| service.price_minor <= most)
        && category.is_none_or(|id| service.category_id == id)
}

/// Those who need not be asked for their free times on the date.
async fn list_closed(ctx: &Ctx, query: &SearchQuery, ids: &[ProviderId]) -> Result<Vec<ProviderId>> {
    match query.free_on {
        Some(date) => scheduling::list_closed(ctx, ids, date).await,
        None => Ok(Vec::new()),
    }
}

/// The next free times of each, or those on the date asked for. How many have one today.
async fn add_free_times(ctx: &Ctx, query: &SearchQuery, found: &mut [Found]) -> Result<i64> {
    let now = ctx.now();
    let Some(date) = query.free_on else {
        let ids: Vec<ServiceId> = found.iter().map(|f| f.service.id).collect();
        let mut free = scheduling::list_next_free(ctx, &ids, now, FREE_TIMES).await?;
        let mut today = 0;
        for each in found.iter_mut() {
            each.free = free.remove(&each.service.id).unwrap_or_default();
            let local = zone::stored(&each.card.zone);
            let is_today = each.free.first().is_some_and(|s| zone::local(s.starts_at, local).date == zone::local(now, local).date);
            today += i64::from(is_today);
        }
        return Ok(today);
    };
    // the date means another span in each zone
    let mut by_zone: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, each) in found.iter().enumerate() {
        by_zone.entry(each.card.zone.clone()).or_default().push(at);
    }
    for (name, members) in by_zone {
        let window = window(date, query.free_at, &name);
        // The best service of each and a spare one for those whose best has nothing: they mostly share people and hours, so one look is enough.
        let ids = members.iter().flat_map(|at| [Some(found[*at].service.id), found[*at].spare.first().map(|s| s.id)]).flatten();
        let mut free = scheduling::list_free_within(ctx, &ids.collect::<Vec<ServiceId>>(), window, FREE_TIMES).await?;
        for at in members {
            let each = &mut found[at];
            each.free = free.remove(&each.service.id).unwrap_or_default();
            if each.free.is_empty()
                && let Some(spare) = each.spare.first_mut()
            {
                each.free = free.remove(&spare.id).unwrap_or_default();
                std::mem::swap(&mut each.service, spare);
            }
        }
    }
    Ok(0)
}

fn window(date: Date, minute: Option<i32>, zone_name: &str) -> Span {
    let zone = zone::stored(zone_name);
    match minute {
        None => zone::days(date, date, zone),
        Some(minute) => {
            let from = zone::first_from(date, minute, zone);
            Span::new(from, from.plus_minutes(AROUND_MIN))
        }
    }
}

fn rank(found: &mut [Found], sort: Sort, now: Instant) {
    let key = |each: &Found| {
        let unit = each.card.currency.parse::<Currency>().map_or(100, |c| 10_i64.pow(c.decimals()));
        let facts = Facts {
            text: each.row.text,
            distance_m: each.row.metres,
            first_free: each.free.first().map(|slot| slot.starts_at),
            rating: i64::from(each.row.rating),
            price_minor: each.service.price_minor,
            unit,
        };
        policy::key(sort, &facts, now)
    };
    found.sort_by(|a, b| {
        let (x, y) = (key(a), key(b));
        x[0].total_cmp(&y[0]).then(x[1].total_cmp(&y[1])).then(a.card.id.cmp(&b.card.id))
    });
}

impl Found {
    /// Cards without a search: the first service of each.
    pub(super) fn plain(cards: Vec<CardRow>, services: Vec<ServiceRow>) -> Vec<Self> {
        let no_facts = |id| CandidateRow { provider_id: id, text: None, metres: None, rating: 0 };
        cards
            .into_iter()
            .filter_map(|card| {
                let id = card.id;
                let mut own = services.iter().filter(|s| s.provider_id == id);
                let service = own.next()?.clone();
                let others = own.count() as i64;
                Some(Self { row: no_facts(id), card, service, others, spare: Vec::new(), free: Vec::new() })
            })
            .collect()
    }

    pub(super) fn into_view(self, at: Option<Point>) -> ResultView {
        let point = self.card.lat.zip(self.card.lng).map(|(lat, lng)| Point { lat, lng });
        let offset = at.zip(point).map(|(from, to)| (from.metres_to(to), from.offset_to(to)));
        let zone = zone::stored(&self.card.zone);
        let currency = self.card.currency.parse().unwrap_or(Currency::USD);
        ResultView {
            distance_m: offset.map(|(metres, _)| metres.round() as i64),
            east_m: offset.map(|(_, (east, _))| east.round() as i64),
            north_m: offset.map(|(_, (_, north))| north.round() as i64),
            next_free: self.free.into_iter().map(|slot| free_time(slot, zone)).collect(),
            is_favourite: self.card.is_favourite,
            other_services: self.others,
            service: ServiceCard {
                id: self.service.id,
                name: self.service.name,
                duration_min: self.service.duration_min.into(),
                price: Money::new(self.service.price_minor, currency),
                mode: Mode::parse(&self.service.mode).unwrap_or(Mode::AtProvider),
                is_instant: !self.service.needs_approval,
            },
            provider: card(self.card),
        }
    }
}

fn card(row: CardRow) -> ProviderCard {
    let count = i64::from(row.rating_count);
    ProviderCard {
        id: row.id,
        slug: row.slug,
        name: row.name,
        tagline: row.tagline,
        category_slug: row.category_slug,
        category_name: row.category_name,
        icon: row.icon,
        tone: row.tone,
        is_verified: row.is_verified,
        district: row.district,
        town: row.town,
        rating: (count > 0).then(|| (row.rating_sum * 200 + count) / (count * 2)),
        rating_count: count,
        languages: row.languages,
        zone: row.zone,
    }
}

pub(super) fn free_time(slot: Slot, zone: chrono_tz::Tz) -> FreeTime {
    let local = zone::local(slot.starts_at, zone);
    FreeTime { starts_at: slot.starts_at, ends_at: slot.ends_at, date: local.date, minute: local.minute, resource_ids: slot.resource_ids }
}

const fn modes(only: Option<Mode>) -> [bool; 3] {
    match only {
        None => [true; 3],
        Some(Mode::AtProvider) => [true, false, false],
        Some(Mode::AtCustomer) => [false, true, false],
        Some(Mode::Online) => [false, false, true],
    }
}

/// 50, 80, 120 and 200 of the currency; the one asked for takes the place of its neighbour.
fn price_steps(currency: Currency, asked: Option<i64>) -> [i64; 4] {
    let unit = 10_i64.pow(currency.decimals());
    let mut steps = [50, 80, 120, 200].map(|units| units * unit);
    if let Some(asked) = asked.filter(|asked| !steps.contains(asked)) {
        let nearest = (0..4).min_by_key(|at| (steps[*at] - asked).abs()).unwrap_or(0);
        steps[nearest] = asked;
        steps.sort_unstable();
    }
    steps
}

fn facets(
    query: &SearchQuery,
    counts: &CountRow,
    categories: &[CategoryName],
    today_count: i64,
    free_count: i64,
    today: Date,
    price_steps: [i64; 4],
    currency: Currency,
) -> Facets {
    let facet = |value: String, label: String, count: i64, is_on: bool| Facet { value, label, count, is_on };
    let free = match query.free_on {
        Some(date) => vec![facet(date.to_string(), String::new(), free_count, true)],
        None => vec![facet(today.to_string(), "Free today".to_owned(), today_count, false)],
    };
    let by_category: HashMap<_, _> = counts.categories.0.iter().copied().collect();
    let modes = [
        (Mode::AtCustomer, "Comes to you", counts.at_customer),
        (Mode::AtProvider, "At their place", counts.at_provider),
        (Mode::Online, "Online", counts.online),
    ];
    let ratings = [(400, "4.0 and up", counts.rated_40), (450, "4.5 and up", counts.rated_45), (480, "4.8 and up", counts.rated_48)];
    let prices = price_steps.into_iter().zip([counts.price_1, counts.price_2, counts.price_3, counts.price_4]);
    Facets {
        categories: categories
            .iter()
            .map(|c| {
                let count = by_category.get(&uuid::Uuid::from(c.id)).copied().unwrap_or(0);
                facet(c.slug.clone(), c.name.clone(), count, query.category.as_deref() == Some(&c.slug))
            })
            .collect(),
        free,
        prices: prices
            .map(|(step, count)| {
                let label = format!("Up to {}", Money::new(step, currency).short());
                facet(step.to_string(), label, count, query.price_max_minor == Some(step))
            })
            .collect(),
        modes: modes
            .into_iter()
            .map(|(mode, label, count)| facet(mode.as_str().to_owned(), label.to_owned(), count, query.mode == Some(mode)))
            .collect(),
        instant: counts.instant,
        ratings: ratings
            .into_iter()
            .map(|(least, label, count)| {
                facet((least as f64 / 100.0).to_string(), label.to_owned(), count, query.rating_min == Some(least))
            })
            .collect(),
        languages: counts
            .languages
            .0
            .iter()
            .take(8)
            .map(|(code, count)| facet(code.clone(), language_name(code).to_owned(), *count, query.language.as_deref() == Some(code)))
            .collect(),
    }
}

/// In English; the code where we have no name.
pub fn language_name(code: &str) -> &str {
    match code {
        "ar" => "Arabic",
        "bn" => "Bengali",
        "cs" => "Czech",
        "cy" => "Welsh",
        "de" => "German",
        "el" => "Greek",
        "en" => "English",
        "es" => "Spanish",
        "fr" => "French",
        "gu" => "Gujarati",
        "hi" => "Hindi",
        "it" => "Italian",
        "ja" => "Japanese",
        "nl" => "Dutch",
        "pa" => "Punjabi",
        "pl" => "Polish",
        "pt" => "Portuguese",
        "ro" => "Romanian",
        "sv" => "Swedish",
        "th" => "Thai",
        "tl" => "Tagalog",
        "tr" => "Turkish",
        "uk" => "Ukrainian",
        "ur" => "Urdu",
        "vi" => "Vietnamese",
        "zh" => "Chinese",
        other => other,
    }
}

/// The last 48 bits of a shown provider's id.
fn mark(id: ProviderId) -> i64 {
    (id.as_u128() & 0xffff_ffff_ffff) as i64
}

/// What was shown before, so that no page repeats it and whatever was not shown still comes.
fn write_cursor(shown: &[i64], found: &[Found]) -> String {
    let marks: HashSet<i64> = found.iter().map(|f| mark(f.card.id)).collect();
    let all = shown.iter().chain(marks.iter());
    let bytes: Vec<u8> = all.flat_map(|mark| mark.to_be_bytes()[2..].to_vec()).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(cursor: Option<&str>) -> Result<Vec<i64>> {
    let Some(text) = cursor.filter(|c| !c.is_empty()) else { return Ok(Vec::new()) };
    let bad = || -> Error { Fields::one("cursor", "This cursor is not one of ours. Search again from the start.").into() };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    if bytes.len() % 6 != 0 || bytes.len() / 6 > MOST_SHOWN {
        return Err(bad());
    }
    Ok(bytes.chunks(6).map(|part| part.iter().fold(0_i64, |value, byte| value << 8 | i64::from(*byte))).collect())
}
