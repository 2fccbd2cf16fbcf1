//! The home page, a provider's public page, and cards for lists such as favourites.

use super::finding::{Found, free_time};
use super::model::{ResultView, SearchQuery};
use super::pages::{HomeCategory, HomeView, PROFILE_DAYS, ProfileQuery, ProfileVersion, ProfileView, VoiceView};
use super::store::{candidates, showcase as store};
use crate::category;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::favourite;
use crate::id::{ProviderId, ServiceId};
use crate::page::PageQuery;
use crate::provider;
use crate::review;
use crate::scheduling::model::AvailabilityQuery;
use crate::scheduling::{self, zone};
use crate::time::{Instant, Span};
use std::collections::HashMap;

/// Providers asked for their free times by the home page; what it counts is counted among these.
const HOME_ASKED: usize = 100;
const HOME_SHOWN: usize = 12;
const VOICES: usize = 3;
/// Read, so that enough different ones remain.
const VOICES_READ: i64 = 60;
/// Starts on one day: every quarter of an hour for twelve hours.
const TIMES_A_DAY: usize = 48;
/// Reviews on the provider's page before "show more".
const REVIEWS: i64 = 6;
/// Addresses in the sitemap (the protocol's limit is 50,000).
const SITEMAP: i64 = 45_000;

/// What there is, who is free soonest, what people say.
pub async fn get_home(ctx: &Ctx) -> Result<HomeView> {
    let now = ctx.now();
    let everyone = SearchQuery { limit: Some(HOME_ASKED), ..SearchQuery::default() };
    let since = now.plus_days(-180);
    let (categories, totals, voices, found) = tokio::try_join!(
        category::list(ctx),
        store::totals(ctx.db()),
        store::list_voices(ctx.db(), since, VOICES_READ),
        super::find(ctx, &everyone),
    )?;
    let is_today = |result: &ResultView| {
        let today = zone::local_in(now, &result.provider.zone).date;
        result.next_free.first().is_some_and(|time| time.date == today)
    };
    let mut free_by_category: HashMap<String, i64> = HashMap::new();
    for result in found.items.iter().filter(|r| is_today(r)) {
        *free_by_category.entry(result.provider.category_slug.clone()).or_default() += 1;
    }
    let free_today = free_by_category.values().sum();
    let mut soonest: Vec<ResultView> = found.items.into_iter().filter(|r| !r.next_free.is_empty()).collect();
    soonest.sort_by_key(|r| r.next_free[0].starts_at);
    let soonest = with_their_day(ctx, varied(soonest, HOME_SHOWN)).await?;
    let voices = distinct(voices);
    let mean = (totals.rating_count > 0).then(|| (totals.rating_sum * 200 + totals.rating_count) / (totals.rating_count * 2));
    Ok(HomeView {
        categories: categories
            .into_iter()
            .map(|category| HomeCategory { free_today: free_by_category.get(&category.slug).copied().unwrap_or(0), category })
            .collect(),
        free_today,
        provider_count: totals.provider_count,
        soonest,
        voices,
        rating: mean,
        review_count: totals.rating_count,
        town: totals.town,
        today: zone::local_in(now, &totals.zone).date,
        zone: totals.zone,
        as_of: now,
    })
}

/// With all free times of the day of the first one, for the ruler.
async fn with_their_day(ctx: &Ctx, mut results: Vec<ResultView>) -> Result<Vec<ResultView>> {
    let ids: Vec<ServiceId> = results.iter().map(|result| result.service.id).collect();
    let Some(first) = results.iter().filter_map(|result| result.next_free.first()).map(|time| time.starts_at).min() else {
        return Ok(results);
    };
    let window = Span::new(ctx.now(), first.plus_days(1));
    let mut free = scheduling::list_free_within(ctx, &ids, window, TIMES_A_DAY).await?;
    for result in &mut results {
        let Some(day) = result.next_free.first().map(|time| time.date) else { continue };
        let local = zone::stored(&result.provider.zone);
        let times = free.remove(&result.service.id).unwrap_or_default().into_iter().map(|slot| free_time(slot, local));
        let times: Vec<_> = times.filter(|time| time.date == day).collect();
        if !times.is_empty() {
            result.next_free = times;
        }
    }
    Ok(results)
}

/// Without those that end like one before: two people rarely write the same sentence, but it reads badly when they do.
fn distinct(voices: Vec<VoiceView>) -> Vec<VoiceView> {
    let ending = |body: &str| body.chars().rev().take(24).collect::<String>();
    let mut kept: Vec<VoiceView> = Vec::new();
    for voice in voices {
        if kept.len() < VOICES && kept.iter().all(|known| ending(&known.body) != ending(&voice.body)) {
            kept.push(voice);
        }
    }
    kept
}

