//! Who reacts to which fact. Called once or more for each event, in order, by one node at a time; every reaction is idempotent and only enqueues or upserts.

use crate::ctx::{Ctx, Tx};
use crate::error::Result;
use crate::event::Event;

/// Lets every reacting room see the event, in the transaction that moves the reader forward.
pub async fn react(tx: &mut Tx, ctx: &Ctx, event: &Event) -> Result<()> {
    crate::notify::react(tx, ctx, event).await
}
