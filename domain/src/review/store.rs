//! All SQL of the room.

use super::model::{Distribution, ReviewView, Side};
use crate::ctx::Tx;
use crate::error::Result;
use crate::id::{AccountId, BookingId, ProviderId, ReviewId};
use crate::time::Instant;
use sqlx::PgPool;

pub struct BookingRow {
    pub id: BookingId,
    pub reference: String,
    pub provider_id: ProviderId,
    pub provider_name: String,
    pub customer_id: Option<AccountId>,
    pub customer_name: String,
    pub service_name: String,
    pub completed_at: Option<Instant>,
}

pub struct UnpublishedRow {
    pub id: ReviewId,
    pub booking_id: BookingId,
    pub provider_id: ProviderId,
    pub customer_id: Option<AccountId>,
    pub side: String,
    pub rating: i32,
}

pub struct NewReview {
    pub id: ReviewId,
    pub booking: BookingId,
    pub provider: ProviderId,
    pub side: Side,
    pub author: AccountId,
    pub subject: Option<AccountId>,
    pub author_name: String,
    pub rating: i32,
    pub body: String,
    pub due_at: Instant,
}

struct ReviewRow {
    id: ReviewId,
    provider_id: ProviderId,
    side: String,
    author_name: String,
    rating: i32,
    body: String,
    service_name: String,
    reply: Option<String>,
    replied_at: Option<Instant>,
    created_at: Instant,
    published_at: Option<Instant>,
}

impl From<ReviewRow> for ReviewView {
    fn from(row: ReviewRow) -> Self {
        Self {
            id: row.id,
            provider_id: row.provider_id,
            side: Side::parse(&row.side).unwrap_or(Side::Customer),
            author_name: row.author_name,
            rating: row.rating,
            body: row.body,
            service_name: row.service_name,
            reply: row.reply,
            replied_at: row.replied_at,
            written_at: row.created_at,
            published_at: row.published_at,
        }
    }
}

/// Reviews with their service's name; `$condition` picks and orders the rows.
macro_rules! reviews {
    ($db:expr, $condition:literal, $($arg:expr),*) => {
        sqlx::query_as!(
            ReviewRow,
            r#"select
                r.id as "id: ReviewId",
                r.provider_id as "provider_id: ProviderId",
                r.side,
                r.author_name,
                r.rating,
                r.body,
                b.service_name,
                r.reply,
                r.replied_at as "replied_at: Instant",
                r.created_at as "created_at: Instant",
                r.published_at as "published_at: Instant"
             from reviews r
             join bookings b on b.id = r.booking_id "# + $condition,
            $($arg),*
        )
        .fetch_all($db)
        .await
        .map(|rows| rows.into_iter().map(ReviewView::from).collect::<Vec<_>>())
    };
}

pub async fn find(db: &PgPool, id: ReviewId) -> Result<Option<ReviewView>> {
    Ok(reviews!(db, "where r.id = $1", id as ReviewId)?.pop())
}

pub async fn list_of_booking(db: &PgPool, booking: BookingId) -> Result<Vec<ReviewView>> {
    Ok(reviews!(db, "where r.booking_id = $1", booking as BookingId)?)
}

pub async fn list_published(db: &PgPool, provider: ProviderId, after: Option<(Instant, ReviewId)>, limit: i64) -> Result<Vec<ReviewView>> {
    let (at, id) = after.unzip();
    Ok(reviews!(
        db,
        "where r.provider_id = $1 and r.side = 'customer' and r.published_at is not null
           and ($2::timestamptz is null or (r.published_at, r.id) < ($2, $3))
         order by r.published_at desc, r.id desc
         limit $4",
        provider as ProviderId,
        at as Option<Instant>,
        id as Option<ReviewId>,
        limit
    )?)
}

/// Published reviews by providers, if this one has a booking of the customer.
pub async fn list_about_customer(db: &PgPool, reader: ProviderId, customer: AccountId) -> Result<Vec<ReviewView>> {
    Ok(reviews!(
        db,
        "where r.subject_id = $2 and r.side = 'provider' and r.published_at is not null
           and exists (select 1 from bookings own where own.provider_id = $1 and own.customer_id = $2)
         order by r.published_at desc, r.id desc
         limit 20",
        reader as ProviderId,
        customer as AccountId
    )?)
}

