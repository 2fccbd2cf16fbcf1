//! Logs: JSON for machines or lines for people, to standard output. Traces: to a collector, where one is configured.

pub mod traces;

use crate::config::Config;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Call once, after the TLS provider is chosen and before there is a runtime. Filters that do not parse fall back to `info`.
/// What it gives is to be finished last thing.
pub fn start(config: &Config) -> anyhow::Result<Option<traces::Traces>> {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer().with_target(true);
    let lines = if config.is_log_json {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).with_filter(filter).boxed()
    } else {
        lines.compact().with_filter(filter).boxed()
    };
    let (spans, traces) = config.otlp_endpoint.as_deref().map(traces::layer).transpose()?.unzip();
    tracing_subscriber::registry().with(lines).with(spans).init();
    Ok(traces)
}
