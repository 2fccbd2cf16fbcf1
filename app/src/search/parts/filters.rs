//! Filters as links in one row, each with what it would leave; a dead one stays and says 0.

use crate::kit::{Icon, format, icon_s};
use domain::provider::model::Mode;
use domain::search::model::{Facet, SearchQuery, SearchView};
use domain::time::minute_of;
use leptos::prelude::*;

/// One chip: a link to the search with this filter turned round.
fn chip(label: String, count: i64, is_on: bool, to: &SearchQuery) -> AnyView {
    let number = view! { <span class="count">{format::count(count)}</span> };
    if count == 0 && !is_on {
        return view! { <span class="chip" aria-disabled="true">{label} " " {number}</span> }.into_any();
    }
    let hint = if is_on { format!("{label}, on; take it off") } else { format!("{label}, {count} left") };
    view! { <a class="chip" href=to.link() data-nav="" rel="nofollow" aria-current=is_on.then_some("true") aria-label=hint>{label} " " {number}</a> }.into_any()
}

fn each(facets: &[Facet], query: &SearchQuery, set: fn(&mut SearchQuery, Option<&str>)) -> Vec<AnyView> {
    facets
        .iter()
        .map(|facet| {
            let to = query.with(|q| set(q, (!facet.is_on).then_some(facet.value.as_str())));
            chip(facet.label.clone(), facet.count, facet.is_on, &to)
        })
        .collect()
}

#[component]
pub fn Filters(query: SearchQuery, view: SearchView) -> impl IntoView {
    let facets = &view.facets;
    let mut chips = Vec::new();
    if query.has_filters() {
        let clear =
            query.with(|q| *q = SearchQuery { q: q.q.clone(), place: q.place.clone(), at: q.at, sort: q.sort, ..SearchQuery::default() });
        chips.push(view! { <a class="chip" href=clear.link() data-nav="">{icon_s(Icon::X)} "Clear"</a> }.into_any());
    }
    chips.extend(each(&facets.free, &query, set_free));
    // The step that is on, or the cheapest useful one.
    let price = facets.prices.iter().find(|f| f.is_on).or_else(|| facets.prices.iter().find(|f| f.count > 0)).cloned();
    chips.extend(each(price.as_slice(), &query, |q, v| q.price_max_minor = v.and_then(|v| v.parse().ok())));
    chips.extend(each(&facets.modes, &query, |q, v| q.mode = v.and_then(Mode::parse)));
    chips.push(chip("Instant".into(), facets.instant, query.is_instant, &query.with(|q| q.is_instant = !q.is_instant)));
    // Of ratings and languages the row shows what is on, else the middle step; the rest stands under all filters.
    let rating = facets.ratings.iter().find(|f| f.is_on).or_else(|| facets.ratings.get(facets.ratings.len() / 2)).cloned();
    chips.extend(each(rating.as_slice(), &query, |q, v| q.rating_min = v.and_then(hundredths)));
    let spoken: Vec<Facet> = facets.languages.iter().filter(|f| f.is_on).cloned().collect();
    chips.extend(each(&spoken, &query, |q, v| q.language = v.map(str::to_owned)));
    let ratings = each(&facets.ratings, &query, |q, v| q.rating_min = v.and_then(hundredths));
    let languages = each(&facets.languages, &query, |q, v| q.language = v.map(str::to_owned));
    let has_languages = !languages.is_empty();
    let categories = each(&facets.categories, &query, |q, v| q.category = v.map(str::to_owned));
    let prices = each(&facets.prices, &query, |q, v| q.price_max_minor = v.and_then(|v| v.parse().ok()));
    let radii = [2.0, 5.0, 15.0, 30.0]
        .into_iter()
        .filter(|_| view.place.is_some())
        .map(|km| {
            let is_on = query.radius_km == Some(km);
            let to = query.with(|q| q.radius_km = (!is_on).then_some(km));
            view! { <a class="chip" href=to.link() data-nav="" rel="nofollow" aria-current=is_on.then_some("true")>{format!("Within {km} km")}</a> }
        })
        .collect::<Vec<_>>();
    let has_radii = !radii.is_empty();
    view! {
        <nav class="filters" aria-label="Filters">
            <div class="chips" data-fit="scroll">
                <button class="chip" type="button" popovertarget="all-filters">{icon_s(Icon::SLIDERS_HORIZONTAL)} "All filters"</button>
                {chips}
            </div>
            <div class="all-filters" id="all-filters" popover="">
                <div class="stack">
                    <h2>"Category"</h2><div class="chips">{categories}</div>
                    <h2>"Price"</h2><div class="chips">{prices}</div>
                    <h2>"Rating"</h2><div class="chips">{ratings}</div>
                    {has_languages.then(|| view! { <h2>"Language"</h2><div class="chips">{languages}</div> })}
                    {has_radii.then(|| view! { <h2>"Distance"</h2><div class="chips">{radii}</div> })}
                    {free_at(&query, &view)}
                </div>
            </div>
        </nav>
    }
}

/// `2026-06-13` or `2026-06-13T18:00`.
fn set_free(query: &mut SearchQuery, value: Option<&str>) {
    let (date, time) = value.map_or((None, None), |v| v.split_once('T').map_or((Some(v), None), |(d, t)| (Some(d), Some(t))));
    query.free_on = date.and_then(|text| text.parse().ok());
    query.free_at = time.and_then(minute_of);
}

fn hundredths(text: &str) -> Option<i64> {
    text.parse::<f64>().ok().map(|value| if value <= 5.0 { (value * 100.0).round() as i64 } else { value as i64 })
}

/// Free on a date at a time, as a small form of its own.
fn free_at(query: &SearchQuery, view: &SearchView) -> impl IntoView + use<> {
    let kept = query
        .with(|q| {
            q.free_on = None;
            q.free_at = None;
        })
        .pairs()
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let date = query.free_on.unwrap_or(view.today).to_string();
    let time = query.free_at.map(|minute| format::clock(minute.into())).unwrap_or_default();
    view! {
        <h2>"Free at a time"</h2>
        <form class="row free-at" action="/search" data-nav="">
            {kept}
            <div class="field"><label for="free-on">"Day"</label><input class="input" data-size="dense" id="free-on" name="free_on" type="date" min=view.today.to_string() value=date /></div>
            <div class="field"><label for="free-at">"Time"</label><input class="input" data-size="dense" id="free-at" name="free_at" type="time" step="900" value=time /></div>
            <button class="button" data-kind="soft" data-size="dense">"Show"</button>
        </form>
    }
}
