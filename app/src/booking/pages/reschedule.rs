//! Another time: choose one, look at what it means, confirm.

use crate::booking::parts::{BackMoney, When};
use crate::kit::{ErrorSummary, Filled, Notice, State, format};
use domain::booking::model::{BookingView, ReschedulePreview, ViewerRole};
use domain::scheduling::model::Availability;
use domain::scheduling::zone;
use domain::time::{Date, Instant};
use leptos::prelude::*;

/// The free times of some days, and a step to as many before and after.
#[component]
pub fn Choose(booking: BookingView, times: Availability, from: Date, filled: Filled, now: Instant) -> impl IntoView {
    let today = zone::local_in(now, &booking.zone).date;
    let action = format!("/bookings/{}/reschedule", booking.id);
    let step = times.days.len() as i32;
    let earlier = (from > today).then(
        || view! { <a class="button" data-size="dense" href=format!("{action}?from={}", from.plus_days(-step).max(today))>"Earlier"</a> },
    );
    let later = view! { <a class="button" data-size="dense" href=format!("{action}?from={}", from.plus_days(step))>"Later"</a> };
    let is_empty = times.days.iter().all(|day| day.slots.is_empty());
    let days = times
        .days
        .into_iter()
        .filter(|day| !day.slots.is_empty())
        .map(|day| {
            let slots = day
                .slots
                .into_iter()
                .map(|slot| {
                    let local = zone::local_in(slot.starts_at, &booking.zone);
                    let label = When::moment(slot.starts_at, &booking.zone);
                    view! {
                        <button class="slot" type="submit" name="starts_at" value=slot.starts_at.to_string() aria-label=label>
                            <time datetime=slot.starts_at.to_string()>{format::clock(local.minute.into())}</time>
                        </button>
                    }
                })
                .collect_view();
            view! { <div class="day-row"><h3>{format::day(day.date)}</h3><div class="slots">{slots}</div></div> }
        })
        .collect_view();
    view! {
        <div class="column narrow sheet-page">
            {crumbs(&booking)}
            <h1>"Choose another time"</h1>
            <ErrorSummary filled=filled />
            <p class="muted">{format!("{} is now on {}. The price stays.", booking.service_name, When::moment(booking.starts_at, &booking.zone))}</p>
            <p class="row">{earlier} {later}</p>
            <form class="day-rows" method="get" action=action>{days}</form>
            {is_empty.then(|| view! { <p class="muted">"Nothing is free in these days. Look later."</p> })}
        </div>
    }
}

/// What the move would mean.
#[component]
pub fn Confirm(booking: BookingView, preview: ReschedulePreview, now: Instant) -> impl IntoView {
    let to = When::moment(preview.starts_at, &booking.zone);
    let is_customer = booking.viewer == ViewerRole::Customer;
    let answer = preview.answer_by.map(|by| {
        let who = if is_customer { booking.provider.name.clone() } else { "The customer".to_owned() };
        let by = When::near_moment(by, &booking.zone, now);
        let otherwise = if is_customer {
            "The old time stays yours until they accept."
        } else {
            "Without their yes the booking is cancelled and everything goes back to them."
        };
        view! { <Notice state=State::Wait>{format!("{who} is asked first, until {by}. {otherwise}")}</Notice> }
    });
    let capped = (preview.lowest_tier_bp < 10_000 && is_customer).then(|| {
        view! { <p class="small muted">{format!("Moving keeps the refund where it is now: at most {} of the service.", format::percent(preview.lowest_tier_bp))}</p> }
    });
    let button = if preview.needs_answer { format!("Ask to move it to {to}") } else { format!("Move it to {to}") };
    view! {
        <div class="column narrow sheet-page">
            {crumbs(&booking)}
            <h1>{format!("Move it to {to}?")}</h1>
            <dl class="facts-list">
                <div><dt>"Now"</dt><dd><s>{When::moment(preview.from, &booking.zone)}</s></dd></div>
                <div><dt>"Then"</dt><dd><b>{to}</b></dd></div>
                <div><dt>"Price"</dt><dd>{format!("{}, as before", preview.total)}</dd></div>
            </dl>
            {answer}
            {capped}
            {(is_customer && !preview.total.is_zero()).then(|| view! { <BackMoney scale=preview.scale.clone() zone=booking.zone.clone() now=now /> })}
            <form class="row" method="post" action=format!("/bookings/{}/reschedule", booking.id)>
                <input type="hidden" name="starts_at" value=preview.starts_at.to_string() />
                <button class="button" data-kind="primary" type="submit">{button}</button>
                <a class="button" href=format!("/bookings/{}/reschedule", booking.id)>"Another time"</a>
            </form>
        </div>
    }
}

fn crumbs(booking: &BookingView) -> AnyView {
    view! {
        <nav aria-label="Where you are">
            <ol class="crumbs plain">
                <li><a href="/bookings">"Bookings"</a></li>
                <li><a href=format!("/bookings/{}", booking.id)>{booking.reference.clone()}</a></li>
                <li aria-current="page">"Another time"</li>
            </ol>
        </nav>
    }
    .into_any()
}
