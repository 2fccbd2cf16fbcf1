//! Saying that somebody was not there: what it means comes first, since money moves and it cannot be taken back.

use crate::booking::parts::When;
use crate::kit::{PriceLine, PriceLines};
use domain::booking::model::{BookingView, NoShowPreview, Side, ViewerRole};
use domain::money::Money;
use leptos::prelude::*;

/// `card` is what money goes back to: `Visa ending 4242`.
#[component]
pub fn NoShow(booking: BookingView, preview: NoShowPreview, card: Option<String>) -> impl IntoView {
    let page = format!("/bookings/{}", booking.id);
    let title = match booking.viewer {
        ViewerRole::Customer => "Did nobody come?",
        ViewerRole::Staff => "Was nobody there?",
        ViewerRole::Operator => "Who was not there?",
    };
    let what = format!("{} on {}.", booking.service_name, When::moment(booking.starts_at, &booking.zone));
    let to = card.map_or_else(|| "Back to the card".to_owned(), |card| format!("Back to {card}"));
    let ways = preview.ways.iter().map(|(absent, refund)| way(&booking, *absent, *refund, preview.is_charged, &to)).collect_view();
    view! {
        <div class="column narrow sheet-page">
            <nav aria-label="Where you are">
                <ol class="crumbs plain">
                    <li><a href=page.clone()>{booking.reference.clone()}</a></li>
                    <li aria-current="page">"Not there"</li>
                </ol>
            </nav>
            <h1>{title}</h1>
            <p class="muted">{what}</p>
            {ways}
            <div class="row last"><a class="button" href=page>"Leave it as it is"</a></div>
        </div>
    }
}

fn way(booking: &BookingView, absent: Side, refund: Money, is_charged: bool, to: &str) -> AnyView {
    let (provider, customer) = (&booking.provider.name, booking.contact.name.as_str());
    let customer = if customer.is_empty() { "the customer" } else { customer };
    let is_provider = absent == Side::Provider;
    let sentence = match (is_provider, booking.viewer, is_charged) {
        (true, ViewerRole::Customer, true) => format!("If {provider} did not come, the booking ends and everything you paid goes back:"),
        (true, _, true) => format!("If {provider} did not come, the booking ends and everything that {customer} paid goes back:"),
        (true, ..) => format!("If {provider} did not come, the booking ends. Nothing was paid through Fettle, so nothing goes back."),
        (false, ViewerRole::Staff, true) => {
            format!("If {customer} was not there, the booking ends. Nothing goes back, and you keep what you earn.")
        }
        (false, _, true) => format!("If {customer} was not there, the booking ends. Nothing goes back, and {provider} keeps the earnings."),
        (false, ..) => format!("If {customer} was not there, the booking ends."),
    };
    let button = match (is_provider, booking.viewer) {
        (true, ViewerRole::Customer) if is_charged => format!("Nobody came, give {refund} back"),
        (true, ViewerRole::Customer) => "Nobody came".to_owned(),
        (false, ViewerRole::Staff) => "Nobody was there".to_owned(),
        (true, _) => format!("{provider} did not come"),
        (false, _) => format!("{customer} was not there"),
    };
    let lines = (is_provider && is_charged)
        .then(|| view! { <div class="sheet"><PriceLines lines=vec![PriceLine::new(to.to_owned(), refund).sum()] large=true /></div> });
    view! {
        <form class="form" method="post" action=format!("/bookings/{}/no-show", booking.id)>
            <p>{sentence}</p>
            {lines}
            <div><button class="button" data-kind="danger" type="submit" name="absent" value=absent.as_str()>{button}</button></div>
        </form>
    }
    .into_any()
}
