//! The parts that cargo runs: format, lints, and the Rust tests by nextest where it is installed, by cargo's own runner otherwise.

use super::{Part, Score, timed};
use crate::db;
use crate::house::House;
use crate::postgres::Database;
use crate::step::{loud, say};
use crate::system::{self, Need};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub fn format(house: &House) -> Result<Score> {
    let mut cargo = house.cargo();
    cargo.args(["fmt", "--all", "--check"]);
    Ok(Score::of(loud("cargo fmt --check", &mut cargo).is_ok()))
}

/// Clippy twice, because server and browser must never be compiled together; the first pass records the queries it meets.
pub fn lints(house: &House, database: &Database) -> Result<Score> {
    let (is_clean, is_recorded) = db::lint_and_compare(house, database)?;
    system::want_browser_target(house)?;
    let mut browser = house.cargo();
    browser.args(["clippy", "-p", "frontend", "--target", system::BROWSER, "--", "-D", "warnings"]);
    let browser = loud("clippy for the browser", &mut browser).is_ok();
    let mut score = Score::of(is_clean).and(Score::of(browser)).and(Score::of(is_recorded));
    if !is_recorded {
        score.why.push("the queries in .sqlx are not those of the tree: run `cargo xtask sqlx`".to_owned());
    }
    Ok(score)
}

/// The Rust tests of `parts`.
pub fn tests(house: &House, database: &Database, parts: &[Part], extra: &[String]) -> Vec<(Part, Score, Duration)> {
    if system::find_program(&["cargo-nextest"]).is_some() {
        return parts.iter().map(|part| timed(*part, || nextest(house, database, *part, extra))).collect();
    }
    say("cargo-nextest is not installed; cargo's own runner takes a little longer");
    all_at_once(house, database, parts, extra)
}

/// What a part needs from the system besides Postgres.
fn want(part: Part) -> Result<()> {
    if part == Part::Server {
        Need::Redis.have()?;
    }
    Ok(())
}

fn filter(part: Part) -> &'static str {
    match part {
        Part::Tidy => "binary(tidy)",
        Part::Domain => "package(domain)",
        Part::Tools => "package(xtask) or package(sandbox) or package(drill)",
        _ => "(package(fettle) or package(app) or package(fuzz)) and not binary(tidy)",
    }
}

fn nextest(house: &House, database: &Database, part: Part, extra: &[String]) -> Result<Score> {
    want(part)?;
    let mut cargo = house.cargo();
    cargo.args(["nextest", "run", "--workspace", "--exclude", "frontend", "--no-fail-fast", "--no-tests=pass", "-E", filter(part)]);
    cargo.args(["--status-level", "fail", "--final-status-level", "fail"]).args(extra).env("DATABASE_URL", &database.url);
    let (is_well, lines) = tee(cargo)?;
    let summary = lines.iter().rposition(|line| line.contains("tests run:") || line.contains("test run:"));
    match summary {
        Some(at) => {
            let score = Score {
                passed: number_before(&lines[at], "passed"),
                failed: number_before(&lines[at], "failed") + number_before(&lines[at], "timed out"),
                // Nextest tells the failed ones once more at its end.
                why: lines[at + 1..].iter().map(|line| line.trim().to_owned()).filter(|line| line.contains("] ")).collect(),
            };
            Ok(score.ended(is_well))
        }
        None if is_well => Ok(Score::default()),
        None => bail!("the tests do not compile"),
    }
}

