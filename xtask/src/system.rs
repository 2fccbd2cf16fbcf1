//! The machine: what is installed, and the line that installs the rest.

use std::path::{Path, PathBuf};

/// The line a person types to install `packages` on this system.
pub fn line_for(packages: &[&str]) -> String {
    format!("sudo apt-get install --no-install-recommends -y {}", packages.join(" "))
}

/// The first of `names` on the path or in `folders`.
pub fn find_program(names: &[&str], folders: &[&Path]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).chain(std::env::split_paths(&path)).collect();
    names.iter().flat_map(|name| places.iter().map(move |place| place.join(name))).find(|file| file.is_file())
}
