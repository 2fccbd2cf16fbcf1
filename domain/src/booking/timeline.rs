//! A booking's story in words: what the spine remembers, then what is still to come.

use super::model::{BookingView, Side, Status, TimelineEntry, ViewerRole};
use super::policy;
use super::store::PastEvent;
use crate::event::EventKind;
use crate::id::AccountId;
use crate::money::Money;
use crate::scheduling::zone;
use crate::time::Instant;

pub fn tell(booking: &BookingView, events: Vec<PastEvent>, me: Option<AccountId>, now: Instant) -> Vec<TimelineEntry> {
    let mut entries: Vec<TimelineEntry> = events
        .into_iter()
        .filter_map(|event| {
            let kind = EventKind::parse(&event.kind)?;
            let text = words(booking, kind, &event)?;
            Some(TimelineEntry { at: event.at, kind: event.kind, text, is_mine: me.is_some() && event.actor == me, is_ahead: false })
        })
        .collect();
    entries.extend(ahead(booking, now));
    entries
}

fn words(booking: &BookingView, kind: EventKind, event: &PastEvent) -> Option<String> {
    use EventKind::*;
    let customer = booking.viewer == ViewerRole::Customer;
    let said = |key: &str| event.data.get(key).and_then(|v| v.as_str());
    let when = |key: &str| said(key).and_then(|text| text.parse::<Instant>().ok()).map(|at| moment(at, &booking.zone));
    let provider = &booking.provider.name;
    let who = if booking.contact.name.is_empty() { "The customer" } else { booking.contact.name.as_str() };
    let person = booking.person.as_ref().map_or(provider.as_str(), |p| p.name.as_str());
    let text = match kind {
        BookingHeld if customer => format!("You chose {}.", when("starts_at")?),
        BookingHeld => format!("Held for {}.", when("starts_at")?),
        BookingExpired if said("from") == Some("requested") => "The request lapsed without an answer. Nothing was charged.".to_owned(),
        BookingExpired => "The hold ran out.".to_owned(),
        BookingReleased => "The hold was given back.".to_owned(),
        BookingRequested if customer => format!("You asked {provider} for this time. The card is charged only if they accept."),
        BookingRequested => format!("{who} asked for this time."),
        BookingConfirmed if booking.person.is_some() && customer => format!("Confirmed. {person} has it in the calendar."),
        BookingConfirmed => "Confirmed.".to_owned(),
        BookingDeclined if customer => with_reason(format!("{provider} could not take it. Nothing was charged."), said("reason")),
        BookingDeclined => with_reason("Declined. Nothing was charged.".to_owned(), said("reason")),
        BookingCancelled => {
            let by = match said("by") {
                Some("customer") if customer => "You cancelled.".to_owned(),
                Some("customer") => format!("{who} cancelled."),
                Some("provider") if !customer => "You cancelled.".to_owned(),
                Some("provider") => format!("{provider} cancelled."),
                _ => "Cancelled by Fettle.".to_owned(),
            };
            with_reason(by, said("reason"))
        }
        BookingRescheduled => format!("Moved to {}.", when("starts_at")?),
        RescheduleProposed => {
            let to = when("proposed_at")?;
            match (said("by"), customer) {
                (Some("customer"), true) => format!("You asked to move it to {to}."),
                (Some("customer"), false) => format!("{who} asked to move it to {to}."),
                (_, true) => format!("{provider} would like to move it to {to}."),
                (_, false) => format!("You asked to move it to {to}."),
            }
        }
        RescheduleDeclined if said("outcome") == Some("withdrawn") => "The new time was withdrawn. The old one stays.".to_owned(),
        RescheduleDeclined => "The new time did not suit. The old one stays.".to_owned(),
        BookingStarted => format!("{person} started."),
        BookingCompleted => "Done.".to_owned(),
        BookingNoShow => match (said("absent"), customer) {
            (Some("customer"), true) => format!("{provider} says nobody was there."),
            (Some("customer"), false) => format!("{who} was not there."),
            (_, true) => format!("You said that {provider} did not come. Everything you paid comes back."),
            (_, false) => format!("{who} says nobody came. Everything they paid goes back."),
        },
        BookingOnTheWay => format!("{person} is on the way."),
        BookingRunningLate => format!("Running about {} min late.", event.data.get("minutes")?.as_i64()?),
        PaymentPaid if customer => format!("You paid {}.", amount(booking, event)?),
        PaymentPaid => format!("{who} paid {}.", amount(booking, event)?),
        PaymentAuthorised => format!("{} is set aside on the card.", amount(booking, event)?),
        PaymentFailed => "The payment did not go through. Nothing was charged.".to_owned(),
        PaymentVoided => "The amount set aside on the card was released.".to_owned(),
        RefundCreated if customer && event.data.get("is_return").and_then(|v| v.as_bool()) == Some(true) => {
            format!("{} goes back whole. {}", amount(booking, event)?, said("reason").unwrap_or_default())
        }
        RefundCreated => format!("{} goes back.", amount(booking, event)?),
        RefundSettled => format!("{} has gone back.", amount(booking, event)?),
        RefundFailed => "A refund did not reach its card. We are looking after it.".to_owned(),
        ReviewWritten => "A review was written.".to_owned(),
        ReviewPublished => "A review was published.".to_owned(),
        BookingEdited => return None,
        _ => return None,
    };
    Some(text)
}

