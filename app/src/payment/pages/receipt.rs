//! One receipt: what it was, what was paid and how, what went back.

use crate::kit::{Icon, LinkButton, Notice, PriceLine, PriceLines, State, format, icon_s};
use domain::booking::model::{BookingView, Settlement};
use domain::payment::{PaymentStatus, PaymentView, RefundState, RefundView};
use domain::scheduling::zone;
use domain::time::Instant;
use leptos::prelude::*;

/// `12 June 2026, 14:00` in the place's zone.
fn moment(at: Instant, zone_name: &str) -> String {
    let local = zone::local_in(at, zone_name);
    format!("{}, {}", format::date(local.date), format::clock(local.minute.into()))
}

#[component]
pub fn Receipt(booking: BookingView, payment: Option<PaymentView>, now: Instant) -> impl IntoView {
    let _ = now;
    let back = format!("/bookings/{}", booking.id);
    let money = money(&booking, payment.as_ref());
    view! {
        <div class="column narrow receipt">
            <p><a class="link small" href=back>{icon_s(Icon::ARROW_LEFT)} " The booking"</a></p>
            <h1>{format!("Receipt {}", booking.reference)}</h1>
            <dl class="facts-of-receipt">
                <div><dt>"For"</dt><dd>{booking.service_name.clone()}</dd></div>
                <div><dt>"By"</dt><dd>{booking.provider.name.clone()}<br/><span class="small muted">{booking.provider.place.clone()}</span></dd></div>
                <div><dt>"On"</dt><dd>{moment(booking.starts_at, &booking.zone)}<span class="small muted">{format!(" {}", booking.zone.replace('_', " "))}</span></dd></div>
                <div><dt>"To"</dt><dd>{booking.contact.name.clone()}</dd></div>
            </dl>
            <PriceLines lines=lines(&booking) large=true />
            {money}
        </div>
    }
}

fn lines(booking: &BookingView) -> Vec<PriceLine> {
    let price = &booking.price;
    let mut lines = vec![PriceLine::new(booking.service_name.clone(), price.service)];
    lines.extend(booking.add_ons.iter().map(|extra| PriceLine::new(extra.name.clone(), extra.price)));
    if !price.discount.is_zero() {
        lines.push(PriceLine::new("Discount", price.discount).less());
    }
    if !price.tip.is_zero() {
        lines.push(PriceLine::new("Tip", price.tip).note("all of it to them"));
    }
    if !price.tax.is_zero() {
        lines.push(PriceLine::new("Tax", price.tax));
    }
    lines.push(PriceLine::new("Total", price.total).sum());
    lines
}

fn money(booking: &BookingView, payment: Option<&PaymentView>) -> AnyView {
    let Some(payment) = payment else {
        let sentence = match booking.settlement {
            Settlement::Gateway => "Nothing has been paid yet.",
            Settlement::Elsewhere => "Paid directly to the provider, not through Fettle.",
            Settlement::None => "There was nothing to pay.",
        };
        return view! { <Notice state=State::Note>{sentence}</Notice> }.into_any();
    };
    let card = payment.card.as_ref().map(|card| format!("with {}", card.label())).unwrap_or_default();
    let paid = match (payment.status, payment.paid_at) {
        (PaymentStatus::Authorised, _) => format!("{} is reserved {card}. It is charged only if they accept.", payment.amount),
        (_, Some(at)) => format!("{} paid on {} {card}.", payment.captured, moment(at, &booking.zone)),
        (PaymentStatus::Voided, None) => "Nothing was charged.".to_owned(),
        (_, None) => "Not paid yet.".to_owned(),
    };
    let state = if payment.status.is_captured() { State::Good } else { State::Note };
    let refunds = payment.refunds.iter().map(|refund| refunded(refund, &booking.zone)).collect_view();
    let left = (payment.refunded.minor > 0).then(|| {
        let kept = payment.captured.try_sub(payment.refunded).unwrap_or(payment.captured);
        let lines = vec![
            PriceLine::new("Paid", payment.captured),
            PriceLine::new("Gone back", payment.refunded).less(),
            PriceLine::new("Kept", kept).sum(),
        ];
        view! { <h2>"What went back"</h2><ul class="refunds plain">{refunds}</ul><PriceLines lines=lines /> }
    });
    view! {
        <Notice state=state>{paid}</Notice>
        {left}
        <p class="row"><LinkButton href="/receipts">"All receipts"</LinkButton></p>
    }
    .into_any()
}

fn refunded(refund: &RefundView, zone_name: &str) -> impl IntoView {
    let how = match (refund.status, refund.settled_at) {
        (RefundState::Succeeded, Some(at)) => format!("Sent back on {}. Banks take up to ten days to show it.", moment(at, zone_name)),
        (RefundState::Failed, _) => "Your bank returned it. We will be in touch.".to_owned(),
        _ => format!("On its way since {}.", moment(refund.created_at, zone_name)),
    };
    view! {
        <li>
            <p><b class="num">{refund.amount.to_string()}</b>" " {refund.reason.clone()}</p>
            <p class="small muted">{how}</p>
        </li>
    }
}
