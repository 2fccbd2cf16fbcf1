//! REST, `/api/v1`: each file a room, its `router()` last.

pub mod account;
pub mod admin;
pub mod booking;
pub mod category;
pub mod describe;
pub mod extract;
pub mod favourite;
pub mod openapi;
pub mod payment;
pub mod problem;
pub mod provider;
pub mod repeat;
pub mod review;
pub mod scheduling;
pub mod search;
pub mod webhook;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;

/// Everything below `/api/v1`. One line a room, in alphabetical order.
pub fn rooms() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(account::router())
        .merge(admin::router())
        .merge(booking::router())
        .merge(category::router())
        .merge(favourite::router())
        .merge(payment::router())
        .merge(provider::router())
        .merge(review::router())
        .merge(scheduling::router())
        .merge(search::router())
        .merge(webhook::router())
}
