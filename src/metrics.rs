//! Figures for Prometheus: what the process counts as it goes, and what the database knows when asked.

use crate::state::AppState;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// How many of all went well since this process started; for the promises on the system page.
#[derive(Default)]
pub struct Share {
    good: AtomicI64,
    all: AtomicI64,
}

impl Share {
    const fn new() -> Self {
        Self { good: AtomicI64::new(0), all: AtomicI64::new(0) }
    }
    pub fn note(&self, is_good: bool) {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.good.fetch_add(is_good.into(), Ordering::Relaxed);
    }
    /// (good, all)
    pub fn read(&self) -> (i64, i64) {
        // In this order, or more could be good than there are.
        let good = self.good.load(Ordering::Relaxed);
        (good, self.all.load(Ordering::Relaxed))
    }
}

/// What is promised to take less than this, in milliseconds.
pub const PROMPT_MS: i64 = 500;
/// Requests answered within [`PROMPT_MS`].
pub static ANSWERS: Share = Share::new();
/// Events that left for open pages within [`PROMPT_MS`] of the act.
pub static NEWS: Share = Share::new();
/// Live connections that were asked for, and had.
pub static SOCKETS: Share = Share::new();

/// Call once at boot; without it every figure is dropped at no cost.
pub fn start() {
    let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    let builder = PrometheusBuilder::new().set_buckets(&buckets);
    if let Ok(handle) = builder.and_then(PrometheusBuilder::install_recorder) {
        let _ = HANDLE.set(handle);
    }
}

pub async fn render(state: &AppState) -> String {
    let pool = &state.house.db;
    metrics::gauge!("database_connections").set(f64::from(pool.size()));
    metrics::gauge!("database_connections_idle").set(pool.num_idle() as f64);
    if let Ok(figures) = figures(state).await {
        metrics::gauge!("jobs_waiting").set(figures.0 as f64);
        metrics::gauge!("jobs_dead").set(figures.1 as f64);
        // The oldest running transaction holds back every reader of events.
        metrics::gauge!("events_horizon_age_seconds").set(figures.2);
    }
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

async fn figures(state: &AppState) -> Result<(i64, i64, f64), sqlx::Error> {
    sqlx::query_as(
        "select
            (select count(*) from jobs where finished_at is null and dead_at is null and run_at <= $1),
            (select count(*) from jobs where dead_at is not null and finished_at is null),
            (select coalesce(extract(epoch from max(now() - xact_start)), 0)::float8 from pg_stat_activity where backend_xid is not null)",
    )
    .bind(state.house.clock.now())
    .fetch_one(&state.house.db)
    .await
}
