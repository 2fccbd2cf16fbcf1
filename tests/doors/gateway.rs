//! Every call that the house makes of its gateway, on every bad day that the line between them may have: nothing paid is lost, nothing unpaid is
//! confirmed, and whoever waits is told to come back.

use super::asked::{QUESTIONS, Question};
use super::harness::{Answer, Browser};
use super::line::Weather;
use super::shop::{PATIENCE, Shop, is_calm};
use domain::booking::model::Status;
use domain::booking::settlement::{self, Pay};
use domain::booking::{self, CancelBooking};
use domain::id::{AccountId, BookingId, RefundId};
use domain::money::{Currency, Money};
use domain::payment::NextStep;
use domain::world::SomeProvider;
use http::Method;
use sandbox::stripe::book::IntentStatus;
use serde_json::json;
use sqlx::PgPool;

/// A call of `domain::payment::port`, by what makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    CreateIntent,
    /// Nobody was there when it was to be created, and then the hold is given back: a job.
    RecoverIntent,
    CreateHostedPage,
    GetIntent,
    GetHostedPage,
    /// From the gateway's page to the form in ours.
    ExpireHostedPage,
    /// The hold is given back: a job.
    ExpireHostedPageLater,
    UpdateAmount,
    Capture,
    /// From the form in our page to the gateway's.
    Cancel,
    CancelLater,
    Refund,
    /// The same when it was given back already, but nobody heard so and its key is forgotten: found among what the gateway has given back.
    FindRefund,
    GetRefund,
    /// What the gateway kept, asked for by a job.
    Fee,
}

use Call::*;

impl Call {
    fn question(self) -> Question {
        match self {
            CreateIntent => Question::CreateIntent,
            RecoverIntent => Question::RecoverIntent,
            CreateHostedPage => Question::CreateHostedPage,
            GetIntent | Fee => Question::GetIntent,
            GetHostedPage => Question::GetHostedPage,
            ExpireHostedPage | ExpireHostedPageLater => Question::ExpireHostedPage,
            UpdateAmount => Question::UpdateAmount,
            Capture => Question::Capture,
            Cancel | CancelLater => Question::Cancel,
            Refund | FindRefund => Question::Refund,
            GetRefund => Question::GetRefund,
        }
    }
}

const BAD: [Weather; 8] = [
    Weather::Refused,
    Weather::Stalled,
    Weather::Status(500),
    Weather::Status(429),
    Weather::Page,
    Weather::Noise,
    Weather::Half,
    Weather::Lost,
];

const DETAILS: [(&str, &str); 3] = [("name", "Ana Sousa"), ("email", "ana@example.test"), ("phone", "+351 912 345 678")];

macro_rules! table {
    ($($name:ident: $call:ident,)*) => {
        $(
            #[sqlx::test(migrations = "./migrations")]
            async fn $name(db: PgPool) {
                on_bad_days(db, $call).await;
            }
        )*

        const ROWS: &[Call] = &[$($call,)*];
    };
}

table! {
    creating_an_intent: CreateIntent,
    recovering_an_intent: RecoverIntent,
    creating_a_hosted_page: CreateHostedPage,
    asking_for_an_intent: GetIntent,
    asking_for_a_hosted_page: GetHostedPage,
    ending_a_hosted_page: ExpireHostedPage,
    ending_a_hosted_page_by_a_job: ExpireHostedPageLater,
    changing_an_amount: UpdateAmount,
    capturing: Capture,
    cancelling_an_intent: Cancel,
    cancelling_an_intent_by_a_job: CancelLater,
    refunding: Refund,
    finding_a_refund: FindRefund,
    asking_for_a_refund: GetRefund,
    asking_for_a_fee: Fee,
}

#[test]
fn every_question_of_the_port_has_a_row() {
    let has_row = |question: &Question| ROWS.iter().any(|call| call.question() == *question);
    let missing: Vec<Question> = QUESTIONS.iter().copied().filter(|question| !has_row(question)).collect();
    assert_eq!(missing, Vec::<Question>::new(), "say above what makes the house ask this");
}

