//! The production adapter against the sandbox.

use super::*;
use domain::id::{AttemptId, BookingId, Id, PaymentId};
use domain::payment::port::{MessageObject, RefundStatus};
use sandbox::disturb::{ApiFault, Fault};
use sandbox::stripe::webhook::sign;
use sandbox::{Options, Sandbox};
use std::time::Duration;

const SECRET: &str = "whsec_sandbox";

async fn started() -> (Sandbox, StripeGateway) {
    let sandbox = Sandbox::start(Options::default()).await.expect("free ports");
    let settings = Settings {
        secret_key: "sk_test_sandbox".into(),
        publishable_key: "pk_test_sandbox".into(),
        webhook_secret: SECRET.into(),
        api_url: format!("{}/", sandbox.base_url()),
        script_url: format!("{}/v3/", sandbox.base_url()),
    };
    let patience = Patience { one: Duration::from_millis(400), ..Patience::default() };
    let gateway = StripeGateway::with_patience(settings, patience).expect("valid settings");
    (sandbox, gateway)
}

fn new_intent(number: u128, capture: Capture, method: Option<&str>) -> NewIntent {
    NewIntent {
        attempt: AttemptId::from_u128(number),
        payment: PaymentId::from_u128(number),
        booking: BookingId::from_u128(number),
        amount: Money::new(10_500, Currency::EUR),
        capture,
        description: "Dripping tap, Mira Plumbing".into(),
        receipt_email: Some("ana@example.test".into()),
        return_url: "http://127.0.0.1:9/checkout/x/return".into(),
        cancel_url: "http://127.0.0.1:9/checkout/x".into(),
        payment_method: method.map(str::to_owned),
    }
}

#[tokio::test]
async fn every_object_of_the_sandbox_decodes() {
    let (_sandbox, gateway) = started().await;
    let intent = gateway.create_intent(&new_intent(1, Capture::Automatic, Some("pm_card_visa"))).await.expect("paid");
    assert_eq!((intent.status, intent.captured_minor), (IntentStatus::Succeeded, 10_500));
    assert_eq!(intent.attempt, Some(AttemptId::from_u128(1)));
    assert_eq!(intent.card, Some(domain::payment::port::Card { brand: "visa".into(), last4: "4242".into() }));
    assert_eq!(intent.fee, Some(Money::new(183, Currency::EUR)), "1.5 % of 105.00 and 0.25");

    let id = RefundId::from_u128(7);
    let refund = gateway.refund(&intent.reference, Money::new(2_000, Currency::EUR), id).await.expect("refunded");
    assert_eq!((refund.status, refund.refund), (RefundStatus::Succeeded, Some(id)));
    assert_eq!(gateway.get_refund(&refund.reference).await.expect("kept"), refund);

    let page = gateway.create_hosted_page(&new_intent(2, Capture::Manual, None)).await.expect("a page");
    assert!(page.url.contains("/c/pay/cs_test_") && page.intent_reference.is_none());
    gateway.expire_hosted_page(&page.session_reference).await.expect("ended");
    gateway.expire_hosted_page(&page.session_reference).await.expect("ended already");
    assert!(gateway.get_hosted_page(&page.session_reference).await.expect("kept").is_expired);
}

/// Our account there may be in another currency than the payment.
#[tokio::test]
async fn a_fee_is_in_the_currency_it_was_kept_in() {
    let (sandbox, gateway) = started().await;
    let intent = gateway.create_intent(&new_intent(1, Capture::Automatic, Some("pm_card_visa"))).await.expect("paid");
    let mut told = sandbox.hub.with_book(|book| {
        let mut told = book.object_json(&intent.reference).expect("it is kept");
        book.expand(&mut told, &[EXPAND_CHARGE.to_owned()]);
        told
    });
    told["latest_charge"]["balance_transaction"]["currency"] = "usd".into();
    let told: stripe_shared::PaymentIntent = miniserde::json::from_str(&told.to_string()).expect("an intent");
    let told = decode::intent(&told).expect("decodes");
    assert_eq!((told.amount.currency, told.fee), (Currency::EUR, Some(Money::new(183, Currency::USD))));
}

