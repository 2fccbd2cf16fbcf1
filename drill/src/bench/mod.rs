//! Figures: ours beside what others do, taken in turns in one run, so that both meet the same machine.

mod browser;
mod document;
mod holds;
mod line;
mod load;
mod page;
mod peers;
mod search;
mod slots;
mod sockets;

use crate::report::Report;
use crate::stage::Stage;
use crate::town;
use anyhow::{Result, ensure};
use line::{Aim, Line};
use serde_json::{Map, Value};
use std::fs;
use std::time::Duration;

/// What can be asked for by name, in the order of the table.
const ROWS: [&str; 9] = ["page", "slots", "search", "holds", "stampede", "sockets", "memory", "size", "lighthouse"];
/// Everything measured so far, by row; the page of figures is made of it.
const KEPT: &str = "benchmarks.json";

/// Measures `rows`, or all of them.
pub async fn run(stage: &Stage, report: &mut Report, rows: &[String]) -> Result<()> {
    for row in rows {
        ensure!(ROWS.contains(&row.as_str()), "{row} is none of {}", ROWS.join(", "));
    }
    town::widen(&stage.db).await?;
    let path = stage.corner.join(KEPT);
    let mut kept: Map<String, Value> = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    for row in ROWS.into_iter().filter(|row| rows.is_empty() || rows.iter().any(|asked| asked == row)) {
        println!("{row}:");
        let lines = match row {
            "page" => page::measure(stage).await,
            "slots" => slots::measure(stage).await,
            "search" => search::measure(stage).await,
            "holds" => holds::holds(stage).await,
            "stampede" => holds::stampede(stage).await,
            "sockets" => sockets::measure(stage).await,
            "memory" => memory(stage).await,
            "size" => browser::sizes(stage).await,
            _ => browser::lighthouse(stage).await,
        };
        let lines = match lines {
            Ok(lines) => lines,
            Err(cause) => {
                report.broken(format!("{row}: {cause:#}"));
                continue;
            }
        };
        println!("{}{}", line::HEAD, lines.iter().map(Line::row).collect::<String>());
        // Figures of a development build, or of a quick look, are no figures; they only show that everything runs.
        if cfg!(debug_assertions) || !stage.is_full {
            continue;
        }
        for line in lines.iter().filter(|line| !line.is_reached()) {
            report.broken(format!("{}: {} {} misses its floor", line.what, line::number(line.ours), line.unit));
        }
        let rows: Vec<String> = lines.iter().map(Line::row).collect();
        kept.insert(row.to_owned(), serde_json::json!({ "date": today().to_string(), "tree": tree(), "rows": rows }));
        fs::write(&path, serde_json::to_vec_pretty(&kept)?)?;
    }
    fs::write(stage.corner.join("benchmarks.md"), table(&kept))?;
    Ok(())
}

/// The day on which figures are taken.
#[expect(clippy::disallowed_methods, reason = "outside of the house, whose clock tests move")]
fn today() -> chrono::NaiveDate {
    chrono::Utc::now().date_naive()
}

/// The commit that is measured; with a mark if the files differ from it.
fn tree() -> String {
    let output = std::process::Command::new("git").args(["describe", "--always", "--dirty"]).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// All that is kept, as one table with the day and the commit of each group.
fn table(kept: &Map<String, Value>) -> String {
    let mut text = line::HEAD.to_owned();
    let mut taken: Vec<String> = Vec::new();
    for group in ROWS.iter().filter_map(|row| kept.get(*row)) {
        group["rows"].as_array().into_iter().flatten().filter_map(Value::as_str).for_each(|row| text.push_str(row));
        let (day, tree) = (group["date"].as_str().unwrap_or_default(), group["tree"].as_str().unwrap_or_default());
        taken.push(if tree.is_empty() { day.to_owned() } else { format!("{day} at {tree}") });
    }
    taken.sort_unstable();
    taken.dedup();
    format!("Taken on {}.\n\n{text}", taken.join(", "))
}

/// The server with demo data, after its first jobs, nobody asking.
async fn memory(stage: &Stage) -> Result<Vec<Line>> {
    let server = stage.serve().await?;
    tokio::time::sleep(Duration::from_secs(if stage.is_full { 15 } else { 3 })).await;
    let ours = server.resident()? as f64 / 1e6;
    Ok(vec![Line {
        what: "resident memory of the server, idle".into(),
        ours,
        unit: "MB",
        peer: None,
        aim: Aim::AtMost { floor: 80.0, goal: 40.0 },
    }])
}
