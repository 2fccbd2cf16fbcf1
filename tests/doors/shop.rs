//! A house whose gateway is the sandbox, asked by the production adapter over a line that may break.

use super::asked::Asked;
use super::harness::{Answer, Browser, Doors, config, open};
use super::line::Line;
use domain::booking;
use domain::booking::model::{CheckoutDetails, HoldSlot, Status};
use domain::ctx::{Ctx, House};
use domain::id::{AccountId, BookingId, ServiceId};
use domain::world::World;
use fettle::adapters::payment::stripe::{Patience, StripeGateway};
use fettle::config::Stripe;
use sandbox::{Options, Sandbox};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;

pub const SECRET: &str = "whsec_sandbox";

pub struct Shop {
    pub doors: Doors,
    pub house: Arc<House>,
    pub sandbox: Sandbox,
    pub line: Line,
    pub gateway: Arc<Asked>,
}

/// Answers come at once or not at all, so little is enough; but a machine that is busy with other tests takes its time.
pub const PATIENCE: Patience = Patience {
    one: Duration::from_millis(400),
    pauses: [Duration::from_millis(10), Duration::from_millis(20)],
    whole: Duration::from_secs(1),
};

impl Shop {
    pub async fn open(db: PgPool, patience: Patience) -> Self {
        let _ = any_spawner::Executor::init_tokio();
        let world = World::new(db);
        let sandbox = Sandbox::start(Options::default()).await.expect("free ports");
        sandbox.hub.set_shift_ms(world.now().millis() - sandbox.hub.now_ms());
        let line = Line::to(sandbox.http).await;
        let settings = Stripe {
            secret_key: "sk_test_sandbox".into(),
            publishable_key: "pk_test_sandbox".into(),
            webhook_secret: SECRET.into(),
            api_url: format!("http://{}/", line.address),
            script_url: format!("{}/v3/", sandbox.base_url()),
        };
        let gateway = Arc::new(Asked::new(StripeGateway::with_patience(settings, patience).expect("valid settings")));
        let old = &world.house;
        let house = Arc::new(House {
            db: old.db.clone(),
            clock: old.clock.clone(),
            chance: old.chance.clone(),
            payments: gateway.clone(),
            mail: old.mail.clone(),
            calendars: old.calendars.clone(),
            base_url: old.base_url.clone(),
            settings: domain::settings::Remembered::default(),
            caches: domain::cache::Caches::default(),
            together: domain::booking::Together::default(),
            committed: tokio::sync::Notify::new(),
        });
        let (state, router) = open(house.clone(), config(&[("FETTLE_LIMIT_SENSITIVE", "1000000"), ("FETTLE_LIMIT_BOOKING", "1000000")]));
        Self { doors: Doors { world, state, router }, house, sandbox, line, gateway }
    }

    pub fn world(&self) -> &World {
        &self.doors.world
    }
    pub fn system(&self) -> Ctx {
        Ctx::system(self.house.clone(), "test")
    }
    pub async fn ctx_as(&self, account: AccountId) -> Ctx {
        Ctx::new(self.house.clone(), self.world().ctx_as(account).await.actor, "test".to_owned(), None)
    }
    pub async fn browser_of(&self, account: AccountId) -> Browser {
        self.doors.signed_in(account).await
    }

    /// A hold of 100.00, its details given.
    pub async fn held(&self, customer: AccountId, service: ServiceId, starts_at: &str) -> BookingId {
        let ctx = self.ctx_as(customer).await;
        let slot = HoldSlot {
            service_id: service,
            starts_at: starts_at.parse().expect("an instant"),
            resource_id: None,
            add_ons: Vec::new(),
            notes: String::new(),
            address: None,
        };
        let id = booking::hold(&ctx, slot).await.expect("held").id;
        let details = CheckoutDetails {
            name: "Ana Sousa".into(),
            email: "ana@example.test".into(),
            phone: "+351 912 345 678".into(),
            ..CheckoutDetails::default()
        };
        booking::check_out(&ctx, id, details).await.expect("details saved");
        id
    }
    pub async fn status(&self, booking: BookingId) -> Status {
        booking::get(&self.system(), booking).await.expect("the booking").status
    }

    pub async fn confirm(&self, client_secret: &str, number: &str) -> serde_json::Value {
        confirm(&self.sandbox, client_secret, number).await
    }
    /// The customer fills in the gateway's own page.
    pub async fn pay_there(&self, page: &str) {
        let form = "number=4242424242424242&expiry=12/34&cvc=123";
        // It leads back to the house at its public address, which nobody serves here.
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
        let request = browser.post(page).header("content-type", "application/x-www-form-urlencoded").body(form);
        assert!(request.send().await.expect("an answer").status().is_redirection());
    }

