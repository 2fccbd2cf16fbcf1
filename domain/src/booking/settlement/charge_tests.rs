//! One charge for one payment, whoever asks twice, and what becomes of a second one.

use super::tests::{Scene, by_approval, held, scene};
use super::{Pay, collect, pay, reconcile, refund_by_hand, settle};
use crate::booking::model::Status;
use crate::booking::{self, CancelBooking};
use crate::ctx::{Ctx, Tx};
use crate::error::Result;
use crate::id::{AttemptId, BookingId};
use crate::money::Money;
use crate::payment::port::{Capture, IntentStatus, NewIntent, PaymentGateway};
use crate::payment::{self, AttemptStatus, PaymentStatus, PaymentView, StartPayment, store};
use crate::world::Answer;
use futures::future::BoxFuture;
use sqlx::PgPool;
use std::collections::BTreeSet;

impl Scene {
    /// What is asked for when the payer goes on.
    fn again(&self, amount: Money, method: Option<&str>) -> StartPayment {
        StartPayment {
            booking: self.booking,
            amount,
            tip_minor: 500,
            capture: Capture::Automatic,
            payer: self.ctx.account_id(),
            email: None,
            description: String::new(),
            return_url: String::new(),
            cancel_url: String::new(),
            is_hosted: false,
            payment_method: method.map(str::to_owned),
        }
    }
    /// Another attempt of the same payment, as if two had begun at once.
    pub async fn attempt_beside(&self) -> AttemptId {
        let id: AttemptId = self.ctx.new_id();
        sqlx::query(
            "insert into payment_attempts (id, payment_id, gateway, amount_minor, is_hosted, request, status, created_at, updated_at)
             select $1, payment_id, gateway, amount_minor, is_hosted, request || jsonb_build_object('attempt', $1::uuid), 'created', created_at, updated_at
             from payment_attempts",
        )
        .bind(uuid::Uuid::from(id))
        .execute(&self.world.db)
        .await
        .expect("is written");
        id
    }
    /// The same, and it has reached the gateway, which nobody knows yet.
    pub async fn charge_beside(&self) -> AttemptId {
        let id = self.attempt_beside().await;
        let attempt = store::find_attempt(&self.world.db, id).await.expect("looks").expect("is there");
        let request: NewIntent = serde_json::from_value(attempt.request).expect("what is asked for");
        self.world.gateway.create_intent(&request).await.expect("an intent");
        id
    }
    fn captured(&self) -> i64 {
        self.world.gateway.intents().iter().map(|intent| intent.captured_minor).sum()
    }
    fn paying(&self) -> tokio::task::JoinHandle<Result<PaymentView>> {
        let (ctx, booking) = (self.ctx.clone(), self.booking);
        tokio::spawn(async move { pay(&ctx, booking, by_card()).await })
    }
    /// Until this ends, nobody decides what to ask the gateway for.
    async fn nobody_begins(&self) -> sqlx::Transaction<'static, sqlx::Postgres> {
        let mut beginning = self.world.db.begin().await.expect("begins");
        store::lock_booking(&mut *beginning, self.booking).await.expect("locks");
        beginning
    }
    /// In the midst of being settled: whoever reads the attempts waits, and sees them once this commits.
    async fn being_settled(&self) -> sqlx::Transaction<'static, sqlx::Postgres> {
        let mut settling = self.world.db.begin().await.expect("begins");
        for sql in [
            "lock table payment_attempts in access exclusive mode",
            "update payment_attempts set status = 'succeeded'",
            "update payments set status = 'paid', captured_minor = amount_minor",
        ] {
            sqlx::query(sql).execute(&mut *settling).await.expect("is written");
        }
        settling
    }
}

/// Of a booking that nobody ends meanwhile.
fn anything_goes<'a>(_: &'a Ctx, _: &'a mut Tx, _: BookingId) -> BoxFuture<'a, Result<Result<()>>> {
    Box::pin(async { Ok(Ok(())) })
}

fn by_card() -> Pay {
    Pay { is_hosted: false, payment_method: Some("pm_card_visa".into()) }
}

