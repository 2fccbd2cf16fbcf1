//! Is it alive, may it be given work, and how is it doing.

use crate::state::AppState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use std::time::Duration;

#[derive(Serialize)]
struct Readiness {
    database: &'static str,
    migrations: &'static str,
    jobs: &'static str,
}

async fn alive() -> &'static str {
    "alive"
}

/// 200 when the database answers and its schema is the one this release was built with. Jobs that are late are told, for whoever watches: all nodes
/// share them, so that turning people away from every one of them would help nobody.
async fn ready(State(state): State<AppState>) -> Response {
    let readiness = match tokio::time::timeout(Duration::from_secs(2), look(&state)).await {
        Ok(Ok(readiness)) => readiness,
        _ => Readiness { database: "gone", migrations: "unknown", jobs: "unknown" },
    };
    let is_ready = readiness.database == "ok" && readiness.migrations == "ok";
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = (status, Json(readiness)).into_response();
    if !is_ready {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

async fn look(state: &AppState) -> Result<Readiness, sqlx::Error> {
    let newest = crate::migrations::MIGRATOR.iter().map(|m| m.version).max().unwrap_or(0);
    // Databases of tests are migrated without this table's help only by sqlx itself, so it is always there.
    let applied: Option<i64> =
        sqlx::query_scalar("select max(version) from _sqlx_migrations where success").fetch_one(&state.house.db).await?;
    let late: i64 = sqlx::query_scalar(
        "select count(*) from jobs where finished_at is null and dead_at is null and leased_until is null and run_at < $1",
    )
    .bind(state.house.clock.now().plus_minutes(-5))
    .fetch_one(&state.house.db)
    .await?;
    Ok(Readiness {
        database: "ok",
        migrations: if applied.unwrap_or(0) >= newest { "ok" } else { "behind" },
        jobs: if late == 0 { "ok" } else { "late" },
    })
}

/// For Prometheus; closed unless a token is configured. A private address needs none.
async fn metrics_by_token(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    let is_allowed = match (&state.config.metrics_token, given) {
        (Some(token), Some(given)) => bool::from(subtle::ConstantTimeEq::ct_eq(token.as_bytes(), given.as_bytes())),
        _ => false,
    };
    if is_allowed { crate::metrics::render(&state).await.into_response() } else { StatusCode::NOT_FOUND.into_response() }
}

/// On the private address.
pub async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    crate::metrics::render(&state).await
}

pub fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).route("/metrics", get(metrics_by_token))
}
