//! Refunds, whole or in part; some banks answer later.

use super::book::{Book, Refund};
use super::cards::Issuer;
use super::form::{ApiError, Params};
use serde_json::Value;

/// How long a slow bank takes, in seconds.
const LATER_S: i64 = 3;

pub fn create(book: &mut Book, params: &Params) -> Result<Value, ApiError> {
    let charge_id = match params.text("charge") {
        Some(charge) => charge,
        None => {
            let intent = params.required("payment_intent")?;
            let found = book.intents.get(&intent).ok_or_else(|| ApiError::missing("payment_intent", &intent))?;
            found.charge.clone().ok_or_else(|| {
                ApiError::state("payment_intent_unexpected_state", "This PaymentIntent does not have a successful charge to refund.")
            })?
        }
    };
    let asked = params.number("amount")?;
    let charge = book.charges.get_mut(&charge_id).ok_or_else(|| ApiError::missing("charge", &charge_id))?;
    let left = charge.amount_captured - charge.amount_refunded;
    if left == 0 {
        return Err(ApiError::state("charge_already_refunded", format!("Charge {charge_id} has already been refunded.")));
    }
    let amount = asked.unwrap_or(left);
    if amount <= 0 || amount > left {
        return Err(ApiError::invalid("amount", format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})")));
    }
    charge.amount_refunded += amount;
    let charge = charge.clone();
    let (status, later) = match charge.card.issuer {
        Issuer::PaysRefundPending => ("pending", Some((book.now + LATER_S, "succeeded".to_owned()))),
        Issuer::PaysRefundFails => ("succeeded", Some((book.now + LATER_S, "failed".to_owned()))),
        _ => ("succeeded", None),
    };
    let refund = Refund {
        id: book.new_id("re"),
        charge: charge_id,
        intent: charge.intent.clone(),
        created: book.now,
        amount,
        currency: charge.currency.clone(),
        status: status.to_owned(),
        failure_reason: None,
        metadata: params.map("metadata"),
        later,
    };
    let shown = book.refund_json(&refund);
    book.refunds.insert(refund.id.clone(), refund);
    book.emit("refund.created", shown.clone());
    book.emit("charge.refunded", book.charge_json(&charge));
    Ok(shown)
}

pub fn show(book: &Book, id: &str) -> Result<Value, ApiError> {
    book.refunds.get(id).map(|refund| book.refund_json(refund)).ok_or_else(|| ApiError::missing("refund", id))
}

/// Of one intent or all, newest first, as a list object.
pub fn list(book: &Book, params: &Params) -> Value {
    let intent = params.text("payment_intent");
    let mut found: Vec<&Refund> = book.refunds.values().filter(|r| intent.as_ref().is_none_or(|i| *i == r.intent)).collect();
    found.sort_by_key(|refund| std::cmp::Reverse(refund.created));
    let data: Vec<Value> = found.into_iter().map(|refund| book.refund_json(refund)).collect();
    serde_json::json!({ "object": "list", "url": "/v1/refunds", "has_more": false, "data": data })
}

/// Lets slow banks answer.
pub fn tick(book: &mut Book) {
    let now = book.now;
    let due: Vec<String> =
        book.refunds.values().filter(|r| r.later.as_ref().is_some_and(|(at, _)| *at <= now)).map(|r| r.id.clone()).collect();
    for id in due {
        let Some(refund) = book.refunds.get_mut(&id) else { continue };
        let Some((_, status)) = refund.later.take() else { continue };
        let has_failed = status == "failed";
        refund.status = status;
        if has_failed {
            refund.failure_reason = Some("expired_or_canceled_card".into());
            if let Some(charge) = book.charges.get_mut(&refund.charge) {
                charge.amount_refunded -= refund.amount;
            }
        }
        if let Ok(shown) = show(book, &id) {
            book.emit("refund.updated", shown.clone());
            if has_failed {
                book.emit("refund.failed", shown);
            }
        }
    }
}
