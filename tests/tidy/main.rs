//! The rules of the house that the compiler does not hold: see `docs/ARCHITECTURE.md`.
//!
//! Each failure names the file and says what to do about it.

mod browser;
mod build;
mod rooms;
mod text;
mod tracked;

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` whose name ends so, as (path relative to the top, text).
pub fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !path.ends_with("node_modules") && !path.ends_with("target") {
                    waiting.push(path);
                }
            } else if endings.iter().any(|ending| path.extension().is_some_and(|own| own == *ending)) {
                let name = path.strip_prefix(root()).expect("it lies below the top").to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).expect("sources are text")));
            }
        }
    }
    found.sort();
    found
}

/// Rust sources of the workspace.
pub fn sources() -> Vec<(String, String)> {
    ["domain", "app", "frontend", "src", "sandbox", "drill", "fuzz", "xtask", "tests"]
        .iter()
        .flat_map(|folder| files(folder, &["rs"]))
        .collect()
}

/// Whether a file holds tests rather than code.
pub fn is_test(name: &str) -> bool {
    name.starts_with("tests/") || name.contains("/tests/") || name.ends_with("tests.rs") || name.contains("/world")
}

/// The code of a file up to the tests at its end.
pub fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or(text)
}

/// Fails with the list, if there is one.
#[track_caller]
pub fn expect_none(problems: Vec<String>, advice: &str) {
    assert!(problems.is_empty(), "\n{}\n\n{advice}\n", problems.join("\n"));
}
