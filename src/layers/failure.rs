//! Whatever goes wrong leaves as something readable: problem details for programs, a page for people.
//!
//! Handlers and layers answer [`failed`]; only here is it known who asked, from where, and in which form the answer is wanted.

use crate::api::problem::Problem;
use crate::web::render;
use app::site::pages::error::Trouble;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::ctx::Ctx;
use domain::error::Error;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::sync::{Arc, OnceLock};

/// When to come back to a page that does not say.
const BACK_LATER_S: u64 = 10;

/// No page is asked for again sooner by itself.
pub const LEAST_AGAIN_S: u64 = 5;
pub const AGAIN_SPREAD_S: u64 = 5;

/// In a response's extensions: why there is no better one.
#[derive(Clone)]
struct Failed(Error);

/// Filled once it is known who asks, so that a failure page can show them as signed in.
#[derive(Clone, Default)]
pub struct Asking(pub Arc<OnceLock<Ctx>>);

/// A response that the layer here turns into a problem or a page.
pub fn failed(error: Error) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = status.into_response();
    response.extensions_mut().insert(Failed(error));
    response
}

pub async fn layer(mut request: Request, next: Next) -> Response {
    let asking = Asking::default();
    request.extensions_mut().insert(asking.clone());
    let method = request.method().clone();
    let uri = request.uri().clone();
    let wants_problem = wants_problem(uri.path(), request.headers());
    let headers = request.headers().clone();
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let error = response.extensions().get::<Failed>().map(|failed| failed.0.clone());
    if wants_problem {
        return match error {
            Some(error) => with_retry(Problem::from(error.clone()).into_response(), &error),
            None if is_bare(&response) => with_methods(Problem::of_status(status).into_response(), &response),
            None => response,
        };
    }
    let error = match error {
        Some(error) => error,
        None if is_bare(&response) => match status {
            // A mistyped id in the address is an address that leads nowhere.
            StatusCode::BAD_REQUEST if method == Method::GET => Error::NotFound,
            StatusCode::NOT_FOUND => Error::NotFound,
            _ => return with_methods(page(&asking, &headers, uri.path(), Trouble::Bare(status.as_u16()), None), &response),
        },
        None => return back_later(response),
    };
    if matches!(error, Error::Unauthenticated) {
        return Redirect::to(&format!("/sign-in?next={}", encoded_target(&method, &uri, &headers))).into_response();
    }
    let again_s = asked_again_after(&method, &error);
    with_retry(page(&asking, &headers, uri.path(), Trouble::Told(error.clone()), again_s), &error)
}

fn page(asking: &Asking, headers: &HeaderMap, path: &str, trouble: Trouble, again_s: Option<u64>) -> Response {
    render::failure(asking.0.get(), headers, path, trouble, again_s)
}

/// After how many seconds the browser asks again by itself: only where it merely looked. No form is sent twice, and what was typed is a step back. Seldom and
/// not all at once, for open pages must not keep busy what has just become too slow.
fn asked_again_after(method: &Method, error: &Error) -> Option<u64> {
    let is_looking = matches!(*method, Method::GET | Method::HEAD);
    let wait_s = error.retry_after_s().filter(|_| is_looking && error.status() == StatusCode::SERVICE_UNAVAILABLE.as_u16())?;
    Some(wait_s.max(LEAST_AGAIN_S) + rand::random_range(0..=AGAIN_SPREAD_S))
}

/// Programs and islands get problem details. A body of plain text without one of ours is axum's own refusal.
fn wants_problem(path: &str, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    path.starts_with("/api/") || path.starts_with("/do/") || (accept.contains("json") && !accept.contains("text/html"))
}

fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_none_or(|kind| kind.starts_with("text/plain"))
}

/// A refused method is told with the ones there are (RFC 9110 section 15.5.6).
fn with_methods(mut response: Response, bare: &Response) -> Response {
    if let Some(methods) = bare.headers().get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, methods.clone());
    }
    response
}

/// A page that says by itself that it has to wait for somebody, at the time when programs are asked to come back.
fn back_later(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE && !response.headers().contains_key(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(BACK_LATER_S));
    }
    response
}

fn with_retry(mut response: Response, error: &Error) -> Response {
    if let Some(seconds) = error.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Where to go on after signing in: the page itself, or for a form the page it stood on.
fn encoded_target(method: &Method, uri: &http::Uri, headers: &HeaderMap) -> String {
    let here = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let target = if method == Method::GET || method == Method::HEAD {
        here
    } else {
        referer
            .and_then(|text| text.parse::<http::Uri>().ok())
            .and_then(|u| u.path_and_query().map(|p| p.as_str().to_owned()))
            .unwrap_or("/".to_owned())
    };
    serde_urlencoded::to_string([("next", target)]).map_or_else(|_| "%2F".to_owned(), |text| text.trim_start_matches("next=").to_owned())
}
