//! The production adapter, with a memory of what it was asked. It stands for every method of the port: one that is new does not compile without its
//! line here, and its question fails `gateway.rs` until a row there asks it on every bad day.

use async_trait::async_trait;
use domain::id::RefundId;
use domain::money::{Currency, Money};
use domain::payment::port::{GatewayError, GatewayMessage, GatewayRefund, HostedPage, Intent, NewIntent, PaymentGateway, WebhookRefused};
use domain::time::Instant;
use fettle::adapters::payment::stripe::StripeGateway;
use std::sync::Mutex;

macro_rules! questions {
    ($($name:ident,)*) => {
        /// What is asked over the line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Question {
            $($name,)*
        }

        pub const QUESTIONS: &[Question] = &[$(Question::$name,)*];
    };
}

questions! {
    CreateIntent,
    RecoverIntent,
    CreateHostedPage,
    GetIntent,
    GetHostedPage,
    ExpireHostedPage,
    UpdateAmount,
    Capture,
    Cancel,
    Refund,
    GetRefund,
}

pub struct Asked {
    gateway: StripeGateway,
    questions: Mutex<Vec<Question>>,
}

impl Asked {
    pub fn new(gateway: StripeGateway) -> Self {
        Self { gateway, questions: Mutex::default() }
    }
    pub fn forget(&self) {
        self.questions.lock().expect("nobody panics with it").clear();
    }
    /// Since it has last forgotten all.
    pub fn was_asked(&self, question: Question) -> bool {
        self.questions.lock().expect("nobody panics with it").contains(&question)
    }
    fn note(&self, question: Question) -> &StripeGateway {
        self.questions.lock().expect("nobody panics with it").push(question);
        &self.gateway
    }
}

#[async_trait]
impl PaymentGateway for Asked {
    fn name(&self) -> &'static str {
        self.gateway.name()
    }
    fn publishable_key(&self) -> &str {
        self.gateway.publishable_key()
    }
    fn script_url(&self) -> &str {
        self.gateway.script_url()
    }
    fn minimum(&self, currency: Currency) -> Money {
        self.gateway.minimum(currency)
    }
    async fn create_intent(&self, new: &NewIntent) -> Result<Intent, GatewayError> {
        self.note(Question::CreateIntent).create_intent(new).await
    }
    async fn recover_intent(&self, new: &NewIntent) -> Result<Intent, GatewayError> {
        self.note(Question::RecoverIntent).recover_intent(new).await
    }
    async fn create_hosted_page(&self, new: &NewIntent) -> Result<HostedPage, GatewayError> {
        self.note(Question::CreateHostedPage).create_hosted_page(new).await
    }
    async fn get_intent(&self, reference: &str) -> Result<Intent, GatewayError> {
        self.note(Question::GetIntent).get_intent(reference).await
    }
    async fn get_hosted_page(&self, session_reference: &str) -> Result<HostedPage, GatewayError> {
        self.note(Question::GetHostedPage).get_hosted_page(session_reference).await
    }
    async fn expire_hosted_page(&self, session_reference: &str) -> Result<(), GatewayError> {
        self.note(Question::ExpireHostedPage).expire_hosted_page(session_reference).await
    }
    async fn update_amount(&self, reference: &str, amount: Money, key: &str) -> Result<Intent, GatewayError> {
        self.note(Question::UpdateAmount).update_amount(reference, amount, key).await
    }
    async fn capture(&self, reference: &str, amount: Money, key: &str) -> Result<Intent, GatewayError> {
        self.note(Question::Capture).capture(reference, amount, key).await
    }
    async fn cancel(&self, reference: &str, key: &str) -> Result<Intent, GatewayError> {
        self.note(Question::Cancel).cancel(reference, key).await
    }
    async fn refund(&self, reference: &str, amount: Money, refund: RefundId) -> Result<GatewayRefund, GatewayError> {
        self.note(Question::Refund).refund(reference, amount, refund).await
    }
    async fn get_refund(&self, reference: &str) -> Result<GatewayRefund, GatewayError> {
        self.note(Question::GetRefund).get_refund(reference).await
    }
    fn verify_webhook(&self, body: &[u8], signature: &str, now: Instant) -> Result<GatewayMessage, WebhookRefused> {
        self.gateway.verify_webhook(body, signature, now)
    }
}