fn amount(booking: &BookingView, event: &PastEvent) -> Option<Money> {
    let minor = event.data.get("amount_minor").or_else(|| event.data.get("amount").and_then(|a| a.get("minor")))?.as_i64()?;
    Some(booking.money(minor))
}

fn with_reason(text: String, reason: Option<&str>) -> String {
    match reason.filter(|r| !r.is_empty()) {
        Some(reason) => format!("{text} “{reason}”"),
        None => text,
    }
}

/// What comes next by the rules: refund steps, the answer's deadline, the start.
fn ahead(booking: &BookingView, now: Instant) -> Vec<TimelineEntry> {
    let mut next = Vec::new();
    let mut add = |at: Instant, kind: &str, text: String| {
        if at > now {
            next.push(TimelineEntry { at, kind: kind.to_owned(), text, is_mine: false, is_ahead: true });
        }
    };
    match booking.status {
        Status::Requested => {
            if let Some(by) = booking.answer_by {
                add(by, "answer", "The latest moment for an answer.".to_owned());
            }
        }
        Status::Confirmed => {
            let steps = policy::steps(&booking.tiers, booking.starts_at, booking.lowest_tier_bp);
            if booking.viewer == ViewerRole::Customer {
                for pair in steps.windows(2) {
                    let back = policy::refund(
                        &booking.lines(),
                        &super::model::RefundSoFar::default(),
                        &booking.tiers,
                        booking.lowest_tier_bp,
                        booking.starts_at,
                        false,
                        policy::Cause::CustomerCancels { at: pair[1].until + -1 },
                    );
                    add(pair[0].until, "tier", format!("The refund becomes {}.", booking.money(back.total())));
                }
            }
            add(booking.starts_at, "start", "The booked start.".to_owned());
        }
        Status::InProgress => add(booking.ends_at, "end", "The booked end.".to_owned()),
        _ => {}
    }
    if let Some(proposal) = &booking.proposal {
        let text = match (proposal.by, booking.viewer) {
            (Side::Customer, ViewerRole::Customer) | (Side::Provider, ViewerRole::Staff) => "They can answer the new time until now.",
            _ => "You can answer the new time until now.",
        };
        add(proposal.answer_by, "answer", text.replace("until now", "until then").to_owned());
    }
    next.sort_by_key(|entry| entry.at);
    next
}

/// `Fri 12 June, 14:00` in the place's zone.
pub fn moment(at: Instant, zone: &str) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let local = zone::local_in(at, zone);
    let (_, month, day) = local.date.ymd();
    format!(
        "{} {day} {}, {:02}:{:02}",
        DAYS[usize::from(local.weekday()) - 1],
        MONTHS[usize::from(month) - 1],
        local.minute / 60,
        local.minute % 60
    )
}
