//! Messages of the gateway: the signature first, then the few members that matter.
//!
//! The members are read one by one rather than as whole objects, because a message comes in the version its endpoint was
//! registered with, which need not be the client's.

use super::decode::refund_status;
use domain::money::Money;
use domain::payment::port::{Decline, GatewayMessage, GatewayRefund, HostedPage, Intent, IntentStatus, MessageObject, WebhookRefused};
use domain::time::Instant;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

/// How far the signature's time may lie from ours, either way.
const TOLERANCE_S: i64 = 300;

/// <https://docs.stripe.com/webhooks#verify-manually>
pub fn verify(secret: &str, body: &[u8], signature: &str, now: Instant) -> Result<GatewayMessage, WebhookRefused> {
    let mut timestamp = None;
    let mut sums: Vec<Vec<u8>> = Vec::new();
    for part in signature.split(',').take(16) {
        match part.trim().split_once('=') {
            Some(("t", text)) => timestamp = Some(text),
            // several while a secret is being replaced
            Some(("v1", text)) => sums.extend(hex::decode(text).ok()),
            _ => {}
        }
    }
    let timestamp = timestamp.ok_or(WebhookRefused::BadSignature)?;
    let signed_at: i64 = timestamp.parse().map_err(|_| WebhookRefused::BadSignature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| WebhookRefused::BadSignature)?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    // in constant time
    if secret.is_empty() || !sums.iter().any(|sum| mac.clone().verify_slice(sum).is_ok()) {
        return Err(WebhookRefused::BadSignature);
    }
    if (now.millis() / 1000).abs_diff(signed_at) > TOLERANCE_S as u64 {
        return Err(WebhookRefused::TooOld);
    }
    read(body)
}

fn read(body: &[u8]) -> Result<GatewayMessage, WebhookRefused> {
    let event: Value = serde_json::from_slice(body).map_err(|_| WebhookRefused::Malformed)?;
    let (id, kind) = (text(&event, "id")?, text(&event, "type")?);
    let object = &event["data"]["object"];
    let about = match object["object"].as_str().unwrap_or_default() {
        "payment_intent" => MessageObject::Intent(intent(object)?),
        "refund" => MessageObject::Refund(refund(object)?),
        "checkout.session" => MessageObject::HostedPage(hosted_page(object)?),
        _ => MessageObject::Other,
    };
    Ok(GatewayMessage { id, kind, about, payload: event })
}

fn text(value: &Value, member: &str) -> Result<String, WebhookRefused> {
    value[member].as_str().map(str::to_owned).ok_or(WebhookRefused::Malformed)
}

fn amount(object: &Value) -> Result<Money, WebhookRefused> {
    let minor = object["amount"].as_i64().ok_or(WebhookRefused::Malformed)?;
    let currency = object["currency"].as_str().and_then(|code| code.parse().ok()).ok_or(WebhookRefused::Malformed)?;
    Ok(Money::new(minor, currency))
}

/// An id, or the object it stands for.
fn reference(value: &Value) -> Option<String> {
    value.as_str().or_else(|| value["id"].as_str()).map(str::to_owned)
}

fn intent(object: &Value) -> Result<Intent, WebhookRefused> {
    let status = match object["status"].as_str().unwrap_or_default() {
        "requires_payment_method" | "requires_confirmation" => IntentStatus::RequiresMethod,
        "requires_action" => IntentStatus::RequiresAction,
        "requires_capture" => IntentStatus::Authorised,
        "succeeded" => IntentStatus::Succeeded,
        "canceled" => IntentStatus::Cancelled,
        _ => IntentStatus::Processing,
    };
    let error = &object["last_payment_error"];
    let specific = error["decline_code"].as_str().filter(|code| *code != "generic_decline");
    let failure = specific.or(error["code"].as_str()).map(|code| Decline { code: code.to_owned() });
    Ok(Intent {
        reference: text(object, "id")?,
        status,
        amount: amount(object)?,
        captured_minor: object["amount_received"].as_i64().unwrap_or(0),
        client_secret: None,
        next_url: None,
        failure,
        card: None,
        fee: None,
        attempt: object["metadata"]["attempt"].as_str().and_then(|id| id.parse().ok()),
    })
}

fn refund(object: &Value) -> Result<GatewayRefund, WebhookRefused> {
    Ok(GatewayRefund {
        reference: text(object, "id")?,
        status: refund_status(object["status"].as_str().unwrap_or("pending")),
        amount: amount(object)?,
        intent_reference: reference(&object["payment_intent"]),
        refund: object["metadata"]["refund"].as_str().and_then(|id| id.parse().ok()),
    })
}

fn hosted_page(object: &Value) -> Result<HostedPage, WebhookRefused> {
    Ok(HostedPage {
        session_reference: text(object, "id")?,
        url: object["url"].as_str().unwrap_or_default().to_owned(),
        intent_reference: reference(&object["payment_intent"]),
        is_expired: object["status"] == "expired",
        attempt: object["metadata"]["attempt"].as_str().and_then(|id| id.parse().ok()),
    })
}
