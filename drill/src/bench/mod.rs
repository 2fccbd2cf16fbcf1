//! Figures: ours beside what others do, taken in turns in one run, so that both meet the same machine.

mod browser;
mod document;
mod holds;
mod line;
mod load;
mod memory;
mod page;
mod peers;
mod search;
mod slots;
mod sockets;

use crate::report::Report;
use crate::stage::{Stage, var};
use crate::town;
use anyhow::{Result, ensure};
use line::Line;
use serde_json::{Map, Value};
use std::fs;

/// What can be asked for by name, in the order of the table. `memory` is of the demo data alone, so it comes before those that add to it.
const ROWS: [&str; 9] = ["memory", "page", "slots", "search", "holds", "stampede", "sockets", "size", "lighthouse"];
/// Everything measured so far, by row; the page of figures is made of it.
const KEPT: &str = "benchmarks.json";

/// Measures `rows`, or all of them.
pub async fn run(stage: &Stage, report: &mut Report, rows: &[String]) -> Result<()> {
    for row in rows {
        ensure!(ROWS.contains(&row.as_str()), "{row} is none of {}", ROWS.join(", "));
    }
    town::widen(&stage.db).await?;
    // As it was before anything was built: whoever goes on writing meanwhile changes nothing of what is measured.
    let tree = var("DRILL_TREE")?;
    // Figures of a development build, or of a quick look, are no figures; they only show that everything runs.
    let is_kept = stage.is_full && !cfg!(debug_assertions);
    let path = stage.corner.join(KEPT);
    let mut kept: Map<String, Value> = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    for row in ROWS.into_iter().filter(|row| rows.is_empty() || rows.iter().any(|asked| asked == row)) {
        println!("{row}:");
        let rows: Vec<String> = match measure(stage, row).await {
            Ok(lines) => {
                println!("{}{}", line::HEAD, lines.iter().map(Line::row).collect::<String>());
                for line in lines.iter().filter(|line| is_kept && !line.is_reached()) {
                    report.broken(format!("{}: {} {} misses its floor", line.what, line::number(line.ours), line.unit));
                }
                lines.iter().map(Line::row).collect()
            }
            Err(cause) => {
                report.broken(format!("{row}: {cause:#}"));
                // what it once reached says nothing of this tree
                vec![line::broken(row)]
            }
        };
        if is_kept {
            kept.insert(row.to_owned(), serde_json::json!({ "date": today().to_string(), "tree": tree, "rows": rows }));
            fs::write(&path, serde_json::to_vec_pretty(&kept)?)?;
        }
    }
    fs::write(stage.corner.join("benchmarks.md"), table(&kept, &tree))?;
    Ok(())
}

async fn measure(stage: &Stage, row: &str) -> Result<Vec<Line>> {
    match row {
        "page" => page::measure(stage).await,
        "slots" => slots::measure(stage).await,
        "search" => search::measure(stage).await,
        "holds" => holds::holds(stage).await,
        "stampede" => holds::stampede(stage).await,
        "sockets" => sockets::measure(stage).await,
        "memory" => memory::measure(stage).await,
        "size" => browser::sizes(stage).await,
        _ => browser::lighthouse(stage).await,
    }
}

/// The day on which figures are taken.
#[expect(clippy::disallowed_methods, reason = "outside of the house, whose clock tests move")]
fn today() -> chrono::NaiveDate {
    chrono::Utc::now().date_naive()
}

/// All that is kept, as one table. Where groups of rows are of several commits, those that are not of `newest` say in a column of their own of which.
/// Two trees that differ from the same commit may be different ones, so all rows of such say so.
fn table(kept: &Map<String, Value>, newest: &str) -> String {
    let groups: Vec<&Value> = ROWS.iter().filter_map(|row| kept.get(*row)).collect();
    let text = |group: &Value, member: &str| group[member].as_str().unwrap_or_default().to_owned();
    let is_newest = |group: &Value| text(group, "tree") == newest && !newest.ends_with("-dirty");
    let (of_newest, others): (Vec<&Value>, Vec<&Value>) = groups.iter().copied().partition(|group| is_newest(group));
    let mut days: Vec<String> = of_newest.into_iter().map(|group| text(group, "date")).collect();
    days.sort_unstable();
    days.dedup();
    let is_mixed = !others.is_empty();
    let with = |row: &str, cell: &str| if is_mixed { format!("{} {cell} |\n", row.trim_end()) } else { row.to_owned() };
    let cells = ["taken", "---"].into_iter();
    let mut table: String = line::HEAD.split_inclusive('\n').zip(cells).map(|(row, cell)| with(row, cell)).collect();
    for group in groups {
        let (day, tree) = (text(group, "date"), text(group, "tree"));
        let cell = if is_newest(group) { String::new() } else { format!("{day} at {tree}") };
        group["rows"].as_array().into_iter().flatten().filter_map(Value::as_str).for_each(|row| table.push_str(&with(row, &cell)));
    }
    let taken = match (days.is_empty(), is_mixed) {
        (false, false) => format!("Taken on {} at {newest}.", days.join(", ")),
        (false, true) => format!("Taken on {} at {newest}, but for the rows that name an older tree in the last column.", days.join(", ")),
        (true, _) => "Each row names in the last column the tree of which it was taken.".to_owned(),
    };
    format!("{taken}\n\n{table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_older_trees_say_so() {
        let group = |tree: &str, row: &str| serde_json::json!({ "date": "2026-06-12", "tree": tree, "rows": [row] });
        let kept =
            |holds: &str| Map::from_iter([("page".to_owned(), group("new", "| a |\n")), ("holds".to_owned(), group(holds, "| b |\n"))]);
        let same = table(&kept("new"), "new");
        assert!(same.starts_with("Taken on 2026-06-12 at new.\n") && same.ends_with(&format!("{}| a |\n| b |\n", line::HEAD)), "{same}");
        let mixed = table(&kept("old"), "new");
        assert!(mixed.ends_with("|---| --- |\n| a |  |\n| b | 2026-06-12 at old |\n"), "{mixed}");
        assert!(mixed.contains("| taken |\n"), "{mixed}");
        assert!(table(&kept("old"), "later").starts_with("Each row names"));
        let dirty = Map::from_iter([("page".to_owned(), group("new-dirty", "| a |\n"))]);
        let unsure = table(&dirty, "new-dirty");
        assert!(unsure.starts_with("Each row names") && unsure.ends_with("| a | 2026-06-12 at new-dirty |\n"), "{unsure}");
    }
}
