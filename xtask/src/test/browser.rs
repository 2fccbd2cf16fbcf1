//! The parts that Chromium runs, on a house of their own.

use super::{Part, Score, secrets, timed};
use crate::build::{self, Scope};
use crate::house::House;
use crate::node;
use crate::postgres::Database;
use crate::stage;
use crate::step::loud;
use crate::system::Need;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fs;
use std::time::{Duration, Instant};

/// What Playwright's JSON report says in the end.
#[derive(Deserialize)]
struct Report {
    stats: Stats,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
    #[serde(default)]
    suites: Vec<Suite>,
}

/// A file, or a group of tests in one.
#[derive(Deserialize)]
struct Suite {
    title: String,
    #[serde(default)]
    suites: Vec<Self>,
    #[serde(default)]
    specs: Vec<Spec>,
}

#[derive(Deserialize)]
struct Spec {
    title: String,
    #[serde(default)]
    tests: Vec<Test>,
}

/// A spec at one width.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    project_name: String,
    status: String,
}

impl Suite {
    /// Those that failed, and those that passed only when tried again.
    fn told(&self) -> Vec<String> {
        let own = self.specs.iter().flat_map(|spec| {
            let bad = spec.tests.iter().filter(|test| matches!(test.status.as_str(), "unexpected" | "flaky"));
            bad.map(|test| format!("[{}] {} › {} ({})", test.project_name, self.title, spec.title, test.status))
        });
        own.chain(self.suites.iter().flat_map(Self::told)).collect()
    }
}

#[derive(Deserialize)]
struct Stats {
    expected: usize,
    unexpected: usize,
    flaky: usize,
}

/// Builds, seeds, starts everything on free ports, and runs `parts` against it.
pub fn tests(house: &House, database: &Database, parts: &[Part], extra: &[String]) -> Vec<(Part, Score, Duration)> {
    let began = Instant::now();
    let name = format!("browser_{}", std::process::id());
    let apart = format!("{name}_apart");
    let outcome = (|| -> Result<_> {
        Need::Node.have()?;
        let chromium = Need::Chromium.have()?;
        node::install(house, "end2end")?;
        build::build(house, Scope::Everything)?;
        stage::compile(house, "debug")?;
        let stage = stage::for_tests(house, database, &name)?;
        stage.prepare()?;
        let running = stage.play()?;
        let empty = database.fresh(&apart)?;
        let mut scores = parts.iter().map(|part| timed(*part, || play(&stage, &chromium, &empty, *part, extra))).collect::<Vec<_>>();
        drop(running);
        if let Some((_, score, _)) = scores.last_mut() {
            *score = std::mem::take(score).and(secrets::are_in_no_log(&stage.folder)?);
        }
        Ok(scores)
    })();
    let _ = database.drop_database(&name);
    let _ = database.drop_database(&apart);
    outcome.unwrap_or_else(|cause| vec![(parts[0], Score::broken(&cause), began.elapsed())])
}

/// `empty` is the address of a database for the spec that starts a server itself.
fn play(stage: &stage::Stage, chromium: &std::path::Path, empty: &str, part: Part, extra: &[String]) -> Result<Score> {
    let house = stage.house;
    let report = house.target.join(format!("stage/{}.json", part.name()));
    let _ = fs::remove_file(&report);
    let server = stage.fettle();
    let mut command = node::tool(house, "end2end", "playwright");
    command
        .envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("FETTLE_PROGRAM", server.get_program())
        .env("DATABASE_URL", empty)
        .current_dir(house.root.join("end2end"))
        .args(["test", "--reporter=list,json"])
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report)
        .env("CHROMIUM", chromium)
        .env("BASE_URL", format!("http://{}", stage.ports.server))
        .env("SANDBOX_URL", stage.ports.sandbox_url())
        .env("SITE_DIR", house.site());
    match part {
        Part::Accessibility => command.args(["--grep", "@axe"]),
        Part::Budgets => command.args(["--grep", "@budget"]),
        _ => command.args(["--grep-invert", "@axe|@budget"]),
    };
    if !extra.is_empty() {
        command.env("SOME_TESTS", "yes");
    }
    command.args(extra);
    let ended = loud(&format!("Chromium: {}", part.name()), &mut command);
    let text = fs::read(&report).with_context(|| match ended {
        Ok(()) => "Playwright left no report".to_owned(),
        Err(cause) => format!("{cause:#}"),
    })?;
    let report: Report = serde_json::from_slice(&text)?;
    let errors: Vec<String> = report.errors.iter().filter_map(|error| error["message"].as_str()).map(str::to_owned).collect();
    let failed = report.stats.unexpected.max(usize::from(!errors.is_empty()));
    let why = errors.into_iter().chain(report.suites.iter().flat_map(Suite::told)).collect();
    Ok(Score { passed: report.stats.expected + report.stats.flaky, failed, why })
}