#[test]
fn only_amounts_that_mean_the_same_there_are_asked_for() {
    let is_taken = |code: &str| currency(code.parse().expect("a currency")).is_ok();
    assert!(domain::provider::model::CURRENCIES.iter().all(|code| is_taken(code)));
    for code in ["ISK", "UGX", "MGA", "KWD", "TND"] {
        assert!(!is_taken(code), "{code}");
    }
}

/// An intent that a page has made is ended with its page.
#[tokio::test]
async fn a_page_after_a_decline_is_ended_and_its_intent_with_it() {
    let (sandbox, gateway) = started().await;
    let page = gateway.create_hosted_page(&new_intent(1, Capture::Automatic, None)).await.expect("a page");
    let form = sandbox.hub.http.post(&page.url).header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body("number=4000000000000002&expiry=12%2F34&cvc=123").send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 422);
    let page = gateway.get_hosted_page(&page.session_reference).await.expect("kept");
    let intent = page.intent_reference.expect("made by the first try");
    assert!(matches!(gateway.cancel(&intent, "a").await, Err(GatewayError::Invalid(_))));
    gateway.expire_hosted_page(&page.session_reference).await.expect("ended");
    assert_eq!(gateway.get_intent(&intent).await.expect("kept").status, IntentStatus::Cancelled);
}

/// A process that died while asking asks again with a request made anew from its row.
#[tokio::test]
async fn the_same_attempt_asked_for_anew_charges_once() {
    let (sandbox, gateway) = started().await;
    for _ in 0..12 {
        let again = new_intent(1, Capture::Automatic, Some("pm_card_visa"));
        assert_eq!(gateway.create_intent(&again).await.expect("the first answer").status, IntentStatus::Succeeded);
    }
    assert_eq!(sandbox.hub.with_book(|book| book.charges.len()), 1);
}

/// Whether it arrived or not, it can be ended, and nothing is charged that was not charged before.
#[tokio::test]
async fn what_is_not_wanted_any_more_is_recovered_without_being_begun() {
    let (sandbox, gateway) = started().await;
    let never = new_intent(1, Capture::Automatic, Some("pm_card_visa"));
    for _ in 0..2 {
        let intent = gateway.recover_intent(&never).await.expect("an intent");
        assert_eq!((intent.status, intent.attempt), (IntentStatus::RequiresMethod, Some(never.attempt)));
    }
    assert_eq!(sandbox.hub.with_book(|book| (book.intents.len(), book.charges.len())), (1, 0));

    for (number, method, status) in
        [(2, "pm_card_visa", IntentStatus::Succeeded), (3, "pm_card_chargeDeclined", IntentStatus::RequiresMethod)]
    {
        let arrived = new_intent(number, Capture::Automatic, Some(method));
        let first = gateway.create_intent(&arrived).await.expect("an intent");
        let again = gateway.recover_intent(&arrived).await.expect("the same");
        assert_eq!((again.reference, again.status), (first.reference, status));
    }
    let charges = sandbox.hub.with_book(|book| book.charges.values().filter(|charge| charge.amount_captured > 0).count());
    assert_eq!(charges, 1);
}

/// The first call may have charged, so it is not known to have failed.
#[tokio::test]
async fn a_key_used_for_something_else_leaves_it_unknown() {
    let (_sandbox, gateway) = started().await;
    gateway.create_intent(&new_intent(1, Capture::Automatic, Some("pm_card_visa"))).await.expect("paid");
    let other = NewIntent { amount: Money::new(1_000, Currency::EUR), ..new_intent(1, Capture::Automatic, Some("pm_card_visa")) };
    assert!(matches!(gateway.create_intent(&other).await, Err(GatewayError::Unknown(_))));
}

