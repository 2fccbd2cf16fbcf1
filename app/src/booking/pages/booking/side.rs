//! Beside the timeline: money, what comes back, note, contact, photos, and what only staff need.

use crate::booking::parts::{BackMoney, photos, price_lines};
use crate::kit::islands::SendFiles;
use crate::kit::{Button, Filled, Icon, Kind, PriceLine, PriceLines, icon_s, inside_textarea};
use domain::booking::model::{Action, BookingView, Settlement, Status, ViewerRole};
use domain::time::Instant;
use leptos::prelude::*;

pub fn side(booking: &BookingView, payment: Option<String>, filled: &Filled, now: Instant) -> AnyView {
    let is_customer = booking.viewer == ViewerRole::Customer;
    let page = format!("/bookings/{}", booking.id);
    let sum = match booking.settlement {
        Settlement::Elsewhere => "Paid to them directly",
        Settlement::None => "Nothing to pay",
        Settlement::Gateway if payment.is_some() => "Paid",
        Settlement::Gateway => "Total",
    };
    let mut lines = price_lines(booking, sum);
    if !booking.price.refunded.is_zero() {
        lines.push(PriceLine::new("Gone back", booking.price.refunded).less());
    }
    if let (Some(commission), Some(earned)) = (booking.price.commission, booking.price.earned) {
        lines.push(PriceLine::new("Commission", commission).less());
        lines.push(PriceLine::new(if is_customer { "" } else { "You earn" }, earned).sum());
    }
    let has_receipt = payment.is_some() && is_customer;
    let way = payment.map(|words| view! { <p class="small muted way">{icon_s(Icon::CREDIT_CARD)} {words}</p> });
    let receipt = has_receipt
        .then(|| view! { <a class="button" data-size="dense" href=format!("{page}/receipt")>{icon_s(Icon::RECEIPT)} "Receipt"</a> });
    let plans = (is_customer && booking.status == Status::Confirmed && booking.settlement == Settlement::Gateway).then(|| {
        let before = domain::booking::model::RefundSoFar::default();
        let scale = domain::booking::scale(&booking.lines(), &before, &booking.tiers, booking.starts_at, booking.lowest_tier_bp, now, booking.currency);
        view! { <section class="card" data-pad aria-labelledby="plans"><h2 id="plans">"If plans change"</h2><BackMoney scale=scale zone=booking.zone.clone() now=now /></section> }
    });
    view! {
        <aside class="side" aria-label="Details">
            {staff_forms(booking, filled)}
            <section class="card" data-pad aria-labelledby="paid"><h2 id="paid">"Payment"</h2><PriceLines lines=lines />{way}{receipt}</section>
            {plans}
            {note(booking, filled)}
            {contact(booking)}
            {pictures(booking, filled)}
        </aside>
    }
    .into_any()
}

fn staff_forms(booking: &BookingView, filled: &Filled) -> AnyView {
    let page = format!("/bookings/{}", booking.id);
    let decline = booking.may(Action::Decline).then(|| {
        view! {
            <section class="card" data-pad>
                <h2>"Cannot take it?"</h2>
                <form class="form" method="post" action=format!("{page}/decline")>
                    <div class="field">
                        <label for="f-reason">"A word for the customer " <span class="optional">"(optional)"</span></label>
                        <input class="input" id="f-reason" name="reason" maxlength="500" value=filled.value("reason") />
                    </div>
                    <Button kind=Kind::DangerQuiet>"Decline"</Button>
                </form>
            </section>
        }
    });
    let late = booking.may(Action::RunningLate).then(|| {
        let choices = [5, 10, 15, 30]
            .into_iter()
            .map(|min| view! { <button class="chip" type="submit" name="minutes" value=min.to_string()>{format!("{min} min")}</button> })
            .collect_view();
        view! {
            <section class="card" data-pad>
                <h2>"Running late?"</h2>
                <form class="row" method="post" action=format!("{page}/running-late")>{choices}</form>
            </section>
        }
    });
    view! { {decline} {late} }.into_any()
}

fn note(booking: &BookingView, filled: &Filled) -> AnyView {
    let title = if booking.viewer == ViewerRole::Customer { "Your note" } else { "The customer’s note" };
    if booking.may(Action::Edit) {
        let text = if filled.is_refused() { filled.value("notes") } else { booking.notes.clone() };
        return view! {
            <section class="card" data-pad aria-labelledby="asked">
                <h2 id="asked">{title}</h2>
                <form class="form" method="post" action=format!("/bookings/{}/notes", booking.id)>
                    <label class="hidden-visually" for="f-notes">"What should they know?"</label>
                    <textarea class="input" id="f-notes" name="notes" rows="3" maxlength="2000">{inside_textarea(&text)}</textarea>
                    <Button size="dense">"Save the note"</Button>
                </form>
            </section>
        }
        .into_any();
    }
    if booking.notes.is_empty() {
        return ().into_any();
    }
    view! { <section class="card" data-pad aria-labelledby="asked"><h2 id="asked">{title}</h2><p class="small muted note-text">{booking.notes.clone()}</p></section> }
        .into_any()
}

fn contact(booking: &BookingView) -> AnyView {
    let (name, phone) = if booking.viewer == ViewerRole::Customer {
        (booking.provider.name.clone(), booking.provider.phone.clone())
    } else {
        (booking.contact.name.clone(), booking.contact.phone.clone())
    };
    if phone.is_empty() {
        return ().into_any();
    }
    let dial = format!("tel:{}", phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>());
    view! { <section class="card" data-pad><h2>{name}</h2><a class="button" data-size="dense" href=dial>{icon_s(Icon::PHONE)} {phone}</a></section> }.into_any()
}

fn pictures(booking: &BookingView, filled: &Filled) -> AnyView {
    let page = format!("/bookings/{}", booking.id);
    let may_edit = booking.may(Action::Edit) && booking.status != Status::Held;
    if booking.photos.is_empty() && !may_edit {
        return ().into_any();
    }
    let shown = photos::shown(booking, |photo| {
        may_edit.then(|| {
            view! { <form method="post" action=format!("{page}/photos/{photo}/remove")>{photos::remove_button(None)}</form> }.into_any()
        })
    });
    let add = may_edit.then(|| {
        view! {
            <form class="form" method="post" action=format!("{page}/photos") enctype="multipart/form-data">
                {photos::field("Add photos", false, &filled.problem("photo"), None)}
            </form>
        }
    });
    view! {
        <section class="card" data-pad id=photos::PART><h2>"Photos"</h2>{shown}{add}</section>
        {may_edit.then(|| view! { <SendFiles region=photos::PART.into() /> })}
    }
    .into_any()
}
