//! A payment gateway in memory for tests of the domain; the sandbox speaks the real protocol.

use crate::id::{AttemptId, RefundId};
use crate::money::{Currency, Money};
use crate::payment::port::{
    Capture, Card, Decline, GatewayError, GatewayMessage, GatewayRefund, HostedPage, Intent, IntentStatus, MessageObject, NewIntent,
    PaymentGateway, RefundStatus, WebhookRefused,
};
use crate::time::Instant;
use async_trait::async_trait;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the next calls answer; when the list is empty everything succeeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Succeed,
    /// With the gateway's code, such as `card_declined`.
    Decline(String),
    /// The call took effect, but its answer was lost.
    LostAnswer,
    /// The call never arrived.
    Unreachable,
}

#[derive(Default)]
struct Inner {
    answers: VecDeque<Answer>,
    intents: HashMap<String, Intent>,
    captures: HashMap<String, Capture>,
    pages: HashMap<String, HostedPage>,
    by_attempt: HashMap<AttemptId, String>,
    refunds: HashMap<RefundId, GatewayRefund>,
    calls: Vec<String>,
    overtaken_by: Option<Money>,
}

/// Idempotent by attempt and refund, as the real ones are by key.
#[derive(Default)]
pub struct FakeGateway(Mutex<Inner>);

impl FakeGateway {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Queues the answer of one coming call.
    pub fn next_answer(&self, answer: Answer) {
        self.inner().answers.push_back(answer);
    }
    /// The names of the calls so far, such as `create_intent`.
    pub fn calls(&self) -> Vec<String> {
        self.inner().calls.clone()
    }
    pub fn intents(&self) -> Vec<Intent> {
        self.inner().intents.values().cloned().collect()
    }
    pub fn refunds(&self) -> Vec<GatewayRefund> {
        self.inner().refunds.values().cloned().collect()
    }
    pub fn refunded_minor(&self) -> i64 {
        self.inner().refunds.values().map(|refund| refund.amount.minor).sum()
    }
    /// The customer finishes in the page's form: authorises or charges by the intent's capture.
    pub fn customer_pays(&self, reference: &str) -> Intent {
        let mut inner = self.inner();
        let capture = inner.captures.get(reference).copied().unwrap_or(Capture::Automatic);
        let intent = inner.intents.get_mut(reference).expect("an intent of this gateway");
        confirm(intent, capture);
        intent.clone()
    }
    /// The customer's card is refused.
    pub fn customer_is_declined(&self, reference: &str, code: &str) -> Intent {
        let mut inner = self.inner();
        let intent = inner.intents.get_mut(reference).expect("an intent of this gateway");
        intent.status = IntentStatus::RequiresMethod;
        intent.failure = Some(Decline { code: code.to_owned() });
        intent.clone()
    }
    /// Such as a challenge that waits for the customer.
    pub fn set_status(&self, reference: &str, status: IntentStatus) {
        if let Some(intent) = self.inner().intents.get_mut(reference) {
            intent.status = status;
            intent.failure = None;
        }
    }
    /// Our account there is in another currency than the payment.
    pub fn keep_fee(&self, reference: &str, fee: Money) {
        if let Some(intent) = self.inner().intents.get_mut(reference) {
            intent.fee = Some(fee);
        }
    }
    /// Right after the next change of an amount comes one from another tab.
    pub fn overtake_next_amount(&self, amount: Money) {
        self.inner().overtaken_by = Some(amount);
    }
    /// The message the gateway would send about the intent as it stands.
    pub fn message_about(&self, event_id: &str, reference: &str) -> GatewayMessage {
        let intent = self.inner().intents.get(reference).cloned().expect("an intent of this gateway");
        let kind = format!("intent.{:?}", intent.status).to_lowercase();
        GatewayMessage { id: event_id.to_owned(), kind, payload: serde_json::json!({}), about: MessageObject::Intent(intent) }
    }

