//! The lost race: what happened, and the nearest free times.

use crate::booking::parts::When;
use crate::kit::format;
use domain::error::Refusal;
use domain::id::ServiceId;
use domain::scheduling::model::Slot;
use domain::scheduling::zone;
use leptos::prelude::*;

/// Where the alternatives lead: a new hold, or the move of a booking.
pub enum Purpose {
    Hold { service: ServiceId, add_ons: Vec<String> },
    Move { action: String },
}

#[component]
pub fn Taken(refusal: Refusal, purpose: Purpose, zone_name: String, back: String) -> impl IntoView {
    let slots: Vec<Slot> =
        refusal.help.get("alternatives").cloned().and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
    let title = match refusal.code.as_str() {
        "slot_taken" => "That time was just taken",
        "too_many_holds" => "You are keeping enough times",
        "hold_expired" => "Your hold has ended",
        _ => "That time cannot be booked",
    };
    let offers = slots
        .into_iter()
        .map(|slot| {
            let local = zone::local_in(slot.starts_at, &zone_name);
            let label = When::moment(slot.starts_at, &zone_name);
            view! {
                <button class="slot" type="submit" name="starts_at" value=slot.starts_at.to_string() aria-label=label>
                    <span class="day">{format::day(local.date)}</span>
                    " "
                    <time datetime=slot.starts_at.to_string()>{format::clock(local.minute.into())}</time>
                </button>
            }
        })
        .collect::<Vec<_>>();
    let form = (!offers.is_empty()).then(|| match purpose {
        Purpose::Hold { service, add_ons } => view! {
            <form class="slots" method="post" action="/book">
                <input type="hidden" name="service_id" value=service.to_string() />
                {add_ons.into_iter().map(|id| view! { <input type="hidden" name="add_on" value=id /> }).collect_view()}
                {offers}
            </form>
        }
        .into_any(),
        Purpose::Move { action } => view! { <form class="slots" method="get" action=action>{offers}</form> }.into_any(),
    });
    let link =
        if refusal.code == "too_many_holds" { ("/bookings".to_owned(), "See what you are keeping") } else { (back, "See all times") };
    view! {
        <div class="column narrow">
            <h1>{title}</h1>
            <p class="muted" role="alert">{refusal.sentence}</p>
            {form}
            <p><a class="button" href=link.0>{link.1}</a></p>
        </div>
    }
}
