//! Different people who book in the same moment: each gets theirs, by few statements, and none waits for another's trouble.

use super as booking;
use super::model::{BookingView, HoldSlot};
use super::tests::{START, code, slot};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::id::{ResourceId, ServiceId};
use crate::world::World;
use sqlx::PgPool;
use tokio::task::JoinHandle;

/// A provider with so many people, of whom each does the service.
async fn team(world: &World, people: usize) -> (ServiceId, Vec<ResourceId>) {
    let provider = world.a_provider().await;
    let mut team = vec![provider.person];
    while team.len() < people {
        team.push(world.a_resource(provider.id, "person", None).await);
    }
    (world.a_service(provider.id, provider.category, &team).await, team)
}

fn hold(ctx: Ctx, service: ServiceId, person: ResourceId, notes: &str) -> JoinHandle<Result<BookingView>> {
    try_hold(ctx, HoldSlot { resource_id: Some(person), notes: notes.to_owned(), ..slot(service, START) })
}

fn hold_later(ctx: Ctx, service: ServiceId, person: ResourceId) -> JoinHandle<Result<BookingView>> {
    try_hold(ctx, HoldSlot { resource_id: Some(person), ..slot(service, "2026-06-10T13:00:00Z") })
}

fn try_hold(ctx: Ctx, wanted: HoldSlot) -> JoinHandle<Result<BookingView>> {
    tokio::spawn(async move { booking::hold(&ctx, wanted).await })
}

/// Reads the terms, so that those who come next need nothing but the statement that writes.
async fn warm(world: &World, service: ServiceId) {
    let visitor = world.visitor();
    let held = booking::hold(&visitor, slot(service, START)).await.expect("held");
    booking::release(&visitor, held.id).await.expect("given back");
}

async fn all(holds: Vec<JoinHandle<Result<BookingView>>>) -> Vec<Result<BookingView>> {
    let mut answers = Vec::new();
    for hold in holds {
        answers.push(hold.await.expect("no panic"));
    }
    answers
}

#[sqlx::test(migrations = "../migrations")]
async fn those_who_book_at_once_are_written_together(db: PgPool) {
    let world = World::new(db);
    let (service, people) = team(&world, 20).await;
    warm(&world, service).await;
    let customers: Vec<Ctx> = people.iter().map(|_| world.visitor()).collect();
    let holds = people.iter().zip(&customers).map(|(&person, ctx)| hold(ctx.clone(), service, person, "Mind the step")).collect();
    for ((answer, person), ctx) in all(holds).await.into_iter().zip(&people).zip(&customers) {
        let held = answer.expect("held");
        assert_eq!(held.person.as_ref().map(|one| one.id), Some(*person));
        assert_eq!(held, booking::get(ctx, held.id).await.expect("theirs"));
    }
    let by = "select count(distinct request_id) from audit_entries
        where action = 'booking.held' and actor_kind = 'visitor' and address = '127.0.0.1' and subject_id in (select id::text from bookings)";
    assert_eq!(world.count(by).await, 21, "each under its own name, and the one that was given back");
    assert_eq!(world.count("select count(*) from allocations where is_live").await, 20);
    let transactions = world.count("select count(distinct xmin::text) from bookings where status = 'held'").await;
    assert!(transactions < 10, "{transactions} transactions for 20 bookings");
}

/// Somebody else is at work on one of them, or on a customer's account, for as long as they like.
#[sqlx::test(migrations = "../migrations")]
async fn nobody_waits_for_somebody_elses_person_or_account(db: PgPool) {
    let world = World::new(db);
    let (service, people) = team(&world, 6).await;
    warm(&world, service).await;
    let account = world.a_customer().await;
    let customer = world.ctx_as(account).await;
    for (lock, id) in [
        ("select from resources where id = $1 for update", uuid::Uuid::from(people[0])),
        ("select from accounts where id = $1 for update", account.into()),
    ] {
        one_waits_and_others_do_not(&world, service, &people, customer.clone(), lock, id).await;
    }
}

async fn one_waits_and_others_do_not(
    world: &World,
    service: ServiceId,
    people: &[ResourceId],
    first: Ctx,
    lock: &'static str,
    id: uuid::Uuid,
) {
    let mut tx = world.db.begin().await.expect("a transaction");
    sqlx::query(lock).bind(id).execute(&mut *tx).await.expect("locked");
    let others: Vec<Ctx> = people[1..].iter().map(|_| world.visitor()).collect();
    let everyone = std::iter::once(&first).chain(&others);
    let mut holds: Vec<_> = everyone.zip(people).map(|(ctx, &person)| hold(ctx.clone(), service, person, "")).collect();
    let waiting = holds.remove(0);
    let mut held = Vec::new();
    for (answer, ctx) in all(holds).await.into_iter().zip(&others) {
        held.push((ctx, answer.expect("held").id));
    }
    assert!(!waiting.is_finished());
    tx.rollback().await.expect("let go");
    held.push((&first, waiting.await.expect("no panic").expect("held").id));
    for (ctx, id) in held {
        booking::release(ctx, id).await.expect("given back");
    }
}

type Connections = Vec<sqlx::pool::PoolConnection<sqlx::Postgres>>;

/// A hold that is being written, and all connections: while they are kept, nothing is.
async fn one_under_way(world: &World, service: ServiceId, person: ResourceId) -> (Connections, JoinHandle<Result<BookingView>>) {
    let mut kept = Vec::new();
    for _ in 0..world.db.options().get_max_connections() {
        kept.push(world.db.acquire().await.expect("a connection"));
    }
    let first = hold(world.visitor(), service, person, "");
    stands(world, (0, 0, 2)).await;
    (kept, first)
}

