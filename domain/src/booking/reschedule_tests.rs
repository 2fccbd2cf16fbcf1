//! What a move costs, how long it is, and which time an answer is to.

use super::model::Status;
use super::tests::{LATER, START, Scene, at, code, scene};
use super::{self as booking, Reschedule};
use crate::time::HOUR;
use sqlx::PgPool;

/// Twenty hours before the start: of what the customer cancels now three quarters come back.
const IN_THE_SECOND_TIER: &str = "2026-06-09T14:00:00Z";
const NEXT_DAY: &str = "2026-06-11T10:00:00Z";

fn to(starts_at: &str) -> Reschedule {
    Reschedule { starts_at: at(starts_at), resource_id: None }
}

impl Scene {
    /// What keeps the team busy, in minutes.
    async fn busy_min(&self) -> i64 {
        self.world.count("select (extract(epoch from upper(during) - lower(during)) / 60)::bigint from allocations where is_live").await
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn following_the_provider_costs_no_refund(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    s.world.set_time(IN_THE_SECOND_TIER);
    assert_eq!(booking::preview_reschedule(&s.staff, id, at(NEXT_DAY)).await.expect("a preview").lowest_tier_bp, 10_000);
    booking::reschedule(&s.staff, id, to(NEXT_DAY)).await.expect("proposed");
    assert_eq!(booking::consent(&s.customer, id, None).await.expect("suits").lowest_tier_bp, 10_000);
}

/// The tier is left when the customer asks, as it was shown to them, however long the answer takes.
#[sqlx::test(migrations = "../migrations")]
async fn a_late_answer_costs_no_more_than_was_shown(db: PgPool) {
    let s = scene(db).await;
    let id = s.requested().await;
    booking::approve(&s.staff, id).await.expect("accepted");
    assert_eq!(booking::preview_reschedule(&s.customer, id, at(NEXT_DAY)).await.expect("a preview").lowest_tier_bp, 10_000);
    booking::reschedule(&s.customer, id, to(NEXT_DAY)).await.expect("asked");
    s.world.set_time(IN_THE_SECOND_TIER);
    assert_eq!(booking::consent(&s.staff, id, None).await.expect("accepted").lowest_tier_bp, 10_000);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wish_in_a_lower_tier_leaves_that_one(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    s.world.set_time(IN_THE_SECOND_TIER);
    assert_eq!(booking::reschedule(&s.customer, id, to(NEXT_DAY)).await.expect("moved").lowest_tier_bp, 7_500);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_answer_is_to_the_time_that_was_seen(db: PgPool) {
    let s = scene(db).await;
    let id = s.confirmed().await;
    booking::reschedule(&s.staff, id, to(LATER)).await.expect("proposed");
    booking::withdraw(&s.staff, id, Some(at(LATER))).await.expect("taken back");
    booking::reschedule(&s.staff, id, to(NEXT_DAY)).await.expect("another one");
    assert_eq!(code(booking::consent(&s.customer, id, Some(at(LATER))).await), "proposal_changed");
    assert_eq!(code(booking::refuse(&s.customer, id, Some(at(LATER))).await), "proposal_changed");
    assert_eq!(code(booking::withdraw(&s.staff, id, Some(at(LATER))).await), "proposal_changed");
    let waits = booking::get(&s.customer, id).await.expect("theirs");
    assert_eq!((waits.status, waits.starts_at, waits.proposal.map(|p| p.starts_at)), (Status::Confirmed, at(START), Some(at(NEXT_DAY))));
    assert_eq!(booking::consent(&s.customer, id, Some(at(NEXT_DAY))).await.expect("suits").starts_at, at(NEXT_DAY));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_move_stays_as_long_as_it_was_agreed(db: PgPool) {
    let s = scene(db).await;
    s.world.set("services", s.provider.service, "buffer_after_min", "15").await;
    let id = s.confirmed().await;
    assert_eq!(s.busy_min().await, 75);
    s.world.set("services", s.provider.service, "duration_min", "30").await;
    s.world.set("services", s.provider.service, "buffer_after_min", "0").await;
    let shown = booking::preview_reschedule(&s.customer, id, at(LATER)).await.expect("a preview");
    assert_eq!(shown.ends_at - shown.starts_at, HOUR);
    let moved = booking::reschedule(&s.customer, id, to(LATER)).await.expect("moved");
    assert_eq!(moved.ends_at - moved.starts_at, HOUR);
    assert_eq!(s.busy_min().await, 75);
    booking::reschedule(&s.staff, id, to(NEXT_DAY)).await.expect("proposed");
    let moved = booking::consent(&s.customer, id, None).await.expect("suits");
    assert_eq!(moved.ends_at - moved.starts_at, HOUR);
    assert_eq!(s.busy_min().await, 75);
}
