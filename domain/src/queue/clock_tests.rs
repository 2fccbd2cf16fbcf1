//! Clocks that jump, forward and back.

use super::*;
use crate::world::{JUMPS, World};
use sqlx::PgPool;

async fn put(world: &World, key: String) {
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("begins");
    enqueue(&mut tx, &ctx, NewJob::new("spine.react", serde_json::json!({"event_id": 1})).once(key)).await.expect("enqueues");
    ctx.commit(tx).await.expect("commits");
}

/// The intervals of an hour ago have been claimed, and that hour comes once more.
#[sqlx::test(migrations = "../migrations")]
async fn duties_go_on(db: PgPool) {
    let world = World::new(db);
    let old = "select count(*) from rate_windows";
    for by in JUMPS {
        for _ in 0..13 {
            run_due_duties(&world.house).await.expect("runs");
            world.pass_minutes(10);
        }
        world.jump(by);
        let hour_ago = world.now().plus_hours(-1);
        let row = "insert into rate_windows (key, window_start, count) values ('x', $1, 1)";
        sqlx::query(row).bind(hour_ago).execute(&world.db).await.expect("a row that the sweep takes away");
        run_due_duties(&world.house).await.expect("runs");
        world.pass_minutes(11);
        run_due_duties(&world.house).await.expect("runs");
        assert_eq!(world.count(old).await, 0, "the sweep has not run since the clock went by {by} ms");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn jobs_are_done_soon_all_the_same(db: PgPool) {
    let world = World::new(db);
    for by in JUMPS {
        let now = world.now();
        put(&world, format!("leased {by}")).await;
        let leased = lease(&world.db, Lane::Rest, "one", now, now.plus_seconds(LEASE_S), 10).await.expect("leases");
        assert_eq!(leased.len(), 1, "its worker dies");
        put(&world, format!("put off {by}")).await;
        let failed = lease(&world.db, Lane::Rest, "one", now, now.plus_seconds(LEASE_S), 10).await.expect("leases");
        put_off(&world.db, "one", failed[0].id, now, Some(now.plus_hours(1)), "the gateway is gone").await.expect("puts off");
        put(&world, format!("new {by}")).await;
        world.jump(by);
        run_due_duties(&world.house).await.expect("runs");
        // Nothing waits longer.
        world.pass_minutes(121);
        run_due_duties(&world.house).await.expect("runs");
        world.run_jobs().await;
        assert_eq!(world.count("select count(*) from jobs where finished_at is null").await, 0, "after a jump by {by} ms");
        assert_eq!(world.count("select count(*) from jobs where dead_at is not null").await, 0);
    }
}
