//! The REST door: authorisation, disturbances, idempotency keys, then one function per address under the book's lock.

use super::book::{Book, Replay};
use super::cards;
use super::form::{ApiError, Params};
use super::{intents, refunds, sessions};
use crate::disturb::Fault;
use crate::hub::Hub;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

pub async fn call(State(hub): State<Arc<Hub>>, method: Method, uri: OriginalUri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path().to_owned();
    let fault = hub.fault_for(&format!("{method} {path}"));
    match fault {
        Some(Fault::Error { status }) => {
            hub.log_call(&method, &path, status, "broken on purpose");
            return answer(status, ApiError::broken().to_json(), false);
        }
        Some(Fault::Stall { millis }) => tokio::time::sleep(Duration::from_millis(millis)).await,
        Some(Fault::LoseAnswer) | None => {}
    }
    let encoded = match method {
        Method::GET => uri.query().unwrap_or_default().to_owned(),
        _ => String::from_utf8_lossy(&body).into_owned(),
    };
    let key = headers.get(IDEMPOTENCY_KEY).and_then(|v| v.to_str().ok()).filter(|_| method == Method::POST).map(str::to_owned);
    let bearer = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (status, value, is_replay) = hub.with_book(|book| keyed(book, &method, &path, &encoded, &bearer, key.as_deref()));
    hub.log_call(&method, &path, status, if is_replay { "replayed" } else { "" });
    if matches!(fault, Some(Fault::LoseAnswer)) {
        // done, but the caller never hears of it
        tokio::time::sleep(Duration::from_secs(90)).await;
        return answer(504, ApiError::broken().to_json(), false);
    }
    answer(status, value, is_replay)
}

fn answer(status: u16, value: Value, is_replay: bool) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(value)).into_response();
    if is_replay {
        response.headers_mut().insert(REPLAYED, axum::http::HeaderValue::from_static("true"));
    }
    response
}

/// Runs the call once per key: the same request gets the first answer again, another request is refused.
fn keyed(book: &mut Book, method: &Method, path: &str, encoded: &str, bearer: &str, key: Option<&str>) -> (u16, Value, bool) {
    // As the real one, which compares parameters and not their order: clients send maps in any.
    let mut parameters: Vec<&str> = encoded.split('&').collect();
    parameters.sort_unstable();
    let request = format!("{method} {path} {}", parameters.join("&"));
    if let Some(replay) = key.and_then(|key| book.replays.get(key)) {
        if replay.request == request {
            return (replay.status, replay.body.clone(), true);
        }
        let error =
            ApiError::idempotency("Keys for idempotent requests can only be used with the same parameters they were first used with.");
        return (error.status, error.to_json(), false);
    }
    let result = authorise(bearer, book, path, encoded).and_then(|()| dispatch(book, method, path, &Params::parse(encoded)));
    let (status, body) = match result {
        Ok(value) => (200, value),
        Err(error) => (error.status, error.to_json()),
    };
    // as the real one: what was refused before it began is not kept
    if let Some(key) = key.filter(|_| !matches!(status, 401 | 404 | 409)) {
        let created = book.now;
        book.replays.insert(key.to_owned(), Replay { request, status, body: body.clone(), created });
    }
    (status, body, false)
}

/// Secret keys may everything; a publishable key only what it has the client secret for.
fn authorise(bearer: &str, book: &Book, path: &str, encoded: &str) -> Result<(), ApiError> {
    let key = bearer.strip_prefix("Bearer ").unwrap_or_default();
    if key.starts_with("sk_") || key.starts_with("rk_") {
        return Ok(());
    }
    let secret = Params::parse(encoded).text("client_secret");
    let mut parts = path.trim_start_matches("/v1/").split('/');
    let is_own = match (parts.next(), parts.next(), secret) {
        (Some("payment_intents"), Some(id), Some(secret)) => book.intents.get(id).is_some_and(|i| i.client_secret == secret),
        (Some("payment_methods"), None, _) => true,
        _ => false,
    };
    if key.starts_with("pk_") && is_own { Ok(()) } else { Err(ApiError::unauthorised()) }
}

