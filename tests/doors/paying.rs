//! Every way in which paying does not go straight on has its sentence on the page that the customer sees.

use super::harness::{Answer, Browser, Doors};
use domain::booking::settlement::{self, Pay};
use domain::booking::{self, jobs};
use domain::ctx::Ctx;
use domain::id::BookingId;
use domain::payment::port::IntentStatus;
use domain::world::{self, SomeProvider};
use sqlx::PgPool;

const START: &str = "2026-06-10T10:00:00Z";
const DETAILS: [(&str, &str); 4] =
    [("name", "Ana Sousa"), ("email", "ana@example.test"), ("phone", "+351 912 345 678"), ("notes", "The bell is weak.")];

struct Scene {
    doors: Doors,
    provider: SomeProvider,
    browser: Browser,
    ctx: Ctx,
    booking: BookingId,
}

async fn held(browser: &mut Browser, provider: &SomeProvider) -> BookingId {
    let answer = browser.post("/book", &[("service_id", &provider.service.to_string()), ("starts_at", START)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.location().trim_start_matches("/checkout/").parse().expect("a booking")
}

/// A customer at the checkout of 100.00, details given, the card form open.
async fn scene(db: PgPool) -> Scene {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let customer = doors.world.a_customer().await;
    let mut browser = doors.signed_in(customer).await;
    let booking = held(&mut browser, &provider).await;
    let ctx = doors.world.ctx_as(customer).await;
    let details = booking::model::CheckoutDetails {
        name: "Ana Sousa".into(),
        email: "ana@example.test".into(),
        phone: "+351 912 345 678".into(),
        ..Default::default()
    };
    booking::check_out(&ctx, booking, details).await.expect("details saved");
    settlement::pay(&ctx, booking, Pay::default()).await.expect("a payment");
    Scene { doors, provider, browser, ctx, booking }
}

impl Scene {
    fn intent(&self) -> String {
        self.doors.world.gateway.intents().into_iter().next().expect("an intent").reference
    }
    fn checkout(&self) -> String {
        format!("/checkout/{}", self.booking)
    }
    async fn come_back(&mut self) -> Answer {
        let path = format!("{}/return", self.checkout());
        self.browser.get(&path).await
    }
    /// Comes back from the bank, and reads the page it leads to.
    async fn told(&mut self, sentence: &str) -> Answer {
        let answer = self.come_back().await;
        assert_eq!((answer.status.as_u16(), answer.location().to_owned()), (303, self.checkout()), "{}", answer.body);
        let path = self.checkout();
        let page = self.browser.get(&path).await;
        assert!(page.body.contains(sentence), "{sentence}: {}", page.body);
        page
    }
    async fn hold_runs_out(&self) {
        self.doors.world.pass_minutes(40);
        jobs::expire_holds(&self.doors.world.system()).await.expect("expires");
    }
    async fn message(&self) {
        let message = self.doors.world.gateway.message_about("evt_late", &self.intent());
        settlement::receive(&self.doors.world.system(), message).await.expect("received");
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_refused_card_is_told_on_the_checkout(db: PgPool) {
    let mut scene = scene(db).await;
    for (code, sentence) in [
        ("card_declined", "Your card was declined. Nothing was charged."),
        ("insufficient_funds", "Your card has not enough money for this. Nothing was charged."),
        ("expired_card", "Your card has expired. Nothing was charged."),
        ("payment_intent_authentication_failure", "Your bank did not confirm the payment. Nothing was charged."),
    ] {
        scene.doors.world.gateway.customer_is_declined(&scene.intent(), code);
        let page = scene.told(sentence).await;
        assert_eq!(page.status, 200, "the time is still held");
    }
    scene.doors.world.gateway.customer_pays(&scene.intent());
    let answer = scene.come_back().await;
    assert_eq!(answer.location(), format!("/bookings/{}/confirmed", scene.booking));
    scene.doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_challenge_that_was_left_says_how_to_get_back_to_it(db: PgPool) {
    let mut scene = scene(db).await;
    scene.doors.world.gateway.set_status(&scene.intent(), IntentStatus::RequiresAction);
    scene.told("The confirmation with your bank was not finished. Nothing was charged.").await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_lost_line_waits_and_claims_nothing(db: PgPool) {
    let mut scene = scene(db).await;
    scene.doors.world.gateway.set_status(&scene.intent(), IntentStatus::RequiresAction);
    scene.come_back().await;
    scene.doors.world.gateway.customer_pays(&scene.intent());
    scene.doors.world.gateway.next_answer(world::Answer::Unreachable);
    let waiting = scene.come_back().await;
    assert_eq!(waiting.status, 200);
    assert!(waiting.body.contains("Waiting for your payment") && !waiting.body.contains("Nothing was charged"), "{}", waiting.body);
    assert!(!waiting.header("refresh").is_empty(), "looks again by itself");
    scene.doors.world.gateway.next_answer(world::Answer::Unreachable);
    let path = scene.checkout();
    let page = scene.browser.get(&path).await;
    assert!(page.body.contains("You will not be charged twice"), "{}", page.body);
    let answer = scene.come_back().await;
    assert_eq!(answer.location(), format!("/bookings/{}/confirmed", scene.booking));
}

#[sqlx::test(migrations = "./migrations")]
async fn the_checkout_says_in_its_head_what_is_paid_for(db: PgPool) {
    let mut scene = scene(db).await;
    let path = scene.checkout();
    let page = scene.browser.get(&path).await;
    let (_, described) = page.body.split_once("<meta name=\"description\" content=\"").expect("a description");
    assert!(described.contains(": look over the booking and pay for it."), "{described}");
}

#[sqlx::test(migrations = "./migrations")]
async fn two_tabs_and_a_double_click_pay_once(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut one = doors.signed_in(doors.world.a_customer().await).await;
    let booking = held(&mut one, &provider).await;
    let path = format!("/checkout/{booking}");
    let mut two = one.clone();
    let (first, second) = tokio::join!(one.post(&path, &DETAILS), two.post(&path, &DETAILS));
    // Whoever comes while the other is being asked is told to wait, and never sent to a second page.
    for answer in [&first, &second] {
        let is_waiting = answer.status == 409 && answer.body.contains("will not be charged twice");
        assert!(answer.status == 303 || answer.status == 200 || is_waiting, "{} {}", answer.status, answer.body);
    }
    let again = one.post(&path, &DETAILS).await;
    assert_eq!(again.status, 303, "{}", again.body);
    let attempts = doors.world.count("select count(*) from payment_attempts where status not in ('failed', 'cancelled')").await;
    assert_eq!(attempts, 1);
}

#[sqlx::test(migrations = "./migrations")]
async fn paying_after_the_hold_keeps_what_was_typed(db: PgPool) {
    let mut scene = scene(db).await;
    scene.hold_runs_out().await;
    let path = scene.checkout();
    let page = scene.browser.post(&path, &DETAILS).await;
    assert_eq!(page.status, 409);
    assert!(page.body.contains("Your hold has ended") && page.body.contains("Nothing was charged"), "{}", page.body);
    assert!(page.body.contains("The bell is weak."), "what was typed is still there");
    let mut fields = vec![("service_id", scene.provider.service.to_string()), ("starts_at", START.to_owned())];
    fields.push(("from", scene.booking.to_string()));
    fields.extend(DETAILS.map(|(name, value)| (name, value.to_owned())));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let again = scene.browser.post("/book", &fields).await;
    assert_eq!(again.status, 303, "{}", again.body);
    let location = again.location().to_owned();
    let page = scene.browser.get(&location).await;
    assert!(page.body.contains("The bell is weak.") && page.body.contains("+351 912 345 678"), "{}", page.body);
}

#[sqlx::test(migrations = "./migrations")]
async fn money_that_came_too_late_is_told_to_go_back(db: PgPool) {
    let mut scene = scene(db).await;
    scene.hold_runs_out().await;
    let mut other = scene.doors.signed_in(scene.doors.world.a_customer().await).await;
    held(&mut other, &scene.provider).await;
    scene.doors.world.gateway.customer_pays(&scene.intent());
    scene.message().await;
    scene.doors.world.run_jobs().await;
    let page = scene.told("Your payment came too late").await;
    assert!(page.body.contains("The time was taken by someone else before the money arrived."), "{}", page.body);
    assert!(page.body.contains("100.00") && !page.body.contains("Nothing was charged"), "{}", page.body);
}

#[sqlx::test(migrations = "./migrations")]
async fn money_for_something_cancelled_is_told_to_go_back(db: PgPool) {
    let mut scene = scene(db).await;
    scene.doors.world.gateway.customer_pays(&scene.intent());
    booking::release(&scene.ctx, scene.booking).await.expect("released in another tab");
    scene.message().await;
    let path = format!("/bookings/{}", scene.booking);
    let page = scene.browser.get(&path).await;
    assert!(page.body.contains("goes back whole. The booking was cancelled before the money arrived."), "{}", page.body);
}

#[sqlx::test(migrations = "./migrations")]
async fn what_an_absence_means_is_shown_before_it_is_said(db: PgPool) {
    let mut scene = scene(db).await;
    scene.doors.world.gateway.customer_pays(&scene.intent());
    scene.come_back().await;
    let path = format!("/bookings/{}/no-show", scene.booking);
    let early = scene.browser.get(&path).await;
    assert_eq!(early.status, 409, "from 15 minutes after the start: {}", early.body);
    scene.doors.world.set_time("2026-06-10T10:16:00Z");
    let shown = scene.browser.get(&path).await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("Did nobody come?") && shown.body.contains("give €100.00 back"), "{}", shown.body);
    let mut owner = scene.doors.signed_in(scene.provider.owner).await;
    let theirs = owner.get(&path).await;
    assert!(theirs.body.contains("Was nobody there?") && theirs.body.contains("Nothing goes back"), "{}", theirs.body);
    let mut admin = scene.doors.signed_in(scene.doors.world.an_admin().await).await;
    let both = admin.get(&path).await;
    assert!(both.body.contains("value=\"customer\"") && both.body.contains("value=\"provider\""), "{}", both.body);
    let customer = scene.doors.world.a_customer().await;
    assert_eq!(scene.doors.signed_in(customer).await.get(&path).await.status, 404);
    assert_eq!(scene.browser.post(&path, &[("absent", "provider")]).await.status, 303);
    scene.doors.world.run_jobs().await;
    assert_eq!(scene.doors.world.gateway.refunded_minor(), 10_000);
    scene.doors.close().await;
}
