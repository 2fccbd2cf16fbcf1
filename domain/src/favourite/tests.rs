//! Favourites on a real database.

use crate::world::World;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn marking_twice_is_marking_once(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let me = world.ctx_as(world.a_customer().await).await;
    super::add(&me, provider.id).await.expect("marked");
    super::add(&me, provider.id).await.expect("marked again");
    assert_eq!(super::list(&me).await.expect("a list"), [provider.id]);
    let other = world.ctx_as(world.a_customer().await).await;
    assert!(!super::is_favourite(&other, provider.id).await.expect("an answer"));
    super::remove(&me, provider.id).await.expect("unmarked");
    super::remove(&me, provider.id).await.expect("unmarked again");
    assert!(super::list(&me).await.expect("a list").is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn only_active_providers_are_marked(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    world.set("providers", provider.id, "status", "'suspended'").await;
    let me = world.ctx_as(world.a_customer().await).await;
    assert_eq!(super::add(&me, provider.id).await.expect_err("suspended").code(), "not_found");
}
