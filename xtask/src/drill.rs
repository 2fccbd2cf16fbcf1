//! `cargo xtask drill NAME`: a house of its own for a bad day. The drill itself is a program of the workspace, which gets told where everything is.

mod fuzz;
mod scan;
mod upgrade;

use crate::children;
use crate::house::House;
use crate::postgres::{Database, Kind};
use crate::stage::{self, Ports, Stage};
use crate::step::{loud, quiet};
use crate::system::Need;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// stampede, webhooks, kill, database, live, nodes, flood, restore, upgrade, scan, fuzz; all of them, one after another, without a name.
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

const ALL: [&str; 11] = ["stampede", "webhooks", "kill", "database", "live", "nodes", "flood", "restore", "upgrade", "scan", "fuzz"];

pub fn drill(house: &House, options: Options) -> Result<()> {
    children::listen_for_the_end()?;
    let profile = if options.release { "release" } else { "debug" };
    let names = if options.names.is_empty() { ALL.map(str::to_owned).to_vec() } else { options.names.clone() };
    // Before ours, over which it is built. Without it the other drills go on.
    let old = names.iter().any(|name| name == "upgrade").then(|| upgrade::OLD.server(house, profile));
    if !options.built || old.as_ref().is_some_and(|built| !matches!(built, Ok((_, false)))) {
        stage::compile(house, profile)?;
    }
    let mut old = old;
    let mut broken = Vec::new();
    for name in names {
        if children::is_stopped() {
            break;
        }
        let outcome = match name.as_str() {
            "fuzz" => fuzz::fuzz(house),
            "upgrade" => {
                old.take().context("once is enough").flatten().and_then(|(server, _)| from_old(house, profile, &server, options.full))
            }
            "scan" => scan::scan(house, profile, options.full),
            name => one(house, profile, name, options.full),
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
fn one(house: &House, profile: &'static str, name: &str, is_full: bool) -> Result<()> {
    let (database, controls) = cluster(house)?;
    let stage = stage(house, profile, name, database.fresh(&format!("drill_{name}"))?)?;
    quiet("bringing the database up to date", stage.fettle().arg("migrate").env("FETTLE_LOG", "warn"))?;
    run(&stage, controls, name, is_full, &[])
}

/// The same, with a database that the release before has migrated, and its program beside ours.
fn from_old(house: &House, profile: &'static str, server: &Path, is_full: bool) -> Result<()> {
    let (database, controls) = cluster(house)?;
    let mut stage = stage(house, profile, "upgrade", database.fresh("drill_upgrade")?)?;
    let mut migrate = Command::new(server);
    migrate.current_dir(&house.root).arg("migrate").envs(stage.fettle().get_envs().filter_map(|(name, value)| Some((name, value?))));
    quiet("migrating as the release before does", migrate.env("FETTLE_LOG", "warn"))?;
    stage.settings.push(("DRILL_OLD_SERVER", server.to_string_lossy().into_owned()));
    stage.settings.push(("DRILL_OLD_MIGRATIONS", upgrade::OLD.migrations.to_string()));
    run(&stage, controls, "upgrade", is_full, &[])
}

/// A cluster that may be broken, and what breaks it.
pub fn cluster(house: &House) -> Result<(Database, String)> {
    let database = Database::open(house, Kind::Drilled)?;
    let controls = database.controls().context("drills break their database, so they take none from DATABASE_URL: unset it")?;
    Ok((database, controls))
}

pub fn stage<'a>(house: &'a House, profile: &'static str, name: &str, database_url: String) -> Result<Stage<'a>> {
    let folder = house.target.join("stage").join(format!("drill-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    Ok(Stage { house, profile, ports: Ports::free()?, database_url, folder, settings: Vec::new() })
}

/// Starts the sandbox and hands everything to the drill.
pub fn run(stage: &Stage<'_>, controls: String, name: &str, is_full: bool, rows: &[String]) -> Result<()> {
    let house = stage.house;
    let _sandbox = stage.open_sandbox(false)?;
    // the server's own environment, which the drill hands on to the servers it starts
    let mut drill = Command::new(house.program(stage.profile, "drill"));
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
        .env("DRILL_SERVER", house.program(stage.profile, "fettle"))
        .env("FETTLE_LOG", "warn")
        .arg(name)
        .args(rows);
    if let Some(chromium) = Need::Chromium.find() {
        drill.env("CHROMIUM", chromium);
    }
    if name == "flood" {
        drill.env("SLOWHTTPTEST", Need::SlowHttpTest.have()?);
    }
    if is_full {
        drill.arg("--full");
    }
    loud(&format!("drill: {name}"), &mut drill)
}
