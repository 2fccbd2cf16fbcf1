use super::*;
use crate::time::Instant;
use crate::world::World;
use sqlx::PgPool;

async fn put(world: &World, kind: &'static str, key: &str) {
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("begins");
    enqueue(&mut tx, &ctx, NewJob::new(kind, serde_json::json!({"event_id": 1})).once(key)).await.expect("enqueues");
    ctx.commit(tx).await.expect("commits");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_one_live_job(db: PgPool) {
    let world = World::new(db);
    put(&world, "spine.react", "a").await;
    put(&world, "spine.react", "a").await;
    put(&world, "spine.react", "b").await;
    assert_eq!(world.count("select count(*) from jobs").await, 2);
    world.run_jobs().await;
    assert!(world.jobs_left().await.is_empty());
    put(&world, "spine.react", "a").await;
    assert_eq!(world.jobs_left().await, ["spine.react"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_killed_workers_jobs_come_back(db: PgPool) {
    let world = World::new(db);
    put(&world, "spine.react", "a").await;
    let until = world.now().plus_seconds(60);
    let first = lease(&world.db, Lane::Rest, "one", world.now(), until, 10).await.expect("leases");
    assert_eq!(first.len(), 1);
    assert!(lease(&world.db, Lane::Rest, "two", world.now(), until, 10).await.expect("leases").is_empty(), "it is taken");
    world.pass_minutes(2);
    let second = lease(&world.db, Lane::Rest, "two", world.now(), world.now().plus_seconds(60), 10).await.expect("leases");
    assert_eq!((second.len(), second[0].attempts), (1, 2));
    // The first worker was only slow: what it says no longer counts.
    finish(&world.db, "one", first[0].id, world.now()).await.expect("is ignored");
    assert_eq!(world.count("select count(*) from jobs where finished_at is null").await, 1);
}

/// It may be what they died of.
#[sqlx::test(migrations = "../migrations")]
async fn a_job_whose_workers_die_is_not_tried_for_ever(db: PgPool) {
    let world = World::new(db);
    put(&world, "spine.react", "a").await;
    let mut deaths = 0;
    while let [_] = lease(&world.db, Lane::Rest, "one", world.now(), world.now().plus_seconds(LEASE_S), 10).await.expect("leases")[..] {
        deaths += 1;
        assert!(deaths <= 20, "it is tried again and again");
        world.pass_minutes(1);
    }
    assert_eq!(deaths, 20);
    assert_eq!(world.count("select count(*) from jobs where dead_at is not null and last_error is not null").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_death_delays_its_jobs_by_seconds_only(db: PgPool) {
    let world = World::new(db);
    put(&world, "spine.react", "a").await;
    let now = world.now();
    lease(&world.db, Lane::Rest, "one", now, now.plus_seconds(LEASE_S), 10).await.expect("leases");
    world.clock.set(now.plus_seconds(20));
    assert_eq!(run_due(&world.house, "two", 10).await.expect("runs"), 1);
    assert!(world.jobs_left().await.is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn letters_that_wait_hold_up_no_money(db: PgPool) {
    let world = World::new(db);
    for key in ["a", "b", "c"] {
        put(&world, "notify.send", key).await;
    }
    put(&world, "scheduling.import_calendar", "d").await;
    put(&world, "payment.settle", "e").await;
    let until = world.now().plus_seconds(LEASE_S);
    for (lane, kinds) in [
        (Lane::Money, vec!["payment.settle"]),
        (Lane::Calendars, vec!["scheduling.import_calendar"]),
        (Lane::Rest, vec!["notify.send", "notify.send"]),
    ] {
        let taken = lease(&world.db, lane, "one", world.now(), until, 2).await.expect("leases");
        assert_eq!(taken.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), kinds);
    }
}

/// What is leased and not begun waits until its lease ends.
#[sqlx::test(migrations = "../migrations")]
async fn nobody_takes_more_than_there_is_room_for(db: PgPool) {
    let world = World::new(db);
    put(&world, "spine.react", "first").await;
    // The planner believes in a table of one row from here on, and chooses its plans for that.
    sqlx::query("analyze jobs").execute(&world.db).await.expect("analyses");
    for key in 0..30 {
        put(&world, "spine.react", &key.to_string()).await;
    }
    let taken = lease(&world.db, Lane::Rest, "one", world.now(), world.now().plus_seconds(LEASE_S), 4).await.expect("leases");
    assert_eq!(taken.len(), 4);
    assert_eq!(world.count("select count(*) from jobs where leased_until is not null").await, 4);
}

/// However many letters wait, finding the next job about money reads none of them.
#[sqlx::test(migrations = "../migrations")]
async fn money_is_found_without_reading_the_letters(db: PgPool) {
    let world = World::new(db);
    put(&world, "payment.settle", "money").await;
    sqlx::query("analyze jobs").execute(&world.db).await.expect("analyses");
    sqlx::query(
        "insert into jobs (id, kind, payload, run_at, created_at)
         select gen_random_uuid(), 'notify.send', '{}', $1::timestamptz - interval '1 hour', $1 from generate_series(1, 5000)",
    )
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("letters");
    let mut tx = world.db.begin().await.expect("begins");
    // as for a connection that has asked many times, for every lane
    sqlx::query("set local plan_cache_mode = force_generic_plan").execute(&mut *tx).await.expect("is set");
    let taken = lease(&mut *tx, Lane::Money, "one", world.now(), world.now().plus_seconds(LEASE_S), 4).await.expect("leases");
    assert_eq!(taken.len(), 1);
    let read: i64 = sqlx::query_scalar(
        "select coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) from pg_stat_xact_user_tables where relname = 'jobs'",
    )
    .fetch_one(&mut *tx)
    .await
    .expect("counts");
    assert!((1..10).contains(&read), "{read} rows were read");
}

#[sqlx::test(migrations = "../migrations")]
async fn failures_wait_longer_each_time_and_end_as_dead_letters(db: PgPool) {
    let world = World::new(db);
    put(&world, "no.such.job", "a").await;
    let mut waits = Vec::new();
    for _ in 0..20 {
        assert_eq!(run_due(&world.house, "one", 10).await.expect("runs"), 1);
        let due: Option<Instant> =
            sqlx::query_scalar("select run_at from jobs where dead_at is null").fetch_optional(&world.db).await.expect("asks");
        let Some(due) = due else { break };
        waits.push(due - world.now());
        assert_eq!(run_due(&world.house, "one", 10).await.expect("runs"), 0, "not before its time");
        world.clock.set(due);
    }
    assert_eq!(waits.len(), 19);
    assert!(waits[0] >= 1500 && waits[0] <= 2500, "{waits:?}");
    assert!(waits.iter().all(|&wait| wait <= 4_500_000) && waits[18] >= 2_700_000, "{waits:?}");
    assert_eq!(world.count("select count(*) from jobs where dead_at is not null and last_error is not null").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn two_workers_share_the_work(db: PgPool) {
    let world = World::new(db);
    for key in 0..40 {
        put(&world, "spine.react", &key.to_string()).await;
    }
    let run = |name: &'static str| {
        let house = world.house.clone();
        async move {
            let mut done = 0;
            while let Ok(more @ 1..) = run_due(&house, name, 3).await {
                done += more;
            }
            done
        }
    };
    let (one, two) = tokio::join!(run("one"), run("two"));
    assert_eq!(one + two, 40);
    assert_eq!(world.count("select count(*) from jobs where attempts <> 1").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_duty_runs_once_per_interval(db: PgPool) {
    let world = World::new(db);
    run_due_duties(&world.house).await.expect("runs");
    let once = world.count("select count(*) from cron_runs").await;
    run_due_duties(&world.house).await.expect("runs");
    assert_eq!(world.count("select count(*) from cron_runs").await, once);
    world.pass_minutes(60);
    run_due_duties(&world.house).await.expect("runs");
    assert!(world.count("select count(*) from cron_runs").await > once);
}
