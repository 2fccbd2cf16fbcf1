//! Help: how booking, paying and cancelling work, in words.

use crate::kit::money::TierState;
use crate::kit::{Fold, LinkButton, RefundScale, Tier};
use leptos::prelude::*;

/// A page of text with an index beside it.
#[component]
pub(super) fn Paper(
    #[prop(into)] title: String,
    #[prop(into)] lead: String,
    sections: Vec<(&'static str, &'static str, AnyView)>,
) -> impl IntoView {
    let index = sections.iter().map(|(id, name, _)| view! { <li><a href=format!("#{id}")>{*name}</a></li> }).collect_view();
    let parts = sections.into_iter().map(|(id, name, inside)| view! { <section id=id><h2>{name}</h2>{inside}</section> }).collect_view();
    view! {
        <div class="column paper">
            <header><h1>{title}</h1><p class="muted measure">{lead}</p></header>
            <nav class="index" aria-label="On this page"><ul class="plain">{index}</ul></nav>
            <div class="text">{parts}</div>
        </div>
    }
}

/// The default tiers as percentages.
fn default_scale() -> impl IntoView {
    let tiers = vec![
        Tier::new("Until 24 hours before", "cancelled in good time", "100 %"),
        Tier::new("Until 2 hours before", "cancelled on the day", "75 %"),
        Tier::new("Until the start", "cancelled late", "50 %"),
        Tier::new("After the start", "or nobody was there", "0 %").state(TierState::None),
    ];
    view! { <RefundScale tiers=tiers /> }
}

#[component]
pub fn HelpPage() -> impl IntoView {
    let sections = vec![
        ("booking", "Booking", booking().into_any()),
        ("paying", "Paying", paying().into_any()),
        ("cancelling", "Cancelling and moving", cancelling().into_any()),
        ("guests", "Without an account", guests().into_any()),
        ("reviews", "Reviews", reviews().into_any()),
        ("privacy", "Your data", privacy().into_any()),
        ("providers", "For providers", providers().into_any()),
    ];
    view! { <Paper title="Help" lead="How Fettle works, from the first search to the review. Short answers first, the details below them." sections=sections /> }
}

fn booking() -> impl IntoView {
    view! {
        <p>"The times you see are free: schedules, other bookings, breaks and travel buffers are already taken out. Press one and it is held for you for 15 minutes while you check out. Nobody else can take it in that time."</p>
        <Fold title="Instant or by request?">"Most services are confirmed the moment you pay. Some providers look at each request first: you then authorise the price, and it is charged only if they accept. They answer within 24 hours, and never later than one hour before the start. If they decline or do not answer, nothing is charged."</Fold>
        <Fold title="Why is a time not offered?">"On the provider’s page, ask “Why is a time not offered?”. It names the reason: outside hours, too soon, too far ahead, or already taken. Most services need two hours’ notice and can be booked up to 90 days ahead."</Fold>
        <Fold title="Someone was faster. What now?">"If two people press the same time, one gets it and the other sees the nearest free times at once. Nothing is charged for a time you did not get."</Fold>
        <Fold title="Which time zone is it?">"Visits are shown in the zone of the place, online meetings in yours. Where the two differ, the zone is named."</Fold>
    }
}

fn paying() -> impl IntoView {
    view! {
        <p>"You pay once, when you book, and the bill adds up on the page: the service, what you added, tax, and a tip if you like. The amount stands in the button."</p>
        <Fold title="Is my card safe?">"Card numbers go straight to the payment company and never reach us."</Fold>
        <Fold title="Who gets the tip?">"All of it goes to the provider. Our commission is counted on the service alone."</Fold>
        <Fold title="My payment did not go through">"You are told what happened, and your time stays held until the countdown ends: try again or use another card. If your bank took the money late and the time is still free, you get the booking; if not, everything goes back."</Fold>
    }
}

fn cancelling() -> impl IntoView {
    view! {
        <p>"Before you confirm a cancellation you see to the cent what comes back, and until when. The number you see is the number you get."</p>
        {default_scale()}
        <p>"These are the usual steps; a service may have kinder or stricter ones, and shows them before you book. "<a class="link" href="/help/cancelling">"The refund promise in full"</a></p>
    }
}

fn guests() -> impl IntoView {
    view! {
        <p>"You can look, hold a time and pay without an account. Checkout asks for a name, an e-mail address and a phone number. The e-mail that confirms your booking has a link that turns it into an account, so that you find everything again."</p>
        <Fold title="I have an account already">"Sign in before or after: your held time stays yours. Typing an address never opens somebody’s account."</Fold>
    }
}

fn reviews() -> impl IntoView {
    view! {
        <p>"Only people whose booking was completed can write one, within seven days. Both sides write without seeing the other’s words; the reviews appear when both are in, or when the seven days are over. They are not edited afterwards. The provider may answer once."</p>
    }
}

fn privacy() -> impl IntoView {
    view! {
        <p>"A provider sees your name and what they need for the job; your exact address only once the booking is confirmed. "<a class="link" href="/privacy">"What we keep and why"</a></p>
    }
}

fn providers() -> impl IntoView {
    view! {
        <p>"List your services, set your hours, and take bookings in a calendar that cannot be double-booked. We take 10 % of the service, nothing of the tip, and nothing of bookings that you enter by hand and are paid elsewhere."</p>
        <p><LinkButton href="/offer-your-services">"List your services"</LinkButton></p>
    }
}

#[component]
pub fn CancellingPage() -> impl IntoView {
    let sections = vec![
        ("you", "When you cancel", you_cancel().into_any()),
        ("they", "When the provider cancels", they_cancel().into_any()),
        ("moving", "Moving to another time", moving().into_any()),
        ("noshow", "When somebody does not come", no_show().into_any()),
        ("money", "How the money comes back", money().into_any()),
    ];
    view! { <Paper title="The refund promise" lead="What comes back is decided by the clock and by rules you can read, before you book. Nobody has to ask nicely." sections=sections /> }
}

fn you_cancel() -> impl IntoView {
    view! {
        {default_scale()}
        <p>"The time counts from the moment you cancel to the booked start. The share is of what you paid for the service and what you added to it; tax comes back in the same proportion, and the tip comes back whole if the job has not begun."</p>
        <p>"Every service shows its own steps before you book, and your booking keeps the steps it was made with, even if the provider changes them later."</p>
    }
}

fn they_cancel() -> impl IntoView {
    view! { <p>"Everything comes back, at any time: when a provider cancels, declines, does not answer, or does not come."</p> }
}

fn moving() -> impl IntoView {
    view! {
        <p>"You can move a booking to another free time and the price stays. Moving remembers the step you left: if you move on the day and cancel later, the refund is the lower of the two, so moving early is always better."</p>
        <p>"If the provider moves it, you are asked. Say no, and it is cancelled with everything back."</p>
    }
}

fn no_show() -> impl IntoView {
    view! { <p>"From 15 minutes after the start either side can say that the other did not come. If it was you, nothing comes back; if it was the provider, everything does."</p> }
}

fn money() -> impl IntoView {
    view! { <p>"Refunds go back the way you paid. They leave us at once and usually arrive within five working days, depending on your bank. The booking shows each step, and an e-mail tells you."</p> }
}
