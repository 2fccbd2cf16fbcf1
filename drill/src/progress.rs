//! How far a long drill has come, kept so that an interrupted one goes on where it was. A step is taken when all that must hold has held up to there;
//! a broken drill begins anew, and so does one of another build of the server.

use crate::stage::Stage;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

pub struct Progress {
    path: PathBuf,
    build: String,
    is_kept: bool,
    pub done: usize,
    /// How often what is counted has happened up to there, by name.
    pub counts: BTreeMap<String, u64>,
}

/// As it is in the file.
#[derive(Serialize, Deserialize)]
struct Kept {
    build: String,
    done: usize,
    counts: BTreeMap<String, u64>,
}

impl Progress {
    /// Short drills begin at nothing.
    pub fn open(stage: &Stage, name: &str) -> Self {
        Self::at(stage.corner.join(format!("drill-{name}.progress")), stage.build.clone(), stage.is_full)
    }

    fn at(path: PathBuf, build: String, is_kept: bool) -> Self {
        let kept = fs::read(&path).ok().filter(|_| is_kept).and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
        let (done, counts) = kept.filter(|kept| kept.build == build).map(|kept| (kept.done, kept.counts)).unwrap_or_default();
        Self { path, build, is_kept, done, counts }
    }

    /// One more of `what`; kept with the next step.
    pub fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    /// One more is done.
    pub fn step(&mut self) -> Result<()> {
        self.done += 1;
        if self.is_kept {
            let kept = Kept { build: self.build.clone(), done: self.done, counts: self.counts.clone() };
            // Interrupted in the middle, it is the one before.
            let next = self.path.with_extension("next");
            fs::write(&next, serde_json::to_vec(&kept)?)?;
            fs::rename(next, &self.path)?;
        }
        Ok(())
    }

    /// All is done, or something broke: the next one begins anew.
    pub fn forget(&self) {
        if self.is_kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_with_the_same_build_alone() {
        let path = std::env::temp_dir().join(format!("fettle-drill-{}.progress", std::process::id()));
        let open = |build: &str, is_kept| Progress::at(path.clone(), build.to_owned(), is_kept);
        let mut first = open("one", true);
        assert_eq!(first.done, 0);
        first.count("at the door");
        first.step().expect("written");
        first.count("at the door");
        let again = open("one", true);
        assert_eq!((again.done, again.counts.get("at the door")), (1, Some(&1)), "what no step followed is not kept");
        assert_eq!(open("two", true).done, 0, "of another build");
        let mut short = open("one", false);
        assert_eq!(short.done, 0, "short ones begin at nothing");
        short.step().expect("counted");
        short.forget();
        assert_eq!(open("one", true).done, 1, "and leave the long ones alone");
        again.forget();
        assert_eq!(open("one", true).done, 0);
    }
}
