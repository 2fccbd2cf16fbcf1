//! Logs: JSON for machines or lines for people, to standard output.

use crate::config::Config;
use tracing_subscriber::EnvFilter;

/// Call once, first thing. Filters that do not parse fall back to `info`.
pub fn start(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_target(true);
    if config.is_log_json {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    } else {
        lines.compact().init();
    }
}
