//! A card that is charged for an accepted request, and what may happen meanwhile.

use super::tests::by_approval;
use super::{collect, reconcile};
use crate::booking;
use crate::booking::model::Status;
use crate::payment::PaymentStatus;
use crate::world::Answer;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn whoever_withdraws_meanwhile_is_not_told_that_their_card_failed(db: PgPool) {
    let scene = by_approval(db).await;
    assert_eq!(scene.pay_with("pm_card_visa").await.status, PaymentStatus::Authorised);
    let mut withdrawing = scene.world.db.begin().await.expect("begins");
    for sql in ["update bookings set status = 'cancelled'", "update payments set status = 'voided'"] {
        sqlx::query(sql).execute(&mut *withdrawing).await.expect("is written");
    }
    scene.world.gateway.next_answer(Answer::Decline("expired_card".into()));
    let (system, id) = (scene.world.system(), scene.booking);
    let collecting = tokio::spawn(async move { collect(&system, id).await });
    scene.world.until_it_waits(&collecting).await;
    withdrawing.commit().await.expect("commits");
    let refused = collecting.await.expect("no panic");
    assert_eq!(refused.err().map(|e| e.code().to_owned()).as_deref(), Some("wrong_status"));
    assert_eq!(scene.payment().await.status, PaymentStatus::Voided);
    assert!(!scene.world.events().await.contains(&"payment.failed".to_owned()));
}

/// Nobody knows for a while whether the card was charged; until then the request does not lapse.
#[sqlx::test(migrations = "../migrations")]
async fn a_request_accepted_in_time_does_not_lapse_while_its_card_is_charged(db: PgPool) {
    let scene = by_approval(db).await;
    assert_eq!(scene.pay_with("pm_card_visa").await.status, PaymentStatus::Authorised);
    let owner = scene.world.ctx_as(scene.provider.owner).await;
    // asked at eight the day before
    scene.world.set_time("2026-06-10T07:59:59Z");
    scene.world.gateway.next_answer(Answer::Unreachable);
    let unheard = booking::approve(&owner, scene.booking).await;
    assert_eq!(unheard.err().map(|e| e.code().to_owned()).as_deref(), Some("gateway_unavailable"));
    scene.world.set_time("2026-06-10T08:00:30Z");
    booking::jobs::close_due(&scene.world.system()).await.expect("runs");
    assert_eq!(scene.status().await, Status::Requested);
    assert_eq!(booking::approve(&owner, scene.booking).await.expect("accepted").status, Status::Confirmed);
    scene.work().await;
    scene.is_right().await;
}

/// Charged, and neither the answer nor a message tells.
#[sqlx::test(migrations = "../migrations")]
async fn a_charge_whose_answer_was_lost_is_asked_about_at_once(db: PgPool) {
    let scene = by_approval(db).await;
    assert_eq!(scene.pay_with("pm_card_visa").await.status, PaymentStatus::Authorised);
    scene.work().await;
    // long ago, so that the reconciler has no hurry
    scene.world.pass_minutes(20 * 60);
    reconcile(&scene.world.system()).await.expect("reconciles");
    let owner = scene.world.ctx_as(scene.provider.owner).await;
    scene.world.gateway.next_answer(Answer::LostAnswer);
    let refused = booking::approve(&owner, scene.booking).await.expect_err("no answer");
    assert_eq!(refused.code(), "gateway_unavailable");
    scene.work().await;
    assert_eq!((scene.status().await, scene.payment().await.status), (Status::Confirmed, PaymentStatus::Paid));
    scene.is_right().await;
}
