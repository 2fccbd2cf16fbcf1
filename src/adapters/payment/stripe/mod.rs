//! Stripe behind the payment port: async-stripe for the calls, our own check of webhook signatures.
//!
//! Every call that changes something carries its own idempotency key, and every repetition the same one, so that a lost answer
//! charges nobody twice. What has no clear answer stays unknown.

mod call;
mod decode;
mod webhook;

#[cfg(test)]
mod tests;

pub use call::Patience;

use crate::config::Stripe as Settings;
use async_trait::async_trait;
use call::{Failure, Keyed, Line};
use domain::id::RefundId;
use domain::money::{Currency, Money};
use domain::payment::port::{
    Capture, GatewayError, GatewayMessage, GatewayRefund, HostedPage, Intent, IntentStatus, NewIntent, PaymentGateway, WebhookRefused,
};
use domain::time::Instant;
use std::collections::HashMap;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData, CreateCheckoutSessionPaymentIntentData,
    CreateCheckoutSessionPaymentIntentDataCaptureMethod, ExpireCheckoutSession, ProductData, RetrieveCheckoutSession,
};
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, CreatePaymentIntent, CreatePaymentIntentAutomaticPaymentMethods, RetrievePaymentIntent,
    UpdatePaymentIntent,
};
use stripe_core::refund::{CreateRefund, ListRefund, RetrieveRefund};
use stripe_shared::{CheckoutSessionMode, PaymentIntentCaptureMethod};

/// With the card and what the gateway kept.
const EXPAND_CHARGE: &str = "latest_charge.balance_transaction";

pub struct StripeGateway {
    line: Line,
    settings: Settings,
}

impl StripeGateway {
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        Self::with_patience(settings, Patience::default())
    }
    pub fn with_patience(settings: Settings, patience: Patience) -> anyhow::Result<Self> {
        let line = Line::new(&settings.secret_key, &settings.api_url, patience)?;
        Ok(Self { line, settings })
    }

    async fn find_refund(&self, reference: &str, refund: RefundId) -> Result<Option<GatewayRefund>, GatewayError> {
        let list = self.line.call(&Keyed::read(ListRefund::new().payment_intent(reference).limit(100))).await?;
        Ok(list.data.iter().filter_map(|found| decode::refund(found).ok()).find(|found| found.refund == Some(refund)))
    }
}

fn metadata(new: &NewIntent) -> HashMap<String, String> {
    HashMap::from([
        ("attempt".to_owned(), new.attempt.to_string()),
        ("payment".to_owned(), new.payment.to_string()),
        ("booking".to_owned(), new.booking.to_string()),
    ])
}

/// Decimals of what amounts are counted in there, which for some currencies are not those of ISO 4217. None: three, of which the last must be zero.
/// <https://docs.stripe.com/currencies#zero-decimal>, with its special cases
fn decimals(currency: Currency) -> Option<u32> {
    match currency.code() {
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => Some(0),
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => None,
        _ => Some(2),
    }
}

/// Only where an amount of ours is the same amount there.
fn currency(currency: Currency) -> Result<stripe_types::Currency, GatewayError> {
    let known: Option<stripe_types::Currency> = currency.code().to_lowercase().parse().ok();
    known
        .filter(|_| decimals(currency) == Some(currency.decimals()))
        .ok_or_else(|| GatewayError::Invalid(format!("{currency} is not taken")))
}

/// A card brought along is charged or reserved in the same call.
fn intent_request(new: &NewIntent) -> Result<Keyed<CreatePaymentIntent>, GatewayError> {
    let capture = match new.capture {
        Capture::Automatic => PaymentIntentCaptureMethod::Automatic,
        Capture::Manual => PaymentIntentCaptureMethod::Manual,
    };
    let mut request = CreatePaymentIntent::new(new.amount.minor, currency(new.amount.currency)?)
        .capture_method(capture)
        .automatic_payment_methods(CreatePaymentIntentAutomaticPaymentMethods::new(true))
        .description(&new.description)
        .metadata(metadata(new))
        .expand(vec![EXPAND_CHARGE.to_owned()]);
    if let Some(email) = &new.receipt_email {
        request = request.receipt_email(email);
    }
    if let Some(method) = &new.payment_method {
        request = request.payment_method(method).confirm(true).return_url(&new.return_url);
    }
    Keyed::change(request, format!("intent-{}", new.attempt))
}

