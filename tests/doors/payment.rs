//! Money through the whole house: the production adapter, the sandbox as the gateway, real webhooks.

use crate::harness::{Browser, config, open};
use axum::Router;
use domain::booking;
use domain::booking::model::{CheckoutDetails, HoldSlot, Status};
use domain::booking::settlement::{self, Pay};
use domain::ctx::{Ctx, House};
use domain::id::BookingId;
use domain::payment::{NextStep, PaymentStatus};
use domain::world::World;
use fettle::adapters::payment::stripe::StripeGateway;
use fettle::config::Stripe;
use sandbox::disturb::{ApiFault, Fault};
use sandbox::stripe::webhook::sign;
use sandbox::{Options, Sandbox};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;

const SECRET: &str = "whsec_sandbox";

struct Shop {
    world: World,
    house: Arc<House>,
    sandbox: Sandbox,
    router: Router,
    ctx: Ctx,
    booking: BookingId,
}

/// A hold of 100.00, a gateway in its box, and a server that hears its webhooks.
async fn shop(db: PgPool) -> Shop {
    let _ = any_spawner::Executor::init_tokio();
    let world = World::new(db);
    let sandbox = Sandbox::start(Options::default()).await.expect("free ports");
    sandbox.hub.set_shift_ms(world.now().millis() - sandbox.hub.now_ms());
    let settings = Stripe {
        secret_key: "sk_test_sandbox".into(),
        publishable_key: "pk_test_sandbox".into(),
        webhook_secret: SECRET.into(),
        api_url: format!("{}/", sandbox.base_url()),
        script_url: format!("{}/v3/", sandbox.base_url()),
    };
    let gateway = StripeGateway::with_timeout(settings, Duration::from_millis(800)).expect("valid settings");
    let old = &world.house;
    let house = Arc::new(House {
        db: old.db.clone(),
        clock: old.clock.clone(),
        chance: old.chance.clone(),
        payments: Arc::new(gateway),
        mail: old.mail.clone(),
        calendars: old.calendars.clone(),
        base_url: old.base_url.clone(),
        settings: domain::settings::Remembered::default(),
        caches: domain::cache::Caches::default(),
        committed: tokio::sync::Notify::new(),
    });
    let (_, router) = open(house.clone(), config(&[]));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    sandbox.hub.set_webhook_url(Some(format!("http://{}/api/v1/webhooks/stripe", listener.local_addr().expect("bound"))));
    let served = router.clone();
    tokio::spawn(async move { axum::serve(listener, served).await });

    let provider = world.a_provider().await;
    let customer = world.a_customer().await;
    let ctx = Ctx::new(house.clone(), world.ctx_as(customer).await.actor, "test".to_owned(), None);
    let slot = HoldSlot {
        service_id: provider.service,
        starts_at: "2026-06-10T10:00:00Z".parse().expect("an instant"),
        resource_id: None,
        add_ons: Vec::new(),
        notes: String::new(),
        address: None,
    };
    let booking = booking::hold(&ctx, slot).await.expect("held").id;
    let details = CheckoutDetails {
        name: "Ana Sousa".into(),
        email: "ana@example.test".into(),
        phone: "+351 912 345 678".into(),
        ..CheckoutDetails::default()
    };
    booking::check_out(&ctx, booking, details).await.expect("details saved");
    Shop { world, house, sandbox, router, ctx, booking }
}