/// One run of everything; which part a line belongs to follows from the program it came from.
fn all_at_once(house: &House, database: &Database, parts: &[Part], extra: &[String]) -> Vec<(Part, Score, Duration)> {
    let began = Instant::now();
    if let Some(cause) = parts.iter().find_map(|part| want(*part).err()) {
        return vec![(parts[0], Score::broken(&cause), began.elapsed())];
    }
    let mut cargo = house.cargo();
    cargo.args(["test", "--workspace", "--exclude", "frontend", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    if parts == [Part::Tidy] {
        cargo.args(["--test", "tidy"]);
    }
    cargo.args(extra).env("DATABASE_URL", &database.url);
    let (is_well, lines) = match tee(cargo) {
        Ok(ended) => ended,
        Err(cause) => return vec![(parts[0], Score::broken(&cause), began.elapsed())],
    };
    let mut scores: Vec<(Part, Score, Duration)> = parts.iter().map(|part| (*part, Score::default(), Duration::ZERO)).collect();
    let mut current = Part::Server;
    let mut has_run = false;
    for line in &lines {
        if let Some(program) = line.trim().strip_prefix("Running ") {
            current = part_of(program);
        } else if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            if let Some((_, score, _)) = scores.iter_mut().find(|(part, ..)| *part == current) {
                score.why.push(name.to_owned());
            }
        } else if line.starts_with("test result:") {
            has_run = true;
            if let Some((_, score, took)) = scores.iter_mut().find(|(part, ..)| *part == current) {
                score.passed += number_before(line, "passed");
                score.failed += number_before(line, "failed");
                *took += seconds_in(line);
            }
        }
    }
    if !has_run {
        scores[0].1 = Score { failed: 1, why: vec!["the tests do not compile".to_owned()], passed: 0 };
    } else if scores.iter().all(|(_, score, _)| score.failed == 0) {
        let (_, first, _) = &mut scores[0];
        *first = std::mem::take(first).ended(is_well);
    }
    scores
}

/// `unittests src/lib.rs (target/debug/deps/domain-0123)` → domain.
fn part_of(program: &str) -> Part {
    let name = program.rsplit('/').next().unwrap_or_default();
    match name.split('-').next().unwrap_or_default() {
        "domain" => Part::Domain,
        "tidy" => Part::Tidy,
        "xtask" | "sandbox" | "drill" => Part::Tools,
        _ => Part::Server,
    }
}

/// Runs it, shows what it says, and keeps it.
pub fn tee(mut command: Command) -> Result<(bool, Vec<String>)> {
    // Both streams into one pipe keeps their order.
    let (reader, writer) = std::io::pipe()?;
    let mut child =
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).spawn().context("cargo could not be started")?;
    drop(command);
    let mut lines = Vec::new();
    for line in BufReader::new(reader).lines() {
        let line = line?;
        eprintln!("{line}");
        lines.push(without_colour(&line));
    }
    Ok((child.wait()?.success(), lines))
}

fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// `12 passed` → 12.
pub fn number_before(line: &str, word: &str) -> usize {
    let Some(at) = line.find(word) else { return 0 };
    line[..at].split_whitespace().next_back().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// `finished in 1.25s` → 1.25 s.
fn seconds_in(line: &str) -> Duration {
    let seconds = line.split("finished in ").nth(1).and_then(|rest| rest.trim_end_matches('s').parse::<f32>().ok());
    Duration::from_secs_f32(seconds.unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_read() {
        let nextest = "     Summary [   4.2s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 3 skipped";
        assert_eq!(number_before(nextest, "passed"), 9);
        assert_eq!(number_before(nextest, "failed"), 2);
        assert_eq!(number_before(nextest, "timed out"), 1);
        let cargo = "test result: FAILED. 7 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s";
        assert_eq!(number_before(cargo, "passed"), 7);
        assert_eq!(number_before(cargo, "failed"), 1);
        assert_eq!(seconds_in(cargo), Duration::from_millis(1500));
        assert_eq!(without_colour("\u{1b}[32mgreen\u{1b}[0m"), "green");
    }

    /// As with `exec failed`, which nextest counts for a program that cannot be started.
    #[test]
    fn what_breaks_uncounted_is_a_failure() {
        let counted = Score { passed: 3, failed: 2, why: Vec::new() };
        assert_eq!(counted.clone().ended(false), counted);
        assert_eq!(Score::of(true).ended(true).failed, 0);
        assert_eq!(Score::of(true).ended(false).failed, 1);
    }

    #[test]
    fn programs_belong_to_parts() {
        assert_eq!(part_of("unittests src/lib.rs (target/debug/deps/domain-01ab)"), Part::Domain);
        assert_eq!(part_of("tests/tidy.rs (target/debug/deps/tidy-01ab)"), Part::Tidy);
        assert_eq!(part_of("tests/doors/main.rs (target/debug/deps/doors-01ab)"), Part::Server);
    }
}