#[async_trait]
impl PaymentGateway for StripeGateway {
    fn name(&self) -> &'static str {
        "stripe"
    }
    fn publishable_key(&self) -> &str {
        &self.settings.publishable_key
    }
    fn script_url(&self) -> &str {
        &self.settings.script_url
    }

    /// <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>
    fn minimum(&self, currency: Currency) -> Money {
        let minor = match currency.code() {
            "GBP" => 30,
            "CZK" => 1500,
            "DKK" => 250,
            "HKD" => 400,
            "HUF" => 17_500,
            "MXN" => 1000,
            "NOK" | "SEK" => 300,
            "PLN" | "RON" => 200,
            _ => 50,
        };
        Money::new(minor, currency)
    }

    async fn create_intent(&self, new: &NewIntent) -> Result<Intent, GatewayError> {
        // A card that is declined at once leaves an intent all the same, and the error brings it along.
        decode::intent(&self.line.raw(&intent_request(new)?).await.or_else(Failure::into_intent)?)
    }

    /// By the key of the try, but without its card: a key that was used with the card before is refused, and then the whole call is a repetition.
    async fn recover_intent(&self, new: &NewIntent) -> Result<Intent, GatewayError> {
        let unpaid = intent_request(&NewIntent { payment_method: None, ..new.clone() })?;
        match self.line.raw(&unpaid).await {
            Err(Failure::KeyTaken) => self.create_intent(new).await,
            answer => decode::intent(&answer?),
        }
    }

    async fn create_hosted_page(&self, new: &NewIntent) -> Result<HostedPage, GatewayError> {
        let price = CreateCheckoutSessionLineItemsPriceData {
            unit_amount: Some(new.amount.minor),
            product_data: Some(ProductData::new(&new.description)),
            ..CreateCheckoutSessionLineItemsPriceData::new(currency(new.amount.currency)?)
        };
        let item = CreateCheckoutSessionLineItems { price_data: Some(price), quantity: Some(1), ..CreateCheckoutSessionLineItems::new() };
        let mut intent = CreateCheckoutSessionPaymentIntentData::new();
        intent.metadata = Some(metadata(new));
        intent.description = Some(new.description.clone());
        if new.capture == Capture::Manual {
            intent.capture_method = Some(CreateCheckoutSessionPaymentIntentDataCaptureMethod::Manual);
        }
        let mut request = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Payment)
            .line_items(vec![item])
            .payment_intent_data(intent)
            .client_reference_id(new.booking.to_string())
            .metadata(metadata(new))
            .success_url(&new.return_url)
            .cancel_url(&new.cancel_url);
        if let Some(email) = &new.receipt_email {
            request = request.customer_email(email);
        }
        let session = self.line.call(&Keyed::change(request, format!("page-{}", new.attempt))?).await?;
        Ok(decode::hosted_page(&session))
    }

    async fn get_intent(&self, reference: &str) -> Result<Intent, GatewayError> {
        let request = RetrievePaymentIntent::new(reference).expand(vec![EXPAND_CHARGE.to_owned()]);
        decode::intent(&self.line.call(&Keyed::read(request)).await?)
    }

    async fn get_hosted_page(&self, session_reference: &str) -> Result<HostedPage, GatewayError> {
        let session = self.line.call(&Keyed::read(RetrieveCheckoutSession::new(session_reference))).await?;
        Ok(decode::hosted_page(&session))
    }

    async fn expire_hosted_page(&self, session_reference: &str) -> Result<(), GatewayError> {
        let request = Keyed::change(ExpireCheckoutSession::new(session_reference), format!("expire-{session_reference}"))?;
        match self.line.call(&request).await {
            Ok(_) => Ok(()),
            // over already is as good
            Err(GatewayError::Invalid(reason)) => {
                if self.get_hosted_page(session_reference).await?.is_expired {
                    Ok(())
                } else {
                    Err(GatewayError::Invalid(reason))
                }
            }
            Err(other) => Err(other),
        }
    }

    async fn update_amount(&self, reference: &str, amount: Money, key: &str) -> Result<Intent, GatewayError> {
        let request = Keyed::change(UpdatePaymentIntent::new(reference).amount(amount.minor), key.to_owned())?;
        decode::intent(&self.line.call(&request).await?)
    }

    async fn capture(&self, reference: &str, amount: Money, key: &str) -> Result<Intent, GatewayError> {
        let capture = CapturePaymentIntent::new(reference).amount_to_capture(amount.minor).expand(vec![EXPAND_CHARGE.to_owned()]);
        match self.line.call(&Keyed::change(capture, key.to_owned())?).await {
            Ok(intent) => decode::intent(&intent),
            Err(GatewayError::Invalid(reason)) => self.already(reference, IntentStatus::Succeeded, reason).await,
            Err(other) => Err(other),
        }
    }

    async fn cancel(&self, reference: &str, key: &str) -> Result<Intent, GatewayError> {
        match self.line.call(&Keyed::change(CancelPaymentIntent::new(reference), key.to_owned())?).await {
            Ok(intent) => decode::intent(&intent),
            Err(GatewayError::Invalid(reason)) => self.already(reference, IntentStatus::Cancelled, reason).await,
            Err(other) => Err(other),
        }
    }

    async fn refund(&self, reference: &str, amount: Money, refund: RefundId) -> Result<GatewayRefund, GatewayError> {
        // Keys are forgotten after a day; the refund itself is not.
        if let Some(made) = self.find_refund(reference, refund).await? {
            return Ok(made);
        }
        let request = CreateRefund::new()
            .payment_intent(reference)
            .amount(amount.minor)
            .metadata(HashMap::from([("refund".to_owned(), refund.to_string())]));
        decode::refund(&self.line.call(&Keyed::change(request, format!("refund-{refund}"))?).await?)
    }

    async fn get_refund(&self, reference: &str) -> Result<GatewayRefund, GatewayError> {
        decode::refund(&self.line.call(&Keyed::read(RetrieveRefund::new(reference))).await?)
    }

    fn verify_webhook(&self, body: &[u8], signature: &str, now: Instant) -> Result<GatewayMessage, WebhookRefused> {
        webhook::verify(&self.settings.webhook_secret, body, signature, now)
    }
}

impl StripeGateway {
    /// A change that was refused because it was made before: the intent itself tells.
    async fn already(&self, reference: &str, wanted: IntentStatus, reason: String) -> Result<Intent, GatewayError> {
        let intent = self.get_intent(reference).await?;
        if intent.status == wanted { Ok(intent) } else { Err(GatewayError::Invalid(reason)) }
    }
}
