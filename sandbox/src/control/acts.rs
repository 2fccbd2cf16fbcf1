//! What the buttons of the control page do.

use crate::disturb::{ApiFault, Disturb, Fault};
use crate::hub::Hub;
use crate::stripe::webhook;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

fn back() -> Redirect {
    Redirect::to("/")
}

#[derive(Deserialize)]
pub struct WebhooksForm {
    delay_ms: u64,
    jitter_ms: u64,
    drop_next: u32,
    duplicate_next: u32,
    #[serde(default)]
    is_holding: bool,
}

pub async fn set_webhooks(State(hub): State<Arc<Hub>>, Form(form): Form<WebhooksForm>) -> Redirect {
    let was_holding = hub.with_disturb(|disturb| {
        let was_holding = disturb.is_holding;
        let WebhooksForm { delay_ms, jitter_ms, drop_next, duplicate_next, is_holding } = form;
        *disturb = Disturb { delay_ms, jitter_ms, drop_next, duplicate_next, is_holding, faults: std::mem::take(&mut disturb.faults) };
        was_holding
    });
    if was_holding && !form.is_holding {
        hub.release();
    }
    back()
}

pub async fn release(State(hub): State<Arc<Hub>>) -> Redirect {
    hub.release();
    back()
}

#[derive(Deserialize)]
pub struct FaultForm {
    kind: String,
    #[serde(default)]
    on: String,
    times: u32,
}

pub async fn add_fault(State(hub): State<Arc<Hub>>, Form(form): Form<FaultForm>) -> Redirect {
    let fault = match form.kind.as_str() {
        "stall" => Fault::Stall { millis: 30_000 },
        "lose_answer" => Fault::LoseAnswer,
        _ => Fault::Error { status: 500 },
    };
    hub.with_disturb(|disturb| disturb.faults.push(ApiFault { on: form.on, times: form.times, fault }));
    back()
}

pub async fn calm(State(hub): State<Arc<Hub>>) -> Redirect {
    hub.with_disturb(|disturb| *disturb = Disturb::default());
    hub.release();
    back()
}

pub async fn show_disturb(State(hub): State<Arc<Hub>>) -> Json<Disturb> {
    Json(hub.with_disturb(|disturb| disturb.clone()))
}

pub async fn set_disturb(State(hub): State<Arc<Hub>>, Json(wanted): Json<Disturb>) -> StatusCode {
    let is_letting_go = !wanted.is_holding;
    hub.with_disturb(|disturb| *disturb = wanted);
    if is_letting_go {
        hub.release();
    }
    StatusCode::NO_CONTENT
}

/// Everything the pages show, for programs.
pub async fn state(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let (intents, refunds): (Vec<Value>, Vec<Value>) = hub.quietly(|book| {
        let intents = book.intents.values().map(|i| book.intent_json(i)).collect();
        let refunds = book.refunds.values().map(|r| book.refund_json(r)).collect();
        (intents, refunds)
    });
    Json(json!({
        "calls": hub.calls(),
        "deliveries": hub.deliveries(),
        "held": hub.held_count(),
        "shift_ms": hub.shift_ms(),
        "intents": intents,
        "refunds": refunds,
    }))
}

/// Every message so far as it is sent, in the order in which things happened: for those who bring them along themselves.
pub async fn events(State(hub): State<Arc<Hub>>) -> Json<Vec<Value>> {
    Json(hub.quietly(|book| book.events.iter().map(|event| book.event_json(event)).collect()))
}

#[derive(Deserialize)]
pub struct Target {
    webhook_url: Option<String>,
}

/// Sends webhooks somewhere else from now on.
pub async fn set_target(State(hub): State<Arc<Hub>>, Json(target): Json<Target>) -> StatusCode {
    hub.set_webhook_url(target.webhook_url);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
pub struct ForgeForm {
    how: String,
}

/// Claims that the newest payment succeeded, untruly.
pub async fn forge(State(hub): State<Arc<Hub>>, Form(form): Form<ForgeForm>) -> Redirect {
    let newest = hub.with_book(|book| book.intents.values().max_by_key(|i| i.created).map(|i| book.intent_json(i)));
    let mut object = newest.unwrap_or_else(|| json!({ "id": "pi_forged", "object": "payment_intent", "amount": 100, "currency": "eur" }));
    object["status"] = json!("succeeded");
    object["amount_received"] = object["amount"].clone();
    match form.how.as_str() {
        "amount" => object["amount"] = json!(1),
        "currency" => object["currency"] = json!("jpy"),
        "object" => object["id"] = json!("pi_forged"),
        _ => {}
    }
    let body = hub.with_book(|book| {
        let event = crate::stripe::book::Event {
            id: book.new_id("evt"),
            created: book.now,
            kind: "payment_intent.succeeded".into(),
            object: object.clone(),
        };
        book.event_json(&event).to_string()
    });
    let signature = match form.how.as_str() {
        "signature" => Some(webhook::sign("whsec_of_somebody_else", &body, hub.now_s())),
        "old" => Some(webhook::sign(&hub.webhook_secret, &body, hub.now_s() - 3600)),
        _ => None,
    };
    let number = hub.log_delivery("forged", &format!("payment_intent.succeeded, forged ({})", form.how), "on its way");
    let outcome = webhook::send(&hub, &body, signature).await.unwrap_or_else(|reason| reason);
    hub.note_delivery(number, 1, &outcome);
    back()
}

#[derive(Deserialize)]
pub struct ResendForm {
    event: String,
}

pub async fn resend(State(hub): State<Arc<Hub>>, Form(form): Form<ResendForm>) -> Redirect {
    let found = hub.with_book(|book| book.event(&form.event).map(|e| (e.id.clone(), e.kind.clone(), book.event_json(e))));
    webhook::dispatch(&hub, found.into_iter().collect());
    back()
}

#[derive(Deserialize)]
pub struct ClockForm {
    /// Forward by so many; 0 goes back to the system's time.
    minutes: i64,
}

/// Moves Fettle's clock, where it lets us, and our own along.
pub async fn move_clock(State(hub): State<Arc<Hub>>, Form(form): Form<ClockForm>) -> Response {
    let Some(url) = hub.clock_url() else { return back().into_response() };
    let wish = if form.minutes == 0 { json!({ "reset": true }) } else { json!({ "minutes": form.minutes }) };
    let moved = hub.http.post(url).json(&wish).send().await;
    match moved {
        Ok(response) if response.status().is_success() => {
            hub.follow_clock().await;
            back().into_response()
        }
        Ok(response) => refused(&format!("Fettle answered {}. Its clock moves in development only.", response.status().as_u16())),
        Err(_) => refused("Fettle did not answer."),
    }
}

fn refused(sentence: &str) -> Response {
    let body = format!("<h1>The clock was not moved</h1><p>{}</p><p><a href=\"/\">Back</a></p>", crate::page::escape(sentence));
    (StatusCode::BAD_GATEWAY, crate::page::html("Clock", "desk", &body)).into_response()
}
