//! Wires and picks a subcommand.

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use domain::ctx::Ctx;
use domain::error::Error;
use domain::{account, crash};
use fettle::config::Config;
use fettle::realtime::relay;
use fettle::{boot, metrics, router, seed, serve, telemetry, worker};
use std::cell::Cell;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Gives memory back after a rush, and keeps many small things close together: measured against the system's own by `cargo xtask drill flood`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "fettle", version, about = "A marketplace for local services: find, book and pay.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// After requests under way, so long for jobs: together less than the half minute after which a process manager insists.
const LAST_WORDS: Duration = Duration::from_secs(8);

#[derive(Subcommand)]
enum Command {
    /// Serve pages and the API, and run jobs, in one process.
    Serve {
        /// Leave jobs to `fettle work`.
        #[arg(long)]
        without_jobs: bool,
    },
    /// Run jobs only.
    Work,
    /// Bring the database's schema up to date.
    Migrate,
    /// Fill the database with the invented town of Merrow, once.
    Seed {
        /// Then add providers until there are this many, for measurements.
        #[arg(long)]
        providers: Option<u32>,
    },
    /// What the operator grants.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Make the account with this e-mail address an admin.
    Grant {
        email: String,
        /// Even if the address has not been confirmed: anyone can have registered with it.
        #[arg(long)]
        unconfirmed: bool,
    },
}

/// How often a thread that has nothing to do gives memory back.
const GIVE_BACK: Duration = Duration::from_secs(5);

/// Gives back what other threads have freed of this one's memory. By itself the allocator looks for that only when the thread asks for more, so that
/// after a rush whoever idles would keep all of it: 280 MiB after four thousand bodies that never ended.
fn give_back() {
    thread_local! {
        static NEXT: Cell<Option<Instant>> = const { Cell::new(None) };
    }
    let now = Instant::now();
    if NEXT.get().is_none_or(|next| next <= now) {
        NEXT.set(Some(now + GIVE_BACK));
        #[expect(unsafe_code, reason = "a call into C that takes no pointer, and that any thread may make at any time")]
        unsafe {
            libmimalloc_sys::mi_collect(true);
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let config = Config::from_env()?;
    rustls::crypto::ring::default_provider().install_default().ok().context("the TLS provider was already chosen")?;
    let traces = telemetry::start(&config).context("traces cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT")?;
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_park(give_back)
        .build()?
        .block_on(run(arguments.command, config));
    if let Some(traces) = traces {
        traces.finish();
    }
    outcome
}

async fn run(command: Command, config: Config) -> anyhow::Result<()> {
    match command {
        Command::Serve { without_jobs } => run_server(config, !without_jobs).await,
        Command::Work => run_worker(config).await,
        Command::Migrate => boot::migrate(&boot::connect(&config).await?).await,
        Command::Seed { providers } => seed(config, providers).await,
        Command::Admin { command: AdminCommand::Grant { email, unconfirmed } } => grant(config, &email, unconfirmed).await,
    }
}

async fn run_server(config: Config, has_jobs: bool) -> anyhow::Result<()> {
    metrics::start();
    if let Some(point) = config.crash_at {
        tracing::warn!(point = point.as_str(), "this process dies when it gets there");
        crash::arm(point);
    }
    leptos_spawner();
    if !config.is_https() {
        tracing::warn!("serving plain http: the session cookie goes without Secure and its prefix, which is for this machine only");
    }
    let listener = serve::bind(config.listen).await?;
    let metrics_listener = match config.metrics_listen {
        Some(address) => Some(serve::bind(address).await?),
        None => None,
    };
    let base_url = config.base_url.clone();
    let state = boot::state(config).await?;
    let stop = CancellationToken::new();
    let relaying = tokio::spawn(relay::run(state.house.clone(), state.hub.clone(), boot::fanout(&state).await?, stop.clone()));
    let name = node_name();
    tokio::spawn(worker::report(state.house.clone(), name.clone(), stop.clone()));
    let working = has_jobs.then(|| tokio::spawn(worker::run(state.house.clone(), name, state.config.jobs, stop.clone())));
    if state.movable_clock.is_some() {
        tokio::spawn(fettle::dev::follow(state.clone()));
    }
    if let Some(listener) = metrics_listener {
        tokio::spawn(serve::serve_metrics(listener, state.clone(), stop.clone()));
    }
    tracing::info!(%base_url, "ready");
    let serving = tokio::spawn(serve::serve(listener, router::router(&state), stop.clone()));
    wait_for_signal().await?;
    tracing::info!("stopping");
    stop.cancel();
    let ((), served) = tokio::join!(serve::close_sockets(&state.hub), serving);
    served?;
    let ending = async {
        relaying.await?;
        if let Some(working) = working {
            working.await?;
        }
        state.house.db.close().await;
        Ok(())
    };
    end_with(ending).await
}

/// A database that is stopped rather than gone would keep us for ever; what is left in the middle is taken up when its lease ends.
async fn end_with(ending: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    match tokio::time::timeout(LAST_WORDS, ending).await {
        Ok(ended) => ended,
        Err(_) => {
            tracing::warn!("some work was left in the middle");
            Ok(())
        }
    }
}

async fn run_worker(config: Config) -> anyhow::Result<()> {
    metrics::start();
    let state = boot::state(config).await?;
    let stop = CancellationToken::new();
    // Rings the web nodes when a job has committed something.
    tokio::spawn(relay::run(state.house.clone(), state.hub.clone(), boot::fanout(&state).await?, stop.clone()));
    let name = node_name();
    tokio::spawn(worker::report(state.house.clone(), name.clone(), stop.clone()));
    let working = tokio::spawn(worker::run(state.house.clone(), name, state.config.jobs, stop.clone()));
    if state.movable_clock.is_some() {
        tokio::spawn(fettle::dev::follow(state.clone()));
    }
    tracing::info!("working");
    wait_for_signal().await?;
    stop.cancel();
    end_with(async { Ok(working.await?) }).await
}

/// Tells this process from others in leases and messages.
fn node_name() -> String {
    format!("{}-{:08x}", std::process::id(), rand::random::<u32>())
}

async fn seed(config: Config, providers: Option<u32>) -> anyhow::Result<()> {
    let state = boot::state(config).await?;
    let ctx = domain::ctx::Ctx::system(state.house.clone(), "seed");
    match seed::merrow(&ctx).await? {
        seed::Outcome::Seeded => println!("The town of Merrow is there.\n{}", seed::describe()),
        seed::Outcome::AlreadyThere => println!("The town was there already.\n{}", seed::describe()),
    }
    if let Some(count) = providers {
        seed::crowd(&ctx, count, |have| {
            if have % 5000 == 0 {
                println!("{have} of {count} providers");
            }
        })
        .await?;
    }
    Ok(())
}

async fn grant(config: Config, email: &str, is_unconfirmed: bool) -> anyhow::Result<()> {
    let ctx = Ctx::system(boot::state(config).await?.house.clone(), "fettle admin grant");
    let grant = if is_unconfirmed { account::Grant::GivenUnconfirmed } else { account::Grant::Given };
    match account::grant_role(&ctx, email, account::Role::Admin, grant).await {
        Ok(_) => println!("{email} is an admin now."),
        Err(Error::NotFound) => bail!("nobody has registered with {email}"),
        Err(error) => bail!("{}", error.sentence()),
    }
    Ok(())
}

async fn wait_for_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

/// Leptos asks for a way to run tasks; ours is tokio.
fn leptos_spawner() {
    let _ = any_spawner::Executor::init_tokio();
}
