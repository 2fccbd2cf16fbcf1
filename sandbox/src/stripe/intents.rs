//! Payment intents: create, change, confirm, challenge, capture, cancel.

use super::book::{Book, Charge, Intent, IntentStatus, random_text};
use super::cards::{Card, Decline, Issuer, ready_made};
use super::form::{ApiError, Params};
use serde_json::Value;

type Answer = Result<Value, ApiError>;

/// The least a card is charged with.
fn minimum(currency: &str) -> i64 {
    match currency {
        "gbp" => 30,
        "jpy" => 50,
        _ => 50,
    }
}

pub fn check_amount(amount: i64, currency: &str) -> Result<(), ApiError> {
    if currency.len() != 3 {
        return Err(ApiError::invalid("currency", format!("Invalid currency: {currency}.")));
    }
    if amount < minimum(currency) {
        return Err(ApiError {
            code: Some("amount_too_small".into()),
            ..ApiError::invalid("amount", "Amount must be at least the minimum charge amount.")
        });
    }
    if amount > 99_999_999 {
        return Err(ApiError {
            code: Some("amount_too_large".into()),
            ..ApiError::invalid("amount", "Amount must be no more than 999,999.99.")
        });
    }
    Ok(())
}

pub fn create(book: &mut Book, params: &Params) -> Answer {
    let amount = params.number("amount")?.ok_or_else(|| ApiError::invalid("amount", "Missing required param: amount."))?;
    let currency = params.required("currency")?.to_lowercase();
    check_amount(amount, &currency)?;
    let id = book.new_id("pi");
    let intent = Intent {
        client_secret: format!("{id}_secret_{}", random_text(25)),
        id: id.clone(),
        created: book.now,
        amount,
        amount_received: 0,
        currency,
        is_manual: params.text("capture_method").as_deref() == Some("manual"),
        status: IntentStatus::RequiresPaymentMethod,
        description: params.text("description"),
        receipt_email: params.text("receipt_email"),
        customer: params.text("customer"),
        metadata: params.map("metadata"),
        method: None,
        return_url: params.text("return_url"),
        last_error: None,
        charge: None,
        canceled_at: None,
        cancellation_reason: None,
        session: None,
    };
    book.emit("payment_intent.created", book.intent_json(&intent));
    book.intents.insert(id.clone(), intent);
    if params.is_true("confirm") {
        return confirm(book, &id, params);
    }
    if let Some(method) = params.text("payment_method") {
        find_method(book, &method)?;
        let intent = get_mut(book, &id)?;
        intent.method = Some(method);
        intent.status = IntentStatus::RequiresConfirmation;
    }
    show(book, &id)
}

pub fn show(book: &Book, id: &str) -> Answer {
    book.intents.get(id).map(|intent| book.intent_json(intent)).ok_or_else(|| ApiError::missing("payment_intent", id))
}

fn get_mut<'a>(book: &'a mut Book, id: &str) -> Result<&'a mut Intent, ApiError> {
    book.intents.get_mut(id).ok_or_else(|| ApiError::missing("payment_intent", id))
}

fn unexpected(intent: &Intent, what: &str) -> ApiError {
    ApiError::state(
        "payment_intent_unexpected_state",
        format!("This PaymentIntent could not be {what} because it has a status of {}.", intent.status.as_str()),
    )
}

pub fn update(book: &mut Book, id: &str, params: &Params) -> Answer {
    let amount = params.number("amount")?;
    let metadata = params.map("metadata");
    let intent = get_mut(book, id)?;
    if let Some(amount) = amount {
        let is_open = matches!(
            intent.status,
            IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation | IntentStatus::RequiresAction
        );
        if !is_open {
            return Err(unexpected(intent, "updated"));
        }
        check_amount(amount, &intent.currency)?;
        // a challenge is for an amount, so a new amount asks again
        if intent.status == IntentStatus::RequiresAction && amount != intent.amount {
            intent.status = IntentStatus::RequiresConfirmation;
        }
        intent.amount = amount;
    }
    intent.metadata.extend(metadata);
    if let Some(description) = params.text("description") {
        intent.description = Some(description);
    }
    if let Some(email) = params.text("receipt_email") {
        intent.receipt_email = Some(email);
    }
    show(book, id)
}

fn find_method(book: &mut Book, method: &str) -> Result<Card, ApiError> {
    if let Some(card) = book.methods.get(method) {
        return Ok(card.clone());
    }
    let card = ready_made(method).ok_or_else(|| ApiError::missing("PaymentMethod", method))?;
    book.methods.insert(method.to_owned(), card.clone());
    Ok(card)
}

pub fn confirm(book: &mut Book, id: &str, params: &Params) -> Answer {
    let intent = get_mut(book, id)?;
    if matches!(intent.status, IntentStatus::Succeeded | IntentStatus::RequiresCapture | IntentStatus::Canceled) {
        return Err(unexpected(intent, "confirmed"));
    }
    let method = params.text("payment_method").or_else(|| intent.method.clone());
    let method = method.ok_or_else(|| {
        ApiError::state("payment_intent_unexpected_state", "You cannot confirm this PaymentIntent because it's missing a payment method.")
    })?;
    let card = find_method(book, &method)?;
    let intent = get_mut(book, id)?;
    intent.method = Some(method);
    intent.return_url = params.text("return_url").or(intent.return_url.take());
    intent.last_error = None;
    answer(book, id, &card, &card.issuer)
}

