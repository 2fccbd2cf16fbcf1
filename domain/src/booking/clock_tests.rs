//! Clocks that jump, forward and back, while people hold and pay.

use super::model::{CheckoutDetails, HoldSlot, Status};
use super::settlement::{self, Pay};
use super::{self as booking, jobs};
use crate::id::{AccountId, BookingId, ServiceId};
use crate::ledger;
use crate::payment::PaymentStatus;
use crate::time::Instant;
use crate::world::{JUMPS, World};
use sqlx::PgPool;

async fn held(world: &World, customer: AccountId, service: ServiceId, starts_at: Instant) -> BookingId {
    let ctx = world.ctx_as(customer).await;
    let slot = HoldSlot { service_id: service, starts_at, resource_id: None, add_ons: Vec::new(), notes: String::new(), address: None };
    let id = booking::hold(&ctx, slot).await.expect("held").id;
    let details = CheckoutDetails {
        name: "Ana Sousa".into(),
        email: "ana@example.test".into(),
        phone: "+351 912 345 678".into(),
        ..CheckoutDetails::default()
    };
    booking::check_out(&ctx, id, details).await.expect("details saved");
    id
}

async fn status(world: &World, booking: BookingId) -> Status {
    booking::get(&world.system(), booking).await.expect("the booking").status
}

#[sqlx::test(migrations = "../migrations")]
async fn no_hold_lasts_longer_than_it_was_to_last_twice(db: PgPool) {
    let world = World::new(db);
    for by in JUMPS {
        world.set_time(crate::world::START);
        let provider = world.a_provider().await;
        let booking = held(&world, world.a_customer().await, provider.service, world.now().plus_hours(26)).await;
        world.pass_minutes(10);
        world.jump(by);
        jobs::expire_holds(&world.system()).await.expect("expires");
        if by < 0 {
            assert_eq!(status(&world, booking).await, Status::Held, "someone is checking out");
        }
        for _ in 0..2 {
            world.pass_minutes(8);
            jobs::expire_holds(&world.system()).await.expect("expires");
        }
        assert_eq!(status(&world, booking).await, Status::Expired, "after a jump by {by} ms");
        assert_eq!(world.count("select count(*) from allocations where is_live").await, 0, "and the time is free");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn money_that_nobody_told_of_is_found(db: PgPool) {
    let world = World::new(db);
    for by in JUMPS {
        world.set_time(crate::world::START);
        let provider = world.a_provider().await;
        let customer = world.a_customer().await;
        let booking = held(&world, customer, provider.service, world.now().plus_hours(26)).await;
        let ctx = world.ctx_as(customer).await;
        let known = world.gateway.intents();
        settlement::pay(&ctx, booking, Pay::default()).await.expect("a payment");
        let intent = world.gateway.intents().into_iter().find(|intent| !known.contains(intent)).expect("an intent");
        world.gateway.customer_pays(&intent.reference);
        world.jump(by);
        for _ in 0..4 {
            world.pass_minutes(1);
            settlement::reconcile(&world.system()).await.expect("reconciles");
            jobs::expire_holds(&world.system()).await.expect("expires");
            crate::queue::catch_up(&world.system()).await.expect("catches up");
            world.run_jobs().await;
        }
        let payment = crate::payment::find_for_booking(&world.system(), booking).await.expect("reads").expect("a payment");
        let is_late = world.now() > "2026-06-10T10:00:00Z".parse().expect("an instant");
        let wanted = if is_late { (Status::Expired, PaymentStatus::Refunded) } else { (Status::Confirmed, PaymentStatus::Paid) };
        assert_eq!((status(&world, booking).await, payment.status), wanted, "after a jump by {by} ms");
        let refunded: i64 = world
            .gateway
            .refunds()
            .iter()
            .filter(|refund| refund.intent_reference.as_ref() == Some(&intent.reference))
            .map(|r| r.amount.minor)
            .sum();
        assert_eq!(refunded, if is_late { 10_000 } else { 0 }, "after a jump by {by} ms");
        let recount = ledger::recount(&world.system()).await.expect("counts");
        assert!(recount.is_right(), "{recount:?}");
    }
}
