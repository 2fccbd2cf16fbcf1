//! Money that arrives when its hold has run out, or is being replaced.

use super::receive;
use super::tests::{START, Scene, held, scene};
use crate::booking;
use crate::booking::model::{HoldSlot, Status};
use crate::booking::tests::slot;
use crate::id::{AddOnId, ResourceId};
use crate::world::World;
use sqlx::PgPool;

/// Fifteen minutes, the ten that paying adds, and one more. The duty that announces it has not come by.
const UNTIL_IT_HAS_RUN_OUT_MIN: i64 = 26;

impl Scene {
    async fn money_arrives(&self) {
        self.world.gateway.customer_pays(&self.intent());
        self.message("evt_late").await;
    }
    async fn person(&self) -> ResourceId {
        booking::get(&self.world.system(), self.booking).await.expect("the booking").person.expect("someone does it").id
    }
    /// Nothing is booked, and everything that was paid is on its way back.
    async fn goes_back_whole(&self) {
        assert_ne!(self.status().await, Status::Confirmed);
        self.work().await;
        assert_eq!(self.world.gateway.refunded_minor(), 10_500);
        assert_eq!(self.balance_of_provider().await, 0);
        self.is_right().await;
    }
}

/// A hold that keeps its person and a van.
async fn with_a_van(db: PgPool) -> Scene {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let van = world.a_resource(provider.id, "vehicle", None).await;
    sqlx::query("insert into service_things (service_id, resource_id) values ($1, $2)")
        .bind(provider.service)
        .bind(van)
        .execute(&world.db)
        .await
        .expect("a need");
    let ctx = world.ctx_as(world.a_customer().await).await;
    let booking = held(&world, &ctx, provider.service, START).await;
    Scene { world, provider, ctx, booking }
}

