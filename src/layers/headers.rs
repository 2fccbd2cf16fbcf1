//! Security headers on every response, pages, files and errors alike. A handler's own value wins.

use crate::config::Config;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::sync::Arc;

/// Values that depend on the configuration, made once.
#[derive(Clone)]
pub struct Headers(Arc<Values>);

struct Values {
    policy: HeaderValue,
    checkout_policy: HeaderValue,
    docs_policy: HeaderValue,
    is_https: bool,
}

const BASE: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'; font-src 'self'; style-src-attr 'unsafe-inline'";

/// Opened by itself, a file does nothing.
const FILE: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

impl Headers {
    pub fn new(config: &Config) -> Self {
        let gateway = config.checkout_origins.join(" ");
        let value = |text: String| HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        let page = |more: &str, style: &str| {
            let text = format!(
                "{BASE}; style-src 'self'{style}; script-src 'self' 'wasm-unsafe-eval'{more}; connect-src 'self'{more}; \
                 img-src 'self' data: blob:{more}; form-action 'self'{more}; frame-src 'self'{more}"
            );
            value(text)
        };
        let gateway = if gateway.is_empty() { gateway } else { format!(" {gateway}") };
        Self(Arc::new(Values {
            policy: page("", ""),
            checkout_policy: page(&gateway, ""),
            // Swagger's page brings its own inline styles.
            docs_policy: page("", " 'unsafe-inline'"),
            is_https: config.is_https(),
        }))
    }
}

pub async fn layer(State(values): State<Headers>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let values = &values.0;
    let is_checkout = path.starts_with("/checkout/") || (path.starts_with("/bookings/") && path.ends_with("/pay"));
    let policy = match () {
        () if is_checkout => &values.checkout_policy,
        () if path.starts_with("/api/docs") => &values.docs_policy,
        () => &values.policy,
    };
    let headers = response.headers_mut();
    // Files obey the policy of the page that loads them; a page with islands loads a dozen, and what each says again is paid for each time.
    // What says that a file is gone is a page, and looks like one.
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let is_file = path.starts_with("/pkg/") && !is_page;
    let policy = if is_file { HeaderValue::from_static(FILE) } else { policy.clone() };
    put(headers, header::CONTENT_SECURITY_POLICY, policy);
    put(headers, header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    put(headers, header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    put(headers, header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    let opener = if is_checkout { "same-origin-allow-popups" } else { "same-origin" };
    put(headers, HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static(opener));
    put(headers, HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    let features = match is_file {
        true => "camera=()",
        false => "camera=(), microphone=(), usb=(), browsing-topics=(), geolocation=(self), payment=*",
    };
    put(headers, HeaderName::from_static("permissions-policy"), HeaderValue::from_static(features));
    if values.is_https {
        put(headers, header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains"));
    }
    // What is not said to be shareable is for this browser only, and asked for anew.
    put(headers, header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}
