//! Search: filters in one row, results with their times, a dial of distances beside.

use crate::kit::islands::LiveRegion;
use crate::kit::{DialPin, DistanceDial, Empty, Icon, Kind, LinkButton, Notice, State, format, icon_s};
use crate::search::parts::{Filters, ResultItem};
use domain::place::model::District;
use domain::search::model::{SearchQuery, SearchView, Sort};
use leptos::prelude::*;

#[component]
pub fn SearchPage(
    query: SearchQuery,
    view: SearchView,
    /// Of the place searched, for the dial.
    districts: Vec<District>,
) -> impl IntoView {
    let topics: Vec<String> = view.items.iter().map(|item| format!("availability:{}", item.provider.id)).collect();
    let today = view.today;
    let soonest = view.items.iter().flat_map(|item| item.next_free.first()).map(|time| time.starts_at).min();
    let first = view.offset as usize + 1;
    let dial = dial(&view, districts, first);
    let has_dial = dial.is_some();
    let items = view
        .items
        .iter()
        .enumerate()
        .map(|(at, item)| view! { <ResultItem result=item.clone() n=first + at today=today soonest=soonest /> })
        .collect_view();
    let is_empty = view.items.is_empty();
    view! {
        <div class="find" id="find">
            <Filters query=query.clone() view=view.clone() />
            <section class="list" aria-labelledby="found">
                <div class="list-head">
                    <h1 id="found">{title(&query, &view)}</h1>
                    <p class="live-note" role="status" hidden></p>
                    {has_dial.then(views)}
                    {sorting(&query)}
                </div>
                {view.is_place_unknown.then(|| unknown_place(&query))}
                {if is_empty { nothing(&query).into_any() } else { view! { <ol class="results plain">{items}</ol> }.into_any() }}
                {more(&query, &view)}
            </section>
            {dial.or_else(|| (!is_empty).then(|| where_to(&query, &view)).flatten()).map(|dial| view! { <aside class="plot" aria-label="Distance">{dial}</aside> })}
        </div>
        <div data-start="interaction"><LiveRegion region="find".into() topics=topics /></div>
    }
}

/// `18 people for “leaking tap”`
fn title(query: &SearchQuery, view: &SearchView) -> String {
    let count = if view.is_total_capped { format!("{} and more", format::count(view.total)) } else { format::count(view.total) };
    let noun = if view.total == 1 && !view.is_total_capped { "provider" } else { "providers" };
    let what = match (query.q.is_empty(), &view.category_name) {
        (false, _) => format!(" for “{}”", query.q),
        (true, Some(name)) => format!(" for {}", name.to_lowercase()),
        (true, None) => String::new(),
    };
    let place = view.place.as_ref().map(|place| format!(" near {}", place.name)).unwrap_or_default();
    format!("{count} {noun}{what}{place}")
}

/// Two lists on a phone: results, or the dial. Plain radio buttons that the stylesheet reads.
fn views() -> impl IntoView {
    view! {
        <div class="segments view" role="radiogroup" aria-label="View">
            <label><input type="radio" name="view" value="list" checked=true />{icon_s(Icon::LIST)} "List"</label>
            <label><input type="radio" name="view" value="plot" />{icon_s(Icon::COMPASS)} "Distance"</label>
        </div>
    }
}

fn sorting(query: &SearchQuery) -> impl IntoView + use<> {
    let kept = query.with(|q| q.sort = Sort::Best).pairs();
    let kept = kept.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    let chosen = query.sort;
    let options = Sort::ALL
        .into_iter()
        .map(|sort| view! { <option value=sort.as_str() selected=sort == chosen>{sort.label()}</option> })
        .collect_view();
    view! {
        <form class="sort" action="/search" data-nav="">
            {kept} <label class="hidden-visually" for="sort">"Sort"</label>
            <span class="select"><select class="input" data-size="dense" id="sort" name="sort">{options}</select></span>
            <noscript><button class="button" data-kind="soft" data-size="dense">"Sort"</button></noscript>
        </form>
    }
}

