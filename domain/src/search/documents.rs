//! Keeping the documents true: on events, and all of them at once.

use super::store::documents as store;
use crate::ctx::{Ctx, Tx};
use crate::error::Result;
use crate::event::{Event, EventKind};
use crate::id::ProviderId;

/// Small enough to commit within a tenth of a second.
const BATCH: i64 = 500;

/// Writes the documents of these providers anew.
pub async fn refresh(tx: &mut Tx, ctx: &Ctx, providers: &[ProviderId]) -> Result<()> {
    store::refresh(tx, providers, ctx.now()).await
}

/// All documents, in batches: after seeding, and when the words or columns of a document change.
pub async fn refresh_all(ctx: &Ctx) -> Result<()> {
    let mut after = None;
    loop {
        let batch = store::list_providers_after(ctx.db(), after, BATCH).await?;
        let Some(last) = batch.last().copied() else { return Ok(()) };
        let mut tx = ctx.begin().await?;
        refresh(&mut tx, ctx, &batch).await?;
        ctx.commit(tx).await?;
        after = Some(last);
    }
}

/// Listens to what changes how a provider is found. Writing a document twice changes nothing.
pub async fn react(tx: &mut Tx, ctx: &Ctx, event: &Event) -> Result<()> {
    match (event.kind, event.provider) {
        (
            EventKind::ProviderApproved
            | EventKind::ProviderChanged
            | EventKind::ProviderSuspended
            | EventKind::ProviderReinstated
            | EventKind::ReviewPublished,
            Some(provider),
        ) => refresh(tx, ctx, &[provider]).await,
        // a renamed or hidden category touches many: a job does it in batches
        (EventKind::CategoriesChanged, _) => {
            crate::queue::enqueue(tx, ctx, crate::queue::NewJob::new(super::jobs::REFRESH_ALL, serde_json::json!({})).once("all")).await
        }
        _ => Ok(()),
    }
}
