//! Money through the whole house: the production adapter, the sandbox as the gateway, real webhooks.

use super::harness::Browser;
use super::line::Weather;
use super::shop::{PATIENCE, SECRET, Shop};
use domain::booking::model::Status;
use domain::booking::settlement::{self, Pay};
use domain::ctx::Ctx;
use domain::id::BookingId;
use domain::payment::{NextStep, PaymentStatus};
use fettle::adapters::payment::stripe::Patience;
use sandbox::disturb::{ApiFault, Fault};
use sandbox::stripe::webhook::sign;
use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

struct Scene {
    shop: Shop,
    ctx: Ctx,
    booking: BookingId,
}

/// A hold of 100.00, a gateway in its box, and a server that hears its webhooks.
async fn scene(db: PgPool) -> Scene {
    let shop = Shop::open(db, PATIENCE).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/api/v1/webhooks/stripe", listener.local_addr().expect("bound"));
    shop.sandbox.hub.set_webhook_url(Some(url));
    let served = shop.doors.router.clone();
    tokio::spawn(async move { axum::serve(listener, served).await });
    let provider = shop.world().a_provider().await;
    let customer = shop.world().a_customer().await;
    let booking = shop.held(customer, provider.service, "2026-06-10T10:00:00Z").await;
    let ctx = shop.ctx_as(customer).await;
    Scene { shop, ctx, booking }
}

impl Scene {
    async fn status(&self) -> Status {
        self.shop.status(self.booking).await
    }
    /// Until the webhooks have done it, for five seconds at most.
    async fn becomes(&self, wanted: Status) {
        for _ in 0..100 {
            if self.status().await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("still {:?}; {:?}", self.status().await, self.shop.sandbox.hub.deliveries());
    }
    /// The customer fills in the form of our page.
    async fn confirm(&self, number: &str) -> serde_json::Value {
        let view = settlement::pay(&self.ctx, self.booking, Pay::default()).await.expect("a payment");
        let Some(NextStep::Form { client_secret, .. }) = view.next else { panic!("{:?}", view.next) };
        self.shop.confirm(&client_secret, number).await
    }
    async fn balance_of_provider(&self) -> i64 {
        let sql = "select coalesce(-sum(e.amount_minor), 0)::bigint from ledger_entries e join ledger_accounts a on a.id = e.account_id where a.kind = 'provider'";
        self.shop.world().count(sql).await
    }
    fn browser(&self) -> Browser {
        self.shop.doors.browser()
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_card_pays_and_the_webhook_alone_confirms(db: PgPool) {
    let scene = scene(db).await;
    assert_eq!(scene.confirm("4242424242424242").await["status"], "succeeded");
    scene.becomes(Status::Confirmed).await;
    assert_eq!(scene.balance_of_provider().await, 9_000);
}

#[sqlx::test(migrations = "./migrations")]
async fn doubled_delayed_and_shuffled_webhooks_confirm_once(db: PgPool) {
    let scene = scene(db).await;
    scene.shop.sandbox.hub.with_disturb(|disturb| {
        disturb.jitter_ms = 300;
        disturb.duplicate_next = 10;
    });
    assert_eq!(scene.confirm("4000000000009995").await["error"]["decline_code"], "insufficient_funds");
    assert_eq!(scene.confirm("4242424242424242").await["status"], "succeeded");
    scene.becomes(Status::Confirmed).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(scene.balance_of_provider().await, 9_000);
    assert_eq!(scene.shop.world().count("select count(*) from events where kind = 'payment.paid'").await, 1);
}

#[sqlx::test(migrations = "./migrations")]
async fn a_challenge_is_answered_and_a_lost_webhook_is_made_up_for(db: PgPool) {
    let scene = scene(db).await;
    scene.shop.sandbox.hub.with_disturb(|disturb| disturb.drop_next = 100);
    let asked = scene.confirm("4000002500003155").await;
    assert_eq!(asked["status"], "requires_action");
    let (id, secret) = (asked["id"].as_str().unwrap_or_default(), asked["client_secret"].as_str().unwrap_or_default());
    let page = format!("{}/3ds/{id}", scene.shop.sandbox.base_url());
    let body = format!("client_secret={secret}&answer=complete&frame=1");
    let request = scene.shop.sandbox.hub.http.post(page).header("content-type", "application/x-www-form-urlencoded").body(body);
    request.send().await.expect("an answer");
    assert_eq!(scene.status().await, Status::Held, "no webhook came");
    scene.shop.world().pass_minutes(1);
    settlement::reconcile(&scene.shop.system()).await.expect("reconciles");
    assert_eq!(scene.status().await, Status::Confirmed);
}

#[sqlx::test(migrations = "./migrations")]
async fn a_gateway_that_is_gone_leaves_it_open_and_charges_once(db: PgPool) {
    let scene = scene(db).await;
    let fault = ApiFault { on: "POST /v1/payment_intents".into(), times: 1000, fault: Fault::LoseAnswer };
    // no message either: it would tell the payer's own call what has become of the money
    scene.shop.sandbox.hub.with_disturb(|disturb| {
        disturb.drop_next = 1000;
        disturb.faults.push(fault);
    });
    let how = || Pay { is_hosted: false, payment_method: Some("pm_card_visa".into()) };
    let refused = settlement::pay(&scene.ctx, scene.booking, how()).await;
    assert_eq!(refused.err().map(|e| e.code().to_owned()).as_deref(), Some("gateway_unavailable"));
    scene.shop.sandbox.hub.with_disturb(|disturb| disturb.faults.clear());
    let view = settlement::pay(&scene.ctx, scene.booking, how()).await.expect("the second try");
    assert_eq!(view.status, PaymentStatus::Paid);
    assert_eq!(scene.shop.sandbox.hub.with_book(|book| book.charges.len()), 1);
}

#[sqlx::test(migrations = "./migrations")]
async fn forged_messages_are_refused_at_the_door(db: PgPool) {
    let scene = scene(db).await;
    let intent = scene.confirm("4000000000000002").await;
    let mut object = intent["error"]["payment_intent"].clone();
    object["status"] = "succeeded".into();
    object["amount_received"] = object["amount"].clone();
    let event = |id: &str, object: &serde_json::Value| {
        serde_json::json!({ "id": id, "type": "payment_intent.succeeded", "data": { "object": object } }).to_string()
    };
    let now = scene.shop.world().now().millis() / 1000;
    let honest = event("evt_1", &object);
    for (body, signature) in [
        (honest.clone(), sign("whsec_other", &honest, now)),
        (honest.clone(), sign(SECRET, &honest, now - 3600)),
        (honest.replace("10000", "1"), sign(SECRET, &honest, now)),
        (honest.clone(), String::new()),
        ("no json".into(), sign(SECRET, "no json", now)),
    ] {
        let headers = [("stripe-signature", signature.as_str()), ("content-type", "application/json")];
        let answer = scene.browser().send(http::Method::POST, "/api/v1/webhooks/stripe", &headers, body.into()).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
    // signed, but with another amount than our row: believed only as far as to ask the gateway
    let mut altered = object.clone();
    altered["amount"] = 1.into();
    altered["amount_received"] = 1.into();
    let body = event("evt_2", &altered);
    let signature = sign(SECRET, &body, now);
    let headers = [("stripe-signature", signature.as_str()), ("content-type", "application/json")];
    assert_eq!(scene.browser().send(http::Method::POST, "/api/v1/webhooks/stripe", &headers, body.into()).await.status, 200);
    assert_eq!(scene.status().await, Status::Held);
    assert_eq!(scene.balance_of_provider().await, 0);
}

/// What a gateway's absence was answered with is not the answer for a day.
#[sqlx::test(migrations = "./migrations")]
async fn a_key_that_met_a_silent_gateway_may_be_used_again(db: PgPool) {
    let scene = scene(db).await;
    let mut browser = scene.shop.browser_of(scene.ctx.account_id().expect("a customer")).await;
    let path = format!("/api/v1/bookings/{}/payment", scene.booking);
    let body = || r#"{"tender": "card", "payment_method": "pm_card_visa"}"#.into();
    let headers = [("content-type", "application/json"), ("idempotency-key", "one")];
    scene.shop.line.set(Weather::Refused).await;
    let refused = browser.send(http::Method::POST, &path, &headers, body()).await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].as_str()), (503, Some("gateway_unavailable")), "{}", refused.body);
    scene.shop.line.set(Weather::Fine).await;
    let paid = browser.send(http::Method::POST, &path, &headers, body()).await;
    assert_eq!((paid.status.as_u16(), paid.json()["booking"]["status"].as_str()), (200, Some("confirmed")), "{}", paid.body);
    let again = browser.send(http::Method::POST, &path, &headers, body()).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &paid.body));
    assert_eq!(scene.shop.sandbox.hub.with_book(|book| book.charges.len()), 1);
}

