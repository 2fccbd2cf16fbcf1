//! The hold has ended: what was typed is still there, and the time can be taken again.

use crate::booking::parts::When;
use crate::kit::{Filled, Notice, State};
use domain::booking::model::BookingView;
use domain::payment::{RefundState, RefundView};
use domain::time::Instant;
use leptos::prelude::*;

/// Fields of the checkout that go along to the next hold.
const KEPT: [&str; 9] =
    ["name", "email", "phone", "notes", "tip_minor", "address.street", "address.postcode", "address.town", "address.extra"];

#[component]
pub fn HoldEnded(
    booking: BookingView,
    filled: Filled,
    /// Money that came too late and goes back.
    returned: Option<RefundView>,
    now: Instant,
) -> impl IntoView {
    let when = When::of(booking.starts_at, booking.ends_at, &booking.zone, now);
    let title = if returned.is_some() { "Your payment came too late" } else { "Your hold has ended" };
    let told = match &returned {
        Some(refund) => {
            let how = match refund.status {
                RefundState::Succeeded => "has gone back to your card",
                RefundState::Failed => "could not be sent back to your card; we are looking after it",
                RefundState::Pending => "goes back to your card whole",
            };
            format!("{} {} {how}. Banks take up to ten days to show it.", refund.reason, refund.amount)
        }
        None => format!("{}, {} was kept for you, but the time ran out. Nothing was charged.", when.day, when.range),
    };
    let is_ahead = now < booking.starts_at;
    let extras =
        booking.add_ons.iter().map(|extra| view! { <input type="hidden" name="add_on" value=extra.id.to_string() /> }).collect_view();
    let kept = KEPT
        .into_iter()
        .map(|name| (name, filled.value(name)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let again = is_ahead.then(|| {
        view! {
            <form method="post" action="/book">
                <input type="hidden" name="service_id" value=booking.service_id.to_string() />
                <input type="hidden" name="from" value=booking.id.to_string() />
                {extras} {kept}
                <button class="button" data-kind="primary" type="submit" name="starts_at" value=booking.starts_at.to_string()>
                    "Take it again if it is still free"
                </button>
            </form>
        }
    });
    view! {
        <div class="column narrow">
            <h1>{title}</h1>
            <Notice state=State::Wait announce=true>{told}</Notice>
            {is_ahead.then(|| view! { <p class="muted">"What you typed goes along; you will not have to do it twice."</p> })}
            <div class="row">{again} <a class="button" href=format!("/p/{}?service={}", booking.provider.slug, booking.service_id)>"See other times"</a></div>
        </div>
    }
}