/// The answer to the first question may come while the gateway's own news is being written. It knows nothing newer.
#[sqlx::test(migrations = "../migrations")]
async fn a_late_answer_takes_nothing_back(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    let asked = scene.attempt_beside().await;
    let attempt = store::find_attempt(&scene.world.db, asked).await.expect("looks").expect("is there");
    let mut news = scene.world.db.begin().await.expect("begins");
    let written = sqlx::query("update payment_attempts set status = 'authorised' where id = $1").bind(uuid::Uuid::from(asked));
    written.execute(&mut *news).await.expect("is written");
    let ctx = scene.ctx.clone();
    let asking = tokio::spawn(async move { payment::ask(&ctx, &attempt).await });
    scene.world.until_it_waits(&asking).await;
    news.commit().await.expect("is true");
    asking.await.expect("no panic").expect("asked");
    let attempt = store::find_attempt(&scene.world.db, asked).await.expect("looks").expect("is there");
    assert_eq!(attempt.status, AttemptStatus::Authorised);
}

/// Two tabs choose a tip: the other one comes to the gateway second and to our row first.
#[sqlx::test(migrations = "../migrations")]
async fn what_the_gateway_will_take_is_what_our_books_say(db: PgPool) {
    let scene = scene(db).await;
    let first = scene.pay().await;
    let more = |minor| Money::new(first.amount.minor + minor, first.amount.currency);
    let with_tip = more(300);
    scene.world.gateway.overtake_next_amount(more(900));
    let view = payment::start(&scene.ctx, scene.again(with_tip, None), anything_goes).await.expect("goes on");
    assert_eq!((view.amount, scene.payment_amount()), (with_tip, with_tip));
}

/// A tip was chosen and taken back, and nobody knows whether the gateway has heard of it.
#[sqlx::test(migrations = "../migrations")]
async fn an_amount_whose_answer_was_lost_is_set_again(db: PgPool) {
    let scene = scene(db).await;
    let first = scene.pay().await.amount;
    let with_tip = Money::new(first.minor + 300, first.currency);
    scene.world.gateway.next_answer(Answer::LostAnswer);
    let refused = payment::start(&scene.ctx, scene.again(with_tip, None), anything_goes).await.expect_err("nobody answers");
    assert_eq!((refused.code(), scene.payment_amount()), ("gateway_unavailable", with_tip));
    let view = payment::start(&scene.ctx, scene.again(first, None), anything_goes).await.expect("goes on");
    assert_eq!((view.amount, scene.payment_amount()), (first, first));
}

/// The payment is read first and its attempts second; money that arrives between the two must not look like a payment without an attempt.
#[sqlx::test(migrations = "../migrations")]
async fn paying_again_while_it_is_settled_charges_nothing_more(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    let settling = scene.being_settled().await;
    let again = scene.again(scene.payment_amount(), Some("pm_card_visa"));
    let ctx = scene.ctx.clone();
    let paying = tokio::spawn(async move { payment::start(&ctx, again, anything_goes).await });
    scene.world.until_it_waits(&paying).await;
    settling.commit().await.expect("commits");
    paying.await.expect("no panic").expect("it is paid");
    assert_eq!(scene.world.count("select count(*) from payment_attempts").await, 1);
    assert_eq!(scene.world.gateway.intents().len(), 1);
}

