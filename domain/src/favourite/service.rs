//! Marking and unmarking.

use super::store;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::id::ProviderId;

/// Newest first.
pub async fn list(ctx: &Ctx) -> Result<Vec<ProviderId>> {
    store::list(ctx.db(), ctx.person()?.id).await
}

pub async fn is_favourite(ctx: &Ctx, provider: ProviderId) -> Result<bool> {
    match ctx.account_id() {
        Some(account) => store::exists(ctx.db(), account, provider).await,
        None => Ok(false),
    }
}

/// # Errors
/// NotFound for a provider that is not active.
pub async fn add(ctx: &Ctx, provider: ProviderId) -> Result<()> {
    let account = ctx.person()?.id;
    if store::insert(ctx.db(), account, provider, ctx.now()).await? { Ok(()) } else { Err(Error::NotFound) }
}

pub async fn remove(ctx: &Ctx, provider: ProviderId) -> Result<()> {
    store::delete(ctx.db(), ctx.person()?.id, provider).await
}
