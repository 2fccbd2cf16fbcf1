//! Logs: JSON for machines or lines for people, to standard output. Traces: to a collector, where one is configured.

pub mod traces;

use crate::config::Config;
use tracing::Metadata;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// At their most talkative these quote what was sent, such as a card's number where a date belongs.
const QUOTING: &[&str] = &["axum::rejection"];

/// Call once, after the TLS provider is chosen and before there is a runtime. Filters that do not parse fall back to `info`.
/// What it gives is to be finished last thing.
pub fn start(config: &Config) -> anyhow::Result<Option<traces::Traces>> {
    let wanted = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = wanted.and(filter_fn(may_be_written).with_max_level_hint(LevelFilter::TRACE));
    let lines = tracing_subscriber::fmt::layer().with_target(true);
    let lines = if config.is_log_json {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).with_filter(filter).boxed()
    } else {
        lines.compact().with_filter(filter).boxed()
    };
    let lines = tracing_subscriber::registry().with(lines);
    // Without a collector its spans are nobody's, and known to be once and for all.
    let Some(endpoint) = &config.otlp_endpoint else {
        lines.init();
        return Ok(None);
    };
    let (spans, traces) = traces::layer(endpoint)?;
    lines.with(spans).init();
    Ok(Some(traces))
}

/// Whatever is asked for: nothing that quotes strangers, and no span that is for the collector alone.
fn may_be_written(about: &Metadata<'_>) -> bool {
    about.target() != domain::trace::TARGET && !QUOTING.contains(&about.target())
}