/// Given back while the gateway is asked, settled and returned before its answer is looked at.
#[sqlx::test(migrations = "../migrations")]
async fn what_came_back_is_not_charged_again_by_the_same_call(db: PgPool) {
    let scene = scene(db).await;
    scene.world.gateway.next_answer(Answer::Unreachable);
    pay(&scene.ctx, scene.booking, by_card()).await.expect_err("nobody answers");
    let mut noting = scene.world.db.begin().await.expect("begins");
    let id: AttemptId = sqlx::query_scalar("select id from payment_attempts for update").fetch_one(&mut *noting).await.expect("locks");
    let paying = scene.paying();
    scene.world.until_it_waits(&paying).await;
    assert_eq!(scene.world.gateway.intents().len(), 1, "it is charged, and the answer is not noted yet");
    let beginning = scene.nobody_begins().await;
    noting.rollback().await.expect("lets go");
    while scene.world.count("select count(*) from payment_attempts where status = 'processing'").await == 0 {
        assert!(!paying.is_finished(), "it looks once more");
        tokio::task::yield_now().await;
    }
    booking::release(&scene.ctx, scene.booking).await.expect("given back");
    settle(&scene.world.system(), id).await.expect("settles");
    assert_eq!(scene.payment().await.status, PaymentStatus::Refunded);
    beginning.rollback().await.expect("lets go");
    assert_eq!(paying.await.expect("no panic").expect_err("it is over").code(), "wrong_status");
    scene.work().await;
    assert_eq!((scene.world.gateway.intents().len(), scene.world.gateway.refunded_minor()), (1, 10_500));
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_given_back_before_anything_is_asked_is_not_charged(db: PgPool) {
    let scene = scene(db).await;
    let beginning = scene.nobody_begins().await;
    let paying = scene.paying();
    scene.world.until_it_waits(&paying).await;
    booking::release(&scene.ctx, scene.booking).await.expect("given back");
    beginning.rollback().await.expect("lets go");
    assert_eq!(paying.await.expect("no panic").expect_err("it is over").code(), "wrong_status");
    assert_eq!((scene.world.gateway.calls(), scene.world.count("select count(*) from payments").await), (Vec::new(), 0));
}

/// The gateway never heard of the try, and whoever made it has given the time back, or let it run out.
#[sqlx::test(migrations = "../migrations")]
async fn what_never_arrived_is_not_charged_once_it_is_over(db: PgPool) {
    let scene = scene(db).await;
    scene.world.gateway.next_answer(Answer::Unreachable);
    pay(&scene.ctx, scene.booking, by_card()).await.expect_err("nobody answers");
    booking::release(&scene.ctx, scene.booking).await.expect("given back");
    scene.work().await;
    assert_eq!((scene.captured(), scene.payment().await.status), (0, PaymentStatus::Voided));
    assert_eq!(scene.world.gateway.intents()[0].status, IntentStatus::Cancelled);

    let later = held(&scene.world, &scene.ctx, scene.provider.service, "2026-06-10T13:00:00Z").await;
    scene.world.gateway.next_answer(Answer::Unreachable);
    pay(&scene.ctx, later, by_card()).await.expect_err("nobody answers");
    scene.world.pass_minutes(40);
    booking::jobs::expire_holds(&scene.world.system()).await.expect("expires");
    reconcile(&scene.world.system()).await.expect("reconciles");
    scene.work().await;
    let status = booking::get(&scene.ctx, later).await.expect("the booking").status;
    assert_eq!((scene.captured(), status), (0, Status::Expired));
    scene.is_right().await;
}

/// Its answer alone was lost: it is found, and goes back.
#[sqlx::test(migrations = "../migrations")]
async fn what_arrived_is_found_and_returned_once_it_is_over(db: PgPool) {
    let scene = scene(db).await;
    scene.world.gateway.next_answer(Answer::LostAnswer);
    pay(&scene.ctx, scene.booking, by_card()).await.expect_err("no answer");
    booking::release(&scene.ctx, scene.booking).await.expect("given back");
    scene.work().await;
    assert_eq!((scene.captured(), scene.world.gateway.refunded_minor()), (10_500, 10_500));
    assert_eq!((scene.payment().await.status, scene.world.gateway.intents().len()), (PaymentStatus::Refunded, 1));
    scene.is_right().await;
}

/// No way leads there by design; should one card be charged twice all the same, the second charge is found and goes back whole.
#[sqlx::test(migrations = "../migrations")]
async fn a_second_charge_of_the_same_payment_goes_back_whole(db: PgPool) {
    let scene = scene(db).await;
    let first = scene.pay_with("pm_card_visa").await;
    assert_eq!(first.status, PaymentStatus::Paid);
    let second = scene.charge_beside().await;
    settle(&scene.world.system(), second).await.expect("settles");
    settle(&scene.world.system(), second).await.expect("once more changes nothing");
    scene.work().await;
    assert_eq!(scene.world.gateway.intents().len(), 2);
    let refunds = scene.world.gateway.refunds();
    assert_eq!(refunds.iter().map(|refund| refund.amount.minor).collect::<Vec<_>>(), [10_500]);
    let charges: Vec<_> = scene.world.gateway.intents().into_iter().filter(|intent| intent.attempt == Some(second)).collect();
    assert_eq!(refunds[0].intent_reference.as_ref(), Some(&charges[0].reference), "the second one goes back, not the first");
    let payment = scene.payment().await;
    assert_eq!((payment.id, payment.status, payment.refunded.minor), (first.id, PaymentStatus::Paid, 0));
    assert_eq!(scene.status().await, Status::Confirmed);
    assert_eq!(scene.balance_of_provider().await, 9_500);
    scene.is_right().await;
    // and what was paid goes back to the charge it came by
    booking::cancel(&scene.ctx, scene.booking, CancelBooking::default()).await.expect("cancelled");
    scene.work().await;
    let returned: BTreeSet<_> = scene.world.gateway.refunds().into_iter().filter_map(|refund| refund.intent_reference).collect();
    assert_eq!(returned, scene.world.gateway.intents().into_iter().map(|intent| intent.reference).collect());
    scene.is_right().await;
}

/// It is returned even when nothing is left of the first.
#[sqlx::test(migrations = "../migrations")]
async fn a_second_charge_after_the_first_was_given_back_goes_back_too(db: PgPool) {
    let scene = scene(db).await;
    let first = scene.pay_with("pm_card_visa").await;
    refund_by_hand(&scene.world.system(), first.id, None, "The boiler was out of stock.", None).await.expect("given back");
    scene.work().await;
    let second = scene.charge_beside().await;
    settle(&scene.world.system(), second).await.expect("settles");
    scene.work().await;
    assert_eq!((scene.captured(), scene.world.gateway.refunded_minor()), (21_000, 21_000));
    assert_eq!((scene.status().await, scene.balance_of_provider().await), (Status::Confirmed, 0));
    scene.is_right().await;
}

/// An older release wrote both down as charges of one payment, and books know of one.
#[sqlx::test(migrations = "../migrations")]
async fn a_second_charge_that_an_older_release_left_goes_back_too(db: PgPool) {
    let scene = scene(db).await;
    let first = scene.pay_with("pm_card_visa").await;
    let second = scene.attempt_beside().await;
    let row = crate::payment::store::find_attempt(&scene.world.db, second).await.expect("reads").expect("an attempt");
    crate::payment::ask(&scene.ctx, &row).await.expect("charged");
    sqlx::query("update payment_attempts set status = 'succeeded'").execute(&scene.world.db).await.expect("written");
    scene.work().await;
    assert_eq!((scene.world.gateway.intents().len(), scene.world.gateway.refunded_minor()), (2, 0));
    for _ in 0..2 {
        scene.world.pass_minutes(1);
        reconcile(&scene.world.system()).await.expect("reconciles");
        scene.work().await;
        assert_eq!(scene.world.gateway.refunded_minor(), 10_500);
    }
    assert_eq!((scene.payment().await.id, scene.payment().await.status), (first.id, PaymentStatus::Paid));
    assert_eq!((scene.status().await, scene.balance_of_provider().await), (Status::Confirmed, 9_500));
    scene.is_right().await;
    booking::cancel(&scene.ctx, scene.booking, CancelBooking::default()).await.expect("cancelled");
    scene.work().await;
    let returned: BTreeSet<_> = scene.world.gateway.refunds().into_iter().filter_map(|refund| refund.intent_reference).collect();
    assert_eq!(returned.len(), 2, "each by the charge it came by");
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_card_reserved_twice_for_the_same_request_is_released_once(db: PgPool) {
    let scene = by_approval(db).await;
    assert_eq!(scene.pay_with("pm_card_visa").await.status, PaymentStatus::Authorised);
    let second = scene.charge_beside().await;
    settle(&scene.world.system(), second).await.expect("settles");
    scene.work().await;
    let status = |is_second: bool| {
        let intents = scene.world.gateway.intents();
        intents.iter().find(|intent| (intent.attempt == Some(second)) == is_second).map(|intent| intent.status)
    };
    assert_eq!((status(false), status(true)), (Some(IntentStatus::Authorised), Some(IntentStatus::Cancelled)));
    assert_eq!(scene.payment().await.status, PaymentStatus::Authorised);
    let owner = scene.world.ctx_as(scene.provider.owner).await;
    booking::approve(&owner, scene.booking).await.expect("accepted");
    assert_eq!(status(false), Some(IntentStatus::Succeeded));
    scene.work().await;
    scene.is_right().await;
}

/// Accepted once more after an answer that was lost, while the gateway's message settles the first: it was charged, and nothing is lacking.
#[sqlx::test(migrations = "../migrations")]
async fn accepting_again_while_it_is_settled_finds_it_charged(db: PgPool) {
    let scene = by_approval(db).await;
    assert_eq!(scene.pay_with("pm_card_visa").await.status, PaymentStatus::Authorised);
    let settling = scene.being_settled().await;
    let (ctx, booking) = (scene.world.system(), scene.booking);
    let collecting = tokio::spawn(async move { collect(&ctx, booking).await });
    scene.world.until_it_waits(&collecting).await;
    settling.commit().await.expect("commits");
    collecting.await.expect("no panic").expect("it is charged");
}
