//! Which charge goes back, how often, and what the gateway kept of it.

use super::tests::{Scene, scene};
use super::{reconcile, refund_by_hand, send_refund, settle};
use crate::booking::{self, CancelBooking};
use crate::ctx::Ctx;
use crate::id::{PaymentId, RefundId};
use crate::money::{Currency, Money};
use crate::payment::port::{GatewayRefund, RefundStatus};
use crate::payment::{self, PaymentStatus};
use crate::world::Answer;
use sqlx::PgPool;

impl Scene {
    async fn admin(&self) -> Ctx {
        self.world.ctx_as(self.world.an_admin().await).await
    }
}

/// A second charge went back and the bank returned it: it is with us, and none of the booking's.
#[sqlx::test(migrations = "../migrations")]
async fn a_cancellation_leaves_alone_what_could_not_be_returned(db: PgPool) {
    let scene = scene(db).await;
    let (admin, system) = (scene.admin().await, scene.world.system());
    let first = scene.pay_with("pm_card_visa").await.id;
    scene.work().await;
    let attempt = scene.charge_beside().await;
    settle(&system, attempt).await.expect("settles");
    let back: RefundId = sqlx::query_scalar("select id from refunds").fetch_one(&scene.world.db).await.expect("a refund");
    scene.world.gateway.next_answer(Answer::Decline("expired_card".into()));
    send_refund(&system, back).await.expect("refused");
    scene.work().await;
    let second: PaymentId = sqlx::query_scalar("select payment_id from payment_attempts where id = $1")
        .bind(attempt)
        .fetch_one(&scene.world.db)
        .await
        .expect("a payment");
    // of the booking's own payment less is left now than of the other
    refund_by_hand(&admin, first, Some(1_000), "A scratch.", None).await.expect("refunded");
    booking::cancel(&scene.ctx, scene.booking, CancelBooking::default()).await.expect("cancelled");
    scene.work().await;
    let refunded = async |id: PaymentId| payment::get(&admin, id).await.expect("a payment").refunded.minor;
    assert_eq!((refunded(first).await, refunded(second).await), (10_500, 0));
    scene.is_right().await;
    refund_by_hand(&admin, second, None, "Once more, to another account.", None).await.expect("refunded");
    scene.work().await;
    assert_eq!((refunded(first).await, refunded(second).await), (10_500, 10_500));
    assert_eq!(scene.world.gateway.refunded_minor(), 21_000);
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_same_key_gives_back_once(db: PgPool) {
    let scene = scene(db).await;
    let payment = scene.pay_with("pm_card_visa").await.id;
    let admin = scene.admin().await;
    let ask = async |amount_minor, key| refund_by_hand(&admin, payment, amount_minor, "The tap still drips.", Some(key)).await;
    let (one, two) = tokio::join!(ask(Some(3_000), "a"), ask(Some(3_000), "a"));
    assert_eq!((one.expect("refunded").refunded.minor, two.expect("refunded before").refunded.minor), (3_000, 3_000));
    assert_eq!(ask(Some(2_000), "a").await.expect("another amount").refunded.minor, 5_000);
    assert_eq!(ask(Some(3_000), "b").await.expect("another key").refunded.minor, 8_000);
    assert_eq!(ask(None, "c").await.expect("the rest").status, PaymentStatus::Refunded);
    assert_eq!(ask(None, "c").await.expect("the rest before").status, PaymentStatus::Refunded);
    let other = scene.admin().await;
    let late = refund_by_hand(&other, payment, Some(3_000), "The tap still drips.", Some("a")).await;
    assert_eq!(late.err().map(|e| e.code().to_owned()).as_deref(), Some("nothing_to_refund"), "keys are each one's own");
    scene.work().await;
    assert_eq!((scene.world.gateway.refunded_minor(), scene.world.gateway.refunds().len()), (10_500, 4));
    scene.is_right().await;
}

/// Three without an answer end a round, and do not begin the next one.
#[sqlx::test(migrations = "../migrations")]
async fn refunds_without_an_answer_keep_no_other_waiting(db: PgPool) {
    let scene = scene(db).await;
    let payment = scene.pay_with("pm_card_visa").await.id;
    let (admin, system) = (scene.admin().await, scene.world.system());
    for minor in [100, 200, 300, 400] {
        scene.world.pass_minutes(1);
        refund_by_hand(&admin, payment, Some(minor), "A scratch.", None).await.expect("is on its way");
    }
    let silence = || (0..3).for_each(|_| scene.world.gateway.next_answer(Answer::Unreachable));
    scene.world.pass_minutes(2);
    // the attempt is settled and is not asked about
    silence();
    reconcile(&system).await.expect("reconciles");
    assert_eq!(scene.world.gateway.refunded_minor(), 0);
    scene.world.pass_minutes(2);
    scene.world.gateway.next_answer(Answer::Succeed);
    silence();
    reconcile(&system).await.expect("reconciles");
    assert_eq!(scene.world.gateway.refunded_minor(), 400, "the one that was not asked about");
}

/// The bank returns a refund while another is decided on: its parts are to be had again.
#[sqlx::test(migrations = "../migrations")]
async fn what_could_not_be_returned_is_left_for_the_next_one(db: PgPool) {
    let scene = scene(db).await;
    let payment = scene.pay_with("pm_card_visa").await.id;
    let (admin, system) = (scene.admin().await, scene.world.system());
    refund_by_hand(&admin, payment, Some(3_000), "A scratch.", None).await.expect("refunded");
    let first: RefundId = sqlx::query_scalar("select id from refunds").fetch_one(&scene.world.db).await.expect("a refund");
    let mut failing = system.begin().await.expect("begins");
    let refused = GatewayRefund {
        reference: "re_1".into(),
        status: RefundStatus::Failed,
        amount: Money::new(3_000, Currency::EUR),
        intent_reference: None,
        refund: Some(first),
    };
    assert!(payment::note_refund(&mut failing, &system, first, &refused).await.expect("is noted"));
    let asking = tokio::spawn(async move { refund_by_hand(&admin, payment, None, "All of it.", None).await });
    scene.world.until_it_waits(&asking).await;
    system.commit(failing).await.expect("commits");
    assert_eq!(asking.await.expect("no panic").expect("refunded").refunded.minor, 10_500);
    let parts: (i64, i64, i64) = sqlx::query_as("select service_minor, tip_minor, commission_minor from refunds where id <> $1")
        .bind(first)
        .fetch_one(&scene.world.db)
        .await
        .expect("the other one");
    assert_eq!((parts, scene.balance_of_provider().await), ((10_000, 500, 1_000), 0));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_the_gateway_keeps_is_booked_in_the_currency_it_says(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    scene.world.gateway.customer_pays(&scene.intent());
    scene.world.gateway.keep_fee(&scene.intent(), Money::new(210, Currency::USD));
    scene.message("evt_1").await;
    scene.work().await;
    let kept = "select count(*) from ledger_entries e join ledger_accounts a on a.id = e.account_id
         where a.kind = 'gateway_fees' and e.currency = 'USD' and e.amount_minor = 210";
    assert_eq!(scene.world.count(kept).await, 1);
    let all = "select count(*) from ledger_entries e join ledger_accounts a on a.id = e.account_id where a.kind = 'gateway_fees'";
    assert_eq!(scene.world.count(all).await, 1);
    scene.is_right().await;
}
