//! What a collector is told of a request, over real HTTP.

use super::harness::{Doors, hear};
use axum::body::{Body, Bytes};
use axum::routing::post;
use fettle::telemetry::traces;
use http::Method;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use prost::Message;
use sqlx::PgPool;
use std::sync::{Arc, Mutex};
use tracing_subscriber::layer::SubscriberExt;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn text(list: &[KeyValue], name: &str) -> String {
    let value = list.iter().find(|one| one.key == name).and_then(|one| one.value.clone()).and_then(|value| value.value);
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{name} is {other:?} in {list:?}"),
    }
}

/// A collector that remembers what it was sent; its address.
async fn collector() -> (Arc<Mutex<Vec<Span>>>, String) {
    let heard: Arc<Mutex<Vec<Span>>> = Arc::default();
    let kept = heard.clone();
    let take = move |body: Bytes| async move {
        let sent = ExportTraceServiceRequest::decode(body).expect("OTLP");
        let spans = sent.resource_spans.into_iter().flat_map(|one| one.scope_spans).flat_map(|one| one.spans);
        kept.lock().expect("nobody panics with it").extend(spans);
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let router = axum::Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (heard, endpoint)
}

#[sqlx::test(migrations = "./migrations")]
async fn a_request_is_a_span_with_its_statements_and_no_secret(db: PgPool) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (heard, endpoint) = collector().await;
    let doors = Doors::with(db, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let (spans, sending) = traces::layer(&endpoint).expect("a collector");
    let listening = hear(tracing_subscriber::registry().with(spans));
    let provider = doors.world.a_provider().await.id;
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let headers = [("traceparent", parent.as_str()), ("authorization", "Basic hidden"), ("cookie", "fettle=hidden")];
    let path = format!("/api/v1/providers/{provider}/services?secret=hidden");
    let answer = doors.browser().send(Method::GET, &path, &headers, Body::empty()).await;
    let mut visitor = doors.browser();
    visitor.post("/sign-in", &[("email", "hidden@example.com"), ("password", "hidden-password")]).await;
    visitor.get("/reset-password/hidden-hidden").await;
    drop(listening);
    assert_eq!(answer.status, 200, "{}", answer.body);
    // From a thread of its own, as at the end of the program: it waits for the collector, which runs here.
    tokio::task::spawn_blocking(move || sending.finish()).await.expect("ends");

    let spans = heard.lock().expect("nobody panics with it").clone();
    let name = "GET /api/v1/providers/{id}/services";
    let request = spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no request: {spans:#?}"));
    assert_eq!((hex::encode(&request.trace_id).as_str(), hex::encode(&request.parent_span_id).as_str()), (TRACE, CALLER));
    assert_eq!(request.kind, SpanKind::Server as i32);
    assert!(request.start_time_unix_nano <= request.end_time_unix_nano);
    assert_eq!(text(&request.attributes, "http.route"), "/api/v1/providers/{id}/services");
    assert_eq!(text(&request.attributes, "http.response.status_code"), "200");
    assert_eq!(text(&request.attributes, "request_id"), answer.header("x-request-id"));
    let statements: Vec<_> = request.events.iter().filter(|event| text(&event.attributes, "summary").starts_with("select")).collect();
    assert!(!statements.is_empty(), "{request:#?}");
    assert!(spans.iter().any(|span| span.name == "POST /sign-in"));
    let everything = format!("{spans:?}");
    for secret in ["hidden", "198.51.100.7", &provider.to_string()] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
}

/// A collector that is not there costs its traces, and nobody else anything.
#[sqlx::test(migrations = "./migrations")]
async fn without_its_collector_everything_goes_on(db: PgPool) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", unused.local_addr().expect("bound"));
    drop(unused);
    let doors = Doors::with(db, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let (spans, sending) = traces::layer(&endpoint).expect("an address");
    let listening = hear(tracing_subscriber::registry().with(spans));
    assert_eq!(doors.browser().get("/help").await.status, 200);
    drop(listening);
    tokio::task::spawn_blocking(move || sending.finish()).await.expect("ends");
}
