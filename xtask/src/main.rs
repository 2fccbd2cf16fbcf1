//! Everything one does to this house: `cargo xtask --help`.

mod build;
mod house;
mod node;
mod step;
mod system;

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
        Err(cause) => {
            eprintln!("✗ {cause:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let house = house::House::find()?;
    match task {
        Task::Build { style } => build::build(&house, if style { build::Scope::StyleOnly } else { build::Scope::Everything }),
    }
}