struct Scene {
    shop: Shop,
    call: Call,
    provider: SomeProvider,
    customer: AccountId,
    /// Tries again when the day is fine.
    stays: BookingId,
    /// Is never heard of again.
    leaves: BookingId,
}

async fn on_bad_days(db: PgPool, call: Call) {
    let mut shop = Shop::open(db, PATIENCE).await;
    for weather in BAD {
        let scene = Scene::begin(shop, call).await;
        scene.shop.gateway.forget();
        scene.turn(weather).await;
        scene.meet(weather).await;
        scene.shop.work().await;
        if !matches!(weather, Weather::Stalled | Weather::Half) {
            // the reconciler, too, asks in vain
            scene.shop.pass_minutes(1);
            scene.shop.work().await;
        }
        scene.was_asked(weather);
        scene.shop.line.set(Weather::Fine).await;
        scene.try_again(weather).await;
        scene.shop.live_on(10).await;
        scene.is_settled(weather).await;
        shop = scene.shop;
    }
    // What nobody took up again is cleared away, here and there.
    shop.pass_minutes(3 * 24 * 60);
    shop.live_on(5).await;
    shop.books_agree("days later").await;
    let open: Vec<_> = shop.sandbox.hub.with_book(|book| {
        let is_open = |status| !matches!(status, IntentStatus::Succeeded | IntentStatus::Canceled);
        book.intents.values().filter(|intent| is_open(intent.status)).map(|intent| (intent.id.clone(), intent.status)).collect()
    });
    assert!(open.is_empty(), "these could still be paid: {open:?}");
}

impl Scene {
    async fn begin(shop: Shop, call: Call) -> Self {
        let world = shop.world();
        let provider = world.a_provider().await;
        if call == Capture {
            world.set("services", provider.service, "needs_approval", "true").await;
        }
        let customer = world.a_customer().await;
        let stays = shop.held(customer, provider.service, "2026-06-10T10:00:00Z").await;
        let leaves = shop.held(customer, provider.service, "2026-06-10T13:00:00Z").await;
        let scene = Self { shop, call, provider, customer, stays, leaves };
        for booking in [stays, leaves] {
            scene.prepare(booking).await;
        }
        if call == GetRefund {
            // What is under way for no longer than a minute is not asked about.
            scene.shop.pass_minutes(2);
        }
        scene
    }

    /// Fine no more. What is asked first for a refund is the list of what was given back; only while that gets through is anything given back.
    async fn turn(&self, weather: Weather) {
        match self.call {
            Refund => self.shop.line.set_on("POST /v1/refunds", weather).await,
            FindRefund => self.shop.line.set_on("GET /v1/refunds?", weather).await,
            _ => self.shop.line.set(weather).await,
        }
    }

    /// The bad day was one for this call.
    fn was_asked(&self, weather: Weather) {
        let when = format!("{:?}, {weather:?}", self.call);
        assert!(self.shop.gateway.was_asked(self.call.question()), "{when}: nobody asked");
        assert!(self.call != FindRefund || self.shop.line.met() > 0, "{when}: nobody looked for it");
    }

