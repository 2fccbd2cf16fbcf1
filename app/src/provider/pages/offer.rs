//! Why and how to offer one's services here.

use crate::kit::{Badge, Facts, Icon, Kind, LinkButton, State};
use domain::id::ProviderId;
use domain::provider::model::{ProviderStatus, ProviderView};
use leptos::prelude::*;

/// `own` are the viewer's businesses that are not open yet.
#[component]
pub fn OfferPage(own: Vec<ProviderView>, commission: String) -> impl IntoView {
    let facts = vec![
        (Icon::CALENDAR_CHECK, "A calendar that cannot be double-booked".to_owned(), "Your hours, your team, your vans and rooms, and the calendars you already keep decide together what is free.".to_owned()),
        (Icon::WALLET, "Paid before you set out".to_owned(), format!("Customers pay when they book. We keep {commission} of the service, nothing of the tip, and nothing when you bring your own customer.")),
        (Icon::SHIELD_CHECK, "Your rules".to_owned(), "Notice, buffers, limits, how far you travel, what a cancellation gives back: you set them, and every customer sees them before booking.".to_owned()),
        (Icon::USERS, "Room for a team".to_owned(), "Invite people, give each their own hours, and share jobs out in turn.".to_owned()),
    ];
    let open = own.into_iter().map(|view| view! { <li>{draft(view)}</li> }).collect_view();
    let steps = [
        ("Tell us about the business", "Name, category, place, and your story in a few sentences."),
        ("List what you do", "Services with price, duration and who does them."),
        ("Say when", "Weekly hours; holidays and exceptions whenever they come up."),
        ("Send it in", "Someone reads every application, usually within two working days."),
    ];
    let steps = steps.map(|(what, more)| view! { <li><strong>{what}</strong><p class="muted">{more}</p></li> }).collect_view();
    view! {
        <div class="column pitch">
            <header>
                <h1>"Good work, booked by itself"</h1>
                <p class="lead measure">"Show people nearby when you are free. They book and pay in a minute; you do what you are good at."</p>
                <div class="row"><LinkButton href="/offer-your-services/apply" kind=Kind::Primary size="large">"Start your application"</LinkButton></div>
            </header>
            <ul class="plain drafts">{open}</ul>
            <section aria-labelledby="why"><h2 id="why">"What you get"</h2><Facts items=facts grid=true /></section>
            <section aria-labelledby="how"><h2 id="how">"How it goes"</h2><ol class="way">{steps}</ol></section>
        </div>
    }
}

/// Where an unfinished application goes on.
pub fn address(id: ProviderId, step: &str) -> String {
    format!("/offer-your-services/apply/{id}/{step}")
}

fn draft(view: ProviderView) -> AnyView {
    let (state, words, href) = match view.status {
        ProviderStatus::Draft => (State::Wait, "Draft", address(view.id, "business")),
        ProviderStatus::Submitted => (State::Note, "Being read", address(view.id, "review")),
        ProviderStatus::Rejected => (State::Bad, "Needs another look", address(view.id, "business")),
        ProviderStatus::Active | ProviderStatus::Suspended => (State::Good, "Open", format!("/desk/{}", view.id)),
    };
    view! {
        <a class="card row" data-fit="between" href=href><strong>{view.name}</strong> <Badge text=words state=state /></a>
    }
    .into_any()
}
