//! `cargo xtask drill NAME`: a house of its own for a bad day. The drill itself is a program of the workspace, which gets told where everything is.

use crate::children;
use crate::house::House;
use crate::postgres::{Database, Kind};
use crate::stage::{self, Ports, Stage};
use crate::step::{loud, quiet};
use anyhow::{Context, Result};

#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// stampede, webhooks, kill, database, live, nodes, flood, restore, fuzz; all of them, one after another, without a name.
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

const ALL: [&str; 8] = ["stampede", "webhooks", "kill", "database", "live", "nodes", "flood", "restore"];

pub fn drill(house: &House, options: Options) -> Result<()> {
    children::listen_for_the_end()?;
    let profile = if options.release { "release" } else { "debug" };
    if !options.built {
        stage::compile(house, profile, !options.release)?;
    }
    let names = if options.names.is_empty() { ALL.map(str::to_owned).to_vec() } else { options.names.clone() };
    let mut broken = Vec::new();
    for name in names {
        if children::is_stopped() {
            break;
        }
        if let Err(cause) = one(house, profile, &name, options.full) {
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
    let database = Database::open(house, Kind::Drilled)?;
    let controls = database.controls().context("drills break their database, so they take none from DATABASE_URL: unset it")?;
    let folder = house.target.join("stage").join(format!("drill-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    let stage = Stage { house, profile, ports: Ports::free()?, database_url: database.fresh(&format!("drill_{name}"))?, folder };
    quiet("bringing the database up to date", stage.fettle().arg("migrate").env("FETTLE_LOG", "warn"))?;
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
