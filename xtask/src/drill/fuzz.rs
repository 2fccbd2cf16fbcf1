//! The drill in which all that reads strangers' texts (`fuzz/`) is fed with damage: by libFuzzer, which sees what an input reaches, where there is a
//! nightly compiler; by the tests' own loop otherwise.

use super::round::Round;
use crate::children::{Running, is_stopped};
use crate::house::House;
use crate::step::{loud, quiet, say};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const VERSION: &str = "0.13.2";
/// For each reader.
const SECONDS: u64 = 60;
/// How many at a time: in short as many as three minutes have room for, in full as many as the smallest machine that we drill on has cores for.
const SHORT: usize = 3;
const FULL: usize = 2;
/// Names that the drill takes instead of all readers, separated by commas; and seconds, to look at something again.
const ONLY: &str = "FUZZ_READERS";
const LONG: &str = "FUZZ_SECONDS";

/// In full it goes on with the readers that have not held yet, with the same `build` of the server.
pub fn fuzz(house: &House, is_full: bool, build: &str) -> Result<Duration> {
    let asked = std::env::var(LONG).ok().and_then(|text| text.parse().ok());
    let at_once = if is_full { FULL } else { SHORT };
    let (seconds, is_limited) = (asked.unwrap_or(SECONDS), !is_full && asked.is_none());
    if let Err(why) = nightly(house) {
        say(&format!("{why}: the readers get the tests' own mutations instead of libFuzzer's, {seconds} s each"));
        return by_tests(house, seconds, at_once, is_limited);
    }
    let fuzzer = cargo_fuzz(house)?;
    let only = std::env::var(ONLY).unwrap_or_default();
    let mut round = is_full.then(|| Round::open(house.corner().join("drill-fuzz.progress"), build));
    let has_held = |name: &str| round.as_ref().is_some_and(|round| round.has(name));
    let (held, readers): (Vec<String>, Vec<String>) = readers(house)?
        .into_iter()
        .filter(|name| only.is_empty() || only.split(',').any(|own| own == name))
        .partition(|name| has_held(name));
    ensure!(!(held.is_empty() && readers.is_empty()), "there is no reader {only}");
    if !held.is_empty() {
        say(&format!("{} held already", held.join(", ")));
    }
    say(&format!("libFuzzer feeds {} readers, {seconds} s each, {at_once} at a time", readers.len()));
    let mut build = fuzzer.command(house, "build");
    loud("building the readers with coverage, which takes minutes the first time", &mut build)?;
    let mut broken = Vec::new();
    let took = super::timed(is_limited, || {
        for some in readers.chunks(at_once) {
            let fell = together(house, &fuzzer, some, seconds)?;
            for name in some.iter().filter(|name| !fell.contains(name)) {
                round.as_mut().map_or(Ok(()), |round| round.note(name))?;
            }
            broken.extend(fell);
        }
        Ok(())
    })?;
    if let Some(round) = round {
        round.forget();
    }
    if !broken.is_empty() {
        bail!("{} broke; the input stands above, and as a file in fuzz/artifacts", broken.join(", "));
    }
    Ok(took)
}

/// On stable: the same readers, seeds and words, but mutations that see nothing of what they reach.
fn by_tests(house: &House, seconds: u64, at_once: usize, is_limited: bool) -> Result<Duration> {
    let test = |more: &[&str]| {
        let mut cargo = house.cargo();
        cargo.args(["test", "--workspace", "--exclude", "frontend", "--test", "readers"]).args(more);
        cargo
    };
    loud("building the readers", &mut test(&["--no-run"]))?;
    let threads = format!("--test-threads={at_once}");
    super::timed(is_limited, || loud("drill: fuzz", test(&["--", "--nocapture", threads.as_str()]).env(LONG, seconds.to_string())))
}

/// Whether a nightly compiler runs; why not, otherwise. Nothing is installed that weighs so much.
fn nightly(house: &House) -> Result<()> {
    let list = Command::new("rustup").args(["toolchain", "list"]).output();
    let list = list.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if !list.lines().any(|line| line.starts_with("nightly")) {
        bail!("there is no nightly compiler (rustup toolchain install nightly --profile minimal)");
    }
    let runs = house.nightly("cargo").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !runs.is_ok_and(|status| status.success()) {
        bail!("the nightly compiler does not run");
    }
    Ok(())
}

/// Programs of `fuzz/Cargo.toml`.
fn readers(house: &House) -> Result<Vec<String>> {
    let manifest: toml::Table = fs::read_to_string(house.root.join("fuzz/Cargo.toml"))?.parse()?;
    let programs = manifest.get("bin").and_then(|list| list.as_array()).context("fuzz/Cargo.toml names no programs")?;
    Ok(programs.iter().filter_map(|program| Some(program.get("name")?.as_str()?.to_owned())).collect())
}

struct Fuzzer {
    program: PathBuf,
}

