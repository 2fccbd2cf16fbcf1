//! What git holds is what people wrote, and small.

use super::{expect_none, root};
use std::fs;
use std::process::Command;

/// More than this is no source, and stays in every clone for ever.
const MOST_BYTES: u64 = 1024 * 1024;

/// Folders that tools fill.
const MADE_FOLDERS: [&str; 16] = [
    ".next",
    ".fettle",
    ".cache",
    ".turbo",
    ".pytest_cache",
    ".hypothesis",
    "__pycache__",
    "node_modules",
    "target",
    "dist",
    "coverage",
    "test-results",
    "playwright-report",
    "blob-report",
    "artifacts",
    "corpus",
];

/// How names of files end that programs leave behind.
const MADE_FILES: [&str; 12] =
    [".log", ".pyc", ".pid", ".tmp", ".bak", ".orig", ".rej", ".swp", ".profraw", ".wasm", ".tsbuildinfo", ".DS_Store"];

/// Every file that git tracks, relative to the top; None where there is no git, as in a release without its history.
fn tracked() -> Option<Vec<String>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().ok().filter(|output| output.status.success())?;
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn is_made(name: &str) -> bool {
    let (folders, file) = name.rsplit_once('/').unwrap_or(("", name));
    folders.split('/').any(|folder| MADE_FOLDERS.contains(&folder)) || MADE_FILES.iter().any(|end| file.ends_with(end))
}

#[test]
fn git_holds_only_what_people_wrote() {
    let Some(files) = tracked() else {
        println!("there is no git here, so nothing is tracked");
        return;
    };
    assert!(files.iter().any(|name| name == "Cargo.toml"), "git lists another tree: {files:?}");
    let mut problems = Vec::new();
    for name in files {
        // Gone from the work tree, and soon from git.
        let Ok(about) = fs::symlink_metadata(root().join(&name)) else { continue };
        if about.len() > MOST_BYTES {
            problems.push(format!("{name} has {} KiB; {} are the limit", about.len() / 1024, MOST_BYTES / 1024));
        }
        if is_made(&name) {
            problems.push(format!("{name} is made by a tool"));
        }
    }
    expect_none(problems, "Take it out with `git rm --cached`, and name what makes it in .gitignore.");
}

#[test]
fn what_tools_make_is_told_from_sources() {
    for name in
        ["benches/peers/next/.next/server/page.js", "a/node_modules/b/c.js", "server.log", "fuzz/corpus/money/1", "x/__pycache__/y.pyc"]
    {
        assert!(is_made(name), "{name}");
    }
    for name in ["src/api/target.rs", "fuzz/targets/money.rs", "docs/pictures/today.webp", "end2end/package-lock.json", "src/log.rs"] {
        assert!(!is_made(name), "{name}");
    }
}