fn dispatch(book: &mut Book, method: &Method, path: &str, params: &Params) -> Result<Value, ApiError> {
    let parts: Vec<&str> = path.trim_start_matches("/v1/").trim_end_matches('/').split('/').collect();
    let is_post = method == Method::POST;
    let named = params.text("payment_intent");
    if let Some(id) = parts.get(1).copied().filter(|_| parts[0] == "payment_intents").or(named.as_deref()) {
        super::demo::admit(book, id);
    }
    let mut value = match (is_post, parts.as_slice()) {
        (true, ["payment_intents"]) => intents::create(book, params),
        (false, ["payment_intents", id]) => intents::show(book, id),
        (true, ["payment_intents", id]) => intents::update(book, id, params),
        (true, ["payment_intents", id, "confirm"]) => {
            if let Some(method) = card_of_form(book, params)? {
                let with_method = json!({ "payment_method": method, "return_url": params.text("return_url").unwrap_or_default() });
                intents::confirm(book, id, &Params(with_method))
            } else {
                intents::confirm(book, id, params)
            }
        }
        (true, ["payment_intents", id, "capture"]) => intents::capture(book, id, params),
        (true, ["payment_intents", id, "cancel"]) => intents::cancel(book, id, params),
        (true, ["payment_methods"]) => {
            let id = card_of_form(book, params)?.ok_or_else(|| ApiError::invalid("card", "Missing required param: card."))?;
            book.object_json(&id).ok_or_else(|| ApiError::missing("PaymentMethod", &id))
        }
        (true, ["refunds"]) => refunds::create(book, params),
        (false, ["refunds"]) => Ok(refunds::list(book, params)),
        (false, ["refunds", id]) => refunds::show(book, id),
        (true, ["checkout", "sessions"]) => sessions::create(book, params),
        (false, ["checkout", "sessions", id]) => sessions::show(book, id),
        (true, ["checkout", "sessions", id, "expire"]) => sessions::expire(book, id),
        (true, ["customers"]) => Ok(create_customer(book, params)),
        (false, ["events"]) => Ok(list_events(book, params)),
        (false, ["customers" | "charges" | "events" | "balance_transactions" | "payment_methods", id]) => {
            book.object_json(id).ok_or_else(|| ApiError::missing(parts[0].trim_end_matches('s'), id))
        }
        _ => Err(ApiError::no_such_address(path)),
    }?;
    book.expand(&mut value, &params.list("expand"));
    Ok(value)
}

/// The card typed into a form of ours becomes a payment method.
pub fn card_of_form(book: &mut Book, params: &Params) -> Result<Option<String>, ApiError> {
    let prefix = if params.find("payment_method_data.card").is_some() { "payment_method_data.card" } else { "card" };
    if params.find(prefix).is_none() {
        return Ok(None);
    }
    let field = |name: &str| params.text(&format!("{prefix}.{name}")).unwrap_or_default();
    let (year, month) = year_and_month(book.now);
    let card = cards::from_form(&field("number"), &field("exp_month"), &field("exp_year"), &field("cvc"), year, month)
        .map_err(|decline| ApiError::card(&decline, Value::Null))?;
    let id = book.new_id("pm");
    book.methods.insert(id.clone(), card);
    Ok(Some(id))
}

fn create_customer(book: &mut Book, params: &Params) -> Value {
    let customer = super::book::Customer {
        id: book.new_id("cus"),
        created: book.now,
        email: params.text("email"),
        name: params.text("name"),
        metadata: params.map("metadata"),
    };
    let shown = book.customer_json(&customer);
    book.customers.insert(customer.id.clone(), customer);
    book.emit("customer.created", shown.clone());
    shown
}

fn list_events(book: &Book, params: &Params) -> Value {
    let limit = params.number("limit").ok().flatten().unwrap_or(10).clamp(1, 100) as usize;
    let data: Vec<Value> = book.events.iter().rev().take(limit).map(|event| book.event_json(event)).collect();
    json!({ "object": "list", "url": "/v1/events", "has_more": book.events.len() > limit, "data": data })
}

/// Of a moment in UTC, by Hinnant's `civil_from_days`.
pub fn year_and_month(seconds: i64) -> (i32, u32) {
    let z = seconds.div_euclid(86_400) + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    ((yoe + era * 400 + i64::from(month <= 2)) as i32, month as u32)
}
