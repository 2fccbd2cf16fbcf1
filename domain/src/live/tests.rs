use super::*;
use crate::account::{self, CreateToken, SCOPES};
use crate::actor::load_token;
use crate::ctx::{Actor, Ctx, StaffRole};
use crate::event::{Cursor, EventKind, NewEvent};
use crate::id::{AccountId, ProviderId, TokenId};
use crate::outbox;
use crate::provider;
use crate::provider::model::TeamRole;
use crate::world::World;
use sqlx::PgPool;
use std::collections::BTreeMap;

async fn record(world: &World, event: NewEvent) {
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("begins");
    outbox::record(&mut tx, &ctx, event).await.expect("records");
    ctx.commit(tx).await.expect("commits");
}

fn held(provider: ProviderId, minute: i64, kind: EventKind) -> NewEvent {
    NewEvent::new(kind).provider(provider).data(serde_json::json!({ "starts_at": crate::time::Instant::from_millis(minute * 60_000) }))
}

/// Whoever is cut off between two things that one event tells comes back with the place of the first.
#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_missed_between_the_frames_of_one_event(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await.id;
    let ctx = world.system();
    let before = outbox::cursor(&world.db).await.expect("a cursor");
    record(&world, NewEvent::new(EventKind::PaymentPaid).provider(provider).booking(world.new_id())).await;
    let missed = async |after| match list_missed(&ctx, Topic::Provider(provider), after).await.expect("lists") {
        Missed::Frames(frames) => frames,
        Missed::Reload => panic!("too much"),
    };
    let mut told = missed(before).await;
    // tests share a cluster: what a transaction of another one holds back comes a moment later
    while told.is_empty() {
        told = missed(before).await;
    }
    let kinds: Vec<&str> = told.iter().map(|(_, frame)| frame.kind).collect();
    assert_eq!(kinds, [types::BOOKING_STATUS_CHANGED, types::PAYMENT_CONFIRMED]);
    assert_eq!(missed(told[0].1.place).await, told, "both again");
    assert_eq!(missed(told[1].1.place).await, []);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_topic_is_for_those_it_concerns(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let customer = world.ctx_as(world.a_customer().await).await;
    let owner = world.ctx_as(provider.owner).await;
    let admin = world.ctx_as(world.an_admin().await).await;
    let visitor = world.visitor();
    for (topic, ctx, expected) in [
        (Topic::Availability(provider.id), &visitor, "ok"),
        (Topic::Provider(provider.id), &visitor, "unauthenticated"),
        (Topic::Provider(provider.id), &customer, "not_found"),
        (Topic::Provider(provider.id), &owner, "ok"),
        (Topic::Provider(provider.id), &admin, "ok"),
        (Topic::Admin, &owner, "forbidden"),
        (Topic::Admin, &admin, "ok"),
        (Topic::Me(provider.owner), &customer, "unauthenticated"),
        (Topic::Me(provider.owner), &owner, "ok"),
        (Topic::Booking(world.new_id()), &admin, "not_found"),
    ] {
        let got = require_topic(ctx, topic).await;
        assert_eq!(got.as_ref().map_or_else(|e| e.code(), |()| "ok"), expected, "{topic}");
    }
}

/// A program that acts for the account by a token of its own.
async fn program(world: &World, account: AccountId, scopes: &[&str], days: i64) -> (Ctx, TokenId) {
    let input = CreateToken { name: "Script".to_owned(), scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(), days };
    let made = account::create_token(&world.ctx_as(account).await, input).await.expect("made");
    let person = load_token(&world.db, world.now(), &made.secret).await.expect("looked").expect("a person");
    (world.ctx(Actor::Person(Box::new(person))), made.token.id)
}

