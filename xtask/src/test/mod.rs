//! `cargo xtask test`: everything, one line per part and a total at the end.

pub mod api;
mod browser;
mod rust;
pub mod secrets;

use crate::children;
use crate::house::House;
use crate::postgres::{Database, Kind};
use crate::step::say;
use crate::system;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// In the order in which they run: what is quick to fail first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// rustfmt
    Format,
    /// clippy for the server and for the browser, and whether `.sqlx` is up to date
    Lints,
    /// The rules of the house: rooms, layers, corridors, file sizes
    Tidy,
    /// Rules and verbs, on a real database
    Domain,
    /// Pages, REST, live socket, jobs, adapters against the sandbox
    Server,
    /// The build tool and the sandbox themselves
    Tools,
    /// The API's description against a running server by Schemathesis, and the live socket by an independent client
    Api,
    /// The main journeys in Chromium, with and without scripting
    Browser,
    /// axe on every page, both widths, both themes
    Accessibility,
    /// What pages cost over the wire
    Budgets,
}

impl Part {
    const ALL: [Self; 10] = [
        Self::Format,
        Self::Lints,
        Self::Tidy,
        Self::Domain,
        Self::Server,
        Self::Tools,
        Self::Api,
        Self::Browser,
        Self::Accessibility,
        Self::Budgets,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Lints => "lints",
            Self::Tidy => "tidy",
            Self::Domain => "domain",
            Self::Server => "server",
            Self::Tools => "tools",
            Self::Api => "api",
            Self::Browser => "browser",
            Self::Accessibility => "accessibility",
            Self::Budgets => "budgets",
        }
    }

    fn is_browser(self) -> bool {
        matches!(self, Self::Browser | Self::Accessibility | Self::Budgets)
    }

    fn is_rust(self) -> bool {
        matches!(self, Self::Tidy | Self::Domain | Self::Server | Self::Tools)
    }
}

#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// Only these; everything without any.
    pub parts: Vec<Part>,
    /// Handed on to the runner, such as `-- --grep checkout`.
    #[arg(last = true)]
    pub extra: Vec<String>,
}

/// How a part went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Score {
    pub passed: usize,
    pub failed: usize,
    /// What failed, or why it could not even run; a line each.
    pub why: Vec<String>,
}

impl Score {
    /// Of something that either works or does not.
    pub fn of(is_well: bool) -> Self {
        Self { passed: usize::from(is_well), failed: usize::from(!is_well), why: Vec::new() }
    }

    pub fn broken(cause: &anyhow::Error) -> Self {
        Self { passed: 0, failed: 1, why: vec![format!("{cause:#}")] }
    }

    /// As its program ended: what was counted is not all where that says something broke and no count does, such as a program that could not even begin.
    pub fn ended(mut self, is_well: bool) -> Self {
        if !is_well && self.failed == 0 {
            self.failed = 1;
            self.why.push("something broke that is not counted; it stands above".to_owned());
        }
        self
    }

    pub fn and(mut self, other: Self) -> Self {
        self.passed += other.passed;
        self.failed += other.failed;
        self.why.extend(other.why);
        self
    }
}

pub fn test(house: &House, options: &Options) -> Result<()> {
    children::listen_for_the_end()?;
    let began = Instant::now();
    let parts: Vec<Part> = Part::ALL.into_iter().filter(|part| options.parts.is_empty() || options.parts.contains(part)).collect();
    let is_first = !house.target.join("debug").exists();
    system::want_space(&house.root, if is_first { 10_000 } else { 500 })?;
    let database = if parts.iter().all(|part| *part == Part::Format) { None } else { Some(Database::open(house, Kind::Forgetful)?) };
    let mut scores: Vec<(Part, Score, Duration)> = Vec::new();

    for part in parts.iter().copied().filter(|part| matches!(part, Part::Format | Part::Lints)) {
        scores.push(timed(part, || match (part, &database) {
            (Part::Lints, Some(database)) => rust::lints(house, database),
            _ => rust::format(house),
        }));
    }
    let rust_parts: Vec<Part> = parts.iter().copied().filter(|part| part.is_rust()).collect();
    if let Some(database) = &database
        && !rust_parts.is_empty()
        && !children::is_stopped()
    {
        scores.extend(rust::tests(house, database, &rust_parts, &options.extra));
    }
    if let Some(database) = &database
        && parts.contains(&Part::Api)
        && !children::is_stopped()
    {
        scores.push(timed(Part::Api, || api::tests(house, database, &options.extra)));
    }
    let browser_parts: Vec<Part> = parts.iter().copied().filter(|part| part.is_browser()).collect();
    if let Some(database) = &database
        && !browser_parts.is_empty()
        && !children::is_stopped()
    {
        scores.extend(browser::tests(house, database, &browser_parts, &options.extra));
    }
    drop(database);
    if children::is_stopped() {
        bail!("stopped");
    }
    report(&scores, began.elapsed())
}

/// Runs one part under its heading.
fn timed(part: Part, work: impl FnOnce() -> Result<Score>) -> (Part, Score, Duration) {
    say(&format!("{}:", part.name()));
    let began = Instant::now();
    let score = work().unwrap_or_else(|cause| Score::broken(&cause));
    (part, score, began.elapsed())
}

fn report(scores: &[(Part, Score, Duration)], took: Duration) -> Result<()> {
    println!();
    let mut total = Score::default();
    for (part, score, took) in scores {
        let verdict = if score.failed == 0 { "ok    " } else { "FAILED" };
        println!("{verdict} {:<14} {:>5} passed {:>4} failed {:>6} s", part.name(), score.passed, score.failed, took.as_secs());
        total = total.and(score.clone());
    }
    // Whoever sees only the end of what was printed learns it, too.
    for line in &total.why {
        println!("✗ {line}");
    }
    println!("in {} min {} s", took.as_secs() / 60, took.as_secs() % 60);
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        bail!("something failed; `cargo xtask test PART` runs one part alone");
    }
    Ok(())
}
