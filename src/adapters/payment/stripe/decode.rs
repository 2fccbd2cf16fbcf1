//! Stripe's objects in the port's words.

use super::call;
use domain::money::{Currency, Money};
use domain::payment::port::{Card, GatewayError, GatewayRefund, HostedPage, Intent, IntentStatus, RefundStatus};
use stripe_shared::{Charge, CheckoutSession, CheckoutSessionStatus, PaymentIntent, PaymentIntentStatus, Refund};
use stripe_types::Expandable;

fn money(minor: i64, currency: &stripe_types::Currency) -> Result<Money, GatewayError> {
    let currency: Currency = currency.to_string().parse().map_err(|_| GatewayError::Unknown(format!("an answer in {currency}")))?;
    Ok(Money::new(minor, currency))
}

pub fn intent(intent: &PaymentIntent) -> Result<Intent, GatewayError> {
    let charge = intent.latest_charge.as_ref().and_then(Expandable::as_object);
    let transaction = charge.and_then(|charge| charge.balance_transaction.as_ref()?.as_object());
    let next = intent.next_action.as_ref().and_then(|action| action.redirect_to_url.as_ref());
    Ok(Intent {
        reference: intent.id.to_string(),
        status: status(&intent.status),
        amount: money(intent.amount, &intent.currency)?,
        captured_minor: intent.amount_received,
        client_secret: intent.client_secret.clone(),
        next_url: next.and_then(|redirect| redirect.url.clone()),
        failure: intent.last_payment_error.as_deref().map(call::decline),
        card: charge.and_then(card),
        // in the currency of our account there: https://docs.stripe.com/api/balance_transactions/object#balance_transaction_object-currency
        fee: transaction.map(|transaction| money(transaction.fee, &transaction.currency)).transpose()?,
        attempt: intent.metadata.get("attempt").and_then(|id| id.parse().ok()),
    })
}

/// What a newer gateway may say beyond this is still on its way.
fn status(status: &PaymentIntentStatus) -> IntentStatus {
    match status {
        PaymentIntentStatus::RequiresPaymentMethod | PaymentIntentStatus::RequiresConfirmation => IntentStatus::RequiresMethod,
        PaymentIntentStatus::RequiresAction => IntentStatus::RequiresAction,
        PaymentIntentStatus::RequiresCapture => IntentStatus::Authorised,
        PaymentIntentStatus::Succeeded => IntentStatus::Succeeded,
        PaymentIntentStatus::Canceled => IntentStatus::Cancelled,
        _ => IntentStatus::Processing,
    }
}

fn card(charge: &Charge) -> Option<Card> {
    let card = charge.payment_method_details.as_ref()?.card.as_ref()?;
    Some(Card { brand: card.brand.clone()?, last4: card.last4.clone()? })
}

pub fn hosted_page(session: &CheckoutSession) -> HostedPage {
    HostedPage {
        session_reference: session.id.to_string(),
        url: session.url.clone().unwrap_or_default(),
        intent_reference: session.payment_intent.as_ref().map(|intent| match intent {
            Expandable::Id(id) => id.to_string(),
            Expandable::Object(intent) => intent.id.to_string(),
        }),
        is_expired: matches!(session.status, Some(CheckoutSessionStatus::Expired)),
        attempt: session.metadata.as_ref().and_then(|m| m.get("attempt")).and_then(|id| id.parse().ok()),
    }
}

pub fn refund(refund: &Refund) -> Result<GatewayRefund, GatewayError> {
    Ok(GatewayRefund {
        reference: refund.id.to_string(),
        status: refund_status(refund.status.as_deref().unwrap_or("pending")),
        amount: money(refund.amount, &refund.currency)?,
        intent_reference: refund.payment_intent.as_ref().map(|intent| match intent {
            Expandable::Id(id) => id.to_string(),
            Expandable::Object(intent) => intent.id.to_string(),
        }),
        refund: refund.metadata.as_ref().and_then(|m| m.get("refund")).and_then(|id| id.parse().ok()),
    })
}

/// `requires_action` waits too.
pub fn refund_status(text: &str) -> RefundStatus {
    match text {
        "succeeded" => RefundStatus::Succeeded,
        "failed" | "canceled" => RefundStatus::Failed,
        _ => RefundStatus::Pending,
    }
}
