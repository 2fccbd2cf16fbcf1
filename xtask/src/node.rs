//! Tools from npm, by lock file.

use crate::house::House;
use crate::step::quiet;
use crate::system::Need;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::process::Command;

/// Installs the packages of `folder` as its lock file says, unless they are there.
pub fn install(house: &House, folder: &str) -> Result<()> {
    let folder = house.root.join(folder);
    let lock = fs::read(folder.join("package-lock.json")).context("package-lock.json is missing")?;
    let mark = folder.join("node_modules/.installed");
    let hash = hex::encode(Sha256::digest(&lock));
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == hash) {
        return Ok(());
    }
    Need::Node.have()?;
    quiet(
        &format!("installing the npm packages of {}", folder.strip_prefix(&house.root).unwrap_or(&folder).display()),
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"])
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .current_dir(&folder),
    )?;
    fs::write(mark, hash)?;
    Ok(())
}

/// A program of an installed package.
pub fn tool(house: &House, folder: &str, name: &str) -> Command {
    let mut command = Command::new(house.root.join(folder).join("node_modules/.bin").join(name));
    command.current_dir(&house.root);
    command
}
