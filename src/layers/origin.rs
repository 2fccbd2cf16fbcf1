//! State changes asked for by another site's page are refused. Server functions and forms rely on this layer alone.

use super::failure::failed;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::error::Error;
use http::{HeaderMap, Method, header};

pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_reading || is_own(request.headers(), &state.config.base_url) {
        return next.run(request).await;
    }
    tracing::warn!(path = super::request::address(&request), "refused a request from another site");
    failed(Error::Forbidden)
}

/// Browsers name the origin with every state-changing request; whoever sends neither header is no browser and carries no one's cookie by accident.
/// A bearer token is never sent by accident either; a name and password (RFC 7617) are, once a browser has been asked for them.
pub fn is_own(headers: &HeaderMap, base_url: &str) -> bool {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if authorization.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer ")) {
        return true;
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return false;
    }
    match text("origin") {
        None => true,
        Some(origin) => {
            let is_host = text("host").is_some_and(|host| origin == format!("http://{host}") || origin == format!("https://{host}"));
            origin == base_url || is_host
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, http::HeaderValue::from_static(value));
        }
        is_own(&headers, "https://fettle.example")
    }

    #[test]
    fn only_our_own_pages_change_anything() {
        assert!(own(&[]));
        assert!(own(&[("origin", "https://fettle.example"), ("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(own(&[("authorization", "Bearer x"), ("origin", "https://evil.example")]));
        for foreign in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("authorization", "Basic c3RhZ2U6c3RhZ2U="), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://fettle.example")],
            &[("origin", "https://fettle.example.evil.example")],
        ] {
            assert!(!own(foreign), "{foreign:?}");
        }
    }
}
