//! Objects as the API shows them: the published examples with our values set, so that every client can decode them.

use super::book::{Book, Charge, Customer, Event, Intent, IntentStatus, Refund, Session, fee};
use super::cards::{Card, Decline, Issuer};
use serde_json::{Value, json};
use std::sync::OnceLock;

fn template(object: &str) -> Value {
    static FIXTURES: OnceLock<Value> = OnceLock::new();
    let all = FIXTURES.get_or_init(|| serde_json::from_str(include_str!("fixtures.json")).expect("the fixtures are valid JSON"));
    all[object].clone()
}

fn with(object: &str, members: Value) -> Value {
    let mut value = template(object);
    if let (Some(into), Value::Object(members)) = (value.as_object_mut(), members) {
        into.extend(members);
    }
    value
}

fn decline_json(decline: &Decline) -> Value {
    let kind = if decline.code == "payment_intent_authentication_failure" { "invalid_request_error" } else { "card_error" };
    let mut error = json!({ "type": kind, "code": decline.code, "message": decline.message });
    if let Some(code) = &decline.decline_code {
        error["decline_code"] = json!(code);
    }
    error
}

impl Book {
    pub fn intent_json(&self, intent: &Intent) -> Value {
        let next_action = (intent.status == IntentStatus::RequiresAction).then(|| match &intent.return_url {
            Some(back) => {
                let url = self.challenge_url(intent);
                json!({ "type": "redirect_to_url", "redirect_to_url": { "return_url": back, "url": url } })
            }
            None => json!({ "type": "use_stripe_sdk", "use_stripe_sdk": { "type": "three_d_secure_redirect", "stripe_js": self.challenge_url(intent) } }),
        });
        with(
            "payment_intent",
            json!({
                "id": intent.id,
                "client_secret": intent.client_secret,
                "created": intent.created,
                "amount": intent.amount,
                "amount_capturable": if intent.status == IntentStatus::RequiresCapture { intent.amount } else { 0 },
                "amount_received": intent.amount_received,
                "currency": intent.currency,
                "capture_method": if intent.is_manual { "manual" } else { "automatic" },
                "status": intent.status.as_str(),
                "description": intent.description,
                "receipt_email": intent.receipt_email,
                "customer": intent.customer,
                "metadata": intent.metadata,
                "payment_method": intent.method,
                "latest_charge": intent.charge,
                "last_payment_error": intent.last_error.as_ref().map(decline_json),
                "canceled_at": intent.canceled_at,
                "cancellation_reason": intent.cancellation_reason,
                "next_action": next_action,
            }),
        )
    }

    /// The page on which the bank asks for confirmation.
    pub fn challenge_url(&self, intent: &Intent) -> String {
        format!("{}/3ds/{}?client_secret={}", self.base_url, intent.id, intent.client_secret)
    }

    pub fn charge_json(&self, charge: &Charge) -> Value {
        let mut value = with(
            "charge",
            json!({
                "id": charge.id,
                "payment_intent": charge.intent,
                "created": charge.created,
                "amount": charge.amount,
                "amount_captured": charge.amount_captured,
                "amount_refunded": charge.amount_refunded,
                "currency": charge.currency,
                "captured": charge.is_captured,
                "refunded": charge.is_released || (charge.amount_refunded > 0 && charge.amount_refunded == charge.amount_captured),
                "balance_transaction": charge.transaction,
                "payment_method": charge.method,
            }),
        );
        let card = &mut value["payment_method_details"]["card"];
        card["brand"] = json!(charge.card.brand);
        card["network"] = json!(charge.card.brand);
        card["last4"] = json!(charge.card.last4);
        card["exp_month"] = json!(charge.card.exp_month);
        card["exp_year"] = json!(charge.card.exp_year);
        value
    }

