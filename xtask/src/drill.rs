//! `cargo xtask drill NAME`: a house of its own for a bad day. The drill itself is a program of the workspace, which gets told where everything is.

mod api;
mod fuzz;
mod round;
mod scan;
mod upgrade;

use crate::children;
use crate::house::House;
use crate::postgres::{Database, Kind};
use crate::stage::{self, Ports, Stage};
use crate::step::{loud, quiet, say};
use crate::system::Need;
use anyhow::{Context, Result, bail, ensure};
use round::Round;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// stampede, webhooks, kill, database, live, nodes, flood, restore, upgrade, scan, api, fuzz; all of them, one after another, without a name.
    pub names: Vec<String>,
    /// As long and as hard as it gets; begins where the last full one was interrupted.
    #[arg(long)]
    pub full: bool,
    /// With the programs of development, which are slow in themselves.
    #[arg(long)]
    pub debug: bool,
    /// Take the programs as they were built last.
    #[arg(long)]
    pub built: bool,
    /// Each so often in a row, short; ends at the first that breaks.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "full")]
    pub times: u32,
}

const ALL: [&str; 12] = ["stampede", "webhooks", "kill", "database", "live", "nodes", "flood", "restore", "upgrade", "scan", "api", "fuzz"];
/// For the drill's own part of a short one; what has to be built or filled before is not in it.
const SHORT: Duration = Duration::from_secs(180);

pub fn drill(house: &House, options: Options) -> Result<()> {
    children::listen_for_the_end()?;
    let profile = if options.debug { "debug" } else { "release" };
    let is_round = options.names.is_empty();
    let names = if is_round { ALL.map(str::to_owned).to_vec() } else { options.names };
    for name in &names {
        ensure!(ALL.contains(&name.as_str()), "{name} is none of {}", ALL.join(", "));
    }
    // Before ours, over which it is built. Without it the other drills go on.
    let old = names.iter().any(|name| name == "upgrade").then(|| upgrade::OLD.server(house, profile));
    if !options.built || old.as_ref().is_some_and(|built| !matches!(built, Ok((_, false)))) {
        stage::compile(house, profile)?;
    }
    let day = Day { house, profile, is_full: options.full, old: old.map(|built| built.map(|(server, _)| server)) };
    if options.times > 1 {
        return day.again_and_again(&names, options.times);
    }
    day.one_after_another(&names, is_round)
}

/// What all drills of one call share.
struct Day<'a> {
    house: &'a House,
    profile: &'static str,
    is_full: bool,
    /// The program of the release before, where somebody asked for it.
    old: Option<Result<PathBuf>>,
}

impl Day<'_> {
    /// All of them, whichever break. A full round goes on where it was interrupted.
    fn one_after_another(&self, names: &[String], is_round: bool) -> Result<()> {
        let path = self.house.corner().join("drills.progress");
        let mut round = (is_round && self.is_full).then(|| Round::open(path, &self.build()));
        let mut broken = Vec::new();
        for name in names {
            if children::is_stopped() {
                break;
            }
            if round.as_ref().is_some_and(|round| round.has(name)) {
                say(&format!("{name} has held already in this round"));
                continue;
            }
            match (self.run(name), &mut round) {
                (Ok(_), Some(round)) => round.note(name)?,
                (Ok(_), None) => {}
                (Err(cause), _) => {
                    eprintln!("✗ {name}: {cause:#}");
                    broken.push(name.as_str());
                }
            }
        }
        ensure!(!children::is_stopped(), "stopped");
        ensure!(broken.is_empty(), "broken: {}", broken.join(", "));
        if let Some(round) = round {
            round.forget();
        }
        Ok(())
    }

    /// Each so often, up to the first that breaks; then how often each has held, and how long it took at the most.
    fn again_and_again(&self, names: &[String], times: u32) -> Result<()> {
        let mut rows = Vec::new();
        let mut outcome = Ok(());
        for name in names {
            let (mut held, mut longest) = (0, Duration::ZERO);
            while held < times && outcome.is_ok() {
                match self.run(name) {
                    Ok(took) => {
                        held += 1;
                        longest = longest.max(took);
                    }
                    Err(cause) => outcome = Err(cause.context(format!("{name}, which had held {held} of {times} times"))),
                }
                if children::is_stopped() {
                    outcome = outcome.and_then(|()| bail!("stopped"));
                }
            }
            rows.push(format!("{name:<12} {held:>4} of {times:<6} {:>5} s", longest.as_secs()));
            if outcome.is_err() {
                break;
            }
        }
        println!("\n{:<12} {:<14} {:>7}", "drill", "held", "longest");
        rows.iter().for_each(|row| println!("{row}"));
        outcome
    }

    /// How long the drill's own part took.
    fn run(&self, name: &str) -> Result<Duration> {
        match name {
            "api" => api::api(self.house, self.profile, self.is_full, &self.build()),
            "fuzz" => fuzz::fuzz(self.house, self.is_full, &self.build()),
            "scan" => scan::scan(self.house, self.profile, self.is_full, &self.build()),
            "upgrade" => match &self.old {
                Some(Ok(server)) => self.over_old(server),
                Some(Err(cause)) => bail!("{cause:#}"),
                None => bail!("the release before was not asked for"),
            },
            name => self.one(name),
        }
    }

    fn build(&self) -> String {
        round::build_of(&self.house.program(self.profile, "fettle"))
    }

    /// Sandbox and an empty database for one drill, which starts and ends servers itself.
    fn one(&self, name: &str) -> Result<Duration> {
        let (database, controls) = cluster(self.house)?;
        let stage = stage(self.house, self.profile, name, database.fresh(&format!("drill_{name}"))?)?;
        quiet("bringing the database up to date", stage.fettle().arg("migrate").env("FETTLE_LOG", "warn"))?;
        run(&stage, controls, name, self.is_full, &[])
    }

    /// The same, with a database that the release before has migrated, and its program beside ours.
    fn over_old(&self, server: &Path) -> Result<Duration> {
        let (database, controls) = cluster(self.house)?;
        let mut stage = stage(self.house, self.profile, "upgrade", database.fresh("drill_upgrade")?)?;
        let mut migrate = Command::new(server);
        migrate
            .current_dir(&self.house.root)
            .arg("migrate")
            .envs(stage.fettle().get_envs().filter_map(|(name, value)| Some((name, value?))));
        quiet("migrating as the release before does", migrate.env("FETTLE_LOG", "warn"))?;
        stage.settings.push(("DRILL_OLD_SERVER", server.to_string_lossy().into_owned()));
        stage.settings.push(("DRILL_OLD_MIGRATIONS", upgrade::OLD.migrations.to_string()));
        run(&stage, controls, "upgrade", self.is_full, &[])
    }
}

/// Runs the own part of a drill that is no program of ours, and says how long it took.
fn timed(is_limited: bool, work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let began = Instant::now();
    work()?;
    let took = began.elapsed();
    ensure!(!is_limited || took <= SHORT, "it took {} s, and a short drill takes at most {}", took.as_secs(), SHORT.as_secs());
    Ok(took)
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

/// Starts the sandbox and hands everything to the drill, which ends with us: without its sandbox it would find everything broken. How long it took.
pub fn run(stage: &Stage<'_>, controls: String, name: &str, is_full: bool, rows: &[String]) -> Result<Duration> {
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
    let began = Instant::now();
    loud(&format!("drill: {name}"), &mut children::bound_to_us(drill))?;
    Ok(began.elapsed())
}