fn unknown_place(query: &SearchQuery) -> impl IntoView + use<> {
    let place = query.place.clone();
    view! {
        <Notice state=State::Wait>
            {format!("We do not know a place called “{place}”. These are results everywhere; a street, district or postcode works best.")}
        </Notice>
    }
}

fn nothing(query: &SearchQuery) -> impl IntoView + use<> {
    let wider = query.with(|q| *q = SearchQuery { q: q.q.clone(), ..SearchQuery::default() });
    let has_filters = query.has_filters() || !query.place.is_empty();
    let text = if has_filters {
        "Nobody matches all of this at once. Without the filters there may be someone just as good, a little later or further away."
    } else {
        "Nobody offers this yet. Try fewer or other words: “tap” finds more than “dripping kitchen mixer”."
    };
    view! {
        <Empty title="Nobody fits yet" text=text>
            {if has_filters {
                view! { <LinkButton href=wider.link() kind=Kind::Primary>"Search without filters"</LinkButton> }.into_any()
            } else {
                view! { <LinkButton href="/search">"See everyone"</LinkButton> }.into_any()
            }}
        </Empty>
    }
}

fn more(query: &SearchQuery, view: &SearchView) -> Option<impl IntoView + use<>> {
    let shown = view.offset + view.items.len() as i64;
    let next = view.next_cursor.clone().map(|cursor| SearchQuery { cursor: Some(cursor), ..query.clone() });
    let back = (view.offset > 0).then(|| query.with(|_| ()).link());
    (next.is_some() || back.is_some()).then(|| {
        view! {
            <nav class="row more" aria-label="Pages">
                {next.map(|next| view! { <LinkButton href=next.link()>"Show more"</LinkButton> })}
                {back.map(|href| view! { <LinkButton href=href kind=Kind::Plain>"Back to the first"</LinkButton> })}
                <p class="small muted">{format!("{} of {} shown", format::count(shown), format::count(view.total.max(shown)))}</p>
            </nav>
        }
    })
}

/// No place is known yet: the dial asks for one.
fn where_to(query: &SearchQuery, view: &SearchView) -> Option<AnyView> {
    if view.place.is_some() {
        return None;
    }
    let kept = query.with(|q| q.place = String::new()).pairs();
    let kept = kept.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    Some(
        view! {
            <form class="where-to" action="/search" data-nav="">
                <label for="start">"How far are they from you?"</label>
                <p class="small muted">"Say where, and they are sorted by distance too."</p>
                {kept}
                <div class="joined">
                    <input class="input" id="start" name="place" placeholder="Street, district or postcode" autocomplete="address-line1" enterkeyhint="search" maxlength="120" />
                    <button class="button">"Show"</button>
                </div>
            </form>
        }
        .into_any(),
    )
}

/// Results that say where they start from, around the place asked for.
fn dial(view: &SearchView, districts: Vec<District>, first: usize) -> Option<AnyView> {
    let place = view.place.as_ref()?;
    let pins: Vec<DialPin> = view
        .items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| {
            let metres = item.distance_m?;
            Some(DialPin {
                n: first + at,
                label: item.service.price.short(),
                name: format!("{}, {}", item.provider.name, format::distance(metres as f64 / 1000.0)),
                href: format!("#r{}", first + at),
                east_km: item.east_m? as f64 / 1000.0,
                north_km: item.north_m? as f64 / 1000.0,
            })
        })
        .collect();
    let furthest = pins.iter().map(|pin| pin.east_km.hypot(pin.north_km)).fold(0.0, f64::max);
    let here = if place.street.is_empty() { place.name.clone() } else { place.street.clone() };
    // where one is stands in the middle already
    let others = districts.into_iter().filter(|district| district.name != here);
    let places = others.map(|district| (district.name, district.east_m / 1000.0, district.north_m / 1000.0)).collect();
    (!pins.is_empty()).then(|| view! { <DistanceDial pins=pins places=places radius_km=furthest.max(1.0) here=here /> }.into_any())
}
