//! Everything one has paid, newest first.

use crate::kit::{Badge, Empty, Icon, LinkButton, Pagination, State, format};
use domain::page::Page;
use domain::payment::PaymentView;
use leptos::prelude::*;

#[component]
pub fn Receipts(page: Page<PaymentView>, is_first: bool) -> impl IntoView {
    let next = page.next_cursor.map(|cursor| format!("/receipts?cursor={cursor}"));
    let body = if page.items.is_empty() {
        view! {
            <Empty title="No receipts yet" text="When you have paid for a booking, its receipt stands here." icon_before=Icon::RECEIPT>
                <LinkButton href="/search">"Find someone"</LinkButton>
            </Empty>
        }
        .into_any()
    } else {
        let rows = page.items.into_iter().map(row).collect_view();
        view! { <ul class="receipts plain">{rows}</ul> }.into_any()
    };
    view! {
        <div class="column narrow">
            <h1>"Receipts"</h1>
            {body}
            {match (is_first, next) {
                (true, None) => ().into_any(),
                (true, Some(next)) => view! { <Pagination next=next /> }.into_any(),
                (false, None) => view! { <Pagination first="/receipts" /> }.into_any(),
                (false, Some(next)) => view! { <Pagination next=next first="/receipts" /> }.into_any(),
            }}
        </div>
    }
}

fn row(payment: PaymentView) -> impl IntoView {
    let paid_on = payment.paid_at.unwrap_or(payment.created_at).utc_date();
    let state = match payment.refunded.minor {
        0 => None,
        _ => Some(view! { <Badge text=format!("{} refunded", payment.refunded) state=State::Note /> }),
    };
    view! {
        <li>
            <a href=format!("/bookings/{}/receipt", payment.booking_id)>
                <span class="what"><b>{payment.service_name}</b><span class="small muted">{format!("{} · {}", payment.provider_name, payment.reference)}</span></span>
                <span class="sum"><b class="num">{payment.captured.to_string()}</b><span class="small muted">{format::date(paid_on)}</span></span>
            </a>
            {state}
        </li>
    }
}
