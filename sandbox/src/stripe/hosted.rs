//! The hosted page: a card form that needs no script, with the bank's page between where the card asks for it.

use super::book::Session;
use super::form::{ApiError, Params};
use super::{api, intents, sessions};
use crate::hub::Hub;
use crate::page::{amount, escape, html};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use std::sync::Arc;

pub async fn show(State(hub): State<Arc<Hub>>, Path(id): Path<String>) -> Response {
    match find(&hub, &id) {
        None => missing(),
        Some(session) if session.status == "complete" => Redirect::to(&success_url(&hub, &id)).into_response(),
        Some(session) if session.status == "expired" => gone(&session),
        Some(session) => {
            let failure = hub.with_book(|book| {
                let intent = book.intents.get(session.intent.as_deref()?)?;
                intent.last_error.as_ref().map(|error| error.message.clone())
            });
            form_page(&session, failure.as_deref(), StatusCode::OK)
        }
    }
}

pub async fn pay(State(hub): State<Arc<Hub>>, Path(id): Path<String>, body: String) -> Response {
    let Some(session) = find(&hub, &id) else { return missing() };
    if session.status == "expired" {
        return gone(&session);
    }
    if session.status == "complete" {
        return Redirect::to(&success_url(&hub, &id)).into_response();
    }
    match hub.with_book(|book| confirm(book, &id, &Params::parse(&body))) {
        Ok(intent) if intent["status"] == "requires_action" => {
            let secret = intent["client_secret"].as_str().unwrap_or_default();
            let intent = intent["id"].as_str().unwrap_or_default();
            Redirect::to(&format!("/3ds/{intent}?client_secret={secret}")).into_response()
        }
        Ok(_) => Redirect::to(&success_url(&hub, &id)).into_response(),
        Err(error) => form_page(&session, Some(&error.message), StatusCode::UNPROCESSABLE_ENTITY),
    }
}

fn confirm(book: &mut super::book::Book, id: &str, form: &Params) -> Result<Value, ApiError> {
    let field = |name: &str| form.text(name).unwrap_or_default();
    let expiry = field("expiry");
    let (month, year) = expiry.split_once('/').unwrap_or((&expiry, ""));
    let card = json!({ "number": field("number"), "exp_month": month.trim(), "exp_year": year.trim(), "cvc": field("cvc") });
    let method = api::card_of_form(book, &Params(json!({ "card": card })))?.unwrap_or_default();
    let intent = sessions::intent_for(book, id)?;
    intents::confirm(book, &intent, &Params(json!({ "payment_method": method })))
}

fn find(hub: &Hub, id: &str) -> Option<Session> {
    hub.with_book(|book| book.sessions.get(id).cloned())
}

/// Back to the shop, with the session's id where it asked for it.
pub fn success_url(hub: &Hub, id: &str) -> String {
    find(hub, id).map_or_else(|| "/".to_owned(), |session| session.success_url.replace("{CHECKOUT_SESSION_ID}", id))
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, html("Not found", "pay", "<h1>No such payment page</h1>")).into_response()
}

fn gone(session: &Session) -> Response {
    let back = session.cancel_url.as_deref().unwrap_or("/");
    let body = format!(
        r#"<div class="card"><h1>This page has expired</h1><p>Nothing was charged.</p><p><a class="button" href="{}">Back to the shop</a></p></div>"#,
        escape(back)
    );
    (StatusCode::GONE, html("Expired", "pay", &body)).into_response()
}

fn form_page(session: &Session, failure: Option<&str>, status: StatusCode) -> Response {
    let failure = failure.map(|text| format!(r#"<p class="alert" role="alert">{}</p>"#, escape(text))).unwrap_or_default();
    let total = amount(session.amount, &session.currency);
    let back = session.cancel_url.as_deref().unwrap_or("/");
    let body = format!(
        r#"<div class="card"><p class="quiet">{name}</p><p class="total">{total}</p><p class="quiet">{email}</p>{failure}
<form method="post">
<label>Card number<input name="number" inputmode="numeric" autocomplete="cc-number" placeholder="1234 1234 1234 1234" required></label>
<div class="two">
<label>Expiry date<input name="expiry" inputmode="numeric" autocomplete="cc-exp" placeholder="MM / YY" required></label>
<label>Security code<input name="cvc" inputmode="numeric" autocomplete="cc-csc" placeholder="CVC" required></label>
</div>
<button class="act">Pay {total}</button></form>
<p><a href="{back}">Cancel and go back</a></p></div>
<p class="quiet">A test page: 4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined, 4000 0025 0000 3155 asks the bank.</p>"#,
        name = escape(&session.name),
        email = escape(session.email.as_deref().unwrap_or_default()),
        back = escape(back),
    );
    (status, html("Pay", "pay", &body)).into_response()
}
