//! `Idempotency-Key` on any call that changes something: the first answer is kept and given again.
//!
//! What is kept can be read by whoever reads the database, so nothing secret is: of an answer that is [`ShownOnce`] only the fact that it was
//! given, and of calls that carry a password (all below `/auth/`, where a hash of the request would be a quick hash of the password) nothing.

use super::describe::keeps_answers;
use super::problem::Problem;
use crate::layers::failure::failed;
use crate::layers::request;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::ctx::Ctx;
use domain::error::{Error, Result};
use domain::idempotency::{self, Claim};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::panic::resume_unwind;
use std::time::Duration;

pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST_KEY: usize = 255;
/// A second request with the same key waits this often, this long, for the first one's answer.
const WAITS: u32 = 50;
const WAIT: Duration = Duration::from_millis(100);
const LARGEST_ANSWER: usize = 1024 * 1024;

/// On an answer, as an extension: it carries a secret that is not kept here. A repeated request is told that it was done, with 409, and does
/// nothing again.
#[derive(Debug, Clone, Copy)]
pub struct ShownOnce;

pub async fn layer(request: Request, next: Next) -> Response {
    let Some(key) = request.headers().get(HEADER).cloned() else { return next.run(request).await };
    let route = request.extensions().get::<MatchedPath>().and_then(|path| path.as_str().strip_prefix("/api/v1"));
    if !route.is_some_and(keeps_answers) {
        return next.run(request).await;
    }
    let ctx = request.extensions().get::<Ctx>().cloned();
    let (Some(ctx), true) = (ctx, matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH | Method::DELETE)) else {
        return next.run(request).await;
    };
    let Some(key) = key
        .to_str()
        .ok()
        .filter(|key| (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()))
        .map(str::to_owned)
    else {
        return Problem::new(StatusCode::BAD_REQUEST, "malformed", "Idempotency-Key must be 1 to 255 plain characters.").into_response();
    };
    run(&ctx, &key, request, next).await.unwrap_or_else(failed)
}

async fn run(ctx: &Ctx, key: &str, request: Request, next: Next) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, crate::layers::BODY_LIMIT).await else {
        return Ok(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE).into_response());
    };
    let mut hash = Sha256::new();
    hash.update(parts.method.as_str());
    hash.update([0]);
    hash.update(parts.uri.path_and_query().map_or("", |p| p.as_str()));
    hash.update([0]);
    hash.update(&body);
    let hash = hash.finalize();
    let scope = match (ctx.account_id(), ctx.visitor_id()) {
        (Some(account), _) => format!("account:{account}"),
        (None, visitor) => format!("visitor:{}", visitor.map(|v| v.to_string()).unwrap_or_default()),
    };
    for _ in 0..WAITS {
        match idempotency::claim(ctx, &scope, key, &hash).await? {
            Claim::New => {
                let (ctx, key) = (ctx.clone(), key.to_owned());
                return to_its_end(async move {
                    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
                    keep(&ctx, &scope, &key, response).await
                })
                .await;
            }
            Claim::Done { status, response } => return again(status, &response),
            Claim::Different => {
                let sentence = "This Idempotency-Key was used for another request. Take a new one.";
                return Ok(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", sentence).into_response());
            }
            Claim::Busy => tokio::time::sleep(WAIT).await,
        }
    }
    let sentence = "The first request with this Idempotency-Key is still being worked on. Try again in a moment.";
    Ok(Problem::new(StatusCode::CONFLICT, "idempotency_in_progress", sentence).into_response())
}

/// Whoever asked may lose the line or the patience meanwhile; what is done by then must not be done again when they repeat it.
async fn to_its_end(work: impl Future<Output = Result<Response>> + Send + 'static) -> Result<Response> {
    match tokio::spawn(request::continued(work)).await {
        Ok(answer) => answer,
        Err(cause) if cause.is_panic() => resume_unwind(cause.into_panic()),
        Err(cause) => Err(Error::internal(cause)),
    }
}

/// Answers that time alone would change are not kept: who asks may sign in, wait, or find us and those we ask recovered.
async fn keep(ctx: &Ctx, scope: &str, key: &str, response: Response) -> Result<Response> {
    let status = response.status();
    let may_pass = matches!(status.as_u16(), 401 | 403 | 408 | 429) || response.headers().contains_key(header::RETRY_AFTER);
    let is_final = !status.is_server_error() && !may_pass;
    if !is_final {
        idempotency::give_up(ctx, scope, key).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    if parts.extensions.get::<ShownOnce>().is_some() {
        idempotency::finish(ctx, scope, key, status.as_u16(), &json!({ "shown_once": true })).await?;
        return Ok(Response::from_parts(parts, body));
    }
    let body = to_bytes(body, LARGEST_ANSWER).await.map_err(Error::internal)?;
    let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let kept = json!({
        "type": text(header::CONTENT_TYPE),
        "location": text(header::LOCATION),
        "body": String::from_utf8_lossy(&body),
    });
    idempotency::finish(ctx, scope, key, status.as_u16(), &kept).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn again(status: u16, kept: &Value) -> Result<Response> {
    if kept["shown_once"] == true {
        let sentence =
            "This was done already. Its answer held a secret that is shown once; if it was lost, revoke what was made and begin anew.";
        return Ok(Problem::new(StatusCode::CONFLICT, "answer_shown_once", sentence).into_response());
    }
    let body = kept["body"].as_str().unwrap_or("").to_owned();
    let mut response = (StatusCode::from_u16(status).map_err(Error::internal)?, body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in [(header::CONTENT_TYPE, &kept["type"]), (header::LOCATION, &kept["location"])] {
        if let Some(value) = value.as_str().and_then(|text| HeaderValue::from_str(text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    Ok(response)
}
