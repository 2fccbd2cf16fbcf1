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
use progress::Progress;
use report::Report;
use stage::Stage;
use std::process::ExitCode;
use std::time::Duration;

/// A short drill takes at most three minutes, of which a little is left for ending.
const SHORT: Duration = Duration::from_secs(178);

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
    let mut report = Report::new(&if arguments.full { format!("{name}, in full") } else { name.clone() });
    let outcome = in_time(&stage, arguments, &mut report).await.and(invariants::check_logs(&stage.folder, &mut report));
    if outcome.is_err() || !report.is_well() {
        // What broke may come from anything before it.
        Progress::open(&stage, &name).forget();
    }
    outcome?;
    Ok(report.finish())
}

async fn in_time(stage: &Stage, arguments: &Arguments, report: &mut Report) -> Result<()> {
    if arguments.full || matches!(arguments.name, Name::Bench) {
        return drill(stage, arguments, report).await;
    }
    let outcome = tokio::time::timeout(SHORT, drill(stage, arguments, report)).await;
    outcome.unwrap_or_else(|_| {
        report.broken(format!("it was not over after {} s, and a short drill takes at most 180", SHORT.as_secs()));
        Ok(())
    })
}

async fn drill(stage: &Stage, arguments: &Arguments, report: &mut Report) -> Result<()> {
    match arguments.name {
        Name::Stampede => stampede::run(stage, report).await,
        Name::Webhooks => webhooks::run(stage, report).await,
        Name::Kill => kill::run(stage, report).await,
        Name::Database => database::run(stage, report).await,
        Name::Live => live::run(stage, report).await,
        Name::Nodes => nodes::run(stage, report).await,
        Name::Flood => flood::run(stage, report).await,
        Name::Bench => bench::run(stage, report, &arguments.rows).await,
        Name::Restore => restore::run(stage, report).await,
        Name::Upgrade => upgrade::run(stage, report).await,
    }
}
