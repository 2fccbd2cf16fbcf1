//! The page to watch and disturb the sandbox, and the same by JSON for tests.

mod acts;
mod payments;
mod view;

use crate::hub::Hub;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

pub fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/", get(view::show))
        .route("/payments", get(payments::list))
        .route("/healthz", get(|| async { "ok" }))
        .route("/control/webhooks", post(acts::set_webhooks))
        .route("/control/release", post(acts::release))
        .route("/control/fault", post(acts::add_fault))
        .route("/control/calm", post(acts::calm))
        .route("/control/forge", post(acts::forge))
        .route("/control/resend", post(acts::resend))
        .route("/control/clock", post(acts::move_clock))
        .route("/control/disturb", get(acts::show_disturb).put(acts::set_disturb))
        .route("/control/state", get(acts::state))
        .route("/control/events", get(acts::events))
        .route("/control/target", post(acts::set_target))
}
