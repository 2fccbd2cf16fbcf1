//! What is told of time that is free again, or was taken before anyone said that it was.

use super::stage_tests::Stage;
use crate::booking::model::Status;
use crate::booking::{self, settlement};
use crate::time::Instant;
use sqlx::PgPool;

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

/// Its time counted as free at once, and was taken before the duty or its customer spoke of it.
#[sqlx::test(migrations = "../migrations")]
async fn a_hold_that_ran_out_gives_nothing_back_that_is_taken_again(db: PgPool) {
    let mut stage = Stage::new(db).await;
    stage.open().await;
    let (service, starts) = (stage.shop.services[0], [at("2026-06-10T10:00:00Z"), at("2026-06-10T11:00:00Z")]);
    let mut old = Vec::new();
    for start in starts {
        old.push(stage.hold_at(0, service, start).await.expect("held"));
    }
    stage.world.pass_minutes(20);
    for start in starts {
        stage.hold_at(1, service, start).await.expect("free again");
    }
    booking::release(&stage.customers[0], old[0]).await.expect("given back");
    stage.world.run_duty(booking::jobs::EXPIRE).await;
    for (id, status) in old.into_iter().zip([Status::Cancelled, Status::Expired]) {
        assert_eq!(booking::get(&stage.owner, id).await.expect("theirs").status, status);
    }
    stage.is_true(true).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_job_to_which_nobody_came_frees_the_rest_of_its_time(db: PgPool) {
    let mut stage = Stage::new(db).await;
    let service = stage.shop.services[0];
    stage.world.set("services", service, "slot_step_min", "15").await;
    let id = stage.hold_at(0, service, at("2026-06-10T10:00:00Z")).await.expect("held");
    stage.pay(&stage.customers[0], id, Some("pm_card_visa")).await.expect("paid");
    stage.world.set_time("2026-06-10T10:20:30Z");
    stage.open().await;
    booking::no_show(&stage.owner, id, None).await.expect("nobody came");
    stage.is_true(true).await;
}

/// The hold goes on for a few minutes, but keeps nothing any more.
#[sqlx::test(migrations = "../migrations")]
async fn a_card_too_late_for_an_answer_frees_what_was_held(db: PgPool) {
    let mut stage = Stage::new(db).await;
    stage.world.set_time("2026-06-10T08:50:30Z");
    stage.open().await;
    let by_request = stage.shop.services[1];
    let id = stage.hold_at(0, by_request, at("2026-06-10T10:00:00Z")).await.expect("held");
    stage.pay(&stage.customers[0], id, None).await.expect("the form is open");
    stage.world.set_time("2026-06-10T09:01:30Z");
    let reference = stage.world.gateway.intents().remove(0).reference;
    stage.world.gateway.customer_pays(&reference);
    let message = stage.world.gateway.message_about("evt_1", &reference);
    settlement::receive(&stage.world.system(), message).await.expect("received");
    assert_eq!(booking::get(&stage.owner, id).await.expect("theirs").status, Status::Held);
    assert_eq!(stage.world.count("select count(*) from allocations where is_live").await, 0);
    stage.is_true(true).await;
}
