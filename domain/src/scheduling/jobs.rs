//! What happens later: reading other calendars.

use super::calendars;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

pub use super::calendars::IMPORT;
/// Enqueues a reading of every calendar that is due.
pub const REFRESH: &str = "scheduling.refresh_calendars";

pub async fn import(ctx: &Ctx, payload: serde_json::Value) -> Result<()> {
    let id = payload.get("calendar_id").and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
    calendars::import(ctx, id.ok_or_else(|| Error::internal("the job names no calendar"))?).await
}
