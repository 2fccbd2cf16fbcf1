//! One's bookings: the next one large, what follows, what is past.

use crate::booking::parts::{Leaf, StatusBadge, When};
use crate::kit::islands::{CopyButton, LivePart};
use crate::kit::{Empty, Icon, LinkButton, ProviderMark, icon_s};
use domain::booking::model::{BookingItem, Status};
use domain::id::Id;
use domain::page::Page;
use domain::time::Instant;
use leptos::prelude::*;

#[component]
pub fn Bookings(
    upcoming: Page<BookingItem>,
    past: Page<BookingItem>,
    is_first_page: bool,
    feed: Option<String>,
    /// Works for a provider: their jobs are in the private calendar too.
    is_staff: bool,
    now: Instant,
) -> impl IntoView {
    let is_empty = upcoming.items.is_empty() && past.items.is_empty() && is_first_page;
    let mut ahead = upcoming.items.into_iter();
    let next = if is_first_page { ahead.next() } else { None };
    let rest: Vec<_> = ahead.collect();
    let more = past
        .next_cursor
        .clone()
        .map(|cursor| view! { <p><a class="button" href=format!("/bookings?cursor={cursor}")>"Earlier bookings"</a></p> });
    let later =
        upcoming.next_cursor.map(|cursor| view! { <p><a class="button" href=format!("/bookings?ahead={cursor}")>"Later bookings"</a></p> });
    let empty = is_empty.then(|| {
        view! {
            <Empty title="No bookings yet" text="When you book someone, it stands here with everything around it." icon_before=Icon::CALENDAR_CHECK>
                <LinkButton href="/search" kind=crate::kit::Kind::Primary>"Find someone"</LinkButton>
            </Empty>
        }
    });
    view! {
        <div class="column bookings" id="bookings">
            <header class="head"><h1>"Bookings"</h1></header>
            {empty}
            {next.map(|item| next_one(item, now))}
            {(!rest.is_empty()).then(|| view! { <section aria-labelledby="ahead"><h2 id="ahead">"Coming up"</h2>{rows(rest, now)}{later}</section> })}
            {(!past.items.is_empty()).then(|| view! { <section aria-labelledby="past"><h2 id="past">"Past"</h2>{rows(past.items, now)}{more}</section> })}
            {(!is_empty || is_staff).then(|| feed_part(feed, is_staff))}
        </div>
        <LivePart region="bookings".into() topics=vec!["me".into()] />
    }
}

fn next_one(item: BookingItem, now: Instant) -> AnyView {
    let when = When::of(item.starts_at, item.ends_at, &item.zone, now);
    let is_held = item.status == Status::Held;
    let page = format!("/bookings/{}", item.id);
    let action = if is_held {
        view! { <a class="button" data-kind="primary" data-size="dense" href=format!("/checkout/{}", item.id)>"Finish the checkout"</a> }
            .into_any()
    } else {
        view! {
            <a class="button" data-size="dense" href=format!("{page}/calendar.ics")>{icon_s(Icon::CALENDAR_PLUS)} "Add to calendar"</a>
            <a class="button" data-kind="primary" data-size="dense" href=page.clone()>"Open"</a>
        }
        .into_any()
    };
    view! {
        <section class="ticket card" aria-label="Next booking">
            <Leaf date=when.date />
            <div class="gist">
                <p class="small accent">{when.near}</p>
                <p class="big"><a href=page.clone()><b>{when.range}</b></a></p>
                <p class="small muted">{format!("{} with {}. {}", item.service_name, item.provider_name, item.place)}</p>
                <p><StatusBadge status=item.status /></p>
            </div>
            <div class="doing">{action}</div>
        </section>
    }
    .into_any()
}

fn rows(items: Vec<BookingItem>, now: Instant) -> AnyView {
    let rows = items
        .into_iter()
        .map(|item| {
            let when = When::of(item.starts_at, item.ends_at, &item.zone, now);
            let href = if item.status == Status::Held { format!("/checkout/{}", item.id) } else { format!("/bookings/{}", item.id) };
            let review = item
                .can_review
                .then(|| view! { <a class="button" data-size="dense" href=format!("/bookings/{}/review", item.id)>{icon_s(Icon::STAR)} "Review"</a> });
            let year = if when.date.ymd().0 == domain::scheduling::zone::local_in(now, &item.zone).date.ymd().0 {
                String::new()
            } else {
                format!(" {}", when.date.ymd().0)
            };
            view! {
                <li data-key=item.id.to_string()>
                    <ProviderMark id=item.provider_id.as_u128() icon_name=item.category_icon tone=item.tone as i32 />
                    <div class="what">
                        <a href=href><b>{item.service_name}</b></a>
                        <p class="small muted">{format!("{}{year}, {} with {}", when.day, when.range, item.provider_name)}</p>
                    </div>
                    <div class="end"><StatusBadge status=item.status /><span class="num">{item.total.to_string()}</span>{review}</div>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="ruled plain">{rows}</ul> }.into_any()
}

fn feed_part(feed: Option<String>, is_staff: bool) -> AnyView {
    let what = if is_staff {
        "Subscribe to one address and every booking and job of yours, every change and cancellation appears there by itself."
    } else {
        "Subscribe to one address and every booking, change and cancellation appears there by itself."
    };
    let shown = feed.map(|address| {
        view! {
            <div class="field">
                <label for="feed">"Your private calendar address"</label>
                <div class="row">
                    <input class="input" id="feed" readonly value=address.clone() />
                    <CopyButton text=address label="Copy" />
                </div>
                <p class="help">"Whoever has it sees your bookings. It is shown this once; make a new one to end it."</p>
            </div>
        }
    });
    view! {
        <section class="feed" aria-labelledby="feed-title">
            <h2 id="feed-title">"In your own calendar"</h2>
            <p class="small muted">{what}</p>
            {shown}
            <form method="post" action="/bookings/feed"><button class="button" type="submit">{icon_s(Icon::LINK)} "Make a calendar address"</button></form>
        </section>
    }
    .into_any()
}
