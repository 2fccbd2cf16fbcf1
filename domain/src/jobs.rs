//! What runs later: the table of job kinds and of the clock's regular duties. Each entry calls a verb of its room.

use crate::ctx::Ctx;
use crate::error::{Error, Result};

/// Runs one job. An unknown kind is an error, so that a job of a newer release waits for the newer worker.
pub async fn run(ctx: &Ctx, kind: &str, payload: serde_json::Value) -> Result<()> {
    let _ = (ctx, payload);
    match kind {
        _ => Err(Error::internal(format!("no job is called {kind}"))),
    }
}

/// A regular duty and how often it runs.
pub struct Duty {
    pub name: &'static str,
    pub every_s: u32,
}

/// Run by one node at a time, at most once per interval.
pub const DUTIES: &[Duty] = &[];

pub async fn run_duty(ctx: &Ctx, name: &str) -> Result<()> {
    let _ = ctx;
    match name {
        _ => Err(Error::internal(format!("no duty is called {name}"))),
    }
}
