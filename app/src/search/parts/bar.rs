//! What, where, when: one bar, one GET form.

use crate::kit::{Button, Icon, Kind, format, icon};
use domain::search::model::SearchQuery;
use domain::time::Date;
use leptos::prelude::*;

/// Days offered under "When"; later ones are found on the provider's own page.
const DAYS_AHEAD: i32 = 21;

/// What the bar says now. Filters that the bar does not show travel along in `rest`.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub what: String,
    pub place: String,
    pub free_on: Option<Date>,
    pub rest: Vec<(&'static str, String)>,
}

impl Asked {
    pub fn of(query: &SearchQuery) -> Self {
        let rest = SearchQuery { cursor: None, ..query.clone() }
            .pairs()
            .into_iter()
            .filter(|(name, _)| !matches!(*name, "q" | "place" | "free_on" | "lat" | "lng"))
            .collect();
        Self { what: query.q.clone(), place: query.place.clone(), free_on: query.free_on, rest }
    }
}

/// `today` in the town's zone, so that the days offered are real ones.
#[component]
pub fn SearchBar(asked: Asked, today: Date, #[prop(optional)] compact: bool) -> impl IntoView {
    let chosen = asked.free_on;
    let days = (0..DAYS_AHEAD)
        .map(|ahead| {
            let date = today.plus_days(ahead);
            let words = match ahead {
                0 => "Today".to_owned(),
                1 => "Tomorrow".to_owned(),
                _ => format::day(date),
            };
            view! { <option value=date.to_string() selected=chosen == Some(date)>{words}</option> }
        })
        .collect_view();
    let later = chosen.filter(|date| date.days() - today.days() >= DAYS_AHEAD).map(|date| {
        view! { <option value=date.to_string() selected=true>{format::day(date)}</option> }
    });
    let rest = asked.rest.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    view! {
        <form class="search-bar" data-size=compact.then_some("compact") action="/search" role="search">
            <div class="part">
                {icon(Icon::SEARCH)} <label for="what">"What"</label>
                <input id="what" name="q" value=asked.what placeholder="A leaking tap, a haircut, piano" autocomplete="off" enterkeyhint="search" maxlength="120" />
            </div>
            <div class="part">
                {icon(Icon::MAP_PIN)} <label for="where">"Where"</label>
                <input id="where" name="place" value=asked.place placeholder="Street, district or postcode" autocomplete="address-line1" enterkeyhint="search" maxlength="120" />
            </div>
            <div class="part">
                {icon(Icon::CALENDAR)} <label for="when">"When"</label>
                <select id="when" name="free_on"><option value="">"Any day"</option>{days}{later}</select>
            </div>
            {rest}
            <Button kind=Kind::Primary icon_before=Icon::SEARCH>"Search"</Button>
        </form>
    }
}

/// In the header: the bar itself where there is room, one line that opens it where there is not.
#[component]
pub fn SearchLine(asked: Asked, today: Date) -> impl IntoView {
    let what = if asked.what.is_empty() { "Anything".to_owned() } else { asked.what.clone() };
    let place = if asked.place.is_empty() { "Anywhere".to_owned() } else { asked.place.clone() };
    let when = asked.free_on.map_or_else(|| "any day".to_owned(), |date| format::day_near(date, today));
    view! {
        <button class="search-line" type="button" popovertarget="ask">
            {icon(Icon::SEARCH)} <span><b>{what}</b><span class="tiny muted">{format!("{place}, {when}")}</span></span>
        </button>
        <div class="search-sheet" id="ask" popover=""><SearchBar asked=asked today=today compact=true /></div>
    }
}
