//! Days of a real provider.

use super::model::Kind;
use crate::booking::model::Status;
use crate::id::{BookingId, ProviderId, ResourceId, ServiceId};
use crate::time::Date;
use crate::world::World;
use sqlx::PgPool;

async fn a_booking(world: &World, provider: ProviderId, service: ServiceId, person: ResourceId, status: &str, range: &str) -> BookingId {
    let id: BookingId = world.system().new_id();
    sqlx::query(
        "insert into bookings (id, reference, provider_id, service_id, person_id, status, mode, during, zone, service_name, needs_approval, currency,
            service_minor, commission_bp, commission_minor, cancel_tiers, customer_name, customer_phone, address, hold_expires_at, answer_by, created_at, updated_at)
         values ($1, left($1::text, 8) || right($1::text, 8), $2, $3, $4, $5, 'at_customer', $6::tstzrange, 'Europe/Lisbon', 'Leak repair', false, 'EUR',
            9000, 1000, 900, '[]', 'Osric Dunne', '+351 1', '{\"street\": \"27 Orchard Row\", \"district\": \"Upper Green\"}',
            $7::timestamptz + interval '10 minutes', $7::timestamptz + interval '5 hours', $7, $7)",
    )
    .bind(id)
    .bind(provider)
    .bind(service)
    .bind(person)
    .bind(status)
    .bind(range)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a booking");
    id
}

#[sqlx::test(migrations = "../migrations")]
async fn a_day_holds_what_keeps_people_busy(db: PgPool) {
    let world = World::new(db);
    let p = world.a_provider().await;
    a_booking(&world, p.id, p.service, p.person, "confirmed", "[2026-06-09 09:00Z, 2026-06-09 10:30Z)").await;
    a_booking(&world, p.id, p.service, p.person, "requested", "[2026-06-09 10:00Z, 2026-06-09 11:00Z)").await;
    a_booking(&world, p.id, p.service, p.person, "cancelled", "[2026-06-09 12:00Z, 2026-06-09 13:00Z)").await;
    // late in the evening of Lisbon, the next day already in UTC
    a_booking(&world, p.id, p.service, p.person, "completed", "[2026-06-09 22:30Z, 2026-06-09 23:30Z)").await;
    let ctx = world.ctx_as(p.owner).await;
    let view = super::get_calendar(&ctx, p.id, None, 2, None).await.expect("a calendar");
    assert_eq!(view.days[0].date, Date::from_ymd(2026, 6, 9).expect("a date"));
    let shown: Vec<_> = view.days[0].placed.iter().map(|placed| (placed.from_min, placed.to_min, placed.lane, placed.lanes)).collect();
    assert_eq!(shown, vec![(600, 690, 0, 2), (660, 720, 1, 2), (1410, 1440, 0, 1)]);
    assert_eq!(view.days[1].placed[0].from_min, 0, "it goes on after midnight");
    assert_eq!((view.now_min, view.booked_min), (540, 90 + 60 + 60));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_is_exact_only_once_confirmed(db: PgPool) {
    let world = World::new(db);
    let p = world.a_provider().await;
    a_booking(&world, p.id, p.service, p.person, "requested", "[2026-06-09 10:00Z, 2026-06-09 11:00Z)").await;
    let ctx = world.ctx_as(p.owner).await;
    let requests = super::list_requests(&ctx, p.id).await.expect("requests");
    let job = requests[0].job.as_ref().expect("a job");
    assert_eq!((job.place.as_str(), job.customer_phone.as_str()), ("Upper Green", ""));
    sqlx::query("update bookings set status = 'confirmed'").execute(&world.db).await.expect("confirmed");
    let view = super::get_calendar(&ctx, p.id, None, 1, None).await.expect("a calendar");
    let entry = &view.days[0].placed[0].entry;
    assert!(matches!(entry.kind, Kind::Booking { status: Status::Confirmed, .. }));
    assert_eq!(entry.job.as_ref().expect("a job").place, "27 Orchard Row, Upper Green");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_hold_that_is_over_is_not_shown(db: PgPool) {
    let world = World::new(db);
    let p = world.a_provider().await;
    a_booking(&world, p.id, p.service, p.person, "held", "[2026-06-09 10:00Z, 2026-06-09 11:00Z)").await;
    let ctx = world.ctx_as(p.owner).await;
    assert_eq!(super::get_calendar(&ctx, p.id, None, 1, None).await.expect("a calendar").days[0].placed.len(), 1);
    world.pass_minutes(11);
    assert_eq!(super::get_calendar(&ctx, p.id, None, 1, None).await.expect("a calendar").days[0].placed.len(), 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn it_is_for_staff_only(db: PgPool) {
    let world = World::new(db);
    let p = world.a_provider().await;
    let stranger = world.a_customer().await;
    let stranger = world.ctx_as(stranger).await;
    assert_eq!(super::get_calendar(&stranger, p.id, None, 7, None).await.expect_err("not theirs").code(), "not_found");
    assert_eq!(super::list_requests(&world.visitor(), p.id).await.expect_err("not signed in").code(), "unauthenticated");
}
