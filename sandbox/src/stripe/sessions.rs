//! Hosted checkout sessions: a page of the gateway's own that needs no script.

use super::book::{Book, Intent, IntentStatus, Session, random_text};
use super::form::{ApiError, Params};
use super::intents;
use serde_json::Value;

const DAY_S: i64 = 86_400;

pub fn create(book: &mut Book, params: &Params) -> Result<Value, ApiError> {
    if params.required("mode")? != "payment" {
        return Err(ApiError::invalid("mode", "Only one-time payments are supported here."));
    }
    let unit = params.number("line_items.0.price_data.unit_amount")?;
    let unit = unit.ok_or_else(|| ApiError::invalid("line_items", "Missing required param: line_items."))?;
    let quantity = params.number("line_items.0.quantity")?.unwrap_or(1);
    let currency = params.required("line_items.0.price_data.currency")?.to_lowercase();
    intents::check_amount(unit * quantity, &currency)?;
    let session = Session {
        id: format!("cs_test_{}", random_text(58)),
        created: book.now,
        expires_at: params.number("expires_at")?.unwrap_or(book.now + DAY_S),
        status: "open".into(),
        payment_status: "unpaid".into(),
        amount: unit * quantity,
        currency,
        name: params.text("line_items.0.price_data.product_data.name").unwrap_or_else(|| "Payment".into()),
        success_url: params.required("success_url")?,
        cancel_url: params.text("cancel_url"),
        email: params.text("customer_email"),
        client_reference_id: params.text("client_reference_id"),
        metadata: params.map("metadata"),
        is_manual: params.text("payment_intent_data.capture_method").as_deref() == Some("manual"),
        intent_description: params.text("payment_intent_data.description"),
        intent_metadata: params.map("payment_intent_data.metadata"),
        intent: None,
    };
    let shown = book.session_json(&session);
    book.sessions.insert(session.id.clone(), session);
    Ok(shown)
}

pub fn show(book: &Book, id: &str) -> Result<Value, ApiError> {
    book.sessions.get(id).map(|session| book.session_json(session)).ok_or_else(|| ApiError::missing("checkout session", id))
}

pub fn expire(book: &mut Book, id: &str) -> Result<Value, ApiError> {
    let session = book.sessions.get_mut(id).ok_or_else(|| ApiError::missing("checkout session", id))?;
    if session.status != "open" {
        return Err(ApiError::state(
            "resource_missing",
            format!("Only Checkout Sessions with a status in [\"open\"] can be expired. This one has a status of {}.", session.status),
        ));
    }
    session.status = "expired".into();
    let intent = session.intent.clone();
    if let Some(intent) = intent {
        let _ = intents::cancel(book, &intent, &Params::default());
    }
    let shown = show(book, id)?;
    book.emit("checkout.session.expired", shown.clone());
    Ok(shown)
}

/// The intent behind the page, made when the customer first pays there.
pub fn intent_for(book: &mut Book, id: &str) -> Result<String, ApiError> {
    let session = book.sessions.get(id).ok_or_else(|| ApiError::missing("checkout session", id))?.clone();
    if let Some(intent) = session.intent {
        return Ok(intent);
    }
    let intent_id = book.new_id("pi");
    let intent = Intent {
        client_secret: format!("{intent_id}_secret_{}", random_text(25)),
        id: intent_id.clone(),
        created: book.now,
        amount: session.amount,
        amount_received: 0,
        currency: session.currency,
        is_manual: session.is_manual,
        status: IntentStatus::RequiresPaymentMethod,
        description: session.intent_description,
        receipt_email: session.email,
        customer: None,
        metadata: session.intent_metadata,
        method: None,
        return_url: None,
        last_error: None,
        charge: None,
        canceled_at: None,
        cancellation_reason: None,
        session: Some(id.to_owned()),
    };
    book.emit("payment_intent.created", book.intent_json(&intent));
    book.intents.insert(intent_id.clone(), intent);
    if let Some(session) = book.sessions.get_mut(id) {
        session.intent = Some(intent_id.clone());
    }
    Ok(intent_id)
}

/// Completes the session whose intent was paid or authorised.
pub fn intent_settled(book: &mut Book, intent_id: &str) {
    let Some(intent) = book.intents.get(intent_id) else { return };
    let (Some(session_id), is_paid) = (intent.session.clone(), intent.status == IntentStatus::Succeeded) else { return };
    if let Some(session) = book.sessions.get_mut(&session_id) {
        session.status = "complete".into();
        session.payment_status = if is_paid { "paid" } else { "unpaid" }.into();
    }
    if let Ok(shown) = show(book, &session_id) {
        book.emit("checkout.session.completed", shown);
    }
}

/// Sessions end by themselves.
pub fn tick(book: &mut Book) {
    let now = book.now;
    let due: Vec<String> = book.sessions.values().filter(|s| s.status == "open" && s.expires_at <= now).map(|s| s.id.clone()).collect();
    for id in due {
        let _ = expire(book, &id);
    }
}
