//! The port to payment gateways; `src/adapters/payment/*` implement it. An answer that does not come is *unknown*: never paid, never failed.

use crate::id::{AttemptId, BookingId, PaymentId, RefundId};
use crate::money::Money;
use crate::time::Instant;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capture {
    /// Charged as soon as it is confirmed.
    Automatic,
    /// Authorised first, captured when the provider accepts.
    Manual,
}

/// One try to collect a payment. The attempt's id is the idempotency key of the call. Kept with the attempt, so that a repetition asks the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewIntent {
    pub attempt: AttemptId,
    pub payment: PaymentId,
    pub booking: BookingId,
    pub amount: Money,
    pub capture: Capture,
    pub description: String,
    pub receipt_email: Option<String>,
    /// Where the gateway sends the browser back after a redirect or its hosted page.
    pub return_url: String,
    pub cancel_url: String,
    /// Confirms in the same call, for programs that bring a payment method.
    pub payment_method: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentStatus {
    RequiresMethod,
    /// A challenge such as 3-D Secure waits for the customer.
    RequiresAction,
    Processing,
    /// Authorised, waiting for capture.
    Authorised,
    Succeeded,
    Cancelled,
}

/// The gateway's view of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub reference: String,
    pub status: IntentStatus,
    pub amount: Money,
    pub captured_minor: i64,
    /// For the payment form in the page. Secret to the paying browser.
    pub client_secret: Option<String>,
    pub next_url: Option<String>,
    pub failure: Option<Decline>,
    pub card: Option<Card>,
    /// What the gateway kept, once its balance transaction says so, in the currency of our account there, which need not be the payment's. Messages do not
    /// carry it; [`PaymentGateway::get_intent`] does.
    pub fee: Option<Money>,
    /// Our attempt, from the intent's metadata.
    pub attempt: Option<AttemptId>,
}

/// Why a card was refused: the gateway's stable code (`card_declined`, `insufficient_funds`, `expired_card`, ...) in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    pub code: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub brand: String,
    pub last4: String,
}

/// The gateway's hosted page, for browsers without scripting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostedPage {
    pub session_reference: String,
    pub url: String,
    /// Known once the customer has paid there.
    pub intent_reference: Option<String>,
    pub is_expired: bool,
    /// Our attempt, from the page's metadata.
    pub attempt: Option<AttemptId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStatus {
    Pending,
    Succeeded,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRefund {
    pub reference: String,
    pub status: RefundStatus,
    pub amount: Money,
    pub intent_reference: Option<String>,
    /// Our refund, from its metadata.
    pub refund: Option<RefundId>,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum GatewayError {
    /// Declined: nothing was charged.
    #[error("declined: {}", .0.code)]
    Declined(Decline),
    /// The request can never succeed as it is (wrong state, amount or id).
    #[error("the gateway refused the request: {0}")]
    Invalid(String),
    /// No answer, or one without meaning: the outcome is unknown. Ask again with the same key.
    #[error("no answer from the gateway: {0}")]
    Unknown(String),
}

/// A message of the gateway whose signature was verified. What it says is a hint: the amounts are compared with our own rows.
#[derive(Debug, Clone)]
pub struct GatewayMessage {
    pub id: String,
    pub kind: String,
    pub payload: serde_json::Value,
    pub about: MessageObject,
}

#[derive(Debug, Clone)]
pub enum MessageObject {
    Intent(Intent),
    HostedPage(HostedPage),
    Refund(GatewayRefund),
    /// A kind we do not act on.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefused {
    #[error("the signature is missing or wrong")]
    BadSignature,
    #[error("the signature is too old")]
    TooOld,
    #[error("the body is not an event")]
    Malformed,
}

#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// Stable, stored with each attempt: `stripe`.
    fn name(&self) -> &'static str;
    /// What the payment form in the page needs: the publishable key, and the script's address.
    fn publishable_key(&self) -> &str;
    fn script_url(&self) -> &str;
    /// Below this the gateway takes nothing.
    fn minimum(&self, currency: crate::money::Currency) -> Money;
    async fn create_intent(&self, new: &NewIntent) -> Result<Intent, GatewayError>;
    /// What became of a try whose answer was lost, and which nobody wants any more: its intent if it arrived, otherwise one that nothing is charged for, so that
    /// there is something to end. It begins nothing that had not begun.
    async fn recover_intent(&self, new: &NewIntent) -> Result<Intent, GatewayError>;
    async fn create_hosted_page(&self, new: &NewIntent) -> Result<HostedPage, GatewayError>;
    async fn get_intent(&self, reference: &str) -> Result<Intent, GatewayError>;
    async fn get_hosted_page(&self, session_reference: &str) -> Result<HostedPage, GatewayError>;
    /// Ends the hosted page, so that it can no longer be paid.
    async fn expire_hosted_page(&self, session_reference: &str) -> Result<(), GatewayError>;
    /// Changes the amount of an intent that is not confirmed yet (a tip was chosen).
    async fn update_amount(&self, reference: &str, amount: Money, key: &str) -> Result<Intent, GatewayError>;
    async fn capture(&self, reference: &str, amount: Money, key: &str) -> Result<Intent, GatewayError>;
    async fn cancel(&self, reference: &str, key: &str) -> Result<Intent, GatewayError>;
    /// The refund's id is the idempotency key.
    async fn refund(&self, reference: &str, amount: Money, refund: RefundId) -> Result<GatewayRefund, GatewayError>;
    async fn get_refund(&self, reference: &str) -> Result<GatewayRefund, GatewayError>;
    /// Checks the signature over the raw body, with at most five minutes between its time and `now`.
    fn verify_webhook(&self, body: &[u8], signature: &str, now: Instant) -> Result<GatewayMessage, WebhookRefused>;
}
