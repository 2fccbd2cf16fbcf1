//! The drill in which a scanner that others wrote looks for holes: sqlmap against the demo town.

use crate::children::bound_to_us;
use crate::house::House;
use crate::postgres::{Database, Kind};
use crate::python;
use crate::stage::{Ports, Stage};
use crate::step::loud;
use anyhow::Result;
use std::process::Command;
use std::time::Duration;

/// Nobody meets a limit where a hole is looked for.
const SETTINGS: [&str; 4] = ["FETTLE_LIMIT_GENERAL", "FETTLE_LIMIT_SENSITIVE", "FETTLE_LIMIT_BOOKING", "FETTLE_LIMIT_SEARCH"];

/// In full it goes on with the targets that have not held yet, with the same `build` of the server.
pub fn scan(house: &House, profile: &'static str, is_full: bool, build: &str) -> Result<Duration> {
    let python = python::install(house, "drill/scan")?;
    let database = Database::open(house, Kind::Drilled)?;
    let folder = house.target.join("stage/drill-scan");
    let _ = std::fs::remove_dir_all(&folder);
    let stage = Stage {
        house,
        profile,
        ports: Ports::free()?,
        database_url: database.fresh("drill_scan")?,
        folder,
        settings: SETTINGS.map(|name| (name, "1000000".to_owned())).to_vec(),
    };
    stage.prepare()?;
    let _running = stage.play()?;
    let mut command = Command::new(python);
    command.arg(house.root.join("drill/scan/run.py")).arg(format!("http://{}", stage.ports.server)).arg(stage.folder.join("scan"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    if is_full {
        command.arg("--full").arg(house.corner().join("drill-scan.progress")).arg(build);
    }
    super::timed(!is_full, || loud("drill: scan", &mut bound_to_us(command)))
}
