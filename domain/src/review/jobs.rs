//! What happens later.

use crate::ctx::Ctx;
use crate::error::Result;

/// Publishes what nobody answered within the seven days.
pub const PUBLISH_DUE: &str = "review.publish_due";

pub async fn publish_due(ctx: &Ctx) -> Result<()> {
    while super::publish_due(ctx).await? > 0 {}
    Ok(())
}
