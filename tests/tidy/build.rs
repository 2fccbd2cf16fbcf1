//! Programs and tests are one build.

use super::{expect_none, root};
use std::collections::BTreeSet;
use std::process::Command;

/// Each crate with its features, as cargo would compile it for dependencies of these `kinds`.
fn crates(kinds: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--workspace", "--exclude", "frontend", "--prefix", "none", "--no-dedupe", "-f", "{p}|{f}", "-e", kinds])
        .current_dir(root())
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn tests_change_no_features() {
    let programs = crates("normal,build");
    let tests = crates("normal,build,dev");
    let problems = programs.difference(&tests).cloned().collect();
    expect_none(
        problems,
        "What only tests need changes the features of these, so `cargo xtask start` and `cargo xtask test` would build nearly everything \
         twice. Put the feature on the workspace's dependency, or do without the crate that asks for it.",
    );
}
