//! One query, one template: the provider's page without anything that a marketplace needs besides; and the same kept, and checked by one query as
//! ours is. Prints its port.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use serde::Deserialize;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::RwLock;

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    p: Content,
}

/// The document in `peer_pages`, written by the bench.
#[derive(Deserialize)]
struct Content {
    id: String,
    slug: String,
    url: String,
    name: String,
    place: String,
    tagline: String,
    story: String,
    languages: String,
    category: String,
    category_slug: String,
    json_ld: String,
    cover: String,
    mean: String,
    total: i64,
    soonest: String,
    month: String,
    day_title: String,
    chosen: String,
    price: String,
    services: Vec<Service>,
    people: Vec<Person>,
    days: Vec<Day>,
    slots: Vec<Slot>,
    add_ons: Vec<AddOn>,
    distribution: Vec<Bar>,
    reviews: Vec<Review>,
    tiers: Vec<Tier>,
}

#[derive(Deserialize)]
struct Service {
    id: String,
    name: String,
    description: String,
    takes: String,
    price: String,
    needs_approval: bool,
}

#[derive(Deserialize)]
struct Person {
    id: String,
    name: String,
    first: String,
    initials: String,
    tone: i64,
    does: String,
}

#[derive(Deserialize)]
struct Day {
    date: String,
    label: String,
    week: String,
    number: String,
    part: i64,
}

#[derive(Deserialize)]
struct Slot {
    at: String,
    time: String,
    line: String,
    until: String,
}

#[derive(Deserialize)]
struct AddOn {
    id: String,
    name: String,
    price: String,
}

#[derive(Deserialize)]
struct Bar {
    label: String,
    part: f64,
    count: i64,
}

#[derive(Deserialize)]
struct Review {
    author: String,
    initials: String,
    date: String,
    service: String,
    rating: i64,
    body: String,
}

#[derive(Deserialize)]
struct Tier {
    when: String,
    why: String,
    part: String,
}

/// What our own server asks before it lets out a page that it kept: the same question.
const VERSION: &str = "select s.epoch, p.status, p.updated_at,
        (
            select coalesce(bit_xor(hashint8extended(e.id, 0)), 0)
            from (select id from events where provider_id = p.id order by id desc limit 256) e
        ) as latest
     from spine s, providers p
     where p.slug = $1";
type Version = (i32, String, DateTime<Utc>, i64);

/// So old a kept page may be, as ours.
const AGE: Duration = Duration::from_secs(10);

struct Kept {
    version: Version,
    drawn_at: Instant,
    page: Bytes,
}

struct House {
    db: PgPool,
    /// By slug.
    kept: RwLock<HashMap<String, Kept>>,
}

async fn draw(db: &PgPool, slug: &str) -> Result<String, StatusCode> {
    let found: Option<Json<Content>> = sqlx::query_scalar("select content from peer_pages where slug = $1")
        .bind(slug)
        .fetch_optional(db)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let Json(p) = found.ok_or(StatusCode::NOT_FOUND)?;
    Page { p }.render().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn show(State(house): State<Arc<House>>, Path(slug): Path<String>) -> Result<Html<String>, StatusCode> {
    draw(&house.db, &slug).await.map(Html)
}

/// The same page, kept as it was drawn and let out while its version is what it was drawn of.
async fn show_kept(State(house): State<Arc<House>>, Path(slug): Path<String>) -> Result<Html<Bytes>, StatusCode> {
    let version: Option<Version> =
        sqlx::query_as(VERSION).bind(&slug).fetch_optional(&house.db).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let version = version.ok_or(StatusCode::NOT_FOUND)?;
    if let Some(kept) = house.kept.read().await.get(&slug).filter(|kept| kept.version == version && kept.drawn_at.elapsed() < AGE) {
        return Ok(Html(kept.page.clone()));
    }
    let drawn_at = Instant::now();
    let page = Bytes::from(draw(&house.db, &slug).await?);
    house.kept.write().await.insert(slug, Kept { version, drawn_at, page: page.clone() });
    Ok(Html(page))
}

// As ours: what is compared is drawing, not allocators, how a connection is set up, and not whether it is asked twice.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = PgConnectOptions::from_str(&std::env::var("DATABASE_URL")?)?
        .options([("max_parallel_workers_per_gather", "0"), ("jit", "off")])
        .options([("random_page_cost", "1.1"), ("plan_cache_mode", "force_generic_plan")]);
    let db = PgPoolOptions::new().max_connections(16).test_before_acquire(false).connect_with(options).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let house = Arc::new(House { db, kept: RwLock::default() });
    axum::serve(listener, Router::new().route("/p/{slug}", get(show)).route("/kept/{slug}", get(show_kept)).with_state(house)).await?;
    Ok(())
}
