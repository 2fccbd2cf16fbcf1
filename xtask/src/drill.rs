//! `cargo xtask drill NAME`: a house of its own for a bad day. The drill itself is a program of the workspace, which gets told where everything is.

mod scan;

use crate::children;
use crate::house::House;
use crate::node;
use crate::postgres::{Database, Kind};
use crate::stage::{self, Ports, Stage};
use crate::step::{loud, quiet, say};
use anyhow::{Context, Result};

#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// stampede, webhooks, kill, database, live, nodes, flood, restore, scan, fuzz; all of them, one after another, without a name.
    pub names: Vec<String>,
    /// As long and as hard as it gets; begins where the last full one was interrupted.
    #[arg(long)]
    pub full: bool,
    /// With the programs as for production.
    #[arg(long)]
    pub release: bool,
    /// Take the programs as they were built last.
    #[arg(long)]
    pub built: bool,
}

const ALL: [&str; 10] = ["stampede", "webhooks", "kill", "database", "live", "nodes", "flood", "restore", "scan", "fuzz"];
/// How long each reader is fed with damage.
const FUZZ_SECONDS: &str = "60";

pub fn drill(house: &House, options: Options) -> Result<()> {
    children::listen_for_the_end()?;
    let profile = if options.release { "release" } else { "debug" };
    if !options.built {
        stage::compile(house, profile)?;
    }
    let names = if options.names.is_empty() { ALL.map(str::to_owned).to_vec() } else { options.names.clone() };
    let mut broken = Vec::new();
    for name in names {
        if children::is_stopped() {
            break;
        }
        let outcome = match name.as_str() {
            "fuzz" => fuzz(house),
            "scan" => scan::scan(house, profile, options.full),
            name => one(house, profile, name, options.full, false),
        };
        if let Err(cause) = outcome {
            eprintln!("✗ {name}: {cause:#}");
            broken.push(name);
        }
    }
    anyhow::ensure!(!children::is_stopped(), "stopped");
    anyhow::ensure!(broken.is_empty(), "broken: {}", broken.join(", "));
    Ok(())
}

/// Sandbox and an empty database for one drill, which starts and ends servers itself.
fn one(house: &House, profile: &'static str, name: &str, is_full: bool, has_demo: bool) -> Result<()> {
    let database = Database::open(house, Kind::Drilled)?;
    let controls = database.controls().context("drills break their database, so they take none from DATABASE_URL: unset it")?;
    let folder = house.target.join("stage").join(format!("drill-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    let stage = Stage {
        house,
        profile,
        ports: Ports::free()?,
        database_url: database.fresh(&format!("drill_{name}"))?,
        folder,
        settings: Vec::new(),
    };
    quiet("bringing the database up to date", stage.fettle().arg("migrate").env("FETTLE_LOG", "warn"))?;
    if has_demo {
        quiet("filling it with the town of Merrow", stage.fettle().arg("seed").env("FETTLE_LOG", "warn"))?;
        if is_full {
            loud(
                "adding providers until there are 100000",
                stage.fettle().args(["seed", "--providers", "100000"]).env("FETTLE_LOG", "warn"),
            )?;
        }
    }
    let _sandbox = stage.open_sandbox(false)?;
    // the server's own environment, which the drill hands on to the servers it starts
    let mut drill = std::process::Command::new(house.program(profile, "drill"));
    for (key, value) in stage.fettle().get_envs() {
        if let Some(value) = value {
            drill.env(key, value);
        }
    }
    drill
        .current_dir(&house.root)
        .env("DRILL_POSTGRES", controls)
        .env("DRILL_SANDBOX", stage.ports.sandbox_url())
        .env("DRILL_FOLDER", &stage.folder)
        .env("DRILL_CORNER", house.corner())
        .env("DRILL_SERVER", house.program(profile, "fettle"))
        .env("FETTLE_LOG", "warn")
        .arg(name);
    if is_full {
        drill.arg("--full");
    }
    loud(&format!("drill: {name}"), &mut drill)
}

/// Readers of strangers' texts, fed with damage by the tests' own loop: a coverage-guided fuzzer needs a nightly compiler.
fn fuzz(house: &House) -> Result<()> {
    say("no nightly compiler is asked for: the readers are fed by the tests' own mutations, a minute each");
    let mut cargo = house.cargo();
    cargo.args(["nextest", "run", "--workspace", "--exclude", "frontend", "-E", "binary(fuzz)", "--no-fail-fast"]);
    loud("drill: fuzz", cargo.env("FUZZ_SECONDS", FUZZ_SECONDS))
}

#[derive(clap::Args, Debug, Clone, Copy)]
pub struct BenchOptions {
    /// Only show that every measurement runs: short, with the programs of development, and no figures are kept.
    #[arg(long)]
    pub short: bool,
    /// Take the programs as they were built last.
    #[arg(long)]
    pub built: bool,
}

/// `cargo xtask bench`: ours beside others', in turns; the table goes into `docs/BENCHMARKS.md`.
pub fn bench(house: &House, options: BenchOptions) -> Result<()> {
    children::listen_for_the_end()?;
    let profile = if options.short { "debug" } else { "release" };
    node::install(house, "benches/peers/socketio")?;
    if !options.built {
        stage::compile(house, profile)?;
    }
    let outcome = one(house, profile, "bench", !options.short, true);
    let table = house.corner().join("benchmarks.md");
    if let (false, Ok(table)) = (options.short, std::fs::read_to_string(&table)) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let page = format!(
            "# Benchmarks\n\nTaken by `cargo xtask bench` on {cores} cores, with database, load and server side by side, Postgres with its default durability, \
             ours and the peer's in turns within one run.\n\n{table}"
        );
        std::fs::write(house.root.join("docs/BENCHMARKS.md"), page)?;
        say("docs/BENCHMARKS.md is written");
    }
    outcome
}
