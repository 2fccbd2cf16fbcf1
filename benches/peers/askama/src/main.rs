//! One query, one template: the provider's page without anything that a marketplace needs besides. Prints its port.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use serde::Deserialize;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use sqlx::types::Json;

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

async fn show(State(db): State<PgPool>, Path(slug): Path<String>) -> Result<Html<String>, StatusCode> {
    let found: Option<Json<Content>> = sqlx::query_scalar("select content from peer_pages where slug = $1")
        .bind(slug)
        .fetch_optional(&db)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let Json(p) = found.ok_or(StatusCode::NOT_FOUND)?;
    Page { p }.render().map(Html).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

// As ours: what is compared is drawing, not allocators, and not whether a connection is asked twice.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let db = PgPoolOptions::new().max_connections(16).test_before_acquire(false).connect(&std::env::var("DATABASE_URL")?).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, Router::new().route("/p/{slug}", get(show)).with_state(db)).await?;
    Ok(())
}
