//! One booking: what happens next is large; below it everything so far, with actions beside. For the customer and the staff alike.

mod side;

use crate::booking::parts::{Cancelling, Leaf, StatusBadge, When};
use crate::kit::islands::{LivePart, OpenDialogs};
use crate::kit::timeline::Moment;
use crate::kit::{Button, Dialog, ErrorSummary, Filled, Icon, Kind, Timeline, format, icon_s};
use domain::booking::model::{Action, BookingView, Proposal, Side, Status, TimelineEntry, ViewerRole};
use domain::provider::model::Mode;
use domain::scheduling::zone;
use domain::time::Instant;
use leptos::prelude::*;

const CANCEL_DIALOG: &str = "cancel";

#[component]
pub fn Booking(
    booking: BookingView,
    timeline: Vec<TimelineEntry>,
    /// `Paid with Visa ending 4242`
    payment: Option<String>,
    /// What cancelling would mean, where it is possible.
    cancelling: Option<Cancelling>,
    filled: Filled,
    now: Instant,
) -> impl IntoView {
    let is_customer = booking.viewer == ViewerRole::Customer;
    let crumbs = if is_customer { ("/bookings".to_owned(), "Bookings") } else { (format!("/desk/{}", booking.provider.id), "Today") };
    let with = if is_customer {
        view! { <p class="muted">"with " <a class="link" href=format!("/p/{}", booking.provider.slug)>{booking.provider.name.clone()}</a></p> }.into_any()
    } else {
        view! { <p class="muted">{format!("for {}", if booking.contact.name.is_empty() { "a customer" } else { booking.contact.name.as_str() })}</p> }.into_any()
    };
    let topics = vec![domain::live::Topic::Booking(booking.id).to_string()];
    view! {
        <div class="live-part" id="visit" data-ticks="">
        <div class="column visit">
            <nav aria-label="Where you are">
                <ol class="crumbs plain">
                    <li><a href=crumbs.0>{crumbs.1}</a></li>
                    <li aria-current="page">{booking.reference.clone()}</li>
                </ol>
            </nav>
            <header class="head"><div><h1>{booking.service_name.clone()}</h1>{with}</div><StatusBadge status=booking.status /></header>
            <ErrorSummary filled=filled.clone() />
            {proposal(&booking, now)}
            {ticket(&booking, now)}
            {story(&booking, timeline, now)}
            {side::side(&booking, payment, &filled, now)}
        </div>
        {cancelling.map(|cancelling| cancel_dialog(&booking, cancelling))}
        </div>
        <LivePart region="visit".into() topics=topics />
    }
}

/// The page behind the link asks the same where no script runs.
fn cancel_dialog(booking: &BookingView, cancelling: Cancelling) -> AnyView {
    const FORM: &str = "cancel-here";
    let (title, button) = (cancelling.title.clone(), cancelling.button.clone());
    let keeps = view! {
        <form method="dialog"><button class="button" type="submit" autofocus>"Keep the booking"</button></form>
        <button class="button" data-kind="danger" type="submit" form=FORM>{button}</button>
    }
    .into_any();
    let body = cancelling.body(FORM, format!("/bookings/{}/cancel", booking.id), String::new());
    view! {
        <Dialog id=CANCEL_DIALOG title=title actions=keeps>{body}</Dialog>
        {OpenDialogs()}
    }
    .into_any()
}

fn ticket(booking: &BookingView, now: Instant) -> AnyView {
    let when = When::of(booking.starts_at, booking.ends_at, &booking.zone, now);
    let is_customer = booking.viewer == ViewerRole::Customer;
    let place = place(booking);
    let late = booking.late_min.map(|min| format!(" About {min} min late."));
    let lead = match booking.status {
        Status::Requested => {
            let by = booking.answer_by.map(|at| When::near_moment(at, &booking.zone, now)).unwrap_or_default();
            if is_customer { format!("Waiting for an answer until {by}") } else { format!("Answer by {by}") }
        }
        Status::Confirmed if booking.on_the_way_at.is_some() => "On the way".to_owned(),
        Status::Confirmed => when.near.clone(),
        Status::InProgress => "Running now".to_owned(),
        Status::Completed => format!("Done {}", when.near),
        other => other.label().to_owned(),
    };
    view! {
        <section class="ticket card" aria-labelledby="next">
            <Leaf date=when.date />
            <div class="gist">
                <p class="small accent" id="next" aria-live="polite">{lead}{late}</p>
                <p class="big"><b>{when.range}</b></p>
                <p class="small muted">{place}</p>
                <p class="tiny muted">{format!("Times in {}", when.zone)}</p>
            </div>
            <div class="doing">{actions(booking)}</div>
            {track(booking)}
        </section>
    }
    .into_any()
}