/// Waits until so many wait, want and are engaged.
async fn stands(world: &World, count: (usize, usize, usize)) {
    let waiting = async {
        while world.house.together.count() != count {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(30), waiting).await;
    waited.unwrap_or_else(|_| panic!("{:?} instead of {count:?}", world.house.together.count()));
}

/// Whoever leaves while they wait is not given what nobody would pay for.
#[sqlx::test(migrations = "../migrations")]
async fn whoever_has_gone_gets_nothing(db: PgPool) {
    let world = World::new(db);
    let (service, people) = team(&world, 4).await;
    warm(&world, service).await;
    let (kept, first) = one_under_way(&world, service, people[0]).await;
    let second = hold(world.visitor(), service, people[1], "");
    let gone = hold(world.visitor(), service, people[2], "");
    stands(&world, (2, 4, 2)).await;
    gone.abort();
    assert!(gone.await.expect_err("ended").is_cancelled());
    stands(&world, (1, 2, 2)).await;
    drop(kept);
    for one in [first, second] {
        one.await.expect("no panic").expect("held");
    }
    assert_eq!(world.count("select count(*) from bookings where status = 'held'").await, 2);
    hold(world.visitor(), service, people[2], "").await.expect("no panic").expect("as free as before");
}

/// One person at two times: whoever wants the other is in the next statement, with whoever else has come by then.
#[sqlx::test(migrations = "../migrations")]
async fn whoever_wants_what_is_being_written_is_in_the_next_statement(db: PgPool) {
    let world = World::new(db);
    let (service, people) = team(&world, 3).await;
    warm(&world, service).await;
    let (kept, first) = one_under_way(&world, service, people[0]).await;
    let later = hold_later(world.visitor(), service, people[0]);
    let other = hold(world.visitor(), service, people[1], "");
    stands(&world, (2, 4, 2)).await;
    drop(kept);
    for answer in all(vec![first, later, other]).await {
        answer.expect("held");
    }
    assert_eq!(world.count("select count(distinct xmin::text) from bookings where status = 'held'").await, 2);
}

/// A second writer, whom many bring, leaves alone what the first one writes.
#[sqlx::test(migrations = "../migrations")]
async fn nobody_is_in_two_statements_at_once(db: PgPool) {
    let world = World::new(db);
    let (service, people) = team(&world, 9).await;
    warm(&world, service).await;
    let (kept, first) = one_under_way(&world, service, people[0]).await;
    let mut holds = vec![first, hold_later(world.visitor(), service, people[0])];
    stands(&world, (1, 2, 2)).await;
    holds.extend(people[1..].iter().map(|&person| hold(world.visitor(), service, person, "")));
    // eight others bring it
    stands(&world, (1, 2, 18)).await;
    drop(kept);
    for answer in all(holds).await {
        answer.expect("held");
    }
    stands(&world, (0, 0, 0)).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_fails_for_one_is_no_failure_of_the_others(db: PgPool) {
    let world = World::new(db);
    let (service, people) = team(&world, 6).await;
    warm(&world, service).await;
    let constraint = "alter table bookings add constraint no_jinx check (notes <> 'jinx')";
    // an error of no class that one would expect
    let trigger = "alter table bookings drop constraint no_jinx;
        create function no_jinx() returns trigger language plpgsql as $$ begin raise exception 'a jinx'; end $$;
        create trigger no_jinx before insert on bookings for each row when (new.notes = 'jinx') execute function no_jinx()";
    for rule in [constraint, trigger] {
        sqlx::raw_sql(rule).execute(&world.db).await.expect("a rule");
        let notes = |at: usize| if at == 3 { "jinx" } else { "" };
        let visitors: Vec<Ctx> = people.iter().map(|_| world.visitor()).collect();
        let holds = people.iter().zip(&visitors).enumerate();
        let holds = holds.map(|(at, (&person, ctx))| hold(ctx.clone(), service, person, notes(at))).collect();
        for ((at, answer), ctx) in all(holds).await.into_iter().enumerate().zip(&visitors) {
            assert_eq!(answer.is_ok(), at != 3, "{rule} {at}");
            if let Ok(held) = answer {
                booking::release(ctx, held.id).await.expect("given back");
            }
        }
    }
}

/// In one moment, by one customer or for one person, who is booked already, too: as if one came after the other.
#[sqlx::test(migrations = "../migrations")]
async fn rules_hold_for_those_who_come_together(db: PgPool) {
    let world = World::new(db);
    let (service, people) = team(&world, 8).await;
    warm(&world, service).await;
    let greedy = world.visitor();
    let first = booking::hold(&world.visitor(), HoldSlot { resource_id: Some(people[0]), ..slot(service, START) }).await;
    first.expect("held");
    let mut holds = vec![hold(world.visitor(), service, people[0], "")];
    holds.extend((1..6).map(|at| hold(world.visitor(), service, people[at], "")));
    holds.extend(
        ["11:30", "13:00", "14:30", "16:00"]
            .map(|time| try_hold(greedy.clone(), HoldSlot { resource_id: None, ..slot(service, &format!("2026-06-10T{time}:00Z")) })),
    );
    let mut answers = all(holds).await;
    assert_eq!(code(answers.remove(0)), "slot_taken");
    let greedys = answers.split_off(5);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let (held, refused): (Vec<_>, Vec<_>) = greedys.into_iter().partition(Result::is_ok);
    assert_eq!(held.len(), 3);
    assert!(refused.into_iter().all(|answer| code(answer) == "too_many_holds"));
}
