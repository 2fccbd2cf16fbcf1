//! Cancelling: the outcome stands in the title and in the button.

use crate::booking::parts::{BackMoney, When};
use crate::kit::{ErrorSummary, Filled, PriceLine, PriceLines, format};
use domain::booking::model::{BookingView, CancellationPreview, Side, Status, ViewerRole};
use domain::time::Instant;
use leptos::prelude::*;

#[component]
pub fn Cancel(booking: BookingView, preview: CancellationPreview, card: Option<String>, filled: Filled, now: Instant) -> impl IntoView {
    let is_customer = booking.viewer == ViewerRole::Customer;
    let refund = preview.refund;
    let when = When::moment(booking.starts_at, &booking.zone);
    let (title, button) = match (preview.is_charged, is_customer) {
        (true, true) if refund.is_zero() => ("Cancel without a refund?".to_owned(), "Cancel, nothing comes back".to_owned()),
        (true, true) => (format!("Cancel and get {refund} back?"), format!("Cancel and get {refund} back")),
        (true, false) => (format!("Cancel and return {refund}?"), format!("Cancel and return {refund}")),
        (false, _) if booking.status == Status::Requested && is_customer => {
            ("Withdraw your request?".to_owned(), "Withdraw the request".to_owned())
        }
        (false, _) => ("Cancel this booking?".to_owned(), "Cancel the booking".to_owned()),
    };
    let sentence = match (preview.is_charged, preview.by) {
        (true, Side::Customer) if now < booking.starts_at => {
            let away = format::relative(booking.starts_at, now);
            format!("{} on {when}. The start is {away}, so this is what comes back:", booking.service_name)
        }
        (true, Side::Customer) => format!("{} on {when}. It has already begun, so nothing comes back.", booking.service_name),
        (true, _) => format!("{} on {when}. Because you cancel, the customer gets everything back:", booking.service_name),
        (false, _) if booking.status == Status::Requested => {
            format!("{} on {when}. What was set aside on the card is released; nothing was charged.", booking.service_name)
        }
        (false, _) => format!("{} on {when}. Nothing was paid through Fettle, so nothing goes back.", booking.service_name),
    };
    let mut lines = Vec::new();
    if preview.is_charged {
        lines.push(PriceLine::new(format!("{} of the service", format::percent(preview.tier_bp)), preview.service));
        if !preview.tax.is_zero() {
            lines.push(PriceLine::new("Tax, in proportion", preview.tax));
        }
        if !booking.price.tip.is_zero() {
            lines.push(PriceLine::new(if preview.tip.is_zero() { "Tip" } else { "Tip, all of it" }, preview.tip));
        }
        let to = card.map_or_else(|| "Back to the card".to_owned(), |card| format!("Back to {card}"));
        lines.push(PriceLine::new(to, refund).sum());
    }
    let next = preview.next_tier_at.zip(preview.next_refund).map(|(at, less)| {
        view! { <p class="small">{format!("From {} it would be {less}.", When::near_moment(at, &booking.zone, now))}</p> }
    });
    let move_it = (is_customer && booking.status == Status::Confirmed && now < booking.starts_at).then(|| {
        view! {
            <p class="small">
                "Or " <a class="link" href=format!("/bookings/{}/reschedule", booking.id)>"choose another time"</a>
                ": that costs nothing, and the refund stays what it is now."
            </p>
        }
    });
    let other = if is_customer { booking.provider.name.clone() } else { "the customer".to_owned() };
    let scale = preview.scale.clone();
    let zone = booking.zone.clone();
    view! {
        <div class="column narrow sheet-page">
            <nav aria-label="Where you are">
                <ol class="crumbs plain">
                    <li><a href="/bookings">"Bookings"</a></li>
                    <li><a href=format!("/bookings/{}", booking.id)>{booking.reference.clone()}</a></li>
                    <li aria-current="page">"Cancel"</li>
                </ol>
            </nav>
            <h1>{title}</h1>
            <ErrorSummary filled=filled.clone() />
            <p class="muted">{sentence}</p>
            {(!lines.is_empty()).then(|| view! { <div class="card" data-pad><PriceLines lines=lines large=true /></div> })}
            {(!scale.is_empty()).then(|| view! { <BackMoney scale=scale zone=zone now=now /> })}
            {next}
            {move_it}
            <form class="form" method="post">
                <input type="hidden" name="expected_refund_minor" value=refund.minor.to_string() />
                <div class="field">
                    <label for="f-reason">"Reason " <span class="optional">{format!("(optional, {other} sees it)")}</span></label>
                    <input class="input" id="f-reason" name="reason" maxlength="500" value=filled.value("reason") />
                </div>
                <div class="row">
                    <button class="button" data-kind="danger" type="submit">{button}</button>
                    <a class="button" href=format!("/bookings/{}", booking.id)>"Keep the booking"</a>
                </div>
            </form>
        </div>
    }
}
