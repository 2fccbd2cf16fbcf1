//! The drill in which programs ask for every call as each role, as in the tests, but more often, and for something else each time: Schemathesis
//! against the demo town.

use super::round::Round;
use crate::children::{bound_to_us, is_stopped};
use crate::house::House;
use crate::postgres::{Database, Kind};
use crate::python;
use crate::step::{loud, quiet, say};
use crate::test::api::{LIMITS, asking};
use crate::test::secrets::are_in_no_log;
use anyhow::{Result, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const DATABASE: &str = "drill_api";

/// In short all roles in one house. In full one after another, each in a house of its own; it goes on with those that have not held yet, with the
/// same `build` of the server.
pub fn api(house: &House, profile: &'static str, is_full: bool, build: &str) -> Result<Duration> {
    let python = python::install(house, "end2end/api")?;
    if !is_full {
        return ask(house, profile, &python, None);
    }
    let roles = roles(house, &python)?;
    ensure!(!roles.is_empty(), "end2end/api/run.py knows nobody who could ask");
    let mut round = Round::open(house.corner().join("drill-api.progress"), build);
    let (mut took, mut broken) = (Duration::ZERO, Vec::new());
    for role in roles {
        ensure!(!is_stopped(), "stopped");
        if round.has(&role) {
            say(&format!("as {role} it has held already"));
            continue;
        }
        match ask(house, profile, &python, Some(&role)) {
            Ok(its) => {
                took += its;
                round.note(&role)?;
            }
            Err(cause) => {
                eprintln!("✗ as {role}: {cause:#}");
                broken.push(role);
            }
        }
    }
    ensure!(!is_stopped(), "stopped");
    round.forget();
    ensure!(broken.is_empty(), "it broke as {}; each one's own account is in target/stage/drill-api-ROLE", broken.join(", "));
    Ok(took)
}

/// A house in which nobody has been, and how long was asked there: as this role, or as all of them.
fn ask(house: &House, profile: &'static str, python: &Path, role: Option<&str>) -> Result<Duration> {
    let name = role.map_or_else(|| "api".to_owned(), |role| format!("api-{role}"));
    let database = Database::open(house, Kind::Drilled)?;
    let mut stage = super::stage(house, profile, &name, database.fresh(DATABASE)?)?;
    stage.settings = LIMITS.map(|(name, value)| (name, value.to_owned())).to_vec();
    stage.prepare()?;
    let running = stage.play()?;
    let mut command = asking(house, &database, &stage, python, DATABASE);
    match role {
        Some(role) => command.arg("--full").env("API_AS", role),
        None => command.arg("--short"),
    };
    let took = super::timed(role.is_none(), || loud(&format!("drill: {name}"), &mut bound_to_us(command)))?;
    drop(running);
    let log = are_in_no_log(&stage.folder)?;
    ensure!(log.failed == 0, "{}", log.why.concat());
    Ok(took)
}

/// Who can ask, as `end2end/api/run.py` names them.
fn roles(house: &House, python: &Path) -> Result<Vec<String>> {
    let mut command = Command::new(python);
    command.arg(house.root.join("end2end/api/run.py")).arg("--names").env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(quiet("looking who can ask", &mut command)?.lines().map(str::to_owned).collect())
}
