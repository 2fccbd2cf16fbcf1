//! How far a long drill has come, kept so that an interrupted one goes on where it was.

use crate::stage::Stage;
use anyhow::Result;
use std::fs;
use std::path::PathBuf;

pub struct Progress {
    path: PathBuf,
    is_kept: bool,
    pub done: usize,
}

impl Progress {
    /// Short drills begin at nothing.
    pub fn open(stage: &Stage, name: &str) -> Self {
        let path = stage.corner.join(format!("drill-{name}.progress"));
        let done = fs::read_to_string(&path).ok().filter(|_| stage.is_full).and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Self { path, is_kept: stage.is_full, done }
    }
    /// One more is done.
    pub fn step(&mut self) -> Result<()> {
        self.done += 1;
        if self.is_kept {
            fs::write(&self.path, self.done.to_string())?;
        }
        Ok(())
    }
    /// All is done: the next one begins anew.
    pub fn forget(&self) {
        let _ = fs::remove_file(&self.path);
    }
}
