//! The program of an older release, built from the history of this checkout, for `cargo xtask drill upgrade`.

use crate::house::House;
use crate::step::{loud, quiet};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The release that people come from: the first that ran the whole main job.
pub const OLD: Release = Release { commit: "78709c5d2850f129c09a871504fd011aa2772ac7", migrations: 11 };

/// The crates of the server, as far as they are ours.
const SERVER: [&str; 4] = ["domain/src/lib.rs", "app/src/lib.rs", "src/lib.rs", "src/main.rs"];

/// A commit that was released.
pub struct Release {
    pub commit: &'static str,
    /// How many migrations it had.
    pub migrations: usize,
}

impl Release {
    /// Where its server is kept once it is built.
    fn kept(&self, house: &House, profile: &str) -> PathBuf {
        house.target.join("upgrade").join(&self.commit[..7]).join(profile).join("fettle")
    }

    /// Its server, built unless that was done before; true if it was built just now, over the programs of this tree.
    pub fn server(&self, house: &House, profile: &str) -> Result<(PathBuf, bool)> {
        let kept = self.kept(house, profile);
        if kept.is_file() {
            return Ok((kept, false));
        }
        let is_known = git(house)
            .args(["cat-file", "-e", &format!("{}^{{commit}}", self.commit)])
            .stderr(Stdio::null())
            .status()
            .context("git could not be started, and an upgrade begins with an older release")?
            .success();
        ensure!(
            is_known,
            "the history here lacks the commit {} from which the drill upgrades: fetch it with its history",
            &self.commit[..7]
        );
        let tree = house.target.join("upgrade").join(&self.commit[..7]).join("tree");
        let folder = kept.parent().context("a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        leave(house, &tree);
        quiet("taking the old release out of the history", git(house).args(["worktree", "add", "--detach"]).arg(&tree).arg(self.commit))?;
        let built = build(house, profile, &tree);
        leave(house, &tree);
        // Cargo would take the old one's crates for ours.
        house.touch(&SERVER)?;
        built?;
        let fresh = house.program(profile, "fettle");
        fs::copy(&fresh, &kept).with_context(|| format!("{} cannot be copied aside", fresh.display()))?;
        Ok((kept, true))
    }
}

/// Into our own build folder and with the same features as ours, so that what both depend on is compiled once.
fn build(house: &House, profile: &str, tree: &Path) -> Result<()> {
    let mut cargo = house.cargo();
    cargo.current_dir(tree).args(["build", "--bin", "fettle", "--target-dir"]).arg(&house.target);
    if profile == "release" {
        cargo.args(["--release", "-p", "fettle", "-p", "sandbox", "-p", "drill", "-p", "peer-askama"]);
    } else {
        cargo.args(["--workspace", "--exclude", "frontend"]);
    }
    loud("building the old server, once", &mut cargo)
}

/// Forgets the tree of an earlier run, whole or broken.
fn leave(house: &House, tree: &Path) {
    let silent = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let _ = silent(git(house).args(["worktree", "remove", "--force"]).arg(tree));
    let _ = fs::remove_dir_all(tree);
    let _ = silent(git(house).args(["worktree", "prune"]));
}

fn git(house: &House) -> Command {
    let mut git = Command::new("git");
    git.current_dir(&house.root).stdin(Stdio::null());
    git
}
