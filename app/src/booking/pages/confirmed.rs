//! After paying: what happens next.

use crate::booking::parts::{Leaf, When, price_lines};
use crate::kit::islands::LivePart;
use crate::kit::{Facts, Icon, PriceLines, icon, icon_s};
use domain::booking::model::{BookingView, Status};
use domain::provider::model::Mode;
use domain::time::Instant;
use leptos::prelude::*;

#[component]
pub fn Confirmed(booking: BookingView, is_guest: bool, now: Instant) -> impl IntoView {
    let topics = vec![domain::live::Topic::Booking(booking.id).to_string()];
    let when = When::of(booking.starts_at, booking.ends_at, &booking.zone, now);
    let provider = booking.provider.name.clone();
    let is_request = booking.status == Status::Requested;
    let (title, sentence) = if is_request {
        let by = booking.answer_by.map(|at| When::near_moment(at, &booking.zone, now)).unwrap_or_default();
        ("You have asked for it", format!("{provider} answers by {by}. Your card is charged only if they accept."))
    } else {
        ("It is booked", format!("{provider} has it in the calendar."))
    };
    let person = booking.person.as_ref().map_or(provider.clone(), |p| p.name.clone());
    let place = match booking.mode {
        Mode::AtCustomer => {
            let line = booking.address.as_ref().map(domain::booking::model::Address::line).unwrap_or_default();
            format!("{line}. {person} comes to you.")
        }
        Mode::AtProvider => booking.provider.place.clone(),
        Mode::Online => "Online.".to_owned(),
    };
    let next = next_steps(&booking, is_request, now);
    let page = format!("/bookings/{}", booking.id);
    let mut lines = price_lines(&booking, if is_request { "Reserved on your card" } else { "Paid" });
    if booking.price.total.is_zero() {
        lines.clear();
    }
    view! {
        <div class="column visit narrow" id="agreed">
            <header class="done-head">
                <span class="tick" aria-hidden="true">{icon(if is_request { Icon::HOURGLASS } else { Icon::CHECK })}</span>
                <h1>{title}</h1>
                <p class="muted" aria-live="polite">{sentence}</p>
            </header>
            <section class="ticket card" aria-label="Your booking">
                <Leaf date=when.date />
                <div class="gist">
                    <p class="small accent">{when.near}</p>
                    <p class="big"><b>{when.range}</b></p>
                    <p class="small muted">{format!("{}. {place}", booking.service_name)}</p>
                </div>
                <div class="doing">
                    <a class="button" data-size="dense" href=format!("{page}/calendar.ics")>{icon_s(Icon::CALENDAR_PLUS)} "Add to calendar"</a>
                    <a class="button" data-kind="primary" data-size="dense" href=page.clone()>"Manage"<span class="hidden-visually">" the booking"</span></a>
                </div>
            </section>
            <section aria-labelledby="then"><h2 id="then">"What happens next"</h2><Facts items=next /></section>
            {(!lines.is_empty()).then(|| view! { <section class="card" data-pad><PriceLines lines=lines /></section> })}
            {is_guest.then(|| view! {
                <section class="card" data-pad>
                    <h2>"Keep all your bookings in one place"</h2>
                    <p class="small muted">{"The e-mail has a link that makes this an account. Until then only this browser can open the booking."}</p>
                </section>
            })}
        </div>
        <LivePart region="agreed".into() topics=topics />
    }
}

/// What they may count on, in order.
fn next_steps(booking: &BookingView, is_request: bool, now: Instant) -> Vec<(Icon, String, String)> {
    let mut steps = Vec::new();
    if !is_request {
        let letter = format!("To {}, with the file for your calendar.", booking.contact.email);
        steps.push((Icon::MAIL, "The confirmation comes by e-mail".to_owned(), letter));
        steps.push((Icon::BELL, "We remind you the day before".to_owned(), "And tell you at once if anything changes.".to_owned()));
    }
    let before = domain::booking::model::RefundSoFar::default();
    let scale =
        domain::booking::scale(&booking.lines(), &before, &booking.tiers, booking.starts_at, booking.lowest_tier_bp, now, booking.currency);
    let best = scale.iter().find(|step| step.is_now).and_then(|step| step.until.map(|until| (until, step.refund)));
    if let Some((until, refund)) = best.filter(|_| !booking.price.total.is_zero()) {
        let until = When::near_moment(until, &booking.zone, now);
        steps.push((
            Icon::ROTATE_CCW,
            format!("Plans change? {refund} comes back until {until}"),
            "Moving it to another time costs nothing.".to_owned(),
        ));
    }
    if !booking.provider.phone.is_empty() {
        let line = format!("Call {}: {}.", booking.provider.name, booking.provider.phone);
        steps.push((Icon::PHONE, "Something to say before?".to_owned(), line));
    }
    steps
}

/// Back from the payment page, and the money has not said yet whether it came.
#[component]
pub fn Waiting(booking: BookingView) -> impl IntoView {
    let topics = vec![domain::live::Topic::Booking(booking.id).to_string()];
    view! {
        <div class="column narrow" id="waiting">
            <h1>"Waiting for your payment"</h1>
            <p class="muted">"Your bank has not answered yet. The time is kept for you meanwhile; nothing is charged twice."</p>
            <p class="row">
                <a class="button" data-kind="primary" href=format!("/checkout/{}/return", booking.id)>"Look again"</a>
                <a class="button" href=format!("/checkout/{}", booking.id)>"Pay another way"</a>
            </p>
        </div>
        <LivePart region="waiting".into() topics=topics />
    }
}

/// Someone took a booking by phone and sent this link.
#[component]
pub fn PayLink(secret: String) -> impl IntoView {
    view! {
        <div class="column narrow">
            <h1>"Pay for your booking"</h1>
            <p class="muted">"Your booking is kept for you. Look at it, and pay by card."</p>
            <form method="post" action=format!("/pay/{secret}")><button class="button" data-kind="primary" type="submit">"See the booking"</button></form>
        </div>
    }
}
