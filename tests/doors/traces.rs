//! What a collector is told, over real HTTP: of a request, and of all that follows from one in the program itself.

use super::harness::{Doors, hear};
use super::line::until;
use super::program::{Program, ahead};
use super::scans::said;
use axum::body::{Body, Bytes};
use axum::routing::post;
use domain::id::CalendarId;
use fettle::telemetry::traces;
use http::Method;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use prost::Message;
use serde_json::json;
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

/// What a collector was sent, each span when it is over.
pub type Heard = Arc<Mutex<Vec<Span>>>;

/// A collector that remembers; its address.
pub async fn collector() -> (Heard, String) {
    let heard = Heard::default();
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

/// The spans that are named so, or begin so where it ends with a dot.
fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name || (name.ends_with('.') && span.name.starts_with(name))).collect()
}

/// One named `child` that was done within one of `parents`.
fn within<'a>(spans: &'a [Span], parents: &[&Span], child: &str) -> &'a Span {
    let is_within = |span: &&Span| parents.iter().any(|parent| parent.trace_id == span.trace_id && parent.span_id == span.parent_span_id);
    let found = named(spans, child);
    found.iter().copied().find(is_within).unwrap_or_else(|| panic!("{child} is none of theirs: {parents:#?} {found:#?}"))
}

/// A payment's trace goes on where the gateway's message was answered, a reading's where it was asked for: through the job and to whom it calls. By the
/// program's own wiring.
#[sqlx::test(migrations = "./migrations")]
async fn what_follows_from_a_request_is_in_its_trace(db: PgPool) {
    let (heard, endpoint) = collector().await;
    let program = Program::start(db, "info", &endpoint).await;
    let world = &program.doors.world;
    let provider = world.a_provider().await;
    program.booked_by_a_guest(provider.service, ahead(10), "gus@example.com").await;
    program.letter("gus@example.com", "/claim/").await;
    let calendar: CalendarId = world.new_id();
    // Read a moment ago, so that nobody but its team wants it read.
    sqlx::query(
        "insert into imported_calendars (id, provider_id, resource_id, url, created_at, fetched_at)
         values ($1, $2, $3, 'http://127.0.0.1:1/hidden', $4, $4)",
    )
    .bind(calendar)
    .bind(provider.id)
    .bind(provider.person)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a calendar");
    let path = format!("/api/v1/providers/{}/imported-calendars/{calendar}/refresh", provider.id);
    said(program.signed_in(provider.owner).await.call(Method::POST, &path, json!({})).await, 202);
    let left = "select count(*) from jobs where finished_at is null";
    until("the jobs", async || world.count(left).await == 0).await;
    until("a duty", async || !named(&heard.lock().expect("nobody panics with it"), "duty booking.expire").is_empty()).await;
    let written = program.end().await;
    assert!(written.contains("\"request_id\"") && !written.contains("process payment."), "lines know no spans of the collector: {written}");

    let spans = heard.lock().expect("nobody panics with it").clone();
    let messages = named(&spans, "POST /api/v1/webhooks/stripe");
    let job = within(&spans, &messages, "process payment.");
    assert_eq!((job.kind, text(&job.attributes, "messaging.system").as_str()), (SpanKind::Consumer as i32, "fettle"));
    assert_eq!(format!("process {}", text(&job.attributes, "messaging.destination.name")), job.name);
    let asked = within(&spans, &named(&spans, "process payment."), "GET /payment_intents/{id}");
    assert_eq!((asked.kind, text(&asked.attributes, "server.address").as_str()), (SpanKind::Client as i32, "127.0.0.1"));
    within(&spans, &named(&spans, "POST /api/v1/bookings/{id}/payment"), "POST /payment_intents");
    within(&spans, &named(&spans, "process notify.send"), "send mail");
    within(&spans, &named(&spans, "process events"), "process notify.booking");
    let reading = within(
        &spans,
        &named(&spans, "POST /api/v1/providers/{id}/imported-calendars/{calendar_id}/refresh"),
        "process scheduling.import_calendar",
    );
    let failed = within(&spans, &[reading], "GET calendar");
    assert_eq!(text(&failed.attributes, "error.type"), "no_answer");
    assert_eq!(failed.status.as_ref().map(|status| status.code), Some(StatusCode::Error as i32));
    assert!(spans.iter().all(|span| !span.name.contains("send_inner")), "libraries' own spans stay here");
}
