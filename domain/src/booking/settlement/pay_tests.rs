//! Beginning to pay when there are few connections.

use super::tests::{held, scene};
use super::{Pay, pay};
use crate::ctx::Ctx;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::time::Duration;

/// Whoever keeps a connection and waits for another waits for the others who do the same.
#[sqlx::test(migrations = "../migrations")]
async fn as_many_as_there_are_connections_pay_at_once(db: PgPool) {
    let options = PgConnectOptions::clone(&db.connect_options());
    let two =
        PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(5)).connect_with(options).await.expect("connects");
    let scene = scene(db).await;
    let other = scene.world.ctx_as(scene.world.a_customer().await).await;
    let later = held(&scene.world, &other, scene.provider.service, "2026-06-10T12:00:00Z").await;
    let narrow = scene.world.another_house(two.clone());
    let mut both = scene.world.db.begin().await.expect("begins");
    sqlx::query("select from bookings for update").execute(&mut *both).await.expect("locks");
    let paying = [(scene.ctx.actor.clone(), scene.booking), (other.actor.clone(), later)].map(|(actor, id)| {
        let ctx = Ctx::new(narrow.clone(), actor, "narrow".to_owned(), None);
        tokio::spawn(async move { pay(&ctx, id, Pay::default()).await })
    });
    // each has a connection by now
    scene.world.until_they_wait(&paying).await;
    both.rollback().await.expect("lets go");
    for one in paying {
        one.await.expect("no panic").expect("a payment");
    }
    assert_eq!(scene.world.gateway.intents().len(), 2);
    two.close().await;
}
