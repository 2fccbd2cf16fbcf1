//! `cargo xtask build`: the browser's side, ready to serve.
//!
//! [`front`] compiles, splits and binds the islands, [`style`] bundles the stylesheets, [`site`] gives every file a name
//! that holds its hash, rewrites the references, compresses, and keeps the files of the release before.

mod front;
mod glue;
mod site;
mod style;
mod together;

use crate::house::House;
use crate::step::{say, step};
use anyhow::Result;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Which part is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Everything,
    /// Stylesheets, scripts and files, with the islands as they were built last.
    StyleOnly,
}

/// From now on pages that are built reload by themselves when the site is written anew.
pub fn let_pages_follow() {
    site::IS_WATCHED.store(true, std::sync::atomic::Ordering::Relaxed);
}

/// Builds the site into `target/site` unless nothing has changed.
pub fn build(house: &House, scope: Scope) -> Result<()> {
    let islands = match scope {
        Scope::Everything => Some(front::build(house)?),
        Scope::StyleOnly => front::last(house)?,
    };
    let style = step("bundling the stylesheets", || style::bundle(house))?;
    let table = step("naming and compressing the files", || site::assemble(house, islands, style))?;
    say(&format!("the site is in {} ({} files)", house.site().display(), table.files.len()));
    Ok(())
}

/// The first 16 hex digits of the SHA-256 of `bytes`: enough to tell two versions of a file apart.
fn digest(bytes: &[u8]) -> String {
    let mut hash = hex::encode(Sha256::digest(bytes));
    hash.truncate(16);
    hash
}

/// Every file below `folder`, sorted, as paths relative to it.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        if !next.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if let Ok(relative) = path.strip_prefix(folder) {
                found.push(relative.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}
