//! What a collector of traces is told of work that is no request, and how a job is seen in the trace of whoever left it for later.
//!
//! Nobody listens to these spans where no collector is configured, and then each costs a look at one number. A job and a reaction are told as what takes
//! something from a queue, after OpenTelemetry's conventions: <https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/>.

use crate::error::Result;
use crate::queue::Leased;
use opentelemetry::{Context, global};
use std::collections::HashMap;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};

/// The target of spans that are for the collector alone: lines of the log stay as they are without them.
pub const TARGET: &str = "fettle::trace";

/// As W3C Trace Context names it: <https://www.w3.org/TR/trace-context/#traceparent-header>.
const PARENT: &str = "traceparent";

/// Where the work that is being done stands in its trace; None where nobody collects traces.
pub fn place() -> Option<String> {
    let mut written: HashMap<String, String> = HashMap::new();
    global::get_text_map_propagator(|words| words.inject(&mut written));
    written.remove(PARENT)
}

fn remembered(place: &str) -> Context {
    let written = HashMap::from([(PARENT.to_owned(), place.to_owned())]);
    global::get_text_map_propagator(|words| words.extract(&written))
}

/// One try of a job.
pub fn job(job: &Leased) -> Span {
    // What begins takes its parent from here.
    let _place = job.traceparent.as_deref().map(|place| remembered(place).attach());
    info_span!(
        target: TARGET,
        "process",
        otel.name = %format!("process {}", job.kind),
        otel.kind = "consumer",
        otel.status_code = Empty,
        "messaging.system" = "fettle",
        "messaging.operation.name" = "process",
        "messaging.operation.type" = "process",
        "messaging.destination.name" = job.kind,
        "messaging.message.id" = %job.id,
        "error.type" = Empty,
    )
}

/// Facts of the spine that rooms react to, some at a time.
pub fn reaction() -> Span {
    info_span!(
        target: TARGET,
        "process events",
        otel.kind = "consumer",
        otel.status_code = Empty,
        "messaging.system" = "fettle",
        "messaging.operation.name" = "process",
        "messaging.operation.type" = "process",
        "messaging.destination.name" = "events",
        "error.type" = Empty,
    )
}

/// For what the clock asks for there is no convention.
pub fn duty(name: &'static str) -> Span {
    info_span!(target: TARGET, "duty", otel.name = %format!("duty {name}"), otel.status_code = Empty, "error.type" = Empty)
}

/// Does the work in its span, which is told if it fails.
pub async fn within<T>(span: Span, work: impl Future<Output = Result<T>>) -> Result<T> {
    let outcome = work.instrument(span.clone()).await;
    if let Err(error) = &outcome {
        failed(&span, error.code());
    }
    outcome
}

/// `kind` is one of few and quotes nobody: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/>.
pub fn failed(span: &Span, kind: &str) {
    span.record("otel.status_code", "ERROR").record("error.type", kind);
}
