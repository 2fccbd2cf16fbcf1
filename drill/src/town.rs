//! A provider that never sleeps and as many customers as wanted, written straight into the drill's own database.

use anyhow::Result;
use chrono::{DateTime, SecondsFormat};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use sqlx::PgPool;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// Limits of the server that would otherwise answer 429 where a drill wants to hear 409.
const LIMITS: [(&str, i64); 6] = [
    ("search_per_min", 100_000),
    ("booking_per_min", 100_000),
    ("sensitive_per_min", 100_000),
    ("general_per_min", 1_000_000),
    ("address_factor", 1_000),
    ("holds_per_person", 20),
];

/// Hours of one person over which holds are scattered: 300 days, inside of the provider's horizon.
const SCATTERED_HOURS: usize = 300 * 24;

const SCOPES: &[&str] = &[
    "profile:read",
    "profile:write",
    "bookings:read",
    "bookings:write",
    "payments:read",
    "payments:write",
    "provider:read",
    "provider:write",
    "admin:read",
    "admin:write",
];

/// One provider, open day and night in UTC, with people who all do both services of 60 minutes for 100.00 EUR, starting every half hour.
pub struct Town {
    pub provider: Uuid,
    pub slug: String,
    /// Confirmed by money alone.
    pub service: Uuid,
    /// Confirmed by the provider; the card is charged then.
    pub by_request: Uuid,
    pub people: Vec<Uuid>,
    pub owner_token: String,
    /// Midnight two days ahead, in seconds since 1970: the first hour that is handed out.
    first: i64,
    next: AtomicI64,
    /// Every hour of every person among whom holds are scattered, by number, in an order of no meaning.
    scattered: OnceLock<Vec<u32>>,
    customers: i64,
    next_customer: AtomicI64,
}

/// A free hour of one person.
#[derive(Debug, Clone)]
pub struct Hour {
    /// RFC 3339.
    pub starts_at: String,
    pub person: Uuid,
}

impl Town {
    pub async fn build(db: &PgPool, people: usize, customers: i64) -> Result<Self> {
        widen(db).await?;
        let number: i64 = sqlx::query_scalar("select count(*) from providers").fetch_one(db).await?;
        let slug = format!("drill-{number}");
        let category = category(db, &slug).await?;
        let owner_token = format!("{slug}-owner");
        let owner = people_with_tokens(db, &format!("{slug}-owner"), 1, &owner_token).await?;
        let provider: Uuid = sqlx::query_scalar(
            "insert into providers (id, slug, name, category_id, status, decided_at, zone, currency, country, street, town, lat, lng, email,
                horizon_days, min_notice_min, slot_step_min, created_at, updated_at)
             values (gen_random_uuid(), $1, 'Drill ' || $1, $2, 'active', now(), 'UTC', 'EUR', 'PT', 'Rua 1', 'Lisboa', 38.72, -9.14, 'd@drill.example',
                730, 0, 30, now(), now())
             returning id",
        )
        .bind(&slug)
        .bind(category)
        .fetch_one(db)
        .await?;
        sqlx::query("insert into provider_members (provider_id, account_id, role, created_at) values ($1, $2, 'owner', now())")
            .bind(provider)
            .bind(owner)
            .execute(db)
            .await?;
        always_open(db, provider).await?;
        let people: Vec<Uuid> = sqlx::query_scalar(
            "insert into resources (id, provider_id, kind, name, created_at)
             select gen_random_uuid(), $1, 'person', 'Person ' || n, now() from generate_series(1, $2) n
             returning id",
        )
        .bind(provider)
        .bind(people as i64)
        .fetch_all(db)
        .await?;
        let service = service(db, provider, category, false, &people).await?;
        let by_request = service_by_request(db, provider, category, &people).await?;
        people_with_tokens(db, &format!("{slug}-customer"), customers, &format!("{slug}-customer-")).await?;
        let first: i64 = sqlx::query_scalar("select extract(epoch from date_trunc('day', now(), 'UTC') + interval '2 days')::bigint")
            .fetch_one(db)
            .await?;
        sqlx::query("analyze").execute(db).await?;
        Ok(Self {
            provider,
            slug,
            service,
            by_request,
            people,
            owner_token,
            first,
            next: AtomicI64::new(0),
            scattered: OnceLock::new(),
            customers,
            next_customer: AtomicI64::new(0),
        })
    }

    /// The token of customer `number`, counted from 0 and around.
    pub fn customer(&self, number: i64) -> String {
        format!("{}-customer-{}", self.slug, number.rem_euclid(self.customers) + 1)
    }
    /// The token of someone who has not been asked for lately.
    pub fn next_customer(&self) -> String {
        self.customer(self.next_customer.fetch_add(1, Ordering::Relaxed))
    }

    /// RFC 3339 of the start so many half hours after the first.
    pub fn start(&self, half_hours: i64) -> String {
        let at = DateTime::from_timestamp(self.first + half_hours * 1800, 0).unwrap_or_default();
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
    /// An hour that was never handed out before by this, of anyone, anywhere in the coming months: each as likely as any other, so that those who ask
    /// at the same moment may well want the same person. The order is the same in every run.
    pub fn scattered_hour(&self) -> Hour {
        let people = self.people.len();
        let order = self.scattered.get_or_init(|| {
            let mut order: Vec<u32> = (0..(people * SCATTERED_HOURS) as u32).collect();
            order.shuffle(&mut StdRng::seed_from_u64(20));
            order
        });
        let number = order[self.next.fetch_add(1, Ordering::Relaxed) as usize % order.len()] as usize;
        Hour { starts_at: self.start((number / people * 2) as i64), person: self.people[number % people] }
    }
    /// An hour that was never handed out before.
    pub fn next_hour(&self) -> Hour {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let people = self.people.len() as i64;
        Hour { starts_at: self.start(number / people * 2), person: self.people[(number % people) as usize] }
    }
}

