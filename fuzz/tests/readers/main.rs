//! Every reader of strangers' texts, fed with damage: none of it panics, and none of it takes long.
//!
//! Mutations come from a fixed seed, so a failure comes back. Twenty thousand for each reader here; `cargo xtask drill fuzz` gives each a minute, by
//! this loop where there is no nightly compiler.

mod damage;

use damage::Damage;
use fuzz::READERS;
use std::path::Path;
use std::time::{Duration, Instant};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// In order of their names, so that each run is the same.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let place = folder().join("seeds").join(name);
    let mut files: Vec<_> = std::fs::read_dir(place).expect("seeds").flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

/// The words of a dictionary as libFuzzer reads it: `"…"` in each line, with `\\`, `\"` and `\xAB`.
fn words(name: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(folder().join(format!("dictionaries/{name}.dict"))).expect("a dictionary");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| word(line).unwrap_or_else(|| panic!("{name}: no word: {line}"))).collect()
}

fn word(line: &str) -> Option<Vec<u8>> {
    let quoted = line.strip_prefix('"')?.strip_suffix('"').filter(|quoted| quoted.bytes().all(|byte| (b' '..=b'~').contains(&byte)))?;
    let (mut found, mut rest) = (Vec::new(), quoted);
    while let Some(next) = rest.chars().next() {
        let used = match (next, rest.as_bytes().get(1)) {
            ('\\', Some(escaped @ (b'\\' | b'"'))) => {
                found.push(*escaped);
                2
            }
            ('\\', Some(b'x')) => {
                found.push(u8::from_str_radix(rest.get(2..4)?, 16).ok()?);
                4
            }
            ('\\' | '"', _) => return None,
            (plain, _) => {
                found.push(plain as u8);
                1
            }
        };
        rest = &rest[used..];
    }
    Some(found)
}

/// Without a time to fill: the same inputs on every machine, however fast it is.
const INPUTS: u64 = 20_000;

/// As long as asked for, or [`INPUTS`] of them.
fn fuzz(name: &str) {
    let read = READERS.iter().find(|reader| reader.name == name).expect("a reader").read;
    let how_long = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let began = Instant::now();
    let mut damage = Damage::new(seeds(name), words(name));
    let mut count = 0;
    while how_long.map_or(count < INPUTS, |how_long| began.elapsed() < how_long) {
        let input = damage.next_input();
        let started = Instant::now();
        let outcome = std::panic::catch_unwind(|| read(&input));
        assert!(outcome.is_ok(), "panicked at {:?}", String::from_utf8_lossy(&input));
        // Only the long run is alone on its machine.
        assert!(
            how_long.is_none() || started.elapsed().as_secs() < 5,
            "took {:?} for {:?}",
            started.elapsed(),
            String::from_utf8_lossy(&input)
        );
        count += 1;
    }
    println!("{name}: {count} inputs in {:?}", began.elapsed());
}

#[test]
fn webhooks() {
    fuzz("webhooks");
}

#[test]
fn frames() {
    fuzz("frames");
}

#[test]
fn calendars() {
    fuzz("calendars");
}

#[test]
fn searches() {
    fuzz("searches");
}

#[test]
fn money() {
    fuzz("money");
}

#[test]
fn times() {
    fuzz("times");
}

/// Seeds are good examples: read as they are before anything is damaged. Whoever adds a reader adds them, a dictionary, a program and a test.
#[test]
fn every_reader_has_what_both_loops_need() {
    let manifest = std::fs::read_to_string(folder().join("Cargo.toml")).expect("a manifest");
    let own = std::fs::read_to_string(folder().join("tests/readers/main.rs")).expect("this file");
    for reader in READERS {
        let seeds = seeds(reader.name);
        assert!(seeds.len() >= 2 && words(reader.name).len() >= 5, "{}", reader.name);
        seeds.iter().for_each(|seed| (reader.read)(seed));
        assert!(manifest.contains(&format!("name = \"{}\"", reader.name)), "{} has no program", reader.name);
        assert!(own.contains(&format!("fuzz(\"{}\");", reader.name)), "{} has no test", reader.name);
    }
}
