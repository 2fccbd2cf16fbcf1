//! The part that speaks to a running house as programs do: Schemathesis over HTTP, a client of its own over the socket.

use super::Score;
use super::rust::{number_before, tee};
use super::secrets;
use crate::house::House;
use crate::postgres::Database;
use crate::stage::{self, Stage};
use crate::step::say;
use crate::system::Need;
use crate::{node, python};
use anyhow::{Result, anyhow};
use std::path::Path;
use std::process::Command;

/// Nobody meets a limit where something else is asked for.
pub const LIMITS: [(&str, &str); 4] = [
    ("FETTLE_LIMIT_GENERAL", "1000000"),
    ("FETTLE_LIMIT_SENSITIVE", "1000000"),
    ("FETTLE_LIMIT_BOOKING", "1000000"),
    ("FETTLE_LIMIT_SEARCH", "1000000"),
];
/// Silence is short, so that a test can wait for its end.
const SILENCE: [(&str, &str); 2] = [("FETTLE_LIVE_HEARTBEAT_S", "1"), ("FETTLE_LIVE_SILENCE_S", "3")];

/// `extra` is `live` or `schemathesis` for one of the two alone.
pub fn tests(house: &House, database: &Database, extra: &[String]) -> Result<Score> {
    Need::Node.have()?;
    let python = python::install(house, "end2end/api")?;
    node::install(house, "end2end")?;
    stage::compile(house, "debug")?;
    let name = format!("api_{}", std::process::id());
    let mut stage = stage::for_tests(house, database, &name)?;
    stage.settings = LIMITS.into_iter().chain(SILENCE).map(|(name, value)| (name, value.to_owned())).collect();
    let wants = |part: &str| extra.is_empty() || extra.iter().any(|wanted| wanted == part);
    let outcome = (|| {
        stage.prepare()?;
        let running = stage.play()?;
        let mut score = Score::default();
        if wants("live") {
            score = score.and(live(house, database, &stage, &name)?);
        }
        if wants("schemathesis") {
            score = score.and(schemathesis(house, database, &stage, &python, &name)?);
        }
        drop(running);
        Ok(score.and(secrets::are_in_no_log(&stage.folder)?))
    })();
    let _ = database.drop_database(&name);
    outcome
}

/// Schemathesis as `end2end/api/run.py` has it, asking the house on this stage, whose database has the name.
pub fn asking(house: &House, database: &Database, stage: &Stage, python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command
        .arg(house.root.join("end2end/api/run.py"))
        .arg(format!("http://{}", stage.ports.server))
        .arg(stage.folder.join("api"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SANDBOX_URL", stage.ports.sandbox_url())
        .env("DATABASE_URL", &stage.database_url)
        .env("PSQL", database.psql(name).get_program());
    command
}

fn schemathesis(house: &House, database: &Database, stage: &Stage, python: &Path, name: &str) -> Result<Score> {
    say("Schemathesis");
    let (_, lines) = tee(asking(house, database, stage, python, name))?;
    let total = lines.iter().rev().find(|line| line.contains(" passed, ") && !line.contains(" in "));
    Ok(match total {
        Some(line) => {
            let why = lines.iter().filter_map(|line| line.strip_prefix("✗ ")).map(str::to_owned).collect();
            Score { passed: number_before(line, "passed"), failed: number_before(line, "failed"), why }
        }
        None => Score { why: vec!["Schemathesis did not come to an end".to_owned()], ..Score::of(false) },
    })
}

fn live(house: &House, database: &Database, stage: &Stage, name: &str) -> Result<Score> {
    say("the live socket");
    let mut command = Command::new("node");
    command
        .current_dir(house.root.join("end2end"))
        .args(["--test", "--test-reporter=spec", "live/live.test.mjs"])
        .env("BASE_URL", format!("http://{}", stage.ports.server))
        .env("DATABASE_URL", &stage.database_url)
        .env("SANDBOX_URL", stage.ports.sandbox_url())
        .env("PSQL", database.psql(name).get_program());
    let (is_well, lines) = tee(command)?;
    let count = |word: &str| {
        let line = lines.iter().rev().find_map(|line| line.trim_start_matches(['#', 'ℹ', ' ']).strip_prefix(word));
        line.and_then(|rest| rest.trim().parse::<usize>().ok()).unwrap_or(0)
    };
    // Node's runner tells the failed ones once more under this heading.
    let failed = lines.iter().skip_while(|line| !line.contains("failing tests:")).filter_map(|line| line.trim().strip_prefix("✖ "));
    let mut score = Score { passed: count("pass "), failed: count("fail "), why: failed.skip(1).map(str::to_owned).collect() };
    if !is_well && score.failed == 0 {
        score = score.and(Score::broken(&anyhow!("the client of the live socket did not come to an end")));
    }
    Ok(score)
}