impl Shop {
    async fn status(&self) -> Status {
        booking::get(&self.ctx, self.booking).await.expect("the booking").status
    }
    /// Until the webhooks have done it, for five seconds at most.
    async fn becomes(&self, wanted: Status) {
        for _ in 0..100 {
            if self.status().await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("still {:?}; {:?}", self.status().await, self.sandbox.hub.deliveries());
    }
    /// As Stripe.js does: with the publishable key and the client secret.
    async fn confirm(&self, number: &str) -> serde_json::Value {
        let view = settlement::pay(&self.ctx, self.booking, Pay::default()).await.expect("a payment");
        let Some(NextStep::Form { client_secret, .. }) = view.next else { panic!("{:?}", view.next) };
        let id = client_secret.split("_secret_").next().unwrap_or_default();
        let card = format!(
            "payment_method_data[card][number]={number}&payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=34&payment_method_data[card][cvc]=123"
        );
        let request = self.sandbox.hub.http.post(format!("{}/v1/payment_intents/{id}/confirm", self.sandbox.base_url()));
        let request = request.bearer_auth("pk_test_sandbox").header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(format!("client_secret={client_secret}&return_url=http://fettle.test/back&{card}")).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    }
    async fn balance_of_provider(&self) -> i64 {
        let sql = "select coalesce(-sum(e.amount_minor), 0)::bigint from ledger_entries e join ledger_accounts a on a.id = e.account_id where a.kind = 'provider'";
        self.world.count(sql).await
    }
    fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookie: None, token: None, address: "198.51.100.7".to_owned() }
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_card_pays_and_the_webhook_alone_confirms(db: PgPool) {
    let shop = shop(db).await;
    assert_eq!(shop.confirm("4242424242424242").await["status"], "succeeded");
    shop.becomes(Status::Confirmed).await;
    assert_eq!(shop.balance_of_provider().await, 9_000);
}

#[sqlx::test(migrations = "./migrations")]
async fn doubled_delayed_and_shuffled_webhooks_confirm_once(db: PgPool) {
    let shop = shop(db).await;
    shop.sandbox.hub.with_disturb(|disturb| {
        disturb.jitter_ms = 300;
        disturb.duplicate_next = 10;
    });
    assert_eq!(shop.confirm("4000000000009995").await["error"]["decline_code"], "insufficient_funds");
    assert_eq!(shop.confirm("4242424242424242").await["status"], "succeeded");
    shop.becomes(Status::Confirmed).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(shop.balance_of_provider().await, 9_000);
    assert_eq!(shop.world.count("select count(*) from events where kind = 'payment.paid'").await, 1);
}

#[sqlx::test(migrations = "./migrations")]
async fn a_challenge_is_answered_and_a_lost_webhook_is_made_up_for(db: PgPool) {
    let shop = shop(db).await;
    shop.sandbox.hub.with_disturb(|disturb| disturb.drop_next = 100);
    let asked = shop.confirm("4000002500003155").await;
    assert_eq!(asked["status"], "requires_action");
    let (id, secret) = (asked["id"].as_str().unwrap_or_default(), asked["client_secret"].as_str().unwrap_or_default());
    let page = format!("{}/3ds/{id}", shop.sandbox.base_url());
    let body = format!("client_secret={secret}&answer=complete&frame=1");
    let request = shop.sandbox.hub.http.post(page).header("content-type", "application/x-www-form-urlencoded").body(body);
    request.send().await.expect("an answer");
    assert_eq!(shop.status().await, Status::Held, "no webhook came");
    shop.world.pass_minutes(1);
    settlement::reconcile(&Ctx::system(shop.house.clone(), "test")).await.expect("reconciles");
    assert_eq!(shop.status().await, Status::Confirmed);
}

#[sqlx::test(migrations = "./migrations")]
async fn a_gateway_that_is_gone_leaves_it_open_and_charges_once(db: PgPool) {
    let shop = shop(db).await;
    let fault = ApiFault { on: "POST /v1/payment_intents".into(), times: 1000, fault: Fault::LoseAnswer };
    // no message either: it would tell the payer's own call what has become of the money
    shop.sandbox.hub.with_disturb(|disturb| {
        disturb.drop_next = 1000;
        disturb.faults.push(fault);
    });
    let how = || Pay { is_hosted: false, payment_method: Some("pm_card_visa".into()) };
    let refused = settlement::pay(&shop.ctx, shop.booking, how()).await;
    assert_eq!(refused.err().map(|e| e.code().to_owned()).as_deref(), Some("gateway_unavailable"));
    shop.sandbox.hub.with_disturb(|disturb| disturb.faults.clear());
    let view = settlement::pay(&shop.ctx, shop.booking, how()).await.expect("the second try");
    assert_eq!(view.status, PaymentStatus::Paid);
    assert_eq!(shop.sandbox.hub.with_book(|book| book.charges.len()), 1);
}

#[sqlx::test(migrations = "./migrations")]
async fn forged_messages_are_refused_at_the_door(db: PgPool) {
    let shop = shop(db).await;
    let intent = shop.confirm("4000000000000002").await;
    let mut object = intent["error"]["payment_intent"].clone();
    object["status"] = "succeeded".into();
    object["amount_received"] = object["amount"].clone();
    let event = |id: &str, object: &serde_json::Value| {
        serde_json::json!({ "id": id, "type": "payment_intent.succeeded", "data": { "object": object } }).to_string()
    };
    let now = shop.world.now().millis() / 1000;
    let honest = event("evt_1", &object);
    for (body, signature) in [
        (honest.clone(), sign("whsec_other", &honest, now)),
        (honest.clone(), sign(SECRET, &honest, now - 3600)),
        (honest.replace("10000", "1"), sign(SECRET, &honest, now)),
        (honest.clone(), String::new()),
        ("no json".into(), sign(SECRET, "no json", now)),
    ] {
        let headers = [("stripe-signature", signature.as_str()), ("content-type", "application/json")];
        let answer = shop.browser().send(http::Method::POST, "/api/v1/webhooks/stripe", &headers, body.into()).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
    // signed, but with another amount than our row: believed only as far as to ask the gateway
    let mut altered = object.clone();
    altered["amount"] = 1.into();
    altered["amount_received"] = 1.into();
    let body = event("evt_2", &altered);
    let signature = sign(SECRET, &body, now);
    let headers = [("stripe-signature", signature.as_str()), ("content-type", "application/json")];
    assert_eq!(shop.browser().send(http::Method::POST, "/api/v1/webhooks/stripe", &headers, body.into()).await.status, 200);
    assert_eq!(shop.status().await, Status::Held);
    assert_eq!(shop.balance_of_provider().await, 0);
}
