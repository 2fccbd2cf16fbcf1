//! Everything one does to this house: `cargo xtask --help`.

mod bench;
mod build;
mod children;
mod db;
mod doctor;
mod drill;
mod house;
mod node;
mod postgres;
mod python;
mod stage;
mod start;
mod step;
mod system;
mod test;
mod watch;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Builds, starts, tests and measures Fettle.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything, fill a private database with the demo town, start server and sandbox, print the address.
    Start(start::Options),
    /// Run every test, or the named parts.
    Test(test::Options),
    /// Start, then rebuild and restart when a file changes.
    Watch,
    /// Fill the private database: the demo town, and on request a crowd for measurements.
    Seed {
        /// Add invented providers until there are so many.
        #[arg(long)]
        providers: Option<u32>,
        #[arg(long)]
        release: bool,
    },
    /// psql into the private database; or reset it, or print its address.
    Db {
        #[command(subcommand)]
        task: Option<db::DbTask>,
    },
    /// A bad day on purpose: prints its figures, and fails when something that must always hold does not.
    Drill(drill::Options),
    /// Figures: ours beside others', taken in turns, written to docs/BENCHMARKS.md.
    Bench(bench::Options),
    /// Say what is installed, what is missing, and the line that installs it.
    Doctor,
    /// Record every query in `.sqlx`, so that the tree compiles without a database.
    Sqlx,
    /// Build what the browser gets: islands, stylesheets, files (a step of start and test).
    Build {
        /// Only stylesheets, scripts and files; islands stay as they were built last.
        #[arg(long)]
        style: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if children::is_stopped() => {
            eprintln!("· ended");
            ExitCode::from(130)
        }
        Err(cause) => {
            eprintln!("✗ {cause:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let house = house::House::find()?;
    match task {
        Task::Start(options) => start::start(&house, options),
        Task::Test(options) => test::test(&house, &options),
        Task::Watch => watch::watch(&house),
        Task::Seed { providers, release } => db::seed(&house, providers, release),
        Task::Db { task } => db::db(&house, task),
        Task::Bench(options) => bench::bench(&house, &options),
        Task::Drill(options) => drill::drill(&house, options),
        Task::Doctor => doctor::doctor(&house),
        Task::Sqlx => db::sqlx(&house),
        Task::Build { style } => build::build(&house, if style { build::Scope::StyleOnly } else { build::Scope::Everything }),
    }
}
