//! `cargo xtask watch`: start, then rebuild and restart when a file changes. Open pages reload by themselves.

use crate::build::{self, Scope};
use crate::children::{self, Running};
use crate::house::House;
use crate::stage::{self, Ports, Stage};
use crate::start;
use crate::step::say;
use anyhow::{Context, Result};
use notify::{RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// What a change asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Style,
    Server,
    Everything,
}

pub fn watch(house: &House) -> Result<()> {
    children::listen_for_the_end()?;
    let ports = Ports::usual()?;
    ports.want()?;
    build::let_pages_follow();
    build::build(house, Scope::Everything)?;
    stage::compile(house, "debug")?;
    let database = start::open_database(house, false)?;
    let stage = Stage { house, profile: "debug", ports, database_url: database.url.clone(), folder: house.corner(), settings: Vec::new() };
    let sign_ins = stage.prepare()?;
    let mut running = stage.play()?;
    println!("\n  Fettle is open at http://{}, and follows what you change.\n{sign_ins}", ports.server);

    let (sender, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Ok(event) = event
            && !matches!(event.kind, notify::EventKind::Access(_))
        {
            for path in event.paths {
                let _ = sender.send(path);
            }
        }
    })?;
    for folder in ["app", "domain", "src", "frontend", "migrations", "style", "public"] {
        let folder = house.root.join(folder);
        if folder.exists() {
            watcher.watch(&folder, RecursiveMode::Recursive).with_context(|| format!("{} cannot be watched", folder.display()))?;
        }
    }
    while !children::is_stopped() {
        let Some(change) = next_change(house, &changes) else { continue };
        if let Err(cause) = follow(house, &stage, &mut running, change) {
            say(&format!("{cause:#}; waiting for the next change"));
        }
    }
    Ok(())
}

/// Gathers what arrives within a moment of each other.
fn next_change(house: &House, changes: &Receiver<PathBuf>) -> Option<Change> {
    let first = changes.recv_timeout(Duration::from_millis(300)).ok()?;
    let mut asked = asks_for(house, &first);
    while let Ok(path) = changes.recv_timeout(Duration::from_millis(150)) {
        asked = asked.max(asks_for(house, &path));
    }
    asked
}

fn asks_for(house: &House, path: &Path) -> Option<Change> {
    let path = path.strip_prefix(&house.root).unwrap_or(path);
    if path.starts_with("style") || path.starts_with("public") {
        return Some(Change::Style);
    }
    if path.starts_with("src") || path.starts_with("migrations") {
        return Some(Change::Server);
    }
    path.extension().is_some_and(|ending| ending == "rs" || ending == "html" || ending == "toml").then_some(Change::Everything)
}

fn follow(house: &House, stage: &Stage, running: &mut Vec<Running>, change: Change) -> Result<()> {
    match change {
        Change::Style => build::build(house, Scope::StyleOnly)?,
        Change::Server => stage::compile(house, "debug")?,
        Change::Everything => {
            build::build(house, Scope::Everything)?;
            stage::compile(house, "debug")?;
        }
    }
    if let Some(server) = running.first_mut() {
        server.stop();
    }
    stage.prepare()?;
    let server = stage.serve()?;
    if running.is_empty() {
        running.push(server);
    } else {
        running[0] = server;
    }
    // Only now: open pages reload when they see it.
    build::build(house, Scope::StyleOnly)
}
