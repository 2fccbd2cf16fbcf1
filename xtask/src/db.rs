//! `cargo xtask db`, `seed`, `sqlx`: the private database by hand.

use crate::build;
use crate::children;
use crate::house::House;
use crate::postgres::{Database, Kind};
use crate::stage::{self, Ports, Stage};
use crate::step::{loud, say};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;

#[derive(clap::Subcommand, Debug, Clone)]
pub enum DbTask {
    /// Empty it; the next start fills it again.
    Reset {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Print its address.
    Url,
}

/// psql into it, or what `task` says.
pub fn db(house: &House, task: Option<DbTask>) -> Result<()> {
    let database = Database::open(house, Kind::Kept)?;
    match task {
        Some(DbTask::Url) => println!("{}", database.url),
        Some(DbTask::Reset { yes }) => {
            if !yes && !confirmed(&format!("Everything in {} will be lost. Type yes: ", without_password(&database.url)))? {
                bail!("nothing was changed");
            }
            database.reset()?;
            let _ = fs::remove_file(house.corner().join("sandbox.json"));
            say("the database is empty");
        }
        None => {
            children::listen_for_the_end()?;
            let name = database.url.rsplit('/').next().and_then(|rest| rest.split('?').next()).unwrap_or("fettle").to_owned();
            let mut psql = database.psql(&name);
            psql.status().context("psql could not be started")?;
        }
    }
    Ok(())
}

/// `fettle seed` on the private database.
pub fn seed(house: &House, providers: Option<u32>, is_release: bool) -> Result<()> {
    let profile = if is_release { "release" } else { "debug" };
    stage::compile(house, profile)?;
    let database = Database::open(house, Kind::Kept)?;
    let stage =
        Stage { house, profile, ports: Ports::usual()?, database_url: database.url.clone(), folder: house.corner(), settings: Vec::new() };
    println!("{}", stage.prepare()?.trim_end());
    if let Some(providers) = providers {
        let mut command = stage.fettle();
        command.args(["seed", "--providers", &providers.to_string()]);
        loud(&format!("adding providers until there are {providers}"), &mut command)?;
    }
    Ok(())
}

/// Records every query of the tree in `.sqlx`, so that it compiles without a database.
pub fn sqlx(house: &House) -> Result<()> {
    let database = Database::open(house, Kind::Forgetful)?;
    let url = schema(house, &database, "fettle_queries")?;
    let fresh = house.target.join("sqlx");
    record(house, &url, &fresh)?;
    let count = replace(&fresh, &house.root.join(".sqlx"))?;
    say(&format!("{count} queries are recorded in .sqlx"));
    Ok(())
}

/// Clippy over the server's side, recording the queries on the way. Answers whether it is clean, and whether `.sqlx` is what the
/// tree's queries would record (taken as known when nothing has changed since it last was).
pub fn lint_and_compare(house: &House, database: &Database) -> Result<(bool, bool)> {
    let mark = house.target.join("sqlx.known");
    let state = state_of_queries(house)?;
    let is_known = fs::read_to_string(&mark).is_ok_and(|known| known == state);
    let mut cargo = house.cargo();
    let fresh = house.target.join("sqlx");
    if !is_known {
        let url = schema(house, database, "fettle_queries")?;
        recording(house, &mut cargo, &url, &fresh)?;
    }
    cargo.args(["clippy", "--workspace", "--exclude", "frontend", "--all-targets", "--", "-D", "warnings"]);
    let is_clean = loud("clippy for the server", &mut cargo).is_ok();
    let is_recorded = is_known || contents(&fresh)? == contents(&house.root.join(".sqlx"))?;
    if is_clean && is_recorded {
        fs::write(mark, state)?;
    }
    Ok((is_clean, is_recorded))
}

/// Changes when a source, a migration or a recorded query does.
fn state_of_queries(house: &House) -> Result<String> {
    let mut hash = Sha256::new();
    for folder in ["domain/src", "src", "migrations", "tests", ".sqlx"] {
        for file in build::files_below(&house.root.join(folder))? {
            hash.update(file.to_string_lossy().as_bytes());
            hash.update(fs::read(house.root.join(folder).join(&file))?);
        }
    }
    Ok(hex::encode(hash.finalize()))
}

/// A database with the schema and nothing else.
fn schema(house: &House, database: &Database, name: &str) -> Result<String> {
    let url = database.fresh(name)?;
    let mut files: Vec<_> = fs::read_dir(house.root.join("migrations"))?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "sql")) {
        let output = database.psql(name).arg("-1").arg("-f").arg(file).output().context("psql could not be started")?;
        if !output.status.success() {
            bail!("{} failed: {}", file.display(), String::from_utf8_lossy(&output.stderr).trim());
        }
    }
    Ok(url)
}

fn record(house: &House, url: &str, folder: &Path) -> Result<()> {
    let mut cargo = house.cargo();
    recording(house, &mut cargo, url, folder)?;
    cargo.args(["check", "--quiet", "--workspace", "--exclude", "frontend", "--all-targets"]);
    loud("recording the queries", &mut cargo)
}

/// Makes `cargo` write every query it compiles into `folder`, and compile the crates that hold some.
fn recording(house: &House, cargo: &mut Command, url: &str, folder: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    house.touch(&["domain/src/lib.rs", "src/lib.rs"])?;
    cargo.env_remove("SQLX_OFFLINE").env("SQLX_OFFLINE_DIR", folder).env("SQLX_TMP", folder).env("DATABASE_URL", url);
    Ok(())
}

fn contents(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("query-") {
            found.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(found)
}

fn replace(fresh: &Path, kept: &Path) -> Result<usize> {
    let queries = contents(fresh)?;
    let _ = fs::remove_dir_all(kept);
    fs::create_dir_all(kept)?;
    for (name, text) in &queries {
        fs::write(kept.join(name), text)?;
    }
    Ok(queries.len())
}

fn confirmed(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("this asks before it deletes; there is nobody to ask. Add --yes.");
    }
    print!("{question}");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) => format!("{}{}", &url[..scheme + 3], &url[at + 1..]),
        _ => url.to_owned(),
    }
}