    async fn prepare(&self, booking: BookingId) {
        let ctx = self.shop.ctx_as(self.customer).await;
        let pay = async |is_hosted: bool, method: Option<&str>| {
            let how = Pay { is_hosted, payment_method: method.map(str::to_owned) };
            settlement::pay(&ctx, booking, how).await.expect("a payment").next
        };
        match self.call {
            CreateIntent | CreateHostedPage => {}
            RecoverIntent => {
                self.shop.line.set(Weather::Refused).await;
                let how = Pay { is_hosted: false, payment_method: Some("pm_card_visa".to_owned()) };
                settlement::pay(&ctx, booking, how).await.expect_err("nobody is there");
                self.shop.line.set(Weather::Fine).await;
            }
            ExpireHostedPage | ExpireHostedPageLater => {
                pay(true, None).await;
            }
            UpdateAmount | Cancel | CancelLater => {
                pay(false, None).await;
            }
            GetIntent => {
                let Some(NextStep::Form { client_secret, .. }) = pay(false, None).await else { panic!("no form") };
                assert_eq!(self.shop.confirm(&client_secret, "4242424242424242").await["status"], "succeeded");
            }
            GetHostedPage => {
                let Some(NextStep::Redirect { url }) = pay(true, None).await else { panic!("no page") };
                self.shop.pay_there(&url).await;
            }
            Capture => {
                pay(false, Some("pm_card_visa")).await;
                assert_eq!(self.shop.status(booking).await, Status::Requested);
            }
            Refund | Fee => {
                pay(false, Some("pm_card_visa")).await;
                assert_eq!(self.shop.status(booking).await, Status::Confirmed);
            }
            FindRefund => {
                pay(false, Some("pm_card_visa")).await;
                booking::cancel(&ctx, booking, CancelBooking::default()).await.expect("cancelled");
                self.refund_unheard(booking).await;
            }
            GetRefund => {
                pay(false, Some("pm_card_pendingRefund")).await;
                booking::cancel(&ctx, booking, CancelBooking::default()).await.expect("cancelled");
                self.shop.work().await;
            }
        }
    }

    /// As by a process that dies before it has heard the answer; and keys are not kept for ever.
    async fn refund_unheard(&self, booking: BookingId) {
        let (refund, intent, minor): (RefundId, String, i64) = sqlx::query_as(
            "select r.id, a.gateway_ref, r.amount_minor
             from refunds r
             join payment_attempts a on a.payment_id = r.payment_id and a.status = 'succeeded'
             where r.booking_id = $1",
        )
        .bind(booking)
        .fetch_one(&self.shop.house.db)
        .await
        .expect("a refund under way");
        self.shop.house.payments.refund(&intent, Money::new(minor, Currency::EUR), refund).await.expect("given back");
        self.shop.sandbox.hub.with_book(|book| book.replays.clear());
    }

    /// What people do that makes the house call, and what they hear.
    async fn act(&self, booking: BookingId) -> Vec<Answer> {
        let mut customer = self.shop.browser_of(self.customer).await;
        let (payment, checkout) = (format!("/api/v1/bookings/{booking}/payment"), format!("/checkout/{booking}"));
        match self.call {
            CreateIntent => {
                let body = json!({ "tender": "card", "payment_method": "pm_card_visa" });
                vec![customer.call(Method::POST, &payment, body).await]
            }
            CreateHostedPage | Cancel => vec![customer.post(&checkout, &DETAILS).await],
            GetIntent | GetHostedPage => {
                vec![customer.get(&format!("{checkout}/return")).await, customer.fetch(&payment).await, customer.get(&checkout).await]
            }
            ExpireHostedPage => vec![customer.call(Method::POST, &payment, json!({ "tender": "card" })).await],
            UpdateAmount => vec![customer.call(Method::POST, &payment, json!({ "tender": "card", "tip_minor": 500 })).await],
            Capture => {
                let mut owner: Browser = self.shop.browser_of(self.provider.owner).await;
                vec![owner.call(Method::POST, &format!("/api/v1/bookings/{booking}/approval"), json!({})).await]
            }
            RecoverIntent | ExpireHostedPageLater | CancelLater => {
                vec![customer.call(Method::DELETE, &format!("/api/v1/bookings/{booking}/hold"), json!({})).await]
            }
            Refund => vec![customer.call(Method::POST, &format!("/api/v1/bookings/{booking}/cancellation"), json!({})).await],
            FindRefund | GetRefund | Fee => Vec::new(),
        }
    }

