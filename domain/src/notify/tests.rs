//! Letters on a real database, through the mail port that remembers.

use super::model::Template;
use super::{Letter, LinkMail, mail_link};
use crate::ctx::Ctx;
use crate::event::{Cursor, EventKind, NewEvent};
use crate::id::BookingId;
use crate::world::World;
use serde_json::json;
use sqlx::PgPool;

async fn a_booking(world: &World) -> BookingId {
    let provider = world.a_provider().await;
    let customer = world.a_customer().await;
    let id: BookingId = world.system().new_id();
    sqlx::query(
        "insert into bookings (id, reference, provider_id, service_id, customer_id, status, mode, during, zone, service_name,
            needs_approval, currency, service_minor, commission_bp, commission_minor, cancel_tiers, customer_name, customer_email, created_at, updated_at)
         values ($1, 'QX4T7', $2, $3, $4, 'confirmed', 'at_provider',
            tstzrange($5::timestamptz + interval '20 hours', $5::timestamptz + interval '21 hours'), 'Europe/Lisbon', 'Tap <repair>',
            false, 'EUR', 4500, 1000, 450, '[]', 'Ana', 'ana@example.com', $5::timestamptz - interval '3 days', $5)",
    )
    .bind(id)
    .bind(provider.id)
    .bind(provider.service)
    .bind(customer)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a booking");
    id
}

/// Lets the room's jobs run as the worker would, in order.
async fn work(world: &World, ctx: &Ctx) {
    for _ in 0..50 {
        let job: Option<(uuid::Uuid, String, serde_json::Value)> = sqlx::query_as(
            "update jobs set finished_at = now() where id = (select id from jobs where finished_at is null order by created_at, id limit 1) returning id, kind, payload",
        )
        .fetch_optional(&world.db)
        .await
        .expect("jobs");
        let Some((_, kind, payload)) = job else { return };
        match kind.as_str() {
            super::jobs::BOOKING => super::jobs::tell_of_booking(ctx, payload, None, Some("BEGIN:VCALENDAR".into())).await,
            super::jobs::PROVIDER => super::jobs::tell_of_provider(ctx, payload).await,
            super::jobs::SEND => super::jobs::send(ctx, payload).await,
            _ => Ok(()),
        }
        .expect("the job runs");
    }
}

async fn happened(world: &World, ctx: &Ctx, event: NewEvent) {
    let mut tx = ctx.begin().await.expect("begin");
    crate::outbox::record(&mut tx, ctx, event).await.expect("recorded");
    ctx.commit(tx).await.expect("commit");
    react_to_all(world, ctx).await;
}

/// Reads the whole spine, once it may be read: any writer of the cluster, other tests' too, holds it back for a moment.
async fn react_to_all(world: &World, ctx: &Ctx) {
    let recorded = world.count("select count(*) from events").await as usize;
    let zero = Cursor { epoch: 0, xid: 0, id: 0 };
    let events = loop {
        let events = crate::outbox::read_after(&world.db, zero, None, 100).await.expect("reads").events;
        if events.len() == recorded {
            break events;
        }
        tokio::task::yield_now().await;
    };
    let mut tx = ctx.begin().await.expect("begin");
    for event in &events {
        super::react(&mut tx, ctx, event).await.expect("reacts");
    }
    ctx.commit(tx).await.expect("commit");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_confirmation_reaches_both_sides_once(db: PgPool) {
    let world = World::new(db);
    let ctx = world.system();
    let booking = a_booking(&world).await;
    let provider: crate::id::ProviderId =
        sqlx::query_scalar("select provider_id from bookings").fetch_one(&world.db).await.expect("provider");
    let event = NewEvent::new(EventKind::BookingConfirmed).booking(booking).provider(provider).data(json!({ "from": "held" }));
    happened(&world, &ctx, event).await;
    work(&world, &ctx).await;

    let to_customer = world.mails.to("ana@example.com");
    assert_eq!(to_customer.len(), 1);
    assert!(to_customer[0].html.contains("Tap &#60;repair&#62;"), "what people typed is escaped");
    assert!(to_customer[0].plain.contains("€45.00"));
    assert!(to_customer[0].calendar.is_some());
    assert_eq!(world.mails.all().len(), 2, "the owner hears of it too");

    // the same fact again, as after a restart of the reader
    react_to_all(&world, &ctx).await;
    work(&world, &ctx).await;
    assert_eq!(world.mails.all().len(), 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_absence_is_told_to_whoever_it_concerns(db: PgPool) {
    let world = World::new(db);
    let ctx = world.system();
    let booking = a_booking(&world).await;
    let provider: crate::id::ProviderId =
        sqlx::query_scalar("select provider_id from bookings").fetch_one(&world.db).await.expect("provider");
    let about =
        |absent: &str| NewEvent::new(EventKind::BookingNoShow).booking(booking).provider(provider).data(json!({ "absent": absent }));
    happened(&world, &ctx, about("customer")).await;
    work(&world, &ctx).await;
    let told = world.mails.all();
    assert_eq!(told.len(), 1, "the provider said it and knows");
    assert!(told[0].plain.contains("nothing goes back"), "{}", told[0].plain);
    happened(&world, &ctx, about("provider")).await;
    work(&world, &ctx).await;
    assert_eq!(world.mails.all().len(), 3, "the customer what comes back, the owner that it was said");
    assert!(world.mails.to("ana@example.com")[1].subject.contains("back"));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_secret_is_erased_once_it_has_left(db: PgPool) {
    let world = World::new(db);
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("begin");
    let mail = LinkMail {
        template: Template::ResetPassword,
        account: None,
        to: "ana@example.com".into(),
        name: "Ana".into(),
        subject: String::new(),
        url: "http://fettle.test/reset-password/s3cret".into(),
        valid_hours: 2,
    };
    mail_link(&mut tx, &ctx, &mail).await.expect("kept");
    ctx.commit(tx).await.expect("commit");

    world.mails.set_down(true);
    let id: crate::id::MailId = sqlx::query_scalar("select id from mails").fetch_one(&world.db).await.expect("kept");
    assert!(super::service::send(&ctx, id).await.is_err(), "the queue tries again");
    world.mails.set_down(false);
    work(&world, &ctx).await;
    assert!(world.mails.to("ana@example.com")[0].plain.contains("s3cret"));
    assert_eq!(world.count("select count(*) from mails where status = 'sent' and html = '' and plain = ''").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_day_before_is_told_once_for_each_start(db: PgPool) {
    let world = World::new(db);
    let ctx = world.system();
    let booking = a_booking(&world).await;
    for _ in 0..2 {
        super::remind(&ctx).await.expect("reminds");
        work(&world, &ctx).await;
    }
    assert_eq!(world.mails.to("ana@example.com").len(), 1);

    // moved: the new start is worth another letter
    sqlx::query(
        "update bookings set during = tstzrange(lower(during) + interval '1 hour', upper(during) + interval '1 hour') where id = $1",
    )
    .bind(booking)
    .execute(&world.db)
    .await
    .expect("moved");
    super::remind(&ctx).await.expect("reminds");
    work(&world, &ctx).await;
    assert_eq!(world.mails.to("ana@example.com").len(), 2);
}

#[test]
fn an_empty_fact_is_left_out_and_the_first_sentence_is_the_preview() {
    let letter = Letter::new("s", "Heading").fact("Note", "").fact("Who", "Ana").say("First.").say("Second.");
    assert_eq!(letter.facts.len(), 1);
    assert_eq!(letter.preview, "First.");
    assert!(letter.plain().expect("sets").contains("Who: Ana"));
}
