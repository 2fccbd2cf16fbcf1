//! What the gateway holds: intents, refunds and hosted pages, newest first.

use super::view::table;
use crate::hub::Hub;
use crate::page::{amount, clock, escape, html};
use axum::extract::State;
use axum::response::Html;
use std::fmt::Write;
use std::sync::Arc;

const SHOWN: usize = 100;

pub async fn list(State(hub): State<Arc<Hub>>) -> Html<String> {
    let (mut intents, mut refunds): (Vec<_>, Vec<_>) =
        hub.with_book(|book| (book.intents.values().cloned().collect(), book.refunds.values().cloned().collect()));
    intents.sort_by_key(|intent| std::cmp::Reverse(intent.created));
    refunds.sort_by_key(|refund| std::cmp::Reverse(refund.created));
    let mut rows = String::new();
    for intent in intents.iter().take(SHOWN) {
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><small>{}</small></td></tr>",
            clock(intent.created),
            amount(intent.amount, &intent.currency),
            intent.status.as_str(),
            escape(intent.last_error.as_ref().map_or("", |e| e.decline_code.as_deref().unwrap_or(&e.code))),
            escape(intent.description.as_deref().unwrap_or_default()),
            escape(&intent.id),
        );
    }
    let mut returned = String::new();
    for refund in refunds.iter().take(SHOWN) {
        let _ = write!(
            returned,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td><small>{}</small></td><td><small>{}</small></td></tr>",
            clock(refund.created),
            amount(refund.amount, &refund.currency),
            escape(&refund.status),
            escape(&refund.id),
            escape(&refund.intent),
        );
    }
    let body = format!(
        "<h1>Payments</h1>{}{}",
        table("Intents", "No payment yet.", &["At", "Amount", "Status", "Failure", "For", "Id"], &rows),
        table("Refunds", "No refund yet.", &["At", "Amount", "Status", "Id", "Of"], &returned),
    );
    html("Payments", "desk", &body)
}
