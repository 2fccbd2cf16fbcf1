//! Clocks that jump: what has expired once opens nothing again.

use super::link::{LinkPurpose, find_link, issue_link, use_link};
use super::{CreateToken, create_token};
use crate::actor::load_token;
use crate::ctx::{Actor, Ctx, Person};
use crate::time::{DAY, HOUR};
use crate::world::World;
use serde_json::json;
use sqlx::PgPool;

async fn link(world: &World) -> String {
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("begins");
    let secret = issue_link(&mut tx, &ctx, LinkPurpose::ResetPassword, None, json!({}), 60).await.expect("a link");
    ctx.commit(tx).await.expect("commits");
    secret
}

async fn opens(ctx: &Ctx, secret: &str) -> bool {
    let mut tx = ctx.begin().await.expect("begins");
    use_link(&mut tx, ctx, LinkPurpose::ResetPassword, secret).await.is_ok()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_link_that_came_too_late_stays_dead(db: PgPool) {
    let world = World::new(db);
    let ctx = world.system();
    for by in [HOUR, DAY, 365 * DAY] {
        let (seen, used) = (link(&world).await, link(&world).await);
        world.jump(by);
        assert!(find_link(&ctx, LinkPurpose::ResetPassword, &seen).await.expect("looks").is_none());
        assert!(!opens(&ctx, &used).await);
        world.jump(-by);
        for secret in [&seen, &used] {
            assert!(find_link(&ctx, LinkPurpose::ResetPassword, secret).await.expect("looks").is_none(), "after {by} ms");
            assert!(!opens(&ctx, secret).await, "after {by} ms");
        }
        // One that nobody showed meanwhile was never late.
        let fresh = link(&world).await;
        world.jump(-by);
        assert!(opens(&ctx, &fresh).await);
        world.jump(by);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_that_came_too_late_stays_dead(db: PgPool) {
    let world = World::new(db);
    let account = world.a_customer().await;
    let Actor::Person(person) = world.ctx_as(account).await.actor else { panic!("a person") };
    let ctx = world.ctx(Actor::Person(Box::new(Person { session: Some(world.new_id()), ..*person })));
    let input = || CreateToken { name: "mine".to_owned(), scopes: vec!["profile:read".to_owned()], days: 30 };
    for by in [31 * DAY, 365 * DAY] {
        let secret = create_token(&ctx, input()).await.expect("a token").secret;
        assert!(load_token(&world.db, world.now(), &secret).await.expect("asks").is_some());
        world.jump(by);
        assert!(load_token(&world.db, world.now(), &secret).await.expect("asks").is_none());
        world.jump(-by);
        assert!(load_token(&world.db, world.now(), &secret).await.expect("asks").is_none(), "after {by} ms");
    }
}
