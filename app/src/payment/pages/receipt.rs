//! One receipt: what it was, what was paid and how, what went back.

use crate::kit::{Icon, LinkButton, Notice, PriceLines, State, icon_s};
use crate::payment::paper::{Fact, Paper, Refunded};
use domain::booking::model::BookingView;
use domain::payment::PaymentView;
use leptos::prelude::*;

#[component]
pub fn Receipt(
    booking: BookingView,
    payment: Option<PaymentView>,
    /// Who looks may have it as a file.
    has_file: bool,
) -> impl IntoView {
    let back = format!("/bookings/{}", booking.id);
    let Paper { title, facts, lines, paid, is_paid, refunds, sums } = Paper::of(&booking, payment.as_ref());
    let facts = facts
        .into_iter()
        .map(|Fact { label, value, note }| {
            let note = (!note.is_empty()).then(|| view! { <br/><span class="small muted">{note}</span> });
            view! { <div><dt>{label}</dt><dd>{value} {note}</dd></div> }
        })
        .collect_view();
    let left = (!sums.is_empty()).then(|| {
        let refunds = refunds.into_iter().map(refunded).collect_view();
        view! { <h2>"What went back"</h2><ul class="refunds plain">{refunds}</ul><PriceLines lines=sums /> }
    });
    let onward = payment.map(|payment| {
        let file = has_file.then(|| {
            let (href, name) = (format!("/api/v1/payments/{}/receipt.pdf", payment.id), format!("receipt-{}.pdf", booking.reference));
            view! { <LinkButton href=href download=name icon_before=Icon::DOWNLOAD>"Download PDF"</LinkButton> }
        });
        view! { <p class="row">{file} <LinkButton href="/receipts">"All receipts"</LinkButton></p> }
    });
    let state = if is_paid { State::Good } else { State::Note };
    view! {
        <div class="column narrow receipt">
            <p><a class="link small" href=back>{icon_s(Icon::ARROW_LEFT)} " The booking"</a></p>
            <h1>{title}</h1>
            <dl class="facts-of-receipt">{facts}</dl>
            <PriceLines lines=lines large=true />
            <Notice state=state>{paid}</Notice>
            {left}
            {onward}
        </div>
    }
}

fn refunded(refund: Refunded) -> impl IntoView {
    view! {
        <li>
            <p><b class="num">{refund.amount}</b>" " {refund.reason}</p>
            <p class="small muted">{refund.how}</p>
        </li>
    }
}