#[tokio::test]
async fn capture_and_cancel_may_be_repeated() {
    let (_sandbox, gateway) = started().await;
    let intent = gateway.create_intent(&new_intent(1, Capture::Manual, Some("pm_card_visa"))).await.expect("authorised");
    assert_eq!((intent.status, intent.captured_minor), (IntentStatus::Authorised, 0));
    for key in ["a", "a", "b"] {
        let captured = gateway.capture(&intent.reference, intent.amount, key).await.expect("captured");
        assert_eq!((captured.status, captured.captured_minor), (IntentStatus::Succeeded, 10_500));
    }
    let other = gateway.create_intent(&new_intent(2, Capture::Manual, Some("pm_card_visa"))).await.expect("authorised");
    for key in ["c", "d"] {
        assert_eq!(gateway.cancel(&other.reference, key).await.expect("voided").status, IntentStatus::Cancelled);
    }
    assert!(matches!(gateway.capture(&other.reference, other.amount, "e").await, Err(GatewayError::Invalid(_))));
}

#[tokio::test]
async fn a_decline_keeps_its_intent_and_its_reason() {
    let (_sandbox, gateway) = started().await;
    for (number, method, code) in [
        (1, "pm_card_chargeDeclined", "card_declined"),
        (2, "pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        (3, "pm_card_chargeDeclinedExpiredCard", "expired_card"),
        (4, "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        (5, "pm_card_chargeDeclinedProcessingError", "processing_error"),
    ] {
        let intent = gateway.create_intent(&new_intent(number, Capture::Automatic, Some(method))).await.expect("an intent");
        assert_eq!(intent.status, IntentStatus::RequiresMethod);
        assert_eq!(intent.failure.map(|f| f.code).as_deref(), Some(code));
    }
    let asked = gateway.create_intent(&new_intent(6, Capture::Automatic, Some("pm_card_authenticationRequired"))).await.expect("an intent");
    assert_eq!(asked.status, IntentStatus::RequiresAction);
    assert!(asked.next_url.is_some_and(|url| url.contains("/3ds/")));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_charges_once() {
    let (sandbox, gateway) = started().await;
    let fault = ApiFault { on: "POST /v1/payment_intents".into(), times: 1, fault: Fault::LoseAnswer };
    sandbox.hub.with_disturb(|disturb| disturb.faults.push(fault));
    let intent = gateway.create_intent(&new_intent(1, Capture::Automatic, Some("pm_card_visa"))).await.expect("the second try");
    assert_eq!(intent.status, IntentStatus::Succeeded);
    assert_eq!(sandbox.hub.with_book(|book| book.charges.len()), 1);
}

#[tokio::test]
async fn no_answer_at_all_is_unknown() {
    let (sandbox, gateway) = started().await;
    let fault = ApiFault { on: String::new(), times: 3, fault: Fault::Error { status: 500 } };
    sandbox.hub.with_disturb(|disturb| disturb.faults.push(fault));
    assert!(matches!(gateway.get_intent("pi_x").await, Err(GatewayError::Unknown(_))));
    assert!(matches!(gateway.get_intent("pi_x").await, Err(GatewayError::Invalid(_))), "then it says that there is none");
    drop(sandbox);
    assert!(matches!(gateway.get_intent("pi_x").await, Err(GatewayError::Unknown(_))));
}

#[tokio::test]
async fn a_refund_whose_key_was_forgotten_is_found_again() {
    let (sandbox, gateway) = started().await;
    let intent = gateway.create_intent(&new_intent(1, Capture::Automatic, Some("pm_card_visa"))).await.expect("paid");
    let id = RefundId::from_u128(9);
    // small enough to be given back once more
    let part = Money::new(3_000, Currency::EUR);
    let first = gateway.refund(&intent.reference, part, id).await.expect("refunded");
    sandbox.hub.with_book(|book| book.replays.clear());
    let again = gateway.refund(&intent.reference, part, id).await.expect("found");
    assert_eq!(first.reference, again.reference);
    assert_eq!(sandbox.hub.with_book(|book| book.refunds.len()), 1);
}

#[tokio::test]
async fn only_a_true_and_fresh_signature_opens_a_message() {
    let (sandbox, gateway) = started().await;
    let intent = gateway.create_intent(&new_intent(1, Capture::Automatic, Some("pm_card_visa"))).await.expect("paid");
    let body = sandbox.hub.with_book(|book| {
        let event = book.events.iter().rev().find(|e| e.kind == "payment_intent.succeeded").cloned().expect("an event");
        book.event_json(&event).to_string()
    });
    let now: Instant = "2026-06-09T08:00:00Z".parse().expect("an instant");
    let seconds = now.millis() / 1000;
    let good = sign(SECRET, &body, seconds);
    let message = gateway.verify_webhook(body.as_bytes(), &good, now).expect("a message");
    assert!(matches!(message.about, MessageObject::Intent(about) if about.reference == intent.reference && about.captured_minor == 10_500));

    let altered = body.replace("10500", "10501");
    for (body, signature, wanted) in [
        (altered.as_str(), good.clone(), WebhookRefused::BadSignature),
        (&body, sign("whsec_other", &body, seconds), WebhookRefused::BadSignature),
        (&body, sign(SECRET, &body, seconds - 301), WebhookRefused::TooOld),
        (&body, sign(SECRET, &body, seconds + 301), WebhookRefused::TooOld),
        (&body, good.replace("t=", "t=1"), WebhookRefused::BadSignature),
        (&body, String::new(), WebhookRefused::BadSignature),
        (&body, "t=,v1=".to_owned(), WebhookRefused::BadSignature),
        ("{}", sign(SECRET, "{}", seconds), WebhookRefused::Malformed),
        ("[1", sign(SECRET, "[1", seconds), WebhookRefused::Malformed),
    ] {
        assert_eq!(gateway.verify_webhook(body.as_bytes(), &signature, now).err(), Some(wanted), "{signature}");
    }
    let two = format!("{},v1={}", good, "00".repeat(32));
    assert!(gateway.verify_webhook(body.as_bytes(), &two, now).is_ok(), "while a secret is being replaced there are two sums");
}

/// A gateway that takes the call and never answers, in every one of its addresses.
#[tokio::test]
async fn no_call_waits_longer_than_patience_lasts() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let settings = Settings {
        secret_key: "sk_test_sandbox".into(),
        publishable_key: "pk_test_sandbox".into(),
        webhook_secret: SECRET.into(),
        api_url: format!("http://{}/", silent.local_addr().expect("bound")),
        script_url: String::new(),
    };
    // One try alone would take an hour.
    let patience = Patience { one: Duration::from_secs(3600), whole: Duration::from_millis(50), ..Patience::default() };
    let gateway = StripeGateway::with_patience(settings, patience).expect("valid settings");
    let (new, money) = (new_intent(1, Capture::Automatic, None), Money::new(100, Currency::EUR));
    let unknown = [
        gateway.create_intent(&new).await.is_err_and(is_unknown),
        gateway.create_hosted_page(&new).await.is_err_and(is_unknown),
        gateway.get_intent("pi_1").await.is_err_and(is_unknown),
        gateway.get_hosted_page("cs_1").await.is_err_and(is_unknown),
        gateway.expire_hosted_page("cs_1").await.is_err_and(is_unknown),
        gateway.update_amount("pi_1", money, "a").await.is_err_and(is_unknown),
        gateway.capture("pi_1", money, "b").await.is_err_and(is_unknown),
        gateway.cancel("pi_1", "c").await.is_err_and(is_unknown),
        gateway.refund("pi_1", money, RefundId::from_u128(1)).await.is_err_and(is_unknown),
        gateway.get_refund("re_1").await.is_err_and(is_unknown),
    ];
    assert_eq!(unknown, [true; 10]);
}

fn is_unknown(error: GatewayError) -> bool {
    matches!(error, GatewayError::Unknown(_))
}

/// Two calls in a row, as a page that comes back from the gateway's makes them, end before the request is given up.
#[test]
fn patience_is_shorter_than_a_request() {
    assert!(Patience::default().whole * 2 < crate::layers::request::TIME_LIMIT);
}
