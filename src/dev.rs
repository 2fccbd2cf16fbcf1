//! Development only: the clock can be moved forward, so that one sitting sees a job through.

use crate::api::extract::Json;
use crate::api::problem::Problem;
use crate::state::AppState;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use domain::error::{Error, Fields};
use domain::time::Instant;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const KEY: &str = "development.clock_shift_ms";

/// One of the two.
#[derive(Deserialize)]
struct Move {
    /// Forward by so many minutes.
    minutes: Option<i64>,
    /// Back to the real time.
    reset: Option<bool>,
}

#[derive(Serialize)]
struct Clock {
    now: Instant,
    shift_ms: i64,
}

async fn show(State(state): State<AppState>) -> Result<Json<Clock>, Problem> {
    let clock = state.movable_clock.as_ref().ok_or(Error::NotFound)?;
    Ok(Json(Clock { now: state.house.clock.now(), shift_ms: clock.shift_millis() }))
}

async fn shift(State(state): State<AppState>, Json(wanted): Json<Move>) -> Result<Json<Clock>, Problem> {
    let clock = state.movable_clock.as_ref().ok_or(Error::NotFound)?;
    let shift_ms = match (wanted.minutes, wanted.reset) {
        (None, Some(true)) => 0,
        (Some(minutes @ 0..=525_600), _) => clock.shift_millis() + minutes * 60_000,
        _ => return Err(Error::Invalid(Fields::one("minutes", "Between 0 and 525,600; time only moves forward.")).into()),
    };
    sqlx::query(
        "insert into settings (key, value, updated_at) values ($1, $2, $3) on conflict (key) do update set value = $2, updated_at = $3",
    )
    .bind(KEY)
    .bind(serde_json::json!(shift_ms))
    .bind(state.house.clock.now())
    .execute(&state.house.db)
    .await
    .map_err(Error::from)?;
    clock.set_shift_millis(shift_ms);
    tracing::warn!(shift_ms, "the clock was moved");
    state.house.committed.notify_waiters();
    Ok(Json(Clock { now: state.house.clock.now(), shift_ms }))
}

/// Takes over what was set before this process began or by another one.
pub async fn follow(state: AppState) {
    let Some(clock) = state.movable_clock.clone() else { return };
    loop {
        let stored: Result<Option<serde_json::Value>, _> =
            sqlx::query_scalar("select value from settings where key = $1").bind(KEY).fetch_optional(&state.house.db).await;
        if let Ok(stored) = stored {
            clock.set_shift_millis(stored.and_then(|value| value.as_i64()).unwrap_or(0));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

pub fn router() -> Router<AppState> {
    Router::new().route("/dev/clock", get(show).post(shift))
}
