//! Bookings that the team takes for someone who pays by a link.

use super as booking;
use super::model::{Action, BookByHand, Status};
use super::tests::{START, Scene, at, scene};
use sqlx::PgPool;

async fn priced(db: PgPool) -> Scene {
    let s = scene(db).await;
    s.world.set("services", s.provider.service, "price_minor", "10000").await;
    s
}

fn by_link(s: &Scene) -> BookByHand {
    BookByHand {
        service_id: s.provider.service,
        starts_at: at(START),
        resource_id: None,
        add_ons: vec![],
        customer_name: "Maud Ferris".into(),
        customer_email: "maud@example.test".into(),
        customer_phone: "555 0100".into(),
        notes: String::new(),
        address: None,
        is_paid_by_link: true,
        is_free: false,
        is_outside_hours: false,
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_team_is_not_asked_for_what_it_took_itself(db: PgPool) {
    let s = priced(db).await;
    s.world.set("services", s.provider.service, "needs_approval", "true").await;
    let held = booking::book_by_hand(&s.staff, by_link(&s)).await.expect("held").booking;
    assert_eq!((held.status, held.needs_approval), (Status::Held, false));
}

#[sqlx::test(migrations = "../migrations")]
async fn without_its_link_there_is_no_booking(db: PgPool) {
    let s = priced(db).await;
    sqlx::query("alter table links rename to links_elsewhere").execute(&s.world.db).await.expect("is away");
    assert!(booking::book_by_hand(&s.staff, by_link(&s)).await.is_err());
    assert_eq!(s.world.count("select count(*) from bookings").await, 0);
    assert_eq!(s.live_allocations().await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_team_gives_back_what_it_holds(db: PgPool) {
    let s = priced(db).await;
    let held = booking::book_by_hand(&s.staff, by_link(&s)).await.expect("held").booking;
    assert!(held.may(Action::Release));
    booking::release(&s.staff, held.id).await.expect("given back");
    assert_eq!((s.status(held.id).await, s.live_allocations().await), (Status::Cancelled, 0));
    let own = s.held().await;
    assert!(!booking::get(&s.staff, own).await.expect("their calendar").may(Action::Release), "a customer's is the customer's");
}
