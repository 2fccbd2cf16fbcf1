//! What the paying browser loads: Stripe.js, the card form in its frame, and the bank's 3-D Secure page.

use super::intents;
use crate::hub::Hub;
use crate::page::{amount, escape, html, script as script_response};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Form, http};
use serde::Deserialize;
use std::sync::Arc;

pub async fn script() -> impl IntoResponse {
    script_response(include_str!("../pages/stripe.js"))
}

pub async fn payment_element_script() -> impl IntoResponse {
    script_response(include_str!("../pages/element.js"))
}

pub async fn challenge_script() -> impl IntoResponse {
    script_response("window.parent.postMessage({ type: \"challenge-done\" }, \"*\");\n")
}

#[derive(Deserialize)]
pub struct ElementQuery {
    #[serde(default)]
    scheme: String,
}

/// The card form. `scheme` is the color-scheme of the page around it.
pub async fn payment_element(Query(query): Query<ElementQuery>) -> Html<String> {
    let scheme = if ["light", "dark"].contains(&query.scheme.as_str()) { query.scheme.as_str() } else { "light dark" };
    let body = format!(
        r#"<form style="color-scheme: {scheme}" autocomplete="on">
<label>Card number<input name="number" inputmode="numeric" autocomplete="cc-number" placeholder="1234 1234 1234 1234" maxlength="23"></label>
<div class="two">
<label>Expiry date<input name="expiry" inputmode="numeric" autocomplete="cc-exp" placeholder="MM / YY" maxlength="7"></label>
<label>Security code<input name="cvc" inputmode="numeric" autocomplete="cc-csc" placeholder="CVC" maxlength="4"></label>
</div>
<p class="alert" role="alert" hidden></p>
</form><script src="/elements/payment.js"></script>"#
    );
    html("Card payment", "frame", &body)
}

#[derive(Deserialize)]
pub struct ChallengeQuery {
    #[serde(default)]
    client_secret: String,
    /// `1` inside the paying page's frame.
    #[serde(default)]
    frame: String,
}

/// "Is this you?", as a bank would ask.
pub async fn challenge(State(hub): State<Arc<Hub>>, Path(id): Path<String>, Query(query): Query<ChallengeQuery>) -> Response {
    let Some(intent) = hub.with_book(|book| book.intents.get(&id).filter(|i| i.client_secret == query.client_secret).cloned()) else {
        return (StatusCode::NOT_FOUND, html("Not found", "pay", "<h1>No such payment</h1>")).into_response();
    };
    let body = format!(
        r#"<div class="card"><p class="quiet">3-D Secure test page</p><h1>Confirm this payment</h1>
<p class="total">{}</p><p>A real bank would now ask for a code or for its app.</p>
<form method="post"><input type="hidden" name="client_secret" value="{}"><input type="hidden" name="frame" value="{}">
<button class="act" name="answer" value="complete">Complete</button><button name="answer" value="fail">Fail</button></form></div>"#,
        amount(intent.amount, &intent.currency),
        escape(&intent.client_secret),
        escape(&query.frame),
    );
    html("Confirm this payment", "pay", &body).into_response()
}

#[derive(Deserialize)]
pub struct ChallengeForm {
    client_secret: String,
    answer: String,
    #[serde(default)]
    frame: String,
}

pub async fn answer_challenge(State(hub): State<Arc<Hub>>, Path(id): Path<String>, Form(form): Form<ChallengeForm>) -> Response {
    let is_known = hub.with_book(|book| book.intents.get(&id).is_some_and(|i| i.client_secret == form.client_secret));
    if !is_known {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (is_ok, intent) = hub.with_book(|book| {
        let is_ok = intents::answer_challenge(book, &id, form.answer == "complete").is_ok();
        (is_ok, book.intents.get(&id).cloned())
    });
    if form.frame == "1" {
        return Redirect::to(&format!("/3ds/{id}/done")).into_response();
    }
    let Some(intent) = intent else { return http::StatusCode::NOT_FOUND.into_response() };
    let back = match (&intent.session, &intent.return_url) {
        (Some(session), _) if is_ok => super::hosted::success_url(&hub, session),
        (Some(session), _) => format!("/c/pay/{session}"),
        (None, Some(back)) => {
            let join = if back.contains('?') { '&' } else { '?' };
            let outcome = if is_ok { "succeeded" } else { "failed" };
            format!("{back}{join}payment_intent={id}&payment_intent_client_secret={}&redirect_status={outcome}", intent.client_secret)
        }
        (None, None) => format!("/3ds/{id}/done"),
    };
    Redirect::to(&back).into_response()
}

/// Tells the page around the frame that the question was answered.
pub async fn challenge_done() -> Html<String> {
    html("Thank you", "pay", r#"<div class="card"><h1>Thank you</h1><p>Going back to the shop.</p></div><script src="/3ds.js"></script>"#)
}
