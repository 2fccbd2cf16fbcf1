//! Reading categories.

use super::model::{CategoryName, CategoryView};
use super::store;
use crate::ctx::Ctx;
use crate::error::Result;

/// What is offered, in the operator's order.
pub async fn list(ctx: &Ctx) -> Result<Vec<CategoryView>> {
    store::list(ctx.db()).await
}

/// The same, only their names: for filters.
pub async fn list_names(ctx: &Ctx) -> Result<Vec<CategoryName>> {
    store::list_names(ctx.db()).await
}
