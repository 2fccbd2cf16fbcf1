//! Payments of the demo town. Its seed names intents that nobody made here; their names say all that is needed to take them in:
//! `pi_demo_captured_10500_usd_…` or `pi_demo_authorised_…`. So a demo booking can be refunded, captured and given up like any other.

use super::book::{Book, Intent, IntentStatus};
use super::form::Params;
use super::intents;
use serde_json::json;
use std::collections::BTreeMap;

/// Takes the intent in, without telling anyone of it: for Fettle it happened long ago.
pub fn admit(book: &mut Book, id: &str) {
    if book.intents.contains_key(id) {
        return;
    }
    let Some((amount, currency, is_manual)) = read(id) else { return };
    let (events, unsent) = (book.events.len(), book.unsent.len());
    let intent = Intent {
        id: id.to_owned(),
        client_secret: format!("{id}_secret_demo"),
        created: book.now,
        amount,
        amount_received: 0,
        currency,
        is_manual,
        status: IntentStatus::RequiresPaymentMethod,
        description: None,
        receipt_email: None,
        customer: None,
        metadata: BTreeMap::new(),
        method: None,
        return_url: None,
        last_error: None,
        charge: None,
        canceled_at: None,
        cancellation_reason: None,
        session: None,
    };
    book.intents.insert(id.to_owned(), intent);
    if intents::confirm(book, id, &Params(json!({ "payment_method": "pm_card_visa" }))).is_err() {
        book.intents.remove(id);
    }
    book.events.truncate(events);
    book.unsent.truncate(unsent);
}

/// Amount, currency, and whether it waits to be captured.
fn read(id: &str) -> Option<(i64, String, bool)> {
    let mut parts = id.strip_prefix("pi_demo_")?.split('_');
    let is_manual = match parts.next()? {
        "captured" => false,
        "authorised" => true,
        _ => return None,
    };
    let amount: i64 = parts.next()?.parse().ok()?;
    let currency = parts.next().filter(|code| code.len() == 3)?;
    Some((amount, currency.to_owned(), is_manual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_payments_are_known_by_their_names() {
        let mut book = Book { now: 1_800_000_000, ..Book::default() };
        admit(&mut book, "pi_demo_captured_10500_usd_abc");
        admit(&mut book, "pi_demo_authorised_14000_usd_abc");
        admit(&mut book, "pi_other");
        assert_eq!(book.intents.len(), 2);
        assert_eq!(book.intents["pi_demo_captured_10500_usd_abc"].status, IntentStatus::Succeeded);
        assert_eq!(book.intents["pi_demo_authorised_14000_usd_abc"].status, IntentStatus::RequiresCapture);
        assert!(book.events.is_empty() && book.unsent.is_empty());
    }
}
