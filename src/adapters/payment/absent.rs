//! No gateway is configured: nothing can be paid online, and what costs nothing still works.

use async_trait::async_trait;
use domain::id::RefundId;
use domain::money::{Currency, Money};
use domain::payment::port::{GatewayError, GatewayMessage, GatewayRefund, HostedPage, Intent, NewIntent, PaymentGateway, WebhookRefused};
use domain::time::Instant;

pub struct Absent;

fn none<T>() -> Result<T, GatewayError> {
    Err(GatewayError::Unknown("no payment gateway is configured".to_owned()))
}

#[async_trait]
impl PaymentGateway for Absent {
    fn name(&self) -> &'static str {
        "none"
    }
    fn publishable_key(&self) -> &str {
        ""
    }
    fn script_url(&self) -> &str {
        ""
    }
    fn minimum(&self, currency: Currency) -> Money {
        Money::zero(currency)
    }
    async fn create_intent(&self, _: &NewIntent) -> Result<Intent, GatewayError> {
        none()
    }
    async fn recover_intent(&self, _: &NewIntent) -> Result<Intent, GatewayError> {
        none()
    }
    async fn create_hosted_page(&self, _: &NewIntent) -> Result<HostedPage, GatewayError> {
        none()
    }
    async fn get_intent(&self, _: &str) -> Result<Intent, GatewayError> {
        none()
    }
    async fn get_hosted_page(&self, _: &str) -> Result<HostedPage, GatewayError> {
        none()
    }
    async fn expire_hosted_page(&self, _: &str) -> Result<(), GatewayError> {
        none()
    }
    async fn update_amount(&self, _: &str, _: Money, _: &str) -> Result<Intent, GatewayError> {
        none()
    }
    async fn capture(&self, _: &str, _: Money, _: &str) -> Result<Intent, GatewayError> {
        none()
    }
    async fn cancel(&self, _: &str, _: &str) -> Result<Intent, GatewayError> {
        none()
    }
    async fn refund(&self, _: &str, _: Money, _: RefundId) -> Result<GatewayRefund, GatewayError> {
        none()
    }
    async fn get_refund(&self, _: &str) -> Result<GatewayRefund, GatewayError> {
        none()
    }
    fn verify_webhook(&self, _: &[u8], _: &str, _: Instant) -> Result<GatewayMessage, WebhookRefused> {
        Err(WebhookRefused::BadSignature)
    }
}