pub async fn distribution(db: &PgPool, provider: ProviderId) -> Result<Distribution> {
    let rows = sqlx::query!(
        r#"select rating, count(*) as "count!"
         from reviews
         where provider_id = $1 and side = 'customer' and published_at is not null
         group by rating"#,
        provider as ProviderId,
    )
    .fetch_all(db)
    .await?;
    let mut distribution = Distribution::default();
    for row in rows {
        if let Some(count) = distribution.counts.get_mut((row.rating - 1).max(0) as usize) {
            *count = row.count;
        }
    }
    Ok(distribution)
}

pub async fn find_booking(db: &PgPool, id: BookingId) -> Result<Option<BookingRow>> {
    let row = sqlx::query_as!(
        BookingRow,
        r#"select
            b.id as "id: BookingId",
            b.reference,
            b.provider_id as "provider_id: ProviderId",
            p.name as provider_name,
            b.customer_id as "customer_id: AccountId",
            b.customer_name,
            b.service_name,
            b.completed_at as "completed_at: Instant"
         from bookings b
         join providers p on p.id = b.provider_id
         where b.id = $1"#,
        id as BookingId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Completed within the window, not yet reviewed by the provider.
pub async fn list_waiting(db: &PgPool, provider: ProviderId, now: Instant) -> Result<Vec<BookingRow>> {
    let rows = sqlx::query_as!(
        BookingRow,
        r#"select
            b.id as "id: BookingId",
            b.reference,
            b.provider_id as "provider_id: ProviderId",
            p.name as provider_name,
            b.customer_id as "customer_id: AccountId",
            b.customer_name,
            b.service_name,
            b.completed_at as "completed_at: Instant"
         from bookings b
         join providers p on p.id = b.provider_id
         where b.provider_id = $1 and b.status = 'completed' and b.customer_id is not null
           and b.completed_at > $2::timestamptz - interval '7 days'
           and not exists (select 1 from reviews r where r.booking_id = b.id and r.side = 'provider')
         order by b.completed_at
         limit 50"#,
        provider as ProviderId,
        now as Instant,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

pub async fn lock_booking(tx: &mut Tx, id: BookingId) -> Result<()> {
    sqlx::query!("select 1 as one from bookings where id = $1 for update", id as BookingId).fetch_optional(&mut **tx).await?;
    Ok(())
}

pub async fn insert(tx: &mut Tx, new: &NewReview, now: Instant) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into reviews (id, booking_id, provider_id, side, author_id, subject_id, author_name, rating, body, created_at, due_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        new.id as ReviewId,
        new.booking as BookingId,
        new.provider as ProviderId,
        new.side.as_str(),
        new.author as AccountId,
        new.subject as Option<AccountId>,
        new.author_name,
        new.rating,
        new.body,
        now as Instant,
        new.due_at as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn list_unpublished_of_booking(tx: &mut Tx, booking: BookingId) -> Result<Vec<UnpublishedRow>> {
    let rows = sqlx::query_as!(
        UnpublishedRow,
        r#"select
            r.id as "id: ReviewId",
            r.booking_id as "booking_id: BookingId",
            r.provider_id as "provider_id: ProviderId",
            b.customer_id as "customer_id: AccountId",
            r.side,
            r.rating
         from reviews r
         join bookings b on b.id = r.booking_id
         where r.booking_id = $1 and r.published_at is null
         order by r.id
         for update of r"#,
        booking as BookingId,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows)
}

pub async fn lock_due(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<UnpublishedRow>> {
    let rows = sqlx::query_as!(
        UnpublishedRow,
        r#"select
            r.id as "id: ReviewId",
            r.booking_id as "booking_id: BookingId",
            r.provider_id as "provider_id: ProviderId",
            b.customer_id as "customer_id: AccountId",
            r.side,
            r.rating
         from reviews r
         join bookings b on b.id = r.booking_id
         where r.published_at is null and r.due_at <= $1
         order by r.provider_id, r.id
         limit $2
         for update of r skip locked"#,
        now as Instant,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows)
}

pub async fn set_published(tx: &mut Tx, id: ReviewId, now: Instant) -> Result<()> {
    sqlx::query!("update reviews set published_at = $2 where id = $1", id as ReviewId, now as Instant).execute(&mut **tx).await?;
    Ok(())
}

/// False if there is a reply already.
pub async fn set_reply(tx: &mut Tx, id: ReviewId, text: &str, now: Instant) -> Result<bool> {
    let done = sqlx::query!(
        "update reviews set reply = $2, replied_at = $3 where id = $1 and reply is null and published_at is not null",
        id as ReviewId,
        text,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