    /// Notes the call and says how it goes: Ok(true) means that it takes effect but its answer is lost.
    fn arrive(&self, call: &str) -> Result<bool, GatewayError> {
        let mut inner = self.inner();
        inner.calls.push(call.to_owned());
        match inner.answers.pop_front() {
            None | Some(Answer::Succeed) => Ok(false),
            Some(Answer::Decline(code)) => Err(GatewayError::Declined(Decline { code })),
            Some(Answer::LostAnswer) => Ok(true),
            Some(Answer::Unreachable) => Err(GatewayError::Unknown("unreachable".to_owned())),
        }
    }
    fn change(
        &self,
        call: &str,
        reference: &str,
        change: impl FnOnce(&mut Intent) -> Result<(), GatewayError>,
    ) -> Result<Intent, GatewayError> {
        let is_lost = self.arrive(call)?;
        let mut inner = self.inner();
        let intent = inner.intents.get_mut(reference).ok_or_else(|| GatewayError::Invalid(format!("no intent {reference}")))?;
        change(intent)?;
        let intent = intent.clone();
        if is_lost { Err(GatewayError::Unknown("the answer was lost".to_owned())) } else { Ok(intent) }
    }
}

/// 1.5 % and 25 minor units.
fn fee(amount: Money) -> Money {
    Money::new((amount.minor * 15 + 500) / 1000 + 25, amount.currency)
}

fn confirm(intent: &mut Intent, capture: Capture) {
    intent.failure = None;
    intent.card = Some(Card { brand: "visa".to_owned(), last4: "4242".to_owned() });
    match capture {
        Capture::Automatic => {
            intent.status = IntentStatus::Succeeded;
            intent.captured_minor = intent.amount.minor;
            intent.fee = Some(fee(intent.amount));
        }
        Capture::Manual => intent.status = IntentStatus::Authorised,
    }
}

#[async_trait]
impl PaymentGateway for FakeGateway {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn publishable_key(&self) -> &str {
        "pk_test_fake"
    }
    fn script_url(&self) -> &str {
        "http://gateway.test/v3/"
    }
    fn minimum(&self, currency: Currency) -> Money {
        Money::new(50, currency)
    }

    async fn create_intent(&self, new: &NewIntent) -> Result<Intent, GatewayError> {
        let is_lost = self.arrive("create_intent")?;
        let mut inner = self.inner();
        let reference = match inner.by_attempt.get(&new.attempt) {
            Some(known) => known.clone(),
            None => format!("pi_{}", inner.intents.len() + 1),
        };
        inner.by_attempt.insert(new.attempt, reference.clone());
        inner.captures.insert(reference.clone(), new.capture);
        let intent = inner.intents.entry(reference.clone()).or_insert_with(|| {
            let mut intent = Intent {
                client_secret: Some(format!("{reference}_secret")),
                reference,
                status: IntentStatus::RequiresMethod,
                amount: new.amount,
                captured_minor: 0,
                next_url: None,
                failure: None,
                card: None,
                fee: None,
                attempt: Some(new.attempt),
            };
            if new.payment_method.is_some() {
                confirm(&mut intent, new.capture);
            }
            intent
        });
        let intent = intent.clone();
        if is_lost { Err(GatewayError::Unknown("the answer was lost".to_owned())) } else { Ok(intent) }
    }

    async fn recover_intent(&self, new: &NewIntent) -> Result<Intent, GatewayError> {
        self.create_intent(&NewIntent { payment_method: None, ..new.clone() }).await
    }

    async fn create_hosted_page(&self, new: &NewIntent) -> Result<HostedPage, GatewayError> {
        let intent = self.recover_intent(new).await?;
        let mut inner = self.inner();
        let session_reference = format!("cs_{}", intent.reference);
        let page = HostedPage {
            url: format!("http://gateway.test/pay/{session_reference}"),
            intent_reference: Some(intent.reference),
            session_reference,
            is_expired: false,
            attempt: Some(new.attempt),
        };
        inner.pages.insert(page.session_reference.clone(), page.clone());
        Ok(page)
    }

    async fn get_intent(&self, reference: &str) -> Result<Intent, GatewayError> {
        self.change("get_intent", reference, |_| Ok(()))
    }

    async fn get_hosted_page(&self, session_reference: &str) -> Result<HostedPage, GatewayError> {
        self.arrive("get_hosted_page")?;
        self.inner().pages.get(session_reference).cloned().ok_or_else(|| GatewayError::Invalid("no such page".to_owned()))
    }

