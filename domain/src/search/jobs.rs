//! What happens later.

use crate::ctx::Ctx;
use crate::error::Result;

pub const REFRESH_ALL: &str = "search.refresh_all";

/// Writes all documents anew, after a category changed.
pub async fn refresh_all(ctx: &Ctx) -> Result<()> {
    super::refresh_all(ctx).await
}
