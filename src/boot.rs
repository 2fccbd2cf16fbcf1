//! From configuration to a house with its doors: the database, the ports, the state.

use crate::adapters;
use crate::config::Config;
use crate::layers::limits::Limits;
use crate::layers::limits::shared::RedisShared;
use crate::realtime::fanout::{Fanout, PgFanout, RedisFanout};
use crate::state::AppState;
use anyhow::Context;
use domain::ctx::{Clock, House, SystemChance, SystemClock};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A connection that was idle for longer is asked whether it still works before it is used.
const TRUSTED: Duration = Duration::from_secs(1);

/// Connects lazily enough that a server started before its database waits for it.
pub async fn connect(config: &Config) -> anyhow::Result<PgPool> {
    let options = PgConnectOptions::from_str(&config.database_url)
        .context("DATABASE_URL is not an address of Postgres")?
        .application_name("fettle")
        // Writers are short; a reader of events waits for the longest of them.
        .options([("statement_timeout", "15s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "15s")])
        // What people wait for is short; starting helpers or a compiler for it takes longer than it does.
        .options([("max_parallel_workers_per_gather", "0"), ("jit", "off")])
        // What is asked for often is in memory, and disks that have to seek are rare: an index is worth its steps early.
        .options([("random_page_cost", "1.1")])
        // Each statement is planned once for a connection. Left to itself Postgres plans the larger ones anew for each call, because the
        // plan for one value looks cheaper than that for any: up to ten times as long as they then run.
        .options([("plan_cache_mode", "force_generic_plan")]);
    PgPoolOptions::new()
        .max_connections(config.db_connections)
        .min_connections(2)
        // Waiting a little is better than being sent away: a rush of people for one slot stands in line here.
        .acquire_timeout(Duration::from_secs(8))
        .idle_timeout(Duration::from_secs(600))
        // A connection that worked a moment ago still does; asking each time would double the round trips of a page.
        .test_before_acquire(false)
        .before_acquire(|connection, known| {
            Box::pin(async move {
                if known.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .context("cannot reach the database")
}

/// How often a migration that would keep people waiting is put off, and for how long each time.
const TRIES: u32 = 600;
const BETWEEN: Duration = Duration::from_millis(200);

/// Brings the schema up to date. Safe to run on many nodes at once: Postgres' advisory lock lets one do it. A migration that did not get its locks at once
/// has let go of everything, and is tried again.
pub async fn migrate(db: &PgPool) -> anyhow::Result<()> {
    for left in (0..TRIES).rev() {
        // One of its own each time: a migration that failed leaves the advisory lock with its connection.
        let mut connection = db.acquire().await?.detach();
        // Migrations may take longer than a request may.
        sqlx::query("set statement_timeout = 0").execute(&mut connection).await?;
        let outcome = crate::migrations::MIGRATOR.run(&mut connection).await;
        let _ = connection.close().await;
        match outcome {
            Err(error) if left > 0 && is_kept_waiting(&error) => tokio::time::sleep(BETWEEN).await,
            outcome => return outcome.context("a migration failed"),
        }
    }
    Ok(())
}

fn is_kept_waiting(error: &MigrateError) -> bool {
    let (MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)) = error else { return false };
    cause.as_database_error().is_some_and(|error| error.code().as_deref() == Some("55P03"))
}

pub fn house(config: &Config, db: PgPool, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<House>> {
    Ok(Arc::new(House {
        db,
        clock,
        chance: Arc::new(SystemChance),
        payments: adapters::payment::from_config(config)?,
        mail: adapters::email::from_config(config)?,
        calendars: adapters::calendar::from_config(config)?,
        base_url: config.base_url.clone(),
        settings: domain::settings::Remembered::default(),
        caches: domain::cache::Caches::default(),
        together: domain::booking::Together::default(),
        committed: tokio::sync::Notify::new(),
    }))
}

/// The bell between nodes.
pub async fn fanout(state: &AppState) -> anyhow::Result<Arc<dyn Fanout>> {
    Ok(match &state.config.redis_url {
        Some(url) => Arc::new(RedisFanout::connect(url).await.context("cannot reach Redis at REDIS_URL")?),
        None => Arc::new(PgFanout::new(state.house.db.clone())),
    })
}

pub async fn state(config: Config) -> anyhow::Result<AppState> {
    let db = connect(&config).await?;
    let clock = Arc::new(SystemClock::default());
    let house = house(&config, db, clock.clone())?;
    crate::web::assets::open(&config.site_dir);
    let is_development = config.is_development;
    let mut state = AppState::new(house, Arc::new(config));
    state.movable_clock = is_development.then_some(clock);
    if let Some(url) = state.config.redis_url.clone() {
        let shared = RedisShared::connect(&url).await.context("cannot reach Redis at REDIS_URL")?;
        state.limits = Arc::new(Limits::new(Arc::new(shared)));
    }
    Ok(state)
}
