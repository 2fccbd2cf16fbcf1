//! Reading categories.

use super::model::{CategoryName, CategoryView};
use super::store;
use crate::cache::Family;
use crate::ctx::Ctx;
use crate::error::Result;
use std::sync::Arc;

/// What is offered, in the operator's order.
pub async fn list(ctx: &Ctx) -> Result<Vec<CategoryView>> {
    store::list(ctx.db()).await
}

/// The same, only their names: for filters. Kept for an hour, or until one changes.
pub async fn list_names(ctx: &Ctx) -> Result<Arc<Vec<CategoryName>>> {
    ctx.house().caches.get_or_load(Family::Categories, "names", store::list_names(ctx.db())).await
}