fn place(booking: &BookingView) -> String {
    let person = booking.person.as_ref().map_or(booking.provider.name.as_str(), |p| p.name.as_str());
    let is_customer = booking.viewer == ViewerRole::Customer;
    match (booking.mode, &booking.address) {
        (Mode::AtCustomer, Some(address)) => {
            let extra = if address.extra.is_empty() { String::new() } else { format!(" {}.", address.extra) };
            let who = if is_customer { format!("{person} comes to you.") } else { format!("{person} goes there.") };
            format!("{}.{extra} {who}", address.line())
        }
        (Mode::AtCustomer, None) => format!(
            "{}. The exact address is shown once it is confirmed.",
            booking.area.clone().unwrap_or_else(|| "At the customer’s".into())
        ),
        (Mode::AtProvider, _) => format!("{}, with {person}.", booking.provider.place),
        (Mode::Online, _) => format!("Online, with {person}."),
    }
}

/// One button a step, each its own form, so that all work without scripting. The first that moves the job on is the primary one.
fn actions(booking: &BookingView) -> AnyView {
    let page = format!("/bookings/{}", booking.id);
    let is_customer = booking.viewer == ViewerRole::Customer;
    let mut has_primary = false;
    let mut kind = |action: Action| {
        let leads = matches!(action, Action::Pay | Action::Approve | Action::Start | Action::Complete | Action::Review) && !has_primary;
        has_primary |= leads;
        if leads { Kind::Primary } else { Kind::Edged }
    };
    let mut parts: Vec<AnyView> = Vec::new();
    for &action in &booking.actions {
        let part = match action {
            Action::Pay => link(format!("/checkout/{}", booking.id), Icon::CREDIT_CARD, "Finish the checkout", kind(action)),
            Action::Approve => post(&page, "accept", Icon::CHECK, "Accept", kind(action)),
            Action::Start => post(&page, "start", Icon::PLAY, "Start", kind(action)),
            Action::Complete => post(&page, "complete", Icon::CHECK, "Finish job", kind(action)),
            Action::OnTheWay => post(&page, "on-my-way", Icon::NAVIGATION, "On my way", kind(action)),
            Action::Reschedule => link(format!("{page}/reschedule"), Icon::CALENDAR_CLOCK, "Change time", kind(action)),
            Action::NoShow => {
                let words = match booking.viewer {
                    ViewerRole::Customer => "Nobody came",
                    ViewerRole::Staff => "Nobody was there",
                    ViewerRole::Operator => "Someone was not there",
                };
                link(format!("{page}/no-show"), Icon::USER_X, words, kind(action))
            }
            Action::Cancel => {
                let words = match (booking.status, booking.viewer) {
                    (Status::Requested, ViewerRole::Customer) => "Withdraw",
                    _ => "Cancel booking",
                };
                let (href, kind) = (format!("{page}/cancel"), Kind::DangerQuiet.attr());
                view! { <a class="button" data-size="dense" data-kind=kind data-dialog=CANCEL_DIALOG href=href>{icon_s(Icon::X)} {words}</a> }.into_any()
            }
            Action::Review => link(format!("{page}/review"), Icon::STAR, "Write a review", kind(action)),
            Action::BookAgain => {
                link(format!("/p/{}?service={}", booking.provider.slug, booking.service_id), Icon::ROTATE_CCW, "Book again", kind(action))
            }
            // A customer does it at the checkout.
            Action::Release if !is_customer => {
                post(&format!("/checkout/{}", booking.id), "release", Icon::X, "Give the time back", kind(action))
            }
            // Answered with a word of why, below; or on the proposal, or on the note.
            Action::Decline
            | Action::RunningLate
            | Action::Consent
            | Action::Refuse
            | Action::Withdraw
            | Action::Edit
            | Action::Release => continue,
        };
        parts.push(part);
    }
    let calendar = matches!(booking.status, Status::Confirmed | Status::Requested | Status::InProgress)
        .then(|| link(format!("{page}/calendar.ics"), Icon::CALENDAR_PLUS, "Add to calendar", Kind::Edged));
    view! { {parts} {calendar} }.into_any()
}

fn post(page: &str, step: &str, sign: Icon, words: &'static str, kind: Kind) -> AnyView {
    view! {
        <form method="post" action=format!("{page}/{step}")>
            <Button kind=kind size="dense">{icon_s(sign)} {words}</Button>
        </form>
    }
    .into_any()
}

/// The answer says which time was seen, since another may be proposed meanwhile.
fn answer_to(proposal: &Proposal, page: &str, step: &str, sign: Icon, words: &'static str, kind: Kind) -> AnyView {
    view! {
        <form method="post" action=format!("{page}/{step}")>
            <input type="hidden" name="expected_starts_at" value=proposal.starts_at.to_string() />
            <Button kind=kind size="dense">{icon_s(sign)} {words}</Button>
        </form>
    }
    .into_any()
}

fn link(href: String, sign: Icon, words: &'static str, kind: Kind) -> AnyView {
    view! { <a class="button" data-size="dense" data-kind=kind.attr() href=href>{icon_s(sign)} {words}</a> }.into_any()
}

