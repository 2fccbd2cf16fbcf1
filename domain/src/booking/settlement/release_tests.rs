//! Giving up an attempt: nothing stays reserved on a card for what came to nothing.

use super::tests::{Scene, by_approval, scene};
use super::{Pay, pay, receive, reconcile};
use crate::booking;
use crate::booking::model::Status;
use crate::payment::port::IntentStatus;
use crate::payment::{self, PaymentStatus};
use sqlx::PgPool;

const OPEN: &str = "select count(*) from payment_attempts
    where status in ('created', 'requires_method', 'requires_action', 'processing', 'authorised', 'unknown')";

impl Scene {
    async fn pay_on_the_gateways_page(&self) {
        pay(&self.ctx, self.booking, Pay { is_hosted: true, payment_method: None }).await.expect("a page");
    }
    async fn is_released(&self) {
        assert_eq!(self.world.gateway.intents()[0].status, IntentStatus::Cancelled);
        assert_eq!(self.payment().await.status, PaymentStatus::Voided);
        assert_eq!(self.world.count(OPEN).await, 0);
        self.is_right().await;
    }
}

/// The page cannot be ended any more, settling finds the card reserved and asks for the release that still runs.
#[sqlx::test(migrations = "../migrations")]
async fn a_card_that_was_reserved_as_the_hold_was_given_back_is_released(db: PgPool) {
    let scene = by_approval(db).await;
    scene.pay_on_the_gateways_page().await;
    scene.world.gateway.customer_pays(&scene.intent());
    // its message is still on its way
    booking::release(&scene.ctx, scene.booking).await.expect("given back");
    scene.work().await;
    scene.is_released().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reserved_card_that_an_older_release_forgot_is_released(db: PgPool) {
    let scene = by_approval(db).await;
    assert_eq!(scene.pay_with("pm_card_visa").await.status, PaymentStatus::Authorised);
    for sql in ["update payments set status = 'voided'", "update bookings set status = 'cancelled'"] {
        sqlx::query(sql).execute(&scene.world.db).await.expect("is written");
    }
    scene.world.pass_minutes(1);
    reconcile(&scene.world.system()).await.expect("reconciles");
    scene.is_released().await;
}

/// An intent that a page has made ends with the page alone, as long as nothing is reserved.
#[sqlx::test(migrations = "../migrations")]
async fn a_page_on_which_a_card_was_declined_is_ended(db: PgPool) {
    let scene = scene(db).await;
    scene.pay_on_the_gateways_page().await;
    scene.world.gateway.customer_is_declined(&scene.intent(), "card_declined");
    scene.message("evt_1").await;
    scene.work().await;
    assert_eq!(scene.payment().await.failure_code.as_deref(), Some("card_declined"));
    booking::release(&scene.ctx, scene.booking).await.expect("given back");
    scene.work().await;
    scene.is_released().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_card_that_was_released_is_released_once_however_late_its_message(db: PgPool) {
    let scene = by_approval(db).await;
    assert_eq!(scene.pay_with("pm_card_visa").await.status, PaymentStatus::Authorised);
    let late = scene.world.gateway.message_about("evt_late", &scene.intent());
    let owner = scene.world.ctx_as(scene.provider.owner).await;
    booking::decline(&owner, scene.booking, "Fully booked").await.expect("declined");
    scene.work().await;
    receive(&scene.world.system(), late).await.expect("received");
    assert_eq!(scene.world.count(OPEN).await, 0, "nothing is reserved any more");
    scene.work().await;
    scene.is_released().await;
    assert_eq!(scene.world.events().await.iter().filter(|kind| *kind == "payment.voided").count(), 1);
}

/// The form's confirmation comes through between the look at the attempt and its end.
#[sqlx::test(migrations = "../migrations")]
async fn a_card_that_was_reserved_right_before_its_end_is_asked_for_again(db: PgPool) {
    let scene = by_approval(db).await;
    let id = scene.pay().await.attempt_id.expect("an attempt");
    let seen = payment::store::find_attempt(&scene.world.db, id).await.expect("looks").expect("is there");
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_authorised").await;
    assert_eq!((scene.status().await, scene.payment().await.status), (Status::Requested, PaymentStatus::Authorised));
    let refused = payment::give_up(&scene.ctx, &seen).await.expect_err("it is no longer what it was");
    assert_eq!(refused.code(), "payment_processing");
    scene.work().await;
    assert_eq!(scene.payment().await.status, PaymentStatus::Voided);
    assert_eq!(scene.pay_with("pm_card_visa").await.status, PaymentStatus::Authorised, "another card can be given");
}

/// Given up as a hold that ran out; then its payer confirms after all, before the release has come round.
#[sqlx::test(migrations = "../migrations")]
async fn a_request_made_before_the_release_came_round_keeps_its_card(db: PgPool) {
    let scene = by_approval(db).await;
    scene.pay().await;
    scene.world.pass_minutes(40);
    booking::jobs::expire_holds(&scene.world.system()).await.expect("expires");
    let mut tx = scene.ctx.begin().await.expect("begins");
    payment::void(&mut tx, &scene.ctx, scene.booking).await.expect("given up");
    scene.ctx.commit(tx).await.expect("commits");
    scene.world.gateway.customer_pays(&scene.intent());
    scene.message("evt_1").await;
    assert_eq!((scene.status().await, scene.payment().await.status), (Status::Requested, PaymentStatus::Authorised));
    scene.work().await;
    let owner = scene.world.ctx_as(scene.provider.owner).await;
    booking::approve(&owner, scene.booking).await.expect("accepted");
    scene.work().await;
    assert_eq!((scene.status().await, scene.payment().await.status), (Status::Confirmed, PaymentStatus::Paid));
    scene.is_right().await;
}

/// What was reserved for it then is not reserved any more.
#[sqlx::test(migrations = "../migrations")]
async fn a_late_message_of_an_attempt_that_was_given_up_requests_nothing(db: PgPool) {
    let scene = by_approval(db).await;
    scene.pay().await;
    let reference = scene.intent();
    scene.world.gateway.customer_pays(&reference);
    let late = scene.world.gateway.message_about("evt_late", &reference);
    scene.pay_on_the_gateways_page().await;
    receive(&scene.world.system(), late).await.expect("received");
    scene.work().await;
    assert_eq!((scene.status().await, scene.payment().await.status), (Status::Held, PaymentStatus::Pending));
}
