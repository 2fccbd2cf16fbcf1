//! Entries on the grid: colour is the person, texture is the state.

use crate::kit::{Icon, format, icon};
use domain::booking::model::Status;
use domain::calendar::{Day, Entry, Kind as What, Placed};

use leptos::prelude::*;

/// A row of the grid is a quarter of an hour.
const ROW_MIN: i32 = 15;

/// One day between `hours` (from, to), its entries and where it is closed. `now_min` draws the line of now.
#[component]
pub fn DayColumn(day: Day, at: usize, hours: (i32, i32), now_min: Option<i32>, #[prop(into)] desk: String) -> impl IntoView {
    let first = hours.0 * 60;
    let last = hours.1 * 60;
    let row = move |minute: i32| f64::from(minute.clamp(first, last) - first) / f64::from(ROW_MIN);
    let shut = shut(&day.open, first, last)
        .into_iter()
        .map(|(from, to)| view! { <i class="shut" style=format!("--at: {}; --to-at: {}", row(from), row(to))></i> })
        .collect_view();
    let is_closed = day.open.is_empty() && day.placed.is_empty();
    let events = day.placed.into_iter().map(|placed| event(placed, first, last, &desk)).collect_view();
    let line = now_min
        .filter(|now| (first..last).contains(now))
        .map(|now| view! { <span class="now-line" style=format!("--at: {}", row(now))></span> });
    view! {
        <div class="column-day" data-d=at.to_string() data-date=day.date.to_string() data-closed=is_closed.then_some("")>
            {shut} {is_closed.then(|| view! { <span class="closed tiny">"Closed"</span> })} {events} {line}
        </div>
    }
    .into_any()
}

/// What lasts the whole day, above the grid.
#[component]
pub fn AllDay(entries: Vec<Entry>, at: usize, #[prop(into)] desk: String) -> impl IntoView {
    let bars = entries
        .into_iter()
        .map(|entry| {
            let title = if entry.resource_name.is_empty() { entry.title.clone() } else { format!("{}: {}", entry.resource_name, entry.title) };
            let of = if matches!(entry.kind, What::TimeOff { .. }) { Icon::SUN } else { Icon::BAN };
            view! { <a class="bar-event" href=format!("{desk}/availability") data-tone=entry.tone.to_string() title=title.clone()>{icon(of)} {title.clone()}</a> }
        })
        .collect_view();
    view! { <div class="all" data-d=at.to_string()>{bars}</div> }
}

#[component]
pub fn Legend() -> impl IntoView {
    view! {
        <ul class="legend keys plain">
            <li><i data-k="asked"></i>"Waiting"</li><li><i data-k="held"></i>"Held"</li><li><i data-k="busy"></i>"Imported"</li><li><i data-k="buffer"></i>"Before and after"</li>
        </ul>
    }
}

/// The parts of the shown hours that are not open.
fn shut(open: &[(i32, i32)], first: i32, last: i32) -> Vec<(i32, i32)> {
    let mut shut = Vec::new();
    let mut from = first;
    for &(start, end) in open {
        if start > from {
            shut.push((from, start.min(last)));
        }
        from = from.max(end);
    }
    if from < last {
        shut.push((from, last));
    }
    shut
}

fn event(placed: Placed, first: i32, last: i32, desk: &str) -> AnyView {
    let Placed { entry, from_min, to_min, lane, lanes } = placed;
    if to_min <= first || from_min >= last {
        return ().into_any();
    }
    let line = |minute: i32| (minute.clamp(first, last) - first) / ROW_MIN + 1;
    let (from, to) = (line(from_min), line(to_min + ROW_MIN - 1).max(line(from_min) + 1));
    let buffer = (entry.buffer_after_min as i32 + ROW_MIN - 1) / ROW_MIN;
    let style = format!("--from: {from}; --to: {to}; --lane: {lane}; --lanes: {lanes}; --buffer: {buffer}");
    let (state, spoken) = state(&entry);
    let href = match entry.kind {
        What::Booking { status: Status::Held, .. } => None,
        What::Booking { id, .. } => Some(format!("/bookings/{id}")),
        What::Block { id } => Some(format!("{desk}/blocks/{id}")),
        What::TimeOff { .. } | What::Imported => Some(format!("{desk}/availability")),
    };
    let place = entry.job.as_ref().map_or_else(
        || entry.resource_name.clone(),
        |job| [job.customer_name.clone(), job.place.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
    );
    let spoken =
        [entry.resource_name.clone(), spoken.to_owned()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let id = match entry.kind {
        What::Booking { id, .. } => Some(id.to_string()),
        What::Block { id } => Some(id.to_string()),
        _ => None,
    };
    let inside = view! {
        <b>{entry.title.clone()}</b>
        <span class="num">{format::clock(from_min.into())}<span class="till">"–"{format::clock(to_min.into())}</span></span>
        <span class="where">{place}</span>
        <span class="hidden-visually">{spoken}</span>
    };
    let tone = entry.tone.to_string();
    let begins = from_min.to_string();
    match href {
        Some(href) => {
            view! { <a class="event" href=href data-tone=tone data-state=state data-key=id data-from=begins style=style>{inside}</a> }
                .into_any()
        }
        None => view! { <div class="event" data-tone=tone data-state=state data-key=id style=style>{inside}</div> }.into_any(),
    }
}

/// How it is drawn, and how it is read aloud.
fn state(entry: &Entry) -> (Option<&'static str>, &'static str) {
    match entry.kind {
        What::Booking { status: Status::Completed | Status::NoShow, .. } => (Some("done"), "done"),
        What::Booking { status: Status::InProgress, .. } => (Some("now"), "in progress"),
        What::Booking { status: Status::Requested, .. } => (Some("asked"), "request waiting"),
        What::Booking { status: Status::Held, .. } => (Some("held"), "held for checkout"),
        What::Booking { .. } => (None, ""),
        What::Imported => (Some("busy"), "busy, imported"),
        What::Block { .. } => (Some("own"), "blocked"),
        What::TimeOff { .. } => (Some("own"), "away"),
    }
}
