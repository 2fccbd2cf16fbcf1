//! Bad days on purpose: each drill drives a running house as its users and its enemies do, prints what it measured, and fails when something
//! that must always hold does not. Started by `cargo xtask drill NAME`, which hands over where everything is.

mod bench;
mod database;
mod flood;
mod house;
mod invariants;
mod kill;
mod listener;
mod live;
mod load;
mod money;
mod nodes;
mod postgres;
mod progress;
mod report;
mod restore;
mod socket;
mod stage;
mod stampede;
mod town;
mod upgrade;
mod webhooks;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use report::Report;
use stage::Stage;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "drill", about = "Bad days on purpose. Started by `cargo xtask drill NAME`.")]
struct Arguments {
    name: Name,
    /// As long and as hard as it gets; begins where the last full one was interrupted.
    #[arg(long)]
    full: bool,
    /// Of `bench`: only these rows.
    rows: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    Stampede,
    Webhooks,
    Kill,
    Database,
    Live,
    Nodes,
    Flood,
    Restore,
    Upgrade,
    /// Not a bad day but figures: ours beside others', one after another in one run.
    Bench,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(cause) => {
            eprintln!("✗ {cause:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<bool> {
    let stage = Stage::open(arguments.full).await?;
    let name = format!("{:?}", arguments.name).to_lowercase();
    let mut report = Report::new(&if arguments.full { format!("{name}, in full") } else { name });
    match arguments.name {
        Name::Stampede => stampede::run(&stage, &mut report).await?,
        Name::Webhooks => webhooks::run(&stage, &mut report).await?,
        Name::Kill => kill::run(&stage, &mut report).await?,
        Name::Database => database::run(&stage, &mut report).await?,
        Name::Live => live::run(&stage, &mut report).await?,
        Name::Nodes => nodes::run(&stage, &mut report).await?,
        Name::Flood => flood::run(&stage, &mut report).await?,
        Name::Bench => bench::run(&stage, &mut report, &arguments.rows).await?,
        Name::Restore => restore::run(&stage, &mut report).await?,
        Name::Upgrade => upgrade::run(&stage, &mut report).await?,
    }
    Ok(report.finish())
}