    async fn expire_hosted_page(&self, session_reference: &str) -> Result<(), GatewayError> {
        self.arrive("expire_hosted_page")?;
        let mut inner = self.inner();
        let Inner { pages, intents, .. } = &mut *inner;
        let page = pages.get_mut(session_reference).ok_or_else(|| GatewayError::Invalid("no such page".to_owned()))?;
        let intent = page.intent_reference.as_ref().and_then(|reference| intents.get_mut(reference));
        match intent {
            Some(intent) if matches!(intent.status, IntentStatus::Authorised | IntentStatus::Succeeded) => {
                return Err(GatewayError::Invalid("the page is complete".to_owned()));
            }
            Some(intent) => intent.status = IntentStatus::Cancelled,
            None => {}
        }
        page.is_expired = true;
        Ok(())
    }

    async fn update_amount(&self, reference: &str, amount: Money, _key: &str) -> Result<Intent, GatewayError> {
        let overtaken_by = self.inner().overtaken_by.take();
        self.change("update_amount", reference, |intent| {
            if intent.status != IntentStatus::RequiresMethod {
                return Err(GatewayError::Invalid("the intent is confirmed".to_owned()));
            }
            intent.amount = overtaken_by.unwrap_or(amount);
            Ok(())
        })
    }

    async fn capture(&self, reference: &str, amount: Money, _key: &str) -> Result<Intent, GatewayError> {
        self.change("capture", reference, |intent| match intent.status {
            IntentStatus::Succeeded => Ok(()),
            IntentStatus::Authorised if amount.minor <= intent.amount.minor => {
                intent.status = IntentStatus::Succeeded;
                intent.captured_minor = amount.minor;
                intent.fee = Some(fee(amount));
                Ok(())
            }
            _ => Err(GatewayError::Invalid("nothing is authorised".to_owned())),
        })
    }

    async fn cancel(&self, reference: &str, _key: &str) -> Result<Intent, GatewayError> {
        let has_page = self.inner().pages.values().any(|page| page.intent_reference.as_deref() == Some(reference));
        self.change("cancel", reference, |intent| {
            if intent.status == IntentStatus::Succeeded {
                return Err(GatewayError::Invalid("the intent has succeeded".to_owned()));
            }
            if has_page && !matches!(intent.status, IntentStatus::Authorised | IntentStatus::Cancelled) {
                return Err(GatewayError::Invalid("the intent ends with its page".to_owned()));
            }
            intent.status = IntentStatus::Cancelled;
            Ok(())
        })
    }

    async fn refund(&self, reference: &str, amount: Money, refund: RefundId) -> Result<GatewayRefund, GatewayError> {
        let is_lost = self.arrive("refund")?;
        let mut inner = self.inner();
        if let Some(known) = inner.refunds.get(&refund) {
            return Ok(known.clone());
        }
        let captured = inner.intents.get(reference).map_or(0, |intent| intent.captured_minor);
        let returned: i64 =
            inner.refunds.values().filter(|r| r.intent_reference.as_deref() == Some(reference)).map(|r| r.amount.minor).sum();
        if returned + amount.minor > captured {
            return Err(GatewayError::Invalid("more than was charged".to_owned()));
        }
        let made = GatewayRefund {
            reference: format!("re_{}", inner.refunds.len() + 1),
            status: RefundStatus::Succeeded,
            amount,
            intent_reference: Some(reference.to_owned()),
            refund: Some(refund),
        };
        inner.refunds.insert(refund, made.clone());
        if is_lost { Err(GatewayError::Unknown("the answer was lost".to_owned())) } else { Ok(made) }
    }

    async fn get_refund(&self, reference: &str) -> Result<GatewayRefund, GatewayError> {
        self.arrive("get_refund")?;
        let known = self.inner().refunds.values().find(|refund| refund.reference == reference).cloned();
        known.ok_or_else(|| GatewayError::Invalid(format!("no refund {reference}")))
    }

    /// The signature must be `good`; the body names the message and its intent: `{"id": "...", "intent": "..."}`.
    fn verify_webhook(&self, body: &[u8], signature: &str, _now: Instant) -> Result<GatewayMessage, WebhookRefused> {
        if signature != "good" {
            return Err(WebhookRefused::BadSignature);
        }
        let body: serde_json::Value = serde_json::from_slice(body).map_err(|_| WebhookRefused::Malformed)?;
        let id = body["id"].as_str().ok_or(WebhookRefused::Malformed)?;
        let reference = body["intent"].as_str().ok_or(WebhookRefused::Malformed)?;
        if !self.inner().intents.contains_key(reference) {
            return Err(WebhookRefused::Malformed);
        }
        Ok(self.message_about(id, reference))
    }
}
