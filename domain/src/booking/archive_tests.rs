//! Whoever leaves the team while someone books them.

use super as booking;
use super::tests::{START, code, scene, slot};
use sqlx::PgPool;

/// The terms that a hold comes with are looked at before it waits for its person, who is archived meanwhile.
#[sqlx::test(migrations = "../migrations")]
async fn whoever_is_archived_meanwhile_is_not_booked(db: PgPool) {
    let s = scene(db).await;
    // so that the terms are kept
    let before = s.held().await;
    booking::release(&s.customer, before).await.expect("given back");
    let mut leaving = s.world.db.begin().await.expect("begins");
    sqlx::query("update resources set archived_at = created_at where id = $1")
        .bind(s.provider.person)
        .execute(&mut *leaving)
        .await
        .expect("is archived");
    let (ctx, wanted) = (s.customer.clone(), slot(s.provider.service, START));
    let holding = tokio::spawn(async move { booking::hold(&ctx, wanted).await });
    s.world.until_it_waits(&holding).await;
    leaving.commit().await.expect("commits");
    assert_eq!(code(holding.await.expect("no panic")), "not_bookable");
    assert_eq!(s.live_allocations().await, 0);
}
