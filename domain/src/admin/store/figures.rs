//! Counting, day by day.

use crate::admin::model::Attention;
use crate::error::Result;
use crate::id::AccountId;
use crate::money::Currency;
use crate::time::{Date, Instant};
use sqlx::PgPool;

/// An attempt that has not been decided for so long waits for a person.
pub const STUCK_MIN: i64 = 30;

pub async fn find_zone(db: &PgPool, account: AccountId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select zone from accounts where id = $1", account as AccountId).fetch_optional(db).await?.flatten())
}

pub async fn local_date(db: &PgPool, zone: &str, at: Instant) -> Result<Date> {
    Ok(sqlx::query_scalar!(r#"select ($2 at time zone $1)::date as "date!: Date""#, zone, at as Instant).fetch_one(db).await?)
}

pub async fn start_of_day(db: &PgPool, zone: &str, date: Date) -> Result<Instant> {
    Ok(sqlx::query_scalar!(r#"select ($2::date::timestamp at time zone $1) as "at!: Instant""#, zone, date as Date).fetch_one(db).await?)
}

/// Those that money moved in since then, most used first.
pub async fn list_currencies(db: &PgPool, since: Instant) -> Result<Vec<Currency>> {
    let codes = sqlx::query_scalar!(
        r#"select currency as "currency!" from (
            select currency, count(*) as uses from payments where created_at >= $1 group by currency
            union all
            select currency, 0 from ledger_accounts group by currency
            union all
            select currency, 0 from providers where status = 'active' group by currency
         ) used
         group by currency
         order by sum(uses) desc, currency"#,
        since as Instant,
    )
    .fetch_all(db)
    .await?;
    Ok(codes.iter().filter_map(|code| code.parse().ok()).collect())
}

/// (days since `first`, bookings requested or confirmed that day)
pub async fn count_bookings(db: &PgPool, zone: &str, first: Date, since: Instant) -> Result<Vec<(i32, i64)>> {
    let rows = sqlx::query!(
        r#"select
            (coalesce(requested_at, confirmed_at) at time zone $1)::date - $2::date as "day!",
            count(*) as "count!"
         from bookings
         where coalesce(requested_at, confirmed_at) >= $3
         group by 1"#,
        zone,
        first as Date,
        since as Instant,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.count)).collect())
}

pub async fn count_people(db: &PgPool, zone: &str, first: Date, since: Instant) -> Result<Vec<(i32, i64)>> {
    let rows = sqlx::query!(
        r#"select (created_at at time zone $1)::date - $2::date as "day!", count(*) as "count!"
         from accounts
         where created_at >= $3 and not is_guest
         group by 1"#,
        zone,
        first as Date,
        since as Instant,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.count)).collect())
}

pub struct MoneyRow {
    pub day: i32,
    pub volume: i64,
    pub commission: i64,
    pub refunds: i64,
}

/// From the ledger: what the gateway took in for bookings, what it gave back, and what stayed with the platform.
pub async fn sum_ledger(db: &PgPool, zone: &str, first: Date, since: Instant, currency: Currency) -> Result<Vec<MoneyRow>> {
    Ok(sqlx::query_as!(
        MoneyRow,
        r#"select
            (t.at at time zone $1)::date - $2::date as "day!",
            coalesce(sum(e.amount_minor) filter (where a.kind = 'gateway' and t.cause like 'captured:%'), 0)::bigint as "volume!",
            coalesce(-sum(e.amount_minor) filter (where a.kind = 'platform'), 0)::bigint as "commission!",
            -- a refund that could not be delivered comes back in
            coalesce(-sum(e.amount_minor) filter (where a.kind = 'gateway' and (t.cause like 'refunded:%' or t.cause like 'refund_failed:%')), 0)::bigint
                as "refunds!"
         from ledger_transactions t
         join ledger_entries e on e.transaction_id = t.id
         join ledger_accounts a on a.id = e.account_id
         where t.at >= $3 and e.currency = $4
         group by 1"#,
        zone,
        first as Date,
        since as Instant,
        currency.code(),
    )
    .fetch_all(db)
    .await?)
}

/// (active now, of those with a booking made since then)
pub async fn count_providers(db: &PgPool, since: Instant) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select
            (select count(*) from providers where status = 'active') as "active!",
            (select count(distinct b.provider_id)
             from bookings b
             join providers p on p.id = b.provider_id and p.status = 'active'
             where coalesce(b.requested_at, b.confirmed_at) >= $1) as "booked!""#,
        since as Instant,
    )
    .fetch_one(db)
    .await?;
    Ok((row.active, row.booked))
}

/// Only what really waits; the longest wait first.
pub async fn list_attention(db: &PgPool, now: Instant) -> Result<Vec<Attention>> {
    Ok(sqlx::query_as!(
        Attention,
        r#"select kind as "kind!", count as "count!", oldest_at as "oldest_at: Instant" from (
            select 'applications' as kind, count(*) as count, min(submitted_at) as oldest_at from providers where status = 'submitted'
            union all
            select 'payments', count(*), min(created_at) from payment_attempts where status in ('unknown', 'processing') and created_at < $1
            union all
            select 'refunds', count(*), min(created_at) from refunds r
             where r.status = 'failed'
               and not exists (select 1 from refunds later where later.payment_id = r.payment_id and later.created_at > r.created_at)
            union all
            select 'mails', count(*), min(created_at) from mails where status = 'failed' and created_at > $2
            union all
            select 'jobs', count(*), min(dead_at) from jobs where dead_at is not null
            union all
            select 'requests', count(*), min(requested_at) from bookings where status = 'requested' and answer_by < $3
         ) waiting
         where count > 0
         order by oldest_at nulls last"#,
        now.plus_minutes(-STUCK_MIN) as Instant,
        now.plus_days(-7) as Instant,
        now.plus_hours(2) as Instant,
    )
    .fetch_all(db)
    .await?)
}