    /// Moves both clocks.
    pub fn pass_minutes(&self, minutes: i64) {
        self.world().pass_minutes(minutes);
        let hub = &self.sandbox.hub;
        hub.set_shift_ms(hub.shift_ms() + self.world().now().millis() - hub.now_ms());
        hub.quietly(sandbox::stripe::tick);
    }
    /// What is due now of reactions, jobs and duties, each once.
    pub async fn work(&self) {
        while domain::reactions::run_next(&self.house).await.expect("reactions run") > 0 {}
        while domain::queue::run_due(&self.house, "test", 50).await.expect("jobs run") > 0 {}
        for duty in ["booking.expire", "booking.close", "payment.reconcile"] {
            domain::jobs::run_duty(&self.system(), duty).await.expect("the duty runs");
        }
    }
    /// So many minutes go by, and the house works.
    pub async fn live_on(&self, minutes: i64) {
        for _ in 0..minutes {
            self.work().await;
            self.pass_minutes(1);
        }
        self.work().await;
    }

    /// Our books beside the gateway's, and beside themselves: nothing paid and lost, nothing confirmed unpaid.
    pub async fn books_agree(&self, when: &str) {
        #[derive(sqlx::FromRow)]
        struct Row {
            reference: String,
            booking: String,
            captured: i64,
            refunded: i64,
        }
        let rows: Vec<Row> = sqlx::query_as(
            "select a.gateway_ref as reference, b.status as booking,
                case when a.status = 'succeeded' then p.captured_minor else 0 end as captured,
                case when a.status = 'succeeded' then p.refunded_minor else 0 end as refunded
             from payment_attempts a join payments p on p.id = a.payment_id join bookings b on b.id = p.booking_id
             where a.gateway_ref is not null",
        )
        .fetch_all(&self.house.db)
        .await
        .expect("rows");
        let there: Vec<(String, i64, i64)> = self.sandbox.hub.with_book(|book| {
            let back = |id: &str| book.refunds.values().filter(|r| r.intent == id && r.status != "failed").map(|r| r.amount).sum();
            book.intents.values().map(|intent| (intent.id.clone(), intent.amount_received, back(&intent.id))).collect()
        });
        for (reference, took, back) in there.iter().filter(|(_, took, _)| *took > 0) {
            let row = rows.iter().find(|row| row.reference == *reference).unwrap_or_else(|| panic!("{when}: {reference} is unknown here"));
            assert_eq!((row.captured, row.refunded), (*took, *back), "{when}: {reference}");
            let is_kept = row.captured > row.refunded;
            assert!(
                !is_kept || matches!(row.booking.as_str(), "confirmed" | "completed" | "cancelled"),
                "{when}: paid and lost, {}",
                row.booking
            );
        }
        let unpaid = "select count(*) from bookings b where b.status = 'confirmed'
            and not exists (select from payments p where p.booking_id = b.id and p.captured_minor > 0)";
        assert_eq!(self.world().count(unpaid).await, 0, "{when}: confirmed and unpaid");
        let without_fee = "select count(*) from payments p where p.captured_minor > 0
            and not exists (select from ledger_transactions t where t.cause = 'fee:' || p.id)";
        assert_eq!(self.world().count(without_fee).await, 0, "{when}: what the gateway kept is not posted");
        let recount = domain::ledger::recount(&self.system()).await.expect("counts");
        assert!(recount.is_right(), "{when}: {recount:?}");
        assert_eq!(self.world().count("select count(*) from jobs where dead_at is not null").await, 0, "{when}: dead jobs");
    }
}

/// As Stripe.js does in the customer's browser, whose line is another one: with the publishable key and the client secret.
pub async fn confirm(sandbox: &Sandbox, client_secret: &str, number: &str) -> serde_json::Value {
    let id = client_secret.split("_secret_").next().unwrap_or_default();
    let card = format!(
        "payment_method_data[card][number]={number}&payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=34&payment_method_data[card][cvc]=123"
    );
    let request = sandbox.hub.http.post(format!("{}/v1/payment_intents/{id}/confirm", sandbox.base_url()));
    let request = request.bearer_auth("pk_test_sandbox").header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(format!("client_secret={client_secret}&return_url=http://fettle.test/back&{card}")).send().await;
    answer.expect("an answer").json().await.expect("JSON")
}

/// Whatever becomes of the gateway, nobody is shown an error of ours: 503 that says when to come back, or a page of the flow.
pub fn is_calm(when: &str, answer: &Answer) {
    let status = answer.status.as_u16();
    assert!(matches!(status, 200 | 204 | 303 | 503), "{when}: {status} {}", answer.body);
    assert!(status != 503 || answer.header("retry-after").parse::<u64>().is_ok(), "{when}: no word about when to come back");
}