/// A hold of a service that two people do. The second has the hours given, in minutes from midnight, or the house's.
async fn with_a_colleague(db: PgPool, hours: Option<(i32, i32)>) -> Scene {
    let world = World::new(db);
    let mut provider = world.a_provider().await;
    let colleague = world.a_resource(provider.id, "person", None).await;
    if let Some((from_min, to_min)) = hours {
        world.a_schedule(provider.id, Some(colleague), from_min, to_min).await;
    }
    provider.service = world.a_service(provider.id, provider.category, &[provider.person, colleague]).await;
    let ctx = world.ctx_as(world.a_customer().await).await;
    let booking = held(&world, &ctx, provider.service, START).await;
    Scene { world, provider, ctx, booking }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_left_of_a_hold_is_not_confirmed(db: PgPool) {
    let scene = with_a_van(db).await;
    scene.pay().await;
    scene.world.pass_minutes(UNTIL_IT_HAS_RUN_OUT_MIN);
    let without_van = scene.world.a_service(scene.provider.id, scene.provider.category, &[scene.provider.person]).await;
    let other = scene.world.ctx_as(scene.world.a_customer().await).await;
    held(&scene.world, &other, without_van, START).await;
    scene.money_arrives().await;
    scene.goes_back_whole().await;
    let of_the_person = "select count(*) from allocations a join resources r on r.id = a.resource_id where a.is_live and r.kind = 'person'";
    assert_eq!(scene.world.count(of_the_person).await, 1, "the person is the other one's");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_lost_of_a_hold_is_taken_again_if_it_is_free(db: PgPool) {
    let scene = with_a_van(db).await;
    scene.pay().await;
    scene.world.pass_minutes(UNTIL_IT_HAS_RUN_OUT_MIN);
    let without_van = scene.world.a_service(scene.provider.id, scene.provider.category, &[scene.provider.person]).await;
    let other = scene.world.ctx_as(scene.world.a_customer().await).await;
    let rival = held(&scene.world, &other, without_van, START).await;
    booking::release(&other, rival).await.expect("given back");
    scene.money_arrives().await;
    assert_eq!(scene.status().await, Status::Confirmed);
    let kept = "select count(*) from allocations a join bookings b on b.id = a.booking_id where a.is_live and b.status = 'confirmed'";
    assert_eq!(scene.world.count(kept).await, 2, "the person and the van");
}

/// Someone is taking the time, and has not committed when the money looks.
#[sqlx::test(migrations = "../migrations")]
async fn a_hold_that_is_taken_in_this_moment_is_not_confirmed(db: PgPool) {
    let scene = scene(db).await;
    scene.pay().await;
    scene.world.pass_minutes(UNTIL_IT_HAS_RUN_OUT_MIN);
    let mut taking = scene.world.db.begin().await.expect("begins");
    for sql in [
        "update allocations set is_live = false",
        "insert into allocations (id, provider_id, resource_id, kind, during, created_at)
         select gen_random_uuid(), provider_id, resource_id, 'block', during, created_at from allocations",
    ] {
        sqlx::query(sql).execute(&mut *taking).await.expect("is written");
    }
    scene.world.gateway.customer_pays(&scene.intent());
    let (system, message) = (scene.world.system(), scene.world.gateway.message_about("evt_1", &scene.intent()));
    let arriving = tokio::spawn(async move { receive(&system, message).await });
    scene.world.until_it_waits(&arriving).await;
    taking.commit().await.expect("commits");
    arriving.await.expect("no panic").expect("received");
    let empty = "select count(*) from bookings b
         where b.status = 'confirmed' and not exists (select from allocations a where a.booking_id = b.id and a.is_live)";
    assert_eq!(scene.world.count(empty).await, 0);
    scene.goes_back_whole().await;
}

/// The same start with other extras gives the first hold up; not one whose money is arriving in that moment.
#[sqlx::test(migrations = "../migrations")]
async fn a_hold_that_is_being_paid_is_not_replaced(db: PgPool) {
    let scene = scene(db).await;
    let extra: AddOnId = scene.world.new_id();
    sqlx::query("insert into service_add_ons (id, service_id, name, price_minor, extra_min) values ($1, $2, 'Windows', 2500, 15)")
        .bind(extra)
        .bind(scene.provider.service)
        .execute(&scene.world.db)
        .await
        .expect("an extra");
    scene.world.house.caches.forget_all();
    let mut paying = scene.world.db.begin().await.expect("begins");
    for sql in [
        "update bookings set status = 'confirmed', confirmed_at = created_at, hold_expires_at = null",
        "update allocations set expires_at = null",
    ] {
        sqlx::query(sql).execute(&mut *paying).await.expect("is written");
    }
    let (ctx, wanted) = (scene.ctx.clone(), HoldSlot { add_ons: vec![extra], ..slot(scene.provider.service, START) });
    let holding = tokio::spawn(async move { booking::hold(&ctx, wanted).await });
    scene.world.until_it_waits(&holding).await;
    paying.commit().await.expect("commits");
    let refused = holding.await.expect("no panic");
    assert_eq!(refused.err().map(|e| e.code().to_owned()).as_deref(), Some("slot_taken"));
    assert_eq!(scene.status().await, Status::Confirmed);
    assert_eq!(scene.world.count("select count(*) from allocations where is_live").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_colleague_who_takes_over_is_the_one_who_is_named(db: PgPool) {
    let scene = with_a_colleague(db, None).await;
    scene.pay().await;
    let first = scene.person().await;
    scene.world.pass_minutes(UNTIL_IT_HAS_RUN_OUT_MIN);
    let taken = HoldSlot { resource_id: Some(first), ..slot(scene.provider.service, START) };
    booking::hold(&scene.world.visitor(), taken).await.expect("held");
    scene.money_arrives().await;
    assert_eq!(scene.status().await, Status::Confirmed);
    assert_ne!(scene.person().await, first);
    let named = "select count(*) from bookings b join allocations a on a.booking_id = b.id and a.is_live
         where b.status = 'confirmed' and a.resource_id = b.person_id";
    assert_eq!(scene.world.count(named).await, 1);
    scene.work().await;
    scene.is_right().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_colleague_who_is_not_there_then_takes_nothing_over(db: PgPool) {
    // It is eleven in the morning in Lisbon, and they come at two.
    let scene = with_a_colleague(db, Some((14 * 60, 18 * 60))).await;
    scene.pay().await;
    assert_eq!(scene.person().await, scene.provider.person);
    scene.world.pass_minutes(UNTIL_IT_HAS_RUN_OUT_MIN);
    let taken = HoldSlot { resource_id: Some(scene.provider.person), ..slot(scene.provider.service, START) };
    booking::hold(&scene.world.visitor(), taken).await.expect("held");
    scene.money_arrives().await;
    scene.goes_back_whole().await;
}