/// The reconciler waits for a gateway that takes its call and says nothing; holds run out all the same.
#[sqlx::test(migrations = "./migrations")]
async fn a_duty_that_waits_for_the_gateway_holds_up_no_other(db: PgPool) {
    let forever = Duration::from_secs(3600);
    let shop = Shop::open(db, Patience { one: forever, whole: forever, ..PATIENCE }).await;
    let provider = shop.world().a_provider().await;
    let customer = shop.world().a_customer().await;
    let paying = shop.held(customer, provider.service, "2026-06-10T10:00:00Z").await;
    settlement::pay(&shop.ctx_as(customer).await, paying, Pay::default()).await.expect("a payment");
    let held = shop.held(customer, provider.service, "2026-06-10T13:00:00Z").await;
    shop.line.set(Weather::Stalled).await;
    shop.pass_minutes(1);
    let stop = CancellationToken::new();
    tokio::spawn(fettle::worker::run(shop.house.clone(), "test".to_owned(), 4, stop.clone()));
    let _guard = stop.drop_guard();
    until("the reconciler has begun", async || shop.line.calls() > 0).await;
    shop.pass_minutes(40);
    until("the hold has run out", async || shop.status(held).await == Status::Expired).await;
}

/// A hundred open payments and a gateway that is gone: a round asks a few times and ends.
#[sqlx::test(migrations = "./migrations")]
async fn the_reconciler_leaves_a_silent_gateway_alone(db: PgPool) {
    let shop = Shop::open(db, PATIENCE).await;
    for _ in 0..6 {
        let provider = shop.world().a_provider().await;
        let customer = shop.world().a_customer().await;
        let booking = shop.held(customer, provider.service, "2026-06-10T10:00:00Z").await;
        settlement::pay(&shop.ctx_as(customer).await, booking, Pay::default()).await.expect("a payment");
    }
    shop.pass_minutes(1);
    shop.line.set(Weather::Status(500)).await;
    let before = shop.line.calls();
    settlement::reconcile(&shop.system()).await.expect("reconciles");
    assert_eq!(shop.line.calls() - before, 9, "three attempts, each asked about three times");
    settlement::reconcile(&shop.system()).await.expect("reconciles");
    assert_eq!(shop.line.calls() - before, 18, "then the other three");
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not after 20 s: {what}");
}