/// With the scope alone a token listens where its owner may; with every other one it does not.
#[sqlx::test(migrations = "../migrations")]
async fn a_token_listens_to_what_its_scopes_name(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let (customer, admin) = (world.a_customer().await, world.an_admin().await);
    for (who, topic, needed, expected) in [
        (customer, Topic::Me(customer), "bookings:read", "ok"),
        (customer, Topic::Booking(world.new_id()), "bookings:read", "not_found"),
        (customer, Topic::Provider(provider.id), "provider:read", "not_found"),
        (provider.owner, Topic::Provider(provider.id), "provider:read", "ok"),
        (admin, Topic::Admin, "admin:read", "ok"),
    ] {
        let may = |scope: &&str| who == admin || !scope.starts_with("admin:");
        let others: Vec<&str> = SCOPES.iter().map(|(scope, _)| *scope).filter(|scope| *scope != needed).filter(may).collect();
        let ((with, _), (without, _)) = (program(&world, who, &[needed], 1).await, program(&world, who, &others, 1).await);
        for (ctx, expected) in [(&with, expected), (&without, "forbidden")] {
            let got = require_topic(ctx, topic).await;
            assert_eq!(got.as_ref().map_or_else(|e| e.code(), |()| "ok"), expected, "{topic}");
        }
        assert!(require_topic(&without, Topic::Availability(provider.id)).await.is_ok());
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_lives_until_it_is_revoked_or_expires(db: PgPool) {
    let world = World::new(db);
    let account = world.a_customer().await;
    let ((one, id), (two, _)) =
        (program(&world, account, &["profile:read"], 2).await, program(&world, account, &["profile:read"], 1).await);
    let is_alive = async |ctx: &Ctx| look_again(ctx).await.expect("looked").is_some();
    assert!(is_alive(&one).await && is_alive(&two).await);
    account::revoke_token(&world.ctx_as(account).await, id).await.expect("revoked");
    assert_eq!(world.events().await, ["account.session_revoked"], "what makes sockets ask");
    assert!(!is_alive(&one).await && is_alive(&two).await);
    world.pass_days(1);
    assert!(!is_alive(&two).await);
}

/// What a topic answers to whoever listens by this context, as their socket finds when it is in doubt.
async fn heard_again(ctx: &Ctx, topic: Topic) -> String {
    let ctx = look_again(ctx).await.expect("looked").expect("still there");
    require_topic(&ctx, topic).await.map_or_else(|error| error.code().to_owned(), |()| "ok".to_owned())
}

#[sqlx::test(migrations = "../migrations")]
async fn who_loses_a_role_hears_no_more(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let (member, admin, other) = (world.a_customer().await, world.an_admin().await, world.an_admin().await);
    world.add_member(provider.id, member, StaffRole::Member).await;
    let (owner, listens, rules) = (world.ctx_as(provider.owner).await, world.ctx_as(member).await, world.ctx_as(admin).await);
    let (team, desk) = (Topic::Provider(provider.id), Topic::Admin);
    assert_eq!((heard_again(&listens, team).await, heard_again(&rules, desk).await), ("ok".into(), "ok".into()));
    provider::set_role(&owner, provider.id, member, TeamRole::Manager).await.expect("promoted");
    assert_eq!(heard_again(&listens, team).await, "ok");
    provider::remove_member(&owner, provider.id, member).await.expect("removed");
    assert_eq!((heard_again(&listens, team).await, heard_again(&listens, Topic::Me(member)).await), ("not_found".into(), "ok".into()));
    let email = world.email_of(admin).await;
    account::grant_role(&world.ctx_as(other).await, &email, account::Role::Admin, account::Grant::Taken).await.expect("taken");
    assert_eq!(heard_again(&rules, desk).await, "forbidden");

    let doubted: Vec<AccountId> =
        sqlx::query_scalar("select account_id from events order by id").fetch_all(&world.db).await.expect("what makes sockets ask");
    assert_eq!(doubted, [member, member, admin]);
}

/// Commits that overlap in every order: a reader that follows its cursor sees each event exactly once, and what it builds from a snapshot and the frames after it equals a fresh look.
#[sqlx::test(migrations = "../migrations")]
async fn snapshot_plus_events_equals_a_fresh_look(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await.id;
    let ctx = world.visitor();
    // The state under watch: per minute, whether the last event took it.
    let apply = |state: &mut BTreeMap<String, bool>, frame: &Frame| {
        if let (Some(at), Some(is_free)) = (frame.data["starts_at"].as_str(), frame.data["is_free"].as_bool()) {
            state.insert(at.to_owned(), is_free);
        }
    };
    let mut watched = BTreeMap::new();
    let mut cursor = Cursor { epoch: 1, xid: 0, id: 0 };
    let mut open = Vec::new();
    let mut random = 12_345_u64;
    for step in 0..120_i64 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let kind = if random >> 33 & 1 == 0 { EventKind::BookingHeld } else { EventKind::BookingExpired };
        let system = world.system();
        let mut tx = system.begin().await.expect("begins");
        // Own minutes per open transaction, as the overlap constraint would see to.
        outbox::record(&mut tx, &system, held(provider, step, kind)).await.expect("records");
        open.push(tx);
        while open.len() > (random >> 40) as usize % 4 {
            let at = (random >> 50) as usize % open.len();
            system.commit(open.swap_remove(at)).await.expect("commits");
        }
        if step % 7 == 0 {
            follow(&ctx, provider, &mut cursor, |frame| apply(&mut watched, frame)).await;
        }
    }
    for tx in open {
        world.system().commit(tx).await.expect("commits");
    }
    // The horizon is the cluster's: other tests' transactions end soon.
    for _ in 0..200 {
        if !outbox::read_after(&world.db, cursor, None, 1).await.expect("looks").is_any_held_back {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    follow(&ctx, provider, &mut cursor, |frame| apply(&mut watched, frame)).await;
    let mut fresh = BTreeMap::new();
    let mut from_start = Cursor { epoch: 1, xid: 0, id: 0 };
    let mut count = 0;
    follow(&ctx, provider, &mut from_start, |frame| {
        count += 1;
        apply(&mut fresh, frame);
    })
    .await;
    assert_eq!(count, 120);
    assert_eq!(watched, fresh);
}

async fn follow(ctx: &Ctx, provider: ProviderId, cursor: &mut Cursor, mut each: impl FnMut(&Frame)) {
    let Missed::Frames(missed) = list_missed(ctx, Topic::Availability(provider), *cursor).await.expect("lists") else {
        panic!("not too much");
    };
    for (at, frame) in &missed {
        assert!(*at >= *cursor, "in order");
        each(frame);
        *cursor = *at;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn another_life_of_the_database_means_reload(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await.id;
    record(&world, held(provider, 1, EventKind::BookingHeld)).await;
    let old = Cursor { epoch: 7, xid: 1, id: 1 };
    assert!(matches!(list_missed(&world.visitor(), Topic::Availability(provider), old).await.expect("lists"), Missed::Reload));
}
