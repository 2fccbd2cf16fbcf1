//! Figures: ours beside what others do, taken in turns in one run, so that both meet the same machine.

mod holds;
mod pages;
mod sockets;

use crate::house::House;
use crate::report::Report;
use crate::stage::Stage;
use anyhow::Result;
use std::fmt::Write;

/// One line of the table.
pub struct Line {
    pub what: &'static str,
    pub ours: f64,
    pub unit: &'static str,
    /// Who else did it, and how.
    pub peer: Option<(&'static str, f64)>,
    pub limit: Limit,
}

/// What must be reached.
#[derive(Clone, Copy)]
pub enum Limit {
    AtMost(f64),
    /// So many times the peer's figure.
    TimesPeer(f64),
    None,
}

impl Line {
    pub fn is_reached(&self) -> bool {
        match (self.limit, self.peer) {
            (Limit::AtMost(most), _) => self.ours <= most,
            (Limit::TimesPeer(times), Some((_, peer))) => self.ours >= times * peer,
            (Limit::TimesPeer(_), None) => false,
            (Limit::None, _) => true,
        }
    }

    /// A row of the table in Markdown.
    fn row(&self) -> String {
        let number = |value: f64| if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        let limit = match self.limit {
            Limit::AtMost(most) => format!("≤ {}", number(most)),
            Limit::TimesPeer(times) => format!("≥ {times} × peer"),
            Limit::None => String::new(),
        };
        let (peer, ratio) = match self.peer {
            Some((name, value)) => (format!("{} ({name})", number(value)), format!("{:.2}", self.ours / value)),
            None => (String::new(), String::new()),
        };
        let verdict = if self.is_reached() { "" } else { "missed" };
        format!("| {} | {} {} | {peer} | {limit} | {ratio} | {verdict} |", self.what, number(self.ours), self.unit)
    }
}

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let server = stage.serve().await?;
    let house = House::at(stage.address);
    let mut lines = Vec::new();
    lines.extend(pages::measure(stage, &house, &server).await?);
    lines.extend(holds::measure(stage, &house).await?);
    drop(server);
    lines.extend(sockets::measure(stage).await?);
    let mut table = String::from("| what | ours | peer | limit | ours / peer | |\n|---|---:|---:|---:|---:|---|\n");
    for line in &lines {
        let _ = writeln!(table, "{}", line.row());
    }
    println!("{table}");
    // Figures of a development build are no figures; they only show that everything runs.
    if !cfg!(debug_assertions) && stage.is_full {
        for line in lines.iter().filter(|line| !line.is_reached()) {
            report.broken(format!("{}: {} {} misses its limit", line.what, line.ours, line.unit));
        }
        std::fs::write(stage.corner.join("benchmarks.md"), table)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_compare_the_right_way() {
        let line = |ours, peer, limit| Line { what: "x", ours, unit: "", peer, limit };
        assert!(line(5.0, None, Limit::AtMost(5.0)).is_reached());
        assert!(!line(5.1, None, Limit::AtMost(5.0)).is_reached());
        assert!(line(30.0, Some(("p", 100.0)), Limit::TimesPeer(0.3)).is_reached());
        assert!(!line(29.0, Some(("p", 100.0)), Limit::TimesPeer(0.3)).is_reached());
        assert!(!line(29.0, None, Limit::TimesPeer(0.3)).is_reached(), "a peer that did not run proves nothing");
    }
}
