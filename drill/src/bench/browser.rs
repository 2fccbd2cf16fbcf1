//! What a browser says: bytes over the wire before anyone touches anything, and Lighthouse. Chromium is driven by `benches/browser`.

use super::document;
use super::line::{Aim, Line};
use super::peers::Peer;
use crate::house::House;
use crate::stage::Stage;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::Stdio;
use tokio::process::Command;

const PROVIDER: &str = "/p/tolliver-home-repair";
/// Mobile, the median of so many.
const LIGHTHOUSE_RUNS: usize = 5;

pub async fn sizes(stage: &Stage) -> Result<Vec<Line>> {
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    document::write(stage, &house, PROVIDER.trim_start_matches("/p/")).await?;
    let next = Peer::next(stage).await?;
    let theirs = kib(&script("size.mjs", &[&next.house.base, PROVIDER]).await?[PROVIDER]["code"]);
    let found = script("size.mjs", &[&house.base, "/", "/search", PROVIDER, "checkout"]).await?;
    let mut lines = Vec::new();
    for (path, name, most) in [
        ("/", "home", (0.0, 0.0)),
        ("/search", "search", (0.0, 0.0)),
        (PROVIDER, "provider", (100.0, 70.0)),
        ("checkout", "checkout", (100.0, 70.0)),
    ] {
        let what = format!("wasm + JS before the first interaction, {name} (besides the loader)");
        let line = Line::plain(what, kib(&found[path]["code"]), "KiB").aim(Aim::AtMost { floor: most.0, goal: most.1 });
        lines.push(if name == "provider" { line.beside("Next.js", theirs) } else { line });
    }
    let loader = kib(&found["/"]["loader"]);
    ensure!(loader > 0.0, "the loader was not fetched");
    lines.push(Line::plain("the loader", loader, "KiB").aim(Aim::AtMost { floor: 2.0, goal: 2.0 }));
    let search = &found["/search"];
    let total = search["total"].as_f64().unwrap_or(f64::MAX) / 1000.0;
    lines.push(Line::plain("search page, whole first load", total, "KB").aim(Aim::AtMost { floor: 250.0, goal: 200.0 }));
    let requests = search["requests"].as_f64().unwrap_or(f64::MAX);
    lines.push(Line::plain("search page, requests", requests, "").aim(Aim::AtMost { floor: f64::INFINITY, goal: 10.0 }));
    Ok(lines)
}

fn kib(bytes: &Value) -> f64 {
    bytes.as_f64().unwrap_or(f64::MAX) / 1024.0
}

pub async fn lighthouse(stage: &Stage) -> Result<Vec<Line>> {
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    let runs = if stage.is_full { LIGHTHOUSE_RUNS } else { 1 }.to_string();
    let found = script("lighthouse.mjs", &[&house.base, &runs, "/", "/search", PROVIDER, "checkout"]).await?;
    let mut lines = Vec::new();
    for (path, name) in [("/", "home"), ("/search", "search"), (PROVIDER, "provider"), ("checkout", "checkout")] {
        for (category, floor, goal) in
            [("performance", 95.0, 99.0), ("accessibility", 100.0, 100.0), ("best-practices", 100.0, 100.0), ("seo", 100.0, 100.0)]
        {
            let score = found[path][category].as_f64().with_context(|| format!("Lighthouse says nothing of {category} on {name}"))?;
            let note = if (name, category) == ("checkout", "seo") { " (but for being crawlable, which it must not be)" } else { "" };
            let line = Line::plain(format!("Lighthouse mobile, {name}, {category}{note}"), score, "");
            lines.push(line.aim(Aim::AtLeast { floor, goal }));
        }
    }
    Ok(lines)
}

/// Runs a script of `benches/browser`, which prints one JSON object.
async fn script(name: &str, arguments: &[&str]) -> Result<Value> {
    let output = Command::new("node")
        .arg(name)
        .args(arguments)
        .current_dir("benches/browser")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("node could not be started")?;
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{name} ended with {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}
