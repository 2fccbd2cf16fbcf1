//! What has held already of something long, by name, so that an interrupted one goes on where it was.

use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The file says in its first line which build it is about; another build begins anew.
pub struct Round {
    path: PathBuf,
    build: String,
    held: Vec<String>,
}

impl Round {
    pub fn open(path: PathBuf, build: &str) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = text.lines();
        let is_ours = lines.next() == Some(build);
        let held = if is_ours { lines.map(str::to_owned).collect() } else { Vec::new() };
        Self { path, build: build.to_owned(), held }
    }

    pub fn has(&self, name: &str) -> bool {
        self.held.iter().any(|held| held == name)
    }

    pub fn note(&mut self, name: &str) -> Result<()> {
        self.held.push(name.to_owned());
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.path, format!("{}\n{}\n", self.build, self.held.join("\n")))?;
        Ok(())
    }

    /// All has held, or something broke: the next one begins anew.
    pub fn forget(self) {
        let _ = fs::remove_file(self.path);
    }
}

/// Tells one build of a program from another: by its size and the moment in which it was made.
pub fn build_of(program: &Path) -> String {
    let file = fs::metadata(program).ok();
    let made = file.as_ref().and_then(|file| file.modified().ok()).and_then(|made| made.duration_since(UNIX_EPOCH).ok());
    format!("{}-{}", file.map_or(0, |file| file.len()), made.map_or(0, |made| made.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_with_the_same_build_alone() {
        let path = std::env::temp_dir().join(format!("fettle-round-{}.progress", std::process::id()));
        let mut round = Round::open(path.clone(), "one");
        round.note("kill").expect("written");
        round.note("nodes").expect("written");
        let again = Round::open(path.clone(), "one");
        assert_eq!((again.has("kill"), again.has("nodes"), again.has("one"), again.has("flood")), (true, true, false, false));
        assert!(!Round::open(path.clone(), "two").has("kill"), "of another build");
        again.forget();
        assert!(!Round::open(path, "one").has("kill"));
    }
}