/// One of each category before the second of any, the given order otherwise.
fn varied(results: Vec<ResultView>, limit: usize) -> Vec<ResultView> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut ranked: Vec<(usize, ResultView)> = results
        .into_iter()
        .map(|result| {
            let nth = seen.entry(result.provider.category_slug.clone()).or_default();
            *nth += 1;
            (*nth, result)
        })
        .collect();
    ranked.sort_by_key(|(nth, _)| *nth);
    ranked.into_iter().take(limit).map(|(_, result)| result).collect()
}

/// A provider's public page.
///
/// # Errors
/// NotFound for a provider that is not active, except to its own team.
pub async fn get_profile(ctx: &Ctx, slug: &str, query: &ProfileQuery) -> Result<ProfileView> {
    let provider = provider::get_by_slug(ctx, slug).await?;
    let id = provider.id;
    let now = ctx.now();
    let local = zone::stored(&provider.zone);
    let today = zone::local(now, local).date;
    let review_page = PageQuery { limit: Some(REVIEWS), cursor: query.reviews.clone() };
    let (services, reviews, distribution, is_favourite) = tokio::try_join!(
        provider::list_services(ctx, id),
        review::list(ctx, id, &review_page),
        review::get_distribution(ctx, id),
        favourite::is_favourite(ctx, id),
    )?;
    let chosen = query.service.filter(|s| services.iter().any(|known| known.id == *s)).or(services.first().map(|s| s.id));
    let ids: Vec<ServiceId> = services.iter().map(|s| s.id).collect();
    let mut free = scheduling::list_next_free(ctx, &ids, now, 1).await?;
    let next_of_chosen = chosen.and_then(|id| free.get(&id)).and_then(|slots| slots.first()).map(|slot| free_time(slot.clone(), local));
    let soonest = free.drain().flat_map(|(_, slots)| slots).min_by_key(|slot| slot.starts_at).map(|slot| free_time(slot, local));
    let availability = match chosen {
        Some(service) if provider.is_bookable() => {
            let later = next_of_chosen.as_ref().map(|time| time.date).filter(|date| date.days() - today.days() >= PROFILE_DAYS);
            let from = query.from.or(later).unwrap_or(today).clamp(today, today.plus_days(730));
            let to = from.plus_days(PROFILE_DAYS - 1);
            let wanted =
                AvailabilityQuery { provider: id, service, from, to, zone: None, resource: query.with, extra_min: 0, ignoring: None };
            Some(scheduling::get_availability(ctx, &wanted).await?)
        }
        _ => None,
    };
    Ok(ProfileView {
        url: ctx.url(&format!("/p/{}", provider.slug)),
        provider,
        services,
        chosen,
        availability,
        soonest,
        next_of_chosen,
        reviews,
        distribution,
        is_favourite,
        today,
    })
}

/// The version of a provider's page, in one cheap question; None for an address that leads nowhere. Whether the page may be seen is decided
/// where it is drawn.
pub async fn get_profile_version(ctx: &Ctx, slug: &str) -> Result<Option<ProfileVersion>> {
    store::find_profile_version(ctx.db(), slug).await
}

/// The viewer's favourites as cards with their next free times, newest first.
pub async fn list_favourites(ctx: &Ctx) -> Result<Vec<ResultView>> {
    let ids = favourite::list(ctx).await?;
    list_cards(ctx, &ids).await
}

/// Cards of these providers in the order given; those that are not active or sell nothing are left out.
pub async fn list_cards(ctx: &Ctx, ids: &[ProviderId]) -> Result<Vec<ResultView>> {
    let (cards, services) =
        tokio::try_join!(candidates::list_cards(ctx.db(), ids, ctx.account_id()), candidates::list_services(ctx.db(), ids))?;
    let mut found = Found::plain(cards, services);
    let wanted: Vec<ServiceId> = found.iter().map(|f| f.service.id).collect();
    let mut free = scheduling::list_next_free(ctx, &wanted, ctx.now(), 3).await?;
    for each in &mut found {
        each.free = free.remove(&each.service.id).unwrap_or_default();
    }
    let place = |id: ProviderId| ids.iter().position(|known| *known == id);
    found.sort_by_key(|f| place(f.card.id));
    Ok(found.into_iter().map(|f| f.into_view(None)).collect())
}

/// Readable addresses of providers with when each last changed, for the sitemap.
pub async fn list_addresses(ctx: &Ctx) -> Result<Vec<(String, Instant)>> {
    store::list_addresses(ctx.db(), SITEMAP).await
}