/// As it is on the path or in the tools of this checkout; installed there otherwise.
fn cargo_fuzz(house: &House) -> Result<Fuzzer> {
    let own = house.tools().join("bin/cargo-fuzz");
    if let Some(program) = crate::system::find_program(&["cargo-fuzz"]).or_else(|| own.is_file().then(|| own.clone())) {
        return Ok(Fuzzer { program });
    }
    let mut install = house.cargo();
    install.args(["install", "cargo-fuzz", "--locked", "--version", VERSION, "--root"]).arg(house.tools());
    quiet("installing cargo-fuzz", &mut install)?;
    Ok(Fuzzer { program: own })
}

impl Fuzzer {
    /// All flags are the same for building and running, so that nothing is built twice.
    fn command(&self, house: &House, verb: &str) -> Command {
        let mut command = house.nightly(&self.program);
        command
            .args([verb, "--fuzz-dir", "fuzz", "--features", "libfuzzer"])
            // Nothing here is unsafe, so an address sanitizer would find nothing, and cost three times the memory and half of the speed.
            .args(["--sanitizer", "none"])
            // Debug assertions and overflow checks are what finds wrong arithmetic; cargo-fuzz turns the first on by itself.
            .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
            // As for production otherwise, but for what only costs building time: some four hundred crates for a few minutes of running.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .args(["--codegen-units", "16"])
            // Its flags differ from those of everything else, and would throw away what was built.
            .arg("--target-dir")
            .arg(folder(house));
        command
    }
}

fn folder(house: &House) -> PathBuf {
    house.target.join("fuzz")
}

/// Runs some readers beside each other; the names of those that broke.
fn together(house: &House, fuzzer: &Fuzzer, names: &[String], seconds: u64) -> Result<Vec<String>> {
    let mut running = Vec::new();
    for name in names {
        // What was found on the way is kept for the next run, apart from the seeds that are in git.
        let corpus = folder(house).join("corpus").join(name);
        fs::create_dir_all(&corpus)?;
        let log = folder(house).join(format!("{name}.log"));
        let mut command = fuzzer.command(house, "run");
        command.arg(name).arg(corpus).arg(house.root.join("fuzz/seeds").join(name)).arg("--");
        command.arg(format!("-max_total_time={seconds}")).args([
            "-timeout=5",
            "-rss_limit_mb=2048",
            "-max_len=16384",
            "-print_final_stats=1",
        ]);
        command.arg(format!("-dict={}", house.root.join(format!("fuzz/dictionaries/{name}.dict")).display()));
        running.push((name, Running::start(name, command, Some(&log))?, log));
    }
    let mut broken = Vec::new();
    while !running.is_empty() {
        thread::sleep(Duration::from_millis(200));
        if is_stopped() {
            bail!("stopped");
        }
        running.retain_mut(|(name, program, log)| {
            let Some(is_well) = program.is_well() else { return true };
            // One that was fed with nothing has not held.
            if is_well && after(&told(log), INPUTS).is_some_and(|inputs| inputs != "0") {
                say(&figures(name, log));
            } else {
                eprintln!("{}", last_words(log));
                broken.push((*name).clone());
            }
            false
        });
    }
    Ok(broken)
}

/// Before the number of inputs that libFuzzer has tried.
const INPUTS: &str = "stat::number_of_executed_units:";

/// `webhooks: 123456 inputs, 2048 places reached`.
fn figures(name: &str, log: &Path) -> String {
    let text = told(log);
    let (inputs, places) = (after(&text, INPUTS), after(&text, " cov: "));
    format!("{name}: {} inputs, {} places reached", inputs.unwrap_or("no"), places.unwrap_or("no"))
}

/// The word after the last such mark.
fn after<'text>(text: &'text str, mark: &str) -> Option<&'text str> {
    text.rsplit_once(mark)?.1.split_whitespace().next()
}

fn told(log: &Path) -> String {
    fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// From the panic on: libFuzzer's account of it, the input, and how to run it again.
fn last_words(log: &Path) -> String {
    let text = told(log);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.iter().position(|line| line.contains("panicked at") || line.contains("ERROR: libFuzzer")).unwrap_or_default();
    lines[from.max(lines.len().saturating_sub(120))..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_what_libfuzzer_writes() {
        let log = std::env::temp_dir().join(format!("fettle-fuzz-{}.log", std::process::id()));
        let text = "#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 40Mb\n#900\tDONE   cov: 345 ft: 400 corp: 9/80b\nstat::number_of_executed_units: 900\n";
        fs::write(&log, text).expect("written");
        assert_eq!(figures("money", &log), "money: 900 inputs, 345 places reached");
        fs::write(&log, "thread 'main' panicked at x\n").expect("written");
        assert_eq!(
            (figures("money", &log), last_words(&log)),
            ("money: no inputs, no places reached".into(), "thread 'main' panicked at x".into())
        );
        fs::remove_file(log).expect("removed");
    }
}
