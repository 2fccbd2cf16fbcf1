//! Keeping a slot: who gets it, how often, and what the answer says, on a real database.

use super as booking;
use super::model::{Address, HoldSlot, Status};
use super::tests::{START, code, details, scene, slot};
use crate::error::{Error, violated};
use crate::id::ServiceId;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_hold_keeps_the_slot_and_freezes_the_price(db: PgPool) {
    let s = scene(db).await;
    s.world.set("services", s.provider.service, "price_minor", "10000").await;
    s.world.set("providers", s.provider.id, "tax_bp", "2000").await;
    let held = booking::hold(&s.customer, slot(s.provider.service, START)).await.expect("held");
    assert_eq!(held.status, Status::Held);
    assert_eq!((held.price.service.minor, held.price.tax.minor, held.price.total.minor), (10_000, 2_000, 12_000));
    assert_eq!(held.hold_expires_at, Some(s.world.now().plus_minutes(15)));
    assert_eq!(held.price.commission, None, "the customer does not see the shares");
    s.world.set("services", s.provider.service, "price_minor", "99900").await;
    assert_eq!(booking::get(&s.customer, held.id).await.expect("found").price.total.minor, 12_000);
    assert_eq!(booking::get(&s.staff, held.id).await.expect("found").price.commission.expect("shown").minor, 1_000);
    assert_eq!(s.world.events().await, ["booking.held"]);
    assert_eq!(s.world.count("select count(*) from audit_entries where action = 'booking.held'").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_answered_is_what_is_stored(db: PgPool) {
    let s = scene(db).await;
    s.world.set("providers", s.provider.id, "tax_bp", "2000").await;
    s.world.set("services", s.provider.service, "mode", "'at_customer'").await;
    s.world.set("services", s.provider.service, "price_minor", "10000").await;
    let extras: [crate::id::AddOnId; 2] = [s.world.new_id(), s.world.new_id()];
    for (id, name) in extras.iter().zip(["Windows", "Balcony"]) {
        sqlx::query("insert into service_add_ons (id, service_id, name, price_minor, extra_min) values ($1, $2, $3, 2500, 15)")
            .bind(uuid::Uuid::from(*id))
            .bind(uuid::Uuid::from(s.provider.service))
            .bind(name)
            .execute(&s.world.db)
            .await
            .expect("an extra");
    }
    let address =
        Address { street: "Rua Nova 3".into(), town: "Lisboa".into(), lat: Some(38.74), lng: Some(-9.1393), ..Address::default() };
    let wanted = HoldSlot {
        resource_id: Some(s.provider.person),
        add_ons: extras.to_vec(),
        notes: "The bell is  broken".into(),
        address: Some(address),
        ..slot(s.provider.service, START)
    };
    for ctx in [s.customer.clone(), s.world.visitor()] {
        let held = booking::hold(&ctx, wanted.clone()).await.expect("held");
        assert_eq!(held, booking::get(&ctx, held.id).await.expect("found"));
        assert_eq!(held, booking::hold(&ctx, wanted.clone()).await.expect("held before"), "asked twice");
        booking::release(&ctx, held.id).await.expect("given back");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn fifty_at_once_and_one_gets_it(db: PgPool) {
    let s = scene(db).await;
    let attempts = (0..50).map(|_| {
        let ctx = s.world.visitor();
        let wanted = slot(s.provider.service, START);
        tokio::spawn(async move { booking::hold(&ctx, wanted).await })
    });
    let attempts: Vec<_> = attempts.collect();
    let mut winners = 0;
    for attempt in attempts {
        match attempt.await.expect("no panic") {
            Ok(_) => winners += 1,
            Err(Error::Refused(refusal)) => {
                assert_eq!(refusal.code, "slot_taken");
                let alternatives = refusal.help["alternatives"].as_array().expect("a list");
                assert!(!alternatives.is_empty());
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(s.live_allocations().await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn overlapping_jobs_with_two_resources_neither_collide_nor_deadlock(db: PgPool) {
    let s = scene(db).await;
    let van = s.world.a_resource(s.provider.id, "vehicle", None).await;
    let colleague = s.world.a_resource(s.provider.id, "person", None).await;
    for service in [s.provider.service, s.world.a_service(s.provider.id, s.provider.category, &[colleague, s.provider.person]).await] {
        sqlx::query("insert into service_things (service_id, resource_id) values ($1, $2)")
            .bind(service)
            .bind(van)
            .execute(&s.world.db)
            .await
            .expect("a need");
    }
    let services: Vec<ServiceId> = sqlx::query_scalar("select id from services").fetch_all(&s.world.db).await.expect("services");
    let starts = ["2026-06-10T10:00:00Z", "2026-06-10T10:30:00Z"];
    let attempts: Vec<_> = (0..40)
        .map(|n| {
            let ctx = s.world.visitor();
            let wanted = slot(services[n % services.len()], starts[n / 2 % 2]);
            tokio::spawn(async move { booking::hold(&ctx, wanted).await })
        })
        .collect();
    let mut winners = 0;
    for attempt in attempts {
        match attempt.await.expect("no panic") {
            Ok(_) => winners += 1,
            Err(error) => assert_eq!(error.code(), "slot_taken"),
        }
    }
    // One van: an hour from 10:00 or from 10:30, never both.
    assert_eq!(winners, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn asking_twice_gives_the_same_hold_and_three_are_enough(db: PgPool) {
    let s = scene(db).await;
    let first = s.held().await;
    assert_eq!(s.held().await, first);
    for start in ["2026-06-10T12:00:00Z", "2026-06-10T14:00:00Z"] {
        booking::hold(&s.customer, slot(s.provider.service, start)).await.expect("held");
    }
    let fourth = booking::hold(&s.customer, slot(s.provider.service, "2026-06-10T16:00:00Z")).await;
    assert_eq!(code(fourth), "too_many_holds");
    s.world.pass_minutes(16);
    booking::hold(&s.customer, slot(s.provider.service, "2026-06-10T16:00:00Z")).await.expect("expired holds do not count");
}

#[sqlx::test(migrations = "../migrations")]
async fn clicking_many_times_at_once_gives_one_hold(db: PgPool) {
    let s = scene(db).await;
    let colleague = s.world.a_resource(s.provider.id, "person", None).await;
    // with nobody else who could do it, too
    for (team, live) in [(vec![s.provider.person, colleague], 1), (vec![s.world.a_resource(s.provider.id, "person", None).await], 2)] {
        let service = s.world.a_service(s.provider.id, s.provider.category, &team).await;
        let clicks = (0..20).map(|_| {
            let (ctx, wanted) = (s.customer.clone(), slot(service, START));
            tokio::spawn(async move { booking::hold(&ctx, wanted).await })
        });
        let clicks: Vec<_> = clicks.collect();
        let mut held = std::collections::BTreeSet::new();
        for click in clicks {
            held.insert(click.await.expect("no panic").expect("held").id);
        }
        assert_eq!((held.len(), s.live_allocations().await), (1, live));
    }
}

/// Nobody else can take what somebody already has, but they are given it again, also when others have the rest of the team.
#[sqlx::test(migrations = "../migrations")]
async fn whoever_has_the_start_is_given_it_again(db: PgPool) {
    let s = scene(db).await;
    let colleague = s.world.a_resource(s.provider.id, "person", None).await;
    let service = s.world.a_service(s.provider.id, s.provider.category, &[s.provider.person, colleague]).await;
    let (one, two) = (s.world.visitor(), s.world.visitor());
    let mut first = Vec::new();
    for ctx in [&one, &two] {
        first.push(booking::hold(ctx, slot(service, START)).await.expect("held").id);
    }
    for (ctx, id) in [(&two, first[1]), (&one, first[0])] {
        assert_eq!(booking::hold(ctx, slot(service, START)).await.expect("asked twice").id, id);
    }
    assert_eq!(code(booking::hold(&s.customer, slot(service, START)).await), "slot_taken");
    // the same person's other service is another thing
    assert_eq!(code(booking::hold(&one, slot(s.provider.service, START)).await), "slot_taken");
    assert_eq!(s.live_allocations().await, 2);
    s.world.pass_minutes(16);
    assert!(!first.contains(&booking::hold(&one, slot(service, START)).await.expect("held anew").id), "what has run out is nobody's");
}

/// Held by the database, whatever the code says.
#[sqlx::test(migrations = "../migrations")]
async fn nobody_is_booked_for_somebody_elses_service(db: PgPool) {
    let s = scene(db).await;
    s.held().await;
    let other = s.world.a_provider().await.id;
    for (table, guard) in [("bookings", "bookings_service_of_provider"), ("allocations", "allocations_resource_of_provider")] {
        let statement = sqlx::AssertSqlSafe(format!("update {table} set provider_id = $1"));
        let error = sqlx::query(statement).bind(other).execute(&s.world.db).await.expect_err("refused");
        assert_eq!(violated(&error), Some(guard));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn parallel_holds_of_one_visitor_stop_at_three(db: PgPool) {
    let s = scene(db).await;
    let visitor = s.world.visitor();
    let attempts: Vec<_> = (9..17)
        .map(|hour| {
            let (ctx, wanted) = (visitor.clone(), slot(s.provider.service, &format!("2026-06-10T{hour:02}:00:00Z")));
            tokio::spawn(async move { booking::hold(&ctx, wanted).await })
        })
        .collect();
    let mut held = 0;
    for attempt in attempts {
        match attempt.await.expect("no panic") {
            Ok(_) => held += 1,
            Err(error) => assert_eq!(error.code(), "too_many_holds"),
        }
    }
    assert_eq!(held, 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_expired_hold_is_free_at_once_and_announced_by_the_duty(db: PgPool) {
    let s = scene(db).await;
    let first = s.held().await;
    s.world.pass_minutes(15);
    let other = s.world.visitor();
    let second = booking::hold(&other, slot(s.provider.service, START)).await.expect("free again").id;
    assert_ne!(first, second);
    booking::jobs::expire_holds(&s.world.system()).await.expect("runs");
    assert_eq!(s.status(first).await, Status::Expired);
    assert_eq!(s.status(second).await, Status::Held);
    assert_eq!(s.live_allocations().await, 1);
    assert_eq!(code(booking::check_out(&s.customer, first, details()).await), "hold_expired");
    assert_eq!(s.world.events().await.iter().filter(|kind| *kind == "booking.expired").count(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn refusals_say_what_is_wrong(db: PgPool) {
    let s = scene(db).await;
    for (start, expected) in [
        ("2026-06-10T03:00:00Z", "not_available"),
        ("2026-06-09T08:30:00Z", "not_available"),
        ("2020-01-01T10:00:00Z", "not_available"),
        ("2099-01-01T10:00:00Z", "not_available"),
        ("2026-06-10T10:07:00Z", "not_available"),
    ] {
        assert_eq!(code(booking::hold(&s.customer, slot(s.provider.service, start)).await), expected, "{start}");
    }
    let unknown: ServiceId = s.world.new_id();
    assert_eq!(code(booking::hold(&s.customer, slot(unknown, START)).await), "not_found");
    let foreign = HoldSlot { add_ons: vec![s.world.new_id()], ..slot(s.provider.service, START) };
    assert_eq!(code(booking::hold(&s.customer, foreign).await), "unknown_add_on");
    s.world.set("providers", s.provider.id, "status", "'suspended'").await;
    assert_eq!(code(booking::hold(&s.customer, slot(s.provider.service, START)).await), "not_bookable");
}
