//! The page that the service worker keeps for when the network is gone.

use super::caller::Caller;
use super::render;
use crate::state::AppState;
use app::shell::Frame;
use axum::Router;
use axum::response::Response;
use axum::routing::get;

async fn offline(Caller(ctx): Caller) -> Response {
    render::page(&ctx, Frame::private("You are offline"), app::site::pages::offline::OfflineView())
}

pub fn router() -> Router<AppState> {
    Router::new().route("/offline", get(offline))
}
