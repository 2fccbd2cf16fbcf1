//! Each request gets an id, a span, a line in the log, figures for the metrics, and an end: no handler runs longer than its time.

use super::failure::failed;
use crate::state::AppState;
use crate::telemetry::traces;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::error::Error;
use domain::id::BookingId;
use http::{HeaderValue, Method};
use std::any::Any;
use std::net::SocketAddr;
use std::time::Duration;
use tracing::Instrument;

/// A handler that takes longer than this is given up, and the person told to try again.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request this task serves, for problems; empty outside of one.
pub fn current_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// For a task of its own that goes on with this request: what it says and writes down belongs to it.
pub fn continued<F: Future>(work: F) -> impl Future<Output = F::Output> {
    REQUEST_ID.scope(current_id(), work).in_current_span()
}

/// In the request's extensions.
#[derive(Clone)]
pub struct RequestId(pub String);

/// The peer's address, in the request's extensions; behind trusted proxies the one they name.
#[derive(Clone)]
pub struct PeerAddress(pub Option<String>);

pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let mut random = [0_u8; 8];
    state.house.chance.fill(&mut random);
    let id = hex::encode(random);
    let address = peer(&request, state.config.trusted_proxies);
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(PeerAddress(address));
    let method = word(request.method());
    let route = route(&request);
    let path = with_ids(&route, request.uri().path());
    let span = traces::request(state.config.otlp_endpoint.is_some(), &id, method, &route, request.headers());
    let started = std::time::Instant::now();
    let mut response = REQUEST_ID.scope(id.clone(), next.run(request)).instrument(span.clone()).await;
    let took = started.elapsed();
    let status = response.status().as_u16();
    traces::answered(&span, status);
    span.in_scope(|| tracing::info!(%method, path, status, took_ms = took.as_secs_f64() * 1000.0, "request"));
    crate::metrics::ANSWERS.note(took.as_millis() < crate::metrics::PROMPT_MS as u128);
    metrics::histogram!("http_request_seconds", "route" => route, "method" => method, "status" => status.to_string())
        .record(took.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The door of all server functions.
const SERVER_FUNCTIONS: &str = "/do/{*verb}";

static METHODS: [Method; 9] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE, Method::CONNECT];
/// Any other is what a stranger has typed; OpenTelemetry's conventions call it so.
const OTHER: &str = "_OTHER";

/// The method as it may be written down.
fn word(method: &Method) -> &'static str {
    METHODS.iter().find(|known| *known == method).map_or(OTHER, Method::as_str)
}

/// The address as it may be written down: what was typed may be a secret, or a card's number, wherever it leads.
pub fn address(request: &Request) -> String {
    with_ids(&route(request), request.uri().path())
}

/// What answers: the pattern of a route, or one word where there is none.
fn route(request: &Request) -> String {
    let path = request.uri().path();
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(SERVER_FUNCTIONS) => server_function(path).unwrap_or(SERVER_FUNCTIONS).to_owned(),
        Some(route) => route.to_owned(),
        // axum names no route whose rest is left to a service.
        None if path.starts_with("/pkg/") => "/pkg/{*file}".to_owned(),
        None => "unmatched".to_owned(),
    }
}

/// The one at this address.
fn server_function(path: &str) -> Option<&'static str> {
    leptos::server_fn::axum::server_fn_paths().map(|(known, _)| known).find(|known| *known == path)
}

/// The route with the ids that stand in the address, which open nothing, and nothing else of it.
fn with_ids(route: &str, path: &str) -> String {
    let parts = route.split('/').zip(path.split('/'));
    parts.map(|(known, typed)| if known.starts_with('{') && is_id(typed) { typed } else { known }).collect::<Vec<_>>().join("/")
}

/// All ids are written alike.
fn is_id(typed: &str) -> bool {
    typed.parse::<BookingId>().is_ok()
}

/// With n proxies in front, the n-th entry of X-Forwarded-For from the right is what the outermost trusted one saw.
fn peer(request: &Request, trusted_proxies: usize) -> Option<String> {
    let direct = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical().to_string());
    if trusted_proxies == 0 {
        return direct;
    }
    let forwarded: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let named = forwarded.len().checked_sub(trusted_proxies).and_then(|at| forwarded.get(at));
    // An IPv4 address that a socket for both kinds reports as one of IPv6 is still one household's, not the /64 of them all.
    named.and_then(|text| text.parse::<std::net::IpAddr>().ok()).map(|address| address.to_canonical().to_string()).or(direct)
}

pub async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIME_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("a request took too long");
            failed(Error::Unavailable { retry_after_s: 5 })
        }
    }
}

pub fn on_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
    failed(Error::internal(format!("panic: {}", text.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let mut request = Request::new(axum::body::Body::empty());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 5000))));
        request.headers_mut().insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 1.2.3.4, 10.0.0.2"));
        assert_eq!(peer(&request, 0).as_deref(), Some("10.0.0.1"));
        assert_eq!(peer(&request, 1).as_deref(), Some("10.0.0.2"));
        assert_eq!(peer(&request, 2).as_deref(), Some("1.2.3.4"));
        assert_eq!(peer(&request, 9).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn of_an_address_the_route_and_its_ids_are_written_down() {
        let id = "0193a1c2-7f00-7abc-8def-0123456789ab";
        let both = format!("/bookings/{id}/photos/{id}");
        let half = format!("/bookings/{id}/photos/4242424242424242");
        for (route, path, written) in [
            ("/", "/", "/"),
            ("/sign-in", "/sign-in", "/sign-in"),
            ("/bookings/{id}/photos/{photo}", both.as_str(), both.as_str()),
            ("/bookings/{id}/photos/{photo}", half.as_str(), "/bookings/0193a1c2-7f00-7abc-8def-0123456789ab/photos/{photo}"),
            ("/bookings/{id}", "/bookings/0193a1c27f007abc8def0123456789ab", "/bookings/{id}"),
            ("/p/{slug}", "/p/4242424242424242", "/p/{slug}"),
            ("/feeds/{secret}/calendar.ics", "/feeds/hidden/calendar.ics", "/feeds/{secret}/calendar.ics"),
            ("/api/docs/{*rest}", "/api/docs/hidden/too", "/api/docs/{*rest}"),
            ("unmatched", "//reset-password/hidden", "unmatched"),
        ] {
            assert_eq!(with_ids(route, path), written);
        }
    }

    #[test]
    fn what_nothing_answers_has_one_word() {
        for (path, written) in [("/Reset-Password/hidden", "unmatched"), ("/pkg/hidden.css", "/pkg/{*file}")] {
            let request = Request::builder().uri(path).body(axum::body::Body::empty()).expect("a request");
            assert_eq!(address(&request), written);
        }
        assert_eq!(server_function("/do/hidden"), None);
        let hidden = Method::from_bytes(b"4242424242424242").expect("a method");
        assert_eq!((word(&Method::PATCH), word(&hidden)), ("PATCH", "_OTHER"));
    }
}
