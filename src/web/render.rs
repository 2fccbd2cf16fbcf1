//! A view in its frame becomes a response, synchronously.

use crate::state::AppState;
use axum::response::{Html, IntoResponse, Response};
use domain::ctx::Ctx;
use http::{HeaderMap, StatusCode};

/// The page for an error: what happened, and what to do. `ctx` is None if it failed before it was known who asks.
pub fn failure(state: &AppState, ctx: Option<&Ctx>, headers: &HeaderMap, path: &str, status: StatusCode, sentence: String) -> Response {
    let _ = (state, ctx, headers, path);
    let title = status.canonical_reason().unwrap_or("Error");
    let body =
        format!("<!doctype html><html lang=\"en\"><title>{title} · Fettle</title><main><h1>{title}</h1><p>{sentence}</p></main></html>");
    (status, Html(body)).into_response()
}
