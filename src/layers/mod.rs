//! What every request passes through, from the outside in: id and log, failures made readable, headers, limits of size and time, origin, who asks, how often.

pub mod actor;
pub mod failure;
pub mod headers;
pub mod limits;
pub mod origin;
pub mod request;

use crate::state::AppState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// The largest body, unless a route says otherwise (photos do).
pub const BODY_LIMIT: usize = 256 * 1024;

pub fn wrap(router: Router<AppState>, state: &AppState) -> Router {
    let router: Router = router
        .layer(from_fn_with_state(state.clone(), crate::web::render::remember))
        .layer(from_fn_with_state(state.clone(), limits::layer))
        .layer(from_fn_with_state(state.clone(), actor::layer))
        .layer(from_fn_with_state(state.clone(), origin::layer))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn(request::time_limit))
        .layer(CatchPanicLayer::custom(request::on_panic))
        .layer(from_fn(failure::layer))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn_with_state(headers::Headers::new(&state.config), headers::layer))
        .layer(from_fn_with_state(state.clone(), request::layer))
        .with_state(state.clone());
    router
}
