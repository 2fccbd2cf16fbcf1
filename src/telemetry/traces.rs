//! Traces for a collector, where one is configured: OTLP over HTTP, by OpenTelemetry's own library.
//!
//! Only spans of ours leave, and what sqlx says of each statement (its text, which holds no values, and how long it took), as an event in the
//! span that asked. Lines of the log do not, so nothing that a person wrote can be among it. Spans wait in a queue that a thread of its own
//! empties; where it is full they are dropped, and no request ever waits for a collector. Here are those of requests and of calls to others;
//! jobs, duties and reactions have theirs in `domain::trace`.

use domain::trace;
use http::HeaderMap;
use opentelemetry::global;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Status, TracerProvider};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::field::Empty;
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;

/// Holds what is still to be sent.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends what is left, for at most a few seconds. Not from within an asynchronous task.
    pub fn finish(self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// `endpoint` is the collector's base address, such as `http://127.0.0.1:4318`.
pub fn layer<S>(endpoint: &str) -> anyhow::Result<(impl Layer<S> + use<S>, Traces)>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_endpoint(address).build()?;
    let resource = Resource::builder().with_service_name("fettle").build();
    let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
    // by which jobs remember the trace they were left in
    global::set_text_map_propagator(TraceContextPropagator::new());
    let wanted = filter_fn(|about| is_ours(about) || tells_of_a_statement(about));
    let spans = tracing_opentelemetry::layer().with_location(false).with_threads(false).with_tracer(provider.tracer("fettle"));
    Ok((spans.with_filter(wanted.with_max_level_hint(LevelFilter::DEBUG)), Traces(provider)))
}

/// Those of libraries have names and attributes that nobody here has looked at.
fn is_ours(about: &Metadata<'_>) -> bool {
    about.is_span() && *about.level() <= Level::INFO && about.target().starts_with("fettle::")
}

/// sqlx does so when the statement is done.
fn tells_of_a_statement(about: &Metadata<'_>) -> bool {
    about.target().strip_prefix("sqlx::") == Some("query")
}

/// The span of a request. With traces it has their names too, and belongs to the caller's trace, if there is one.
pub fn request(is_traced: bool, id: &str, method: &'static str, route: &str, headers: &HeaderMap) -> Span {
    if !is_traced {
        return tracing::info_span!("request", request_id = %id);
    }
    let span = tracing::info_span!("request", request_id = %id, otel.kind = "server", otel.name = %format!("{method} {route}"));
    // Only a span that has begun already, or that nobody listens to, refuses.
    let _ = span.set_parent(TraceContextPropagator::new().extract(&Headers(headers)));
    span.set_attribute("http.request.method", method);
    span.set_attribute("http.route", route.to_owned());
    span
}

/// How it ended; what the caller did wrong is no failure of ours.
pub fn answered(span: &Span, status: u16) {
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}

/// The span of a call to somebody else over HTTP: how and what is `asked`, which is one of few, and no address.
/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span>
pub fn call(asked: impl FnOnce() -> (&'static str, String)) -> Span {
    let span = tracing::info_span!(
        target: trace::TARGET,
        "call",
        otel.name = Empty,
        otel.kind = "client",
        otel.status_code = Empty,
        "http.request.method" = Empty,
        "server.address" = Empty,
        "error.type" = Empty,
    );
    if !span.is_disabled() {
        let (method, what) = asked();
        span.record("otel.name", format!("{method} {what}")).record("http.request.method", method);
    }
    span
}

/// The span of a letter's way to the mail server, for which there is no convention.
pub fn letter(server: &str) -> Span {
    tracing::info_span!(
        target: trace::TARGET,
        "send mail",
        otel.kind = "client",
        otel.status_code = Empty,
        "network.protocol.name" = "smtp",
        "server.address" = server,
        "error.type" = Empty,
    )
}

/// W3C Trace Context, as far as it is sent.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }
    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