    /// The bad day.
    async fn meet(&self, weather: Weather) {
        let when = format!("{:?}, {weather:?}", self.call);
        let (one, other) = tokio::join!(self.act(self.stays), self.act(self.leaves));
        for answer in one.iter().chain(&other) {
            is_calm(&when, answer);
        }
        for answers in [&one, &other] {
            match self.call {
                CreateIntent | ExpireHostedPage | UpdateAmount | Capture => {
                    assert_eq!(
                        (answers[0].status.as_u16(), answers[0].json()["code"].as_str()),
                        (503, Some("gateway_unavailable")),
                        "{when}"
                    );
                }
                CreateHostedPage | Cancel => {
                    assert_eq!(answers[0].status, 503, "{when}");
                    let body = &answers[0].body;
                    assert!(body.contains("nobody is charged twice") && body.contains("Ana Sousa"), "{when}: {body}");
                }
                GetIntent | GetHostedPage => {
                    let [back, state, checkout] = &answers[..] else { panic!("{when}") };
                    assert!(back.status == 200 && back.body.contains("Waiting for your payment"), "{when}: {}", back.body);
                    assert_eq!(state.json()["payment"]["status"], "pending", "{when}");
                    assert!(checkout.status == 200 && !checkout.body.contains("Nothing was charged"), "{when}: {}", checkout.body);
                }
                RecoverIntent | ExpireHostedPageLater | CancelLater | Refund => assert!(answers[0].status.is_success(), "{when}"),
                FindRefund | GetRefund | Fee => {}
            }
        }
    }

    /// The same once more by one of the two, on a fine day.
    async fn try_again(&self, weather: Weather) {
        let when = format!("{:?} after {weather:?}", self.call);
        if matches!(self.call, RecoverIntent | ExpireHostedPageLater | CancelLater | Refund | FindRefund | GetRefund | Fee) {
            return;
        }
        let answers = self.act(self.stays).await;
        match self.call {
            CreateIntent | Capture => {
                assert_eq!(answers[0].status, 200, "{when}: {}", answers[0].body);
                assert_eq!(self.shop.status(self.stays).await, Status::Confirmed, "{when}");
            }
            CreateHostedPage | Cancel => {
                assert!(answers[0].status == 303 && answers[0].location().contains("/c/pay/"), "{when}: {}", answers[0].body);
            }
            GetIntent | GetHostedPage => {
                assert_eq!(answers[0].location(), format!("/bookings/{}/confirmed", self.stays), "{when}: {}", answers[0].body);
            }
            ExpireHostedPage => assert_eq!(answers[0].json()["payment"]["next"]["kind"], "form", "{when}"),
            UpdateAmount => assert_eq!(answers[0].json()["payment"]["amount"]["minor"], 10_500, "{when}: {}", answers[0].body),
            _ => {}
        }
    }

    async fn is_settled(&self, weather: Weather) {
        let when = format!("{:?}, minutes after {weather:?}", self.call);
        let shop = &self.shop;
        shop.books_agree(&when).await;
        let was_done = matches!(weather, Weather::Half | Weather::Lost);
        let (stays, leaves) = match self.call {
            // asked for with a card at hand: the question is brought to its end
            CreateIntent | GetIntent | GetHostedPage | Fee => (Status::Confirmed, Status::Confirmed),
            Capture => (Status::Confirmed, if was_done { Status::Confirmed } else { Status::Requested }),
            CreateHostedPage | ExpireHostedPage | UpdateAmount | Cancel => (Status::Held, Status::Held),
            RecoverIntent | ExpireHostedPageLater | CancelLater | Refund | FindRefund | GetRefund => (Status::Cancelled, Status::Cancelled),
        };
        assert_eq!((shop.status(self.stays).await, shop.status(self.leaves).await), (stays, leaves), "{when}");
        if self.call == RecoverIntent {
            let charges = shop.sandbox.hub.with_book(|book| book.charges.len());
            assert_eq!(charges, 0, "{when}: nobody is charged for what they gave back");
        }
        let open = "select count(*) from refunds where status <> 'succeeded'";
        assert_eq!(shop.world().count(open).await, 0, "{when}: refunds under way");
        if matches!(self.call, Refund | FindRefund | GetRefund) {
            let back = shop.sandbox.hub.with_book(|book| book.refunds.values().map(|refund| refund.amount).collect::<Vec<_>>());
            assert!(back.len().is_multiple_of(2) && back.iter().all(|amount| *amount == 10_000), "{when}: {back:?}");
        }
    }
}