/// Sets the limits.
pub async fn widen(db: &PgPool) -> Result<()> {
    for (key, value) in LIMITS {
        sqlx::query("insert into settings (key, value, updated_at) values ($1, to_jsonb($2::bigint), now()) on conflict (key) do update set value = excluded.value")
            .bind(key)
            .bind(value)
            .execute(db)
            .await?;
    }
    Ok(())
}

async fn category(db: &PgPool, slug: &str) -> Result<Uuid> {
    Ok(sqlx::query_scalar(
        "insert into categories (id, slug, name, icon, tone, position, created_at) values (gen_random_uuid(), $1, $1, 'wrench', 1, 1, now()) returning id",
    )
    .bind(slug)
    .fetch_one(db)
    .await?)
}

async fn always_open(db: &PgPool, provider: Uuid) -> Result<()> {
    sqlx::query(
        "with schedule as (
            insert into schedules (id, provider_id, zone, updated_at) values (gen_random_uuid(), $1, 'UTC', now()) returning id
         )
         insert into schedule_hours (schedule_id, weekday, from_min, to_min) select id, weekday, 0, 1440 from schedule, generate_series(1, 7) weekday",
    )
    .bind(provider)
    .execute(db)
    .await?;
    Ok(())
}

async fn service(db: &PgPool, provider: Uuid, category: Uuid, needs_approval: bool, people: &[Uuid]) -> Result<Uuid> {
    let id: Uuid = sqlx::query_scalar(
        "insert into services (id, provider_id, category_id, name, mode, duration_min, price_minor, needs_approval, created_at, updated_at)
         values (gen_random_uuid(), $1, $2, 'Hour', 'at_provider', 60, 10000, $3, now(), now()) returning id",
    )
    .bind(provider)
    .bind(category)
    .bind(needs_approval)
    .fetch_one(db)
    .await?;
    sqlx::query("insert into service_people (service_id, resource_id) select $1, unnest($2::uuid[])")
        .bind(id)
        .bind(people)
        .execute(db)
        .await?;
    Ok(id)
}

async fn service_by_request(db: &PgPool, provider: Uuid, category: Uuid, people: &[Uuid]) -> Result<Uuid> {
    service(db, provider, category, true, people).await
}

/// `count` accounts whose tokens are `token` followed by their number (alone if there is one). Answers the last one's id.
async fn people_with_tokens(db: &PgPool, name: &str, count: i64, token: &str) -> Result<Uuid> {
    let scopes: Vec<String> = SCOPES.iter().map(|&scope| scope.to_owned()).collect();
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "with people as (
            insert into accounts (id, email, email_confirmed_at, name, created_at, updated_at)
            select gen_random_uuid(), $1 || '-' || n || '@drill.example', now(), 'Dora Drill', now(), now() from generate_series(1, $2) n
            returning id, email
         )
         insert into api_tokens (id, account_id, name, secret_hash, hint, scopes, created_at, expires_at, last_used_at)
         select gen_random_uuid(), id, 'drill', sha256(convert_to($3 || case when $2 = 1 then '' else split_part(right(email, -length($1) - 1), '@', 1) end, 'UTF8')),
            'dr', $4, now(), now() + interval '30 days', now()
         from people
         returning account_id",
    )
    .bind(name)
    .bind(count)
    .bind(token)
    .bind(scopes)
    .fetch_all(db)
    .await?;
    ids.last().copied().ok_or_else(|| anyhow::anyhow!("nobody was made"))
}
