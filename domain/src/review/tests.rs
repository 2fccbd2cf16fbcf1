//! Reviews on a real database.

use super::model::{Side, WriteReview};
use crate::ctx::Ctx;
use crate::id::{AccountId, BookingId, ProviderId};
use crate::page::PageQuery;
use crate::world::{SomeProvider, World};
use sqlx::PgPool;

async fn a_finished_booking(world: &World, provider: &SomeProvider, customer: AccountId) -> BookingId {
    let id: BookingId = world.new_id();
    let now = world.now();
    sqlx::query(
        "insert into bookings
            (id, reference, provider_id, service_id, customer_id, status, mode, during, zone, service_name, needs_approval, currency,
             service_minor, commission_bp, cancel_tiers, completed_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, 'completed', 'at_provider', tstzrange($6 - interval '2 hours', $6 - interval '1 hour'), 'Europe/Lisbon',
             'Leak repair visit', false, 'EUR', 10000, 1000, '[]', $6, $6, $6)",
    )
    .bind(id)
    .bind(format!("FT-{id}"))
    .bind(provider.id)
    .bind(provider.service)
    .bind(customer)
    .bind(now)
    .execute(&world.db)
    .await
    .expect("a booking");
    id
}

fn stars(rating: i32) -> WriteReview {
    WriteReview { rating, body: "Neat work.".into() }
}

async fn published(ctx: &Ctx, provider: ProviderId) -> usize {
    super::list(ctx, provider, &PageQuery::default()).await.expect("a list").items.len()
}

async fn rating(world: &World) -> (i64, i32) {
    sqlx::query_as("select rating_sum, rating_count from providers").fetch_one(&world.db).await.expect("a provider")
}

#[sqlx::test(migrations = "../migrations")]
async fn hidden_until_both_are_in(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let customer_id = world.a_customer().await;
    let booking = a_finished_booking(&world, &provider, customer_id).await;
    let (customer, owner) = (world.ctx_as(customer_id).await, world.ctx_as(provider.owner).await);

    let mine = super::write(&customer, booking, &stars(4)).await.expect("the customer writes");
    assert_eq!((mine.side, mine.published_at, mine.author_name.as_str()), (Side::Customer, None, "Nora Q."));
    assert_eq!(published(&customer, provider.id).await, 0);
    assert_eq!(super::get_form(&owner, booking).await.expect("a form").theirs, None, "the owner must not see it yet");

    super::write(&owner, booking, &stars(5)).await.expect("the owner writes");
    assert_eq!(published(&customer, provider.id).await, 1);
    assert_eq!(rating(&world).await, (4, 1), "only the customer's stars count");
    assert_eq!(super::get_form(&customer, booking).await.expect("a form").theirs, None, "what providers write is for providers");
    let about = super::list_about_customer(&owner, provider.id, customer_id).await.expect("a list");
    assert_eq!(about.len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn published_after_seven_days_and_closed_then(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let customer_id = world.a_customer().await;
    let booking = a_finished_booking(&world, &provider, customer_id).await;
    let (customer, owner) = (world.ctx_as(customer_id).await, world.ctx_as(provider.owner).await);
    super::write(&customer, booking, &stars(3)).await.expect("the customer writes");
    let again = super::write(&customer, booking, &stars(5)).await.expect_err("no second one");
    assert_eq!(again.code(), "already_reviewed");

    world.pass_hours(7 * 24 - 1);
    assert_eq!(super::publish_due(&world.system()).await.expect("a run"), 0);
    world.pass_hours(2);
    assert_eq!(super::write(&owner, booking, &stars(5)).await.expect_err("too late").code(), "review_closed");
    assert_eq!(super::publish_due(&world.system()).await.expect("a run"), 1);
    assert_eq!(super::publish_due(&world.system()).await.expect("a run"), 0);
    assert_eq!(rating(&world).await, (3, 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn one_reply_by_the_team_and_nobody_else(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let customer_id = world.a_customer().await;
    let booking = a_finished_booking(&world, &provider, customer_id).await;
    let (customer, owner) = (world.ctx_as(customer_id).await, world.ctx_as(provider.owner).await);
    let review = super::write(&customer, booking, &stars(5)).await.expect("written");
    assert_eq!(super::reply(&owner, review.id, "Thank you").await.expect_err("not published yet").code(), "not_found");
    world.pass_hours(8 * 24);
    super::publish_due(&world.system()).await.expect("a run");
    let stranger = world.ctx_as(world.a_customer().await).await;
    assert_eq!(super::reply(&stranger, review.id, "Ha").await.expect_err("not theirs").code(), "not_found");
    let replied = super::reply(&owner, review.id, " Thank you ").await.expect("a reply");
    assert_eq!(replied.reply.as_deref(), Some("Thank you"));
    assert_eq!(super::reply(&owner, review.id, "More").await.expect_err("one only").code(), "already_replied");
}

#[sqlx::test(migrations = "../migrations")]
async fn strangers_and_unfinished_jobs_are_refused(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let customer_id = world.a_customer().await;
    let booking = a_finished_booking(&world, &provider, customer_id).await;
    let stranger = world.ctx_as(world.a_customer().await).await;
    assert_eq!(super::write(&stranger, booking, &stars(5)).await.expect_err("a stranger").code(), "not_found");
    world.set("bookings", booking, "completed_at", "null").await;
    let customer = world.ctx_as(customer_id).await;
    assert_eq!(super::write(&customer, booking, &stars(5)).await.expect_err("not done").code(), "not_completed");
    assert_eq!(super::write(&customer, booking, &stars(9)).await.expect_err("nine stars").code(), "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_praises_their_own_business(db: PgPool) {
    let world = World::new(db);
    let provider = world.a_provider().await;
    let booking = a_finished_booking(&world, &provider, provider.owner).await;
    let owner = world.ctx_as(provider.owner).await;
    assert_eq!(super::get_form(&owner, booking).await.expect_err("their own").code(), "own_business");
    assert_eq!(super::write(&owner, booking, &stars(5)).await.expect_err("their own").code(), "own_business");
    world.pass_days(8);
    assert_eq!(super::publish_due(&world.system()).await.expect("a run"), 0);
    assert_eq!(rating(&world).await, (0, 0));
}
