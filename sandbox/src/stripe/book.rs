//! Everything the gateway knows, in memory: intents, charges, refunds, hosted sessions, events. One lock around it keeps every call atomic.

use super::cards::{Card, Decline};
use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Book {
    pub intents: BTreeMap<String, Intent>,
    pub charges: BTreeMap<String, Charge>,
    pub refunds: BTreeMap<String, Refund>,
    pub sessions: BTreeMap<String, Session>,
    pub customers: BTreeMap<String, Customer>,
    pub methods: BTreeMap<String, Card>,
    /// In the order they happened.
    pub events: Vec<Event>,
    pub replays: BTreeMap<String, Replay>,
    /// Seconds since 1970, set before each call.
    #[serde(skip)]
    pub now: i64,
    /// Where browsers reach this program, without a slash at the end.
    #[serde(skip)]
    pub base_url: String,
    /// Events that have not been handed to the sender yet.
    #[serde(default)]
    pub unsent: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl IntentStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Intent {
    pub id: String,
    pub client_secret: String,
    pub created: i64,
    pub amount: i64,
    pub amount_received: i64,
    pub currency: String,
    pub is_manual: bool,
    pub status: IntentStatus,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub customer: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub method: Option<String>,
    pub return_url: Option<String>,
    pub last_error: Option<Decline>,
    pub charge: Option<String>,
    pub canceled_at: Option<i64>,
    pub cancellation_reason: Option<String>,
    /// The hosted session it belongs to.
    pub session: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    pub id: String,
    pub intent: String,
    pub created: i64,
    pub amount: i64,
    pub amount_captured: i64,
    pub amount_refunded: i64,
    pub currency: String,
    pub card: Card,
    pub method: String,
    pub is_captured: bool,
    /// An authorisation that was given up.
    pub is_released: bool,
    pub transaction: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    pub id: String,
    pub charge: String,
    pub intent: String,
    pub created: i64,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    pub failure_reason: Option<String>,
    pub metadata: BTreeMap<String, String>,
    /// How the bank finally answers, if not as `status` says, and when (seconds since 1970).
    pub later: Option<(i64, String)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    pub created: i64,
    pub expires_at: i64,
    pub status: String,
    pub payment_status: String,
    pub amount: i64,
    pub currency: String,
    pub name: String,
    pub success_url: String,
    pub cancel_url: Option<String>,
    pub email: Option<String>,
    pub client_reference_id: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub is_manual: bool,
    pub intent_description: Option<String>,
    pub intent_metadata: BTreeMap<String, String>,
    pub intent: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Customer {
    pub id: String,
    pub created: i64,
    pub email: Option<String>,
    pub name: Option<String>,
    pub metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub created: i64,
    pub kind: String,
    pub object: Value,
}

/// The first answer to an idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replay {
    pub request: String,
    pub status: u16,
    pub body: Value,
    pub created: i64,
}

impl Book {
    /// `pi_` and 24 letters and digits.
    pub fn new_id(&self, prefix: &str) -> String {
        format!("{prefix}_{}", random_text(24))
    }
    /// Appends a fact and queues its message.
    pub fn emit(&mut self, kind: &str, object: Value) {
        let id = self.new_id("evt");
        self.unsent.push(id.clone());
        self.events.push(Event { id, created: self.now, kind: kind.to_owned(), object });
        // enough for any test, small enough for the file
        if self.events.len() > 5000 {
            self.events.drain(..1000);
        }
    }
    pub fn event(&self, id: &str) -> Option<&Event> {
        self.events.iter().rev().find(|event| event.id == id)
    }
}

pub fn random_text(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect()
}

/// What the gateway keeps of a charge: 1.5 % and 25 minor units in Europe, 2.9 % and 30 elsewhere.
pub fn fee(amount: i64, currency: &str) -> i64 {
    match currency {
        "eur" | "gbp" => (amount * 15 + 500) / 1000 + 25,
        _ => (amount * 29 + 500) / 1000 + 30,
    }
}