/// What the issuer's answer makes of the intent.
fn answer(book: &mut Book, id: &str, card: &Card, issuer: &Issuer) -> Answer {
    match issuer {
        Issuer::Declines(decline) => fail(book, id, decline.clone()),
        Issuer::Challenges { .. } => {
            get_mut(book, id)?.status = IntentStatus::RequiresAction;
            let shown = show(book, id)?;
            book.emit("payment_intent.requires_action", shown.clone());
            Ok(shown)
        }
        Issuer::Pays | Issuer::PaysRefundPending | Issuer::PaysRefundFails => charge(book, id, card),
    }
}

fn fail(book: &mut Book, id: &str, decline: Decline) -> Answer {
    let intent = get_mut(book, id)?;
    intent.status = IntentStatus::RequiresPaymentMethod;
    intent.method = None;
    intent.last_error = Some(decline.clone());
    let shown = show(book, id)?;
    book.emit("payment_intent.payment_failed", shown.clone());
    Err(ApiError::card(&decline, shown))
}

fn charge(book: &mut Book, id: &str, card: &Card) -> Answer {
    let (charge_id, transaction, created) = (book.new_id("ch"), book.new_id("txn"), book.now);
    let intent = get_mut(book, id)?;
    let is_captured = !intent.is_manual;
    let charge = Charge {
        id: charge_id.clone(),
        intent: id.to_owned(),
        created,
        amount: intent.amount,
        amount_captured: if is_captured { intent.amount } else { 0 },
        amount_refunded: 0,
        currency: intent.currency.clone(),
        card: card.clone(),
        method: intent.method.clone().unwrap_or_default(),
        is_captured,
        is_released: false,
        transaction: is_captured.then_some(transaction),
    };
    intent.charge = Some(charge_id.clone());
    intent.last_error = None;
    if is_captured {
        intent.status = IntentStatus::Succeeded;
        intent.amount_received = intent.amount;
    } else {
        intent.status = IntentStatus::RequiresCapture;
    }
    book.emit("charge.succeeded", book.charge_json(&charge));
    book.charges.insert(charge_id, charge);
    let shown = show(book, id)?;
    book.emit(if is_captured { "payment_intent.succeeded" } else { "payment_intent.amount_capturable_updated" }, shown.clone());
    super::sessions::intent_settled(book, id);
    Ok(shown)
}

/// The customer's answer to the bank's question.
pub fn answer_challenge(book: &mut Book, id: &str, is_confirmed: bool) -> Answer {
    let intent = get_mut(book, id)?;
    if intent.status != IntentStatus::RequiresAction {
        return show(book, id);
    }
    if !is_confirmed {
        let decline = Decline {
            code: "payment_intent_authentication_failure".into(),
            decline_code: None,
            message: "We are unable to authenticate your payment method. Please choose a different payment method and try again.".into(),
        };
        return fail(book, id, decline);
    }
    let method = intent.method.clone().unwrap_or_default();
    let card = find_method(book, &method)?;
    let after = match &card.issuer {
        Issuer::Challenges { after } => (**after).clone(),
        other => other.clone(),
    };
    answer(book, id, &card, &after)
}

pub fn capture(book: &mut Book, id: &str, params: &Params) -> Answer {
    let (amount, transaction) = (params.number("amount_to_capture")?, book.new_id("txn"));
    let intent = get_mut(book, id)?;
    if intent.status != IntentStatus::RequiresCapture {
        return Err(unexpected(intent, "captured"));
    }
    let amount = amount.unwrap_or(intent.amount);
    if amount <= 0 || amount > intent.amount {
        return Err(ApiError::invalid("amount_to_capture", "The amount to capture is greater than the amount that may be captured."));
    }
    intent.status = IntentStatus::Succeeded;
    intent.amount_received = amount;
    let charge_id = intent.charge.clone().unwrap_or_default();
    if let Some(charge) = book.charges.get_mut(&charge_id) {
        charge.is_captured = true;
        charge.amount_captured = amount;
        charge.transaction = Some(transaction);
        let charge = charge.clone();
        book.emit("charge.captured", book.charge_json(&charge));
    }
    let shown = show(book, id)?;
    book.emit("payment_intent.succeeded", shown.clone());
    Ok(shown)
}

pub fn cancel(book: &mut Book, id: &str, params: &Params) -> Answer {
    let now = book.now;
    let session = book.intents.get(id).and_then(|intent| book.sessions.get(intent.session.as_ref()?));
    if session.is_some_and(|session| session.status == "open") {
        let message = "You cannot cancel this PaymentIntent because it was created by a Checkout Session. Expire the session instead.";
        return Err(ApiError::state("payment_intent_unexpected_state", message));
    }
    let intent = get_mut(book, id)?;
    if matches!(intent.status, IntentStatus::Succeeded | IntentStatus::Canceled) {
        return Err(unexpected(intent, "canceled"));
    }
    intent.status = IntentStatus::Canceled;
    intent.canceled_at = Some(now);
    intent.cancellation_reason = params.text("cancellation_reason");
    if let Some(charge) = intent.charge.clone().and_then(|id| book.charges.get_mut(&id)) {
        charge.is_released = true;
    }
    let shown = show(book, id)?;
    book.emit("payment_intent.canceled", shown.clone());
    Ok(shown)
}
