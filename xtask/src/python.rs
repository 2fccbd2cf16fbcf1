//! Tools from PyPI, by lock file, in an environment of this checkout.

use crate::house::House;
use crate::step::quiet;
use crate::system::Need;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Installs what `folder/requirements.txt` pins, unless it is there; the interpreter that finds it.
pub fn install(house: &House, folder: &str) -> Result<PathBuf> {
    let lock = house.root.join(folder).join("requirements.txt");
    let text = fs::read(&lock).context("requirements.txt is missing")?;
    let place = house.corner().join(format!("python-{}", folder.replace('/', "-")));
    let python = place.join("bin/python");
    let mark = place.join(".installed");
    let hash = hex::encode(Sha256::digest(&text));
    if python.exists() && fs::read_to_string(&mark).is_ok_and(|installed| installed == hash) {
        return Ok(python);
    }
    let system = Need::Python.have()?;
    fs::create_dir_all(house.corner())?;
    quiet("making an environment for Python", Command::new(system).args(["-m", "venv", "--clear"]).arg(&place))?;
    quiet(
        &format!("installing the Python packages of {folder}"),
        Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"]).arg(&lock),
    )?;
    fs::write(mark, hash)?;
    Ok(python)
}
