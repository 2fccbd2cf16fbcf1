//! Messages of payment gateways. Verified by their signature, exempt from limits, answered quickly: what takes time is left to jobs.

use super::problem::{Problem, ProblemBody};
use crate::state::AppState;
use axum::extract::State;
use bytes::Bytes;
use domain::booking::settlement;
use domain::ctx::Ctx;
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A message of Stripe. 400 for a bad signature; a message seen before is answered the same and changes nothing.
#[utoipa::path(post, path = "/webhooks/stripe", tag = "payment", security(()), request_body(content = String, content_type = "application/json"),
    params(("stripe-signature" = String, Header, description = "`t=…,v1=…`: HMAC-SHA256 over time and body")),
    responses((status = 200), (status = 400, description = "`bad_signature`", body = ProblemBody), (status = 401, body = ProblemBody),
        (status = 403, description = "It takes no token", body = ProblemBody), (status = 503, body = ProblemBody)))]
async fn stripe(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Problem> {
    let ctx = Ctx::system(state.house.clone(), "gateway");
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let message = state.house.payments.verify_webhook(&body, signature, ctx.now()).map_err(|refused| {
        tracing::warn!(%refused, "a webhook was refused");
        Problem::new(StatusCode::BAD_REQUEST, "bad_signature", "This message is not from the payment gateway.")
    })?;
    settlement::receive(&ctx, message).await?;
    Ok(StatusCode::OK)
}

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(stripe))
}