    pub fn refund_json(&self, refund: &Refund) -> Value {
        let mut value = with(
            "refund",
            json!({
                "id": refund.id,
                "charge": refund.charge,
                "payment_intent": refund.intent,
                "created": refund.created,
                "amount": refund.amount,
                "currency": refund.currency,
                "status": refund.status,
                "metadata": refund.metadata,
            }),
        );
        if let Some(reason) = &refund.failure_reason {
            value["failure_reason"] = json!(reason);
        }
        value
    }

    pub fn session_json(&self, session: &Session) -> Value {
        let url = (session.status == "open").then(|| format!("{}/c/pay/{}", self.base_url, session.id));
        with(
            "checkout.session",
            json!({
                "id": session.id,
                "created": session.created,
                "expires_at": session.expires_at,
                "status": session.status,
                "payment_status": session.payment_status,
                "amount_subtotal": session.amount,
                "amount_total": session.amount,
                "currency": session.currency,
                "success_url": session.success_url,
                "cancel_url": session.cancel_url,
                "customer_email": session.email,
                "client_reference_id": session.client_reference_id,
                "metadata": session.metadata,
                "payment_intent": session.intent,
                "url": url,
            }),
        )
    }

    pub fn customer_json(&self, customer: &Customer) -> Value {
        with(
            "customer",
            json!({
                "id": customer.id,
                "created": customer.created,
                "email": customer.email,
                "name": customer.name,
                "metadata": customer.metadata,
            }),
        )
    }

    pub fn method_json(&self, id: &str, card: &Card) -> Value {
        let mut value = with("payment_method", json!({ "id": id, "created": self.now }));
        let shown = &mut value["card"];
        shown["brand"] = json!(card.brand);
        shown["display_brand"] = json!(card.brand);
        shown["last4"] = json!(card.last4);
        shown["exp_month"] = json!(card.exp_month);
        shown["exp_year"] = json!(card.exp_year);
        shown["three_d_secure_usage"] = json!({ "supported": matches!(card.issuer, Issuer::Challenges { .. }) });
        value
    }

    pub fn event_json(&self, event: &Event) -> Value {
        with("event", json!({ "id": event.id, "created": event.created, "type": event.kind, "data": { "object": event.object } }))
    }

    fn transaction_json(&self, id: &str, charge: &Charge) -> Value {
        let cost = fee(charge.amount_captured, &charge.currency);
        with(
            "balance_transaction",
            json!({
                "id": id,
                "amount": charge.amount_captured,
                "fee": cost,
                "net": charge.amount_captured - cost,
                "currency": charge.currency,
                "created": charge.created,
                "available_on": charge.created + 2 * 86_400,
                "source": charge.id,
                "fee_details": [{ "amount": cost, "application": null, "currency": charge.currency, "description": "Stripe processing fees", "type": "stripe_fee" }],
            }),
        )
    }

    /// Any object by its id.
    pub fn object_json(&self, id: &str) -> Option<Value> {
        match id.split('_').next()? {
            "pi" => self.intents.get(id).map(|i| self.intent_json(i)),
            "ch" => self.charges.get(id).map(|c| self.charge_json(c)),
            "re" => self.refunds.get(id).map(|r| self.refund_json(r)),
            "cs" => self.sessions.get(id).map(|s| self.session_json(s)),
            "cus" => self.customers.get(id).map(|c| self.customer_json(c)),
            "evt" => self.event(id).map(|e| self.event_json(e)),
            "txn" => self.charges.values().find(|c| c.transaction.as_deref() == Some(id)).map(|c| self.transaction_json(id, c)),
            "pm" => self.methods.get(id).map(|card| self.method_json(id, card)),
            _ => None,
        }
    }

    /// Replaces ids by their objects along each path, as `expand[]` asks.
    pub fn expand(&self, value: &mut Value, paths: &[String]) {
        for path in paths {
            let mut at = &mut *value;
            for part in path.split('.') {
                let Some(member) = at.get_mut(part) else { break };
                if let Some(object) = member.as_str().and_then(|id| self.object_json(id)) {
                    *member = object;
                }
                at = member;
            }
        }
    }
}