fn track(booking: &BookingView) -> AnyView {
    let reached = match booking.status {
        Status::Held | Status::Requested => 0,
        Status::Confirmed if booking.on_the_way_at.is_some() => 2,
        Status::Confirmed => 1,
        Status::InProgress => 3,
        Status::Completed => 4,
        _ => return ().into_any(),
    };
    let first = if booking.status == Status::Requested { "Asked" } else { "Booked" };
    let steps = [first, "Confirmed", "On the way", "In progress", "Done"]
        .into_iter()
        .enumerate()
        .filter(|(at, _)| *at != 2 || booking.mode == Mode::AtCustomer || booking.on_the_way_at.is_some())
        .map(|(at, words)| {
            view! { <li data-done=(at <= reached).then_some("") aria-current=(at == reached).then_some("step")>{words}</li> }
        })
        .collect_view();
    view! { <ol class="track plain" aria-label="Progress">{steps}</ol> }.into_any()
}

fn proposal(booking: &BookingView, now: Instant) -> AnyView {
    let Some(proposal) = &booking.proposal else { return ().into_any() };
    let page = format!("/bookings/{}", booking.id);
    let to = When::of(proposal.starts_at, proposal.ends_at, &booking.zone, now);
    let by = When::near_moment(proposal.answer_by, &booking.zone, now);
    let who = match (proposal.by, booking.viewer) {
        (Side::Customer, ViewerRole::Customer) => "You asked for another time".to_owned(),
        (Side::Customer, _) => format!("{} asks for another time", booking.contact.name),
        (_, ViewerRole::Customer) => format!("{} has to move it", booking.provider.name),
        _ => "You asked to move it".to_owned(),
    };
    let small = match (booking.may(Action::Consent), proposal.by) {
        (true, Side::Customer) => format!("Same price. Answer until {by}; the old time stays until you accept."),
        (true, _) => {
            format!("Same price. Answer until {by}. If it does not suit, the booking is cancelled and everything you paid comes back.")
        }
        (false, _) => format!("Waiting for an answer until {by}. The old time stays until then."),
    };
    let answer = booking.may(Action::Consent).then(|| {
        let (no, words) = ("refuse", if proposal.by == Side::Customer { "Keep the old time" } else { "It does not suit, refund me" });
        view! {
            {answer_to(proposal, &page, "consent", Icon::CHECK, "Accept the new time", Kind::Primary)}
            {answer_to(proposal, &page, no, Icon::X, words, Kind::Edged)}
        }
    });
    let withdraw = booking.may(Action::Withdraw).then(|| answer_to(proposal, &page, "withdraw", Icon::X, "Take it back", Kind::Edged));
    view! {
        <section class="proposal" aria-label="A new time">
            <p class="small accent">{who}</p>
            <p><b>{format!("{}, {}", to.day, to.range)}</b><br /><span class="small muted">{small}</span></p>
            <div class="row">{answer}{withdraw}</div>
        </section>
    }
    .into_any()
}

fn story(booking: &BookingView, timeline: Vec<TimelineEntry>, now: Instant) -> AnyView {
    let today = zone::local_in(now, &booking.zone).date;
    let mut day = None;
    let mut moments = Vec::new();
    for entry in timeline {
        let local = zone::local_in(entry.at, &booking.zone);
        let clock = format::clock(local.minute.into());
        if entry.is_ahead {
            let what = format!("{}: {}", When::near_moment(entry.at, &booking.zone, now), entry.text);
            let mut what = what.chars();
            let what: String = what.next().map(|c| c.to_uppercase().chain(what).collect()).unwrap_or_default();
            moments.push(Moment::Next { icon: Icon::CLOCK, what: what.into_any() });
            continue;
        }
        if day != Some(local.date) {
            day = Some(local.date);
            let label = if local.date == today { format!("Today, {}", format::day_long(local.date)) } else { format::day_long(local.date) };
            moments.push(Moment::Day(label));
        }
        let (sign, state) = mark(&entry.kind);
        let when = view! { <format::Time at=entry.at text=clock /> }.into_any();
        moments.push(Moment::Fact { icon: sign, state, what: entry.text.into_any(), when });
    }
    view! { <section class="story" aria-labelledby="story"><h2 id="story">"Everything so far"</h2><Timeline moments=moments /></section> }
        .into_any()
}

fn mark(kind: &str) -> (Icon, Option<&'static str>) {
    match kind {
        "booking.held" => (Icon::CALENDAR_CHECK, None),
        "booking.requested" | "booking.reschedule_proposed" => (Icon::HOURGLASS, Some("wait")),
        "booking.confirmed" | "booking.completed" => (Icon::CIRCLE_CHECK, Some("good")),
        "booking.rescheduled" => (Icon::CALENDAR_CLOCK, None),
        "booking.started" => (Icon::PLAY, Some("good")),
        "booking.on_the_way" => (Icon::NAVIGATION, None),
        "booking.running_late" => (Icon::CLOCK, Some("wait")),
        "booking.cancelled" | "booking.declined" | "booking.no_show" | "booking.expired" | "payment.failed" | "refund.failed" => {
            (Icon::CIRCLE_X, Some("bad"))
        }
        text if text.starts_with("payment.") || text.starts_with("refund.") => (Icon::RECEIPT, Some("money")),
        text if text.starts_with("review.") => (Icon::STAR, None),
        _ => (Icon::DOT, None),
    }
}
