//! Signed messages to Fettle, with the retries of the real gateway and the disturbances of the control page.

use crate::hub::Hub;
use hmac::{Hmac, Mac};
use rand::Rng;
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

/// Tries before giving up; the pauses between them double from one second to a minute.
const MAX_TRIES: u32 = 14;

/// One message on its way, as the control page lists it.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    pub number: u64,
    pub event: String,
    pub kind: String,
    pub at: i64,
    pub tries: u32,
    pub outcome: String,
}

/// The `Stripe-Signature` header over a body, be it text or not.
pub fn sign(secret: &str, body: &(impl AsRef<[u8]> + ?Sized), timestamp: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body.as_ref());
    format!("t={timestamp},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// Sends what the book has queued, each in its own task, so nothing promises an order (neither does the real one).
pub fn dispatch(hub: &Arc<Hub>, events: Vec<(String, String, Value)>) {
    for (id, kind, body) in events {
        let plan = hub.plan_delivery();
        if plan.is_held {
            hub.hold(id, kind, body);
            continue;
        }
        if plan.is_dropped {
            hub.log_delivery(&id, &kind, "dropped on purpose");
            continue;
        }
        for _ in 0..plan.copies {
            let number = hub.log_delivery(&id, &kind, "on its way");
            let delay = Duration::from_millis(plan.delay_ms + random_up_to(plan.jitter_ms));
            tokio::spawn(deliver(hub.clone(), number, body.to_string(), delay));
        }
    }
}

fn random_up_to(millis: u64) -> u64 {
    if millis == 0 { 0 } else { rand::rng().random_range(0..=millis) }
}

async fn deliver(hub: Arc<Hub>, number: u64, body: String, delay: Duration) {
    tokio::time::sleep(delay).await;
    for attempt in 1..=MAX_TRIES {
        let outcome = send(&hub, &body, None).await;
        let is_done = outcome.is_ok();
        let text = outcome.unwrap_or_else(|reason| reason);
        hub.note_delivery(number, attempt, &text);
        if is_done || hub.is_closing() {
            return;
        }
        tokio::time::sleep(Duration::from_secs((1 << (attempt - 1).min(6)).min(60))).await;
    }
}

/// One try. Ok with the status if it was taken, else the reason.
pub async fn send(hub: &Arc<Hub>, body: &str, signature: Option<String>) -> Result<String, String> {
    let Some(url) = hub.webhook_url() else { return Ok("nobody listens".into()) };
    hub.follow_clock().await;
    let signature = signature.unwrap_or_else(|| sign(&hub.webhook_secret, body, hub.now_s()));
    let request = hub.http.post(url).header("stripe-signature", signature).header("content-type", "application/json");
    match request.body(body.to_owned()).send().await {
        Ok(response) if response.status().is_success() => Ok(response.status().as_u16().to_string()),
        Ok(response) => Err(format!("answered {}", response.status().as_u16())),
        Err(_) => Err("no answer".into()),
    }
}
