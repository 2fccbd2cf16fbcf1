//! Who reacts to which fact. Called once or more for each event, in order, by one node at a time; every reaction is idempotent and only enqueues or upserts.

use crate::ctx::{Actor, Ctx, House, Tx};
use crate::error::{Error, Result};
use crate::event::{Cursor, Event};
use crate::queue::{self, NewJob};
use crate::{notify, outbox, search};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Lets every reacting room see the event, in the transaction that moves the reader forward.
pub async fn react(tx: &mut Tx, ctx: &Ctx, event: &Event) -> Result<()> {
    search::react(tx, ctx, event).await?;
    notify::react(tx, ctx, event).await
}

/// The kind of the job that reacts again.
pub const AGAIN: &str = "spine.react";

const READER: &str = "reactions";
const STEP: i64 = 100;

/// What `spine.react` carries: an event whose reaction failed and is tried again apart from the others, so that one bad event stops nobody.
#[derive(Debug, Serialize, Deserialize)]
pub struct Again {
    event_id: i64,
}

/// Reacts to the next events, if no other node is at it. How many there were; the reader's place is kept in the database.
pub async fn run_next(house: &Arc<House>) -> Result<usize> {
    let ctx = Ctx::new(house.clone(), Actor::System("reactions"), "reactions".to_owned(), None);
    let mut tx = ctx.begin().await?;
    let place = sqlx::query!(
        r#"select r.xid::text as "xid!", r.event_id, s.epoch from event_readers r, spine s where r.name = $1 for update of r skip locked"#,
        READER,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(place) = place else { return Ok(0) };
    let after = Cursor { epoch: place.epoch, xid: place.xid.parse().unwrap_or(0), id: place.event_id };
    let events = outbox::list_after(&mut *tx, after, STEP).await?;
    let Some(last) = events.last().map(|event| event.cursor) else { return Ok(0) };
    for event in &events {
        sqlx::query!("savepoint reaction").execute(&mut *tx).await?;
        if let Err(error) = react(&mut tx, &ctx, event).await {
            sqlx::query!("rollback to savepoint reaction").execute(&mut *tx).await?;
            tracing::warn!(event = event.cursor.id, kind = event.kind.as_str(), %error, "a reaction failed and will be tried again");
            let again = serde_json::to_value(Again { event_id: event.cursor.id }).map_err(Error::internal)?;
            queue::enqueue(&mut tx, &ctx, NewJob::new(AGAIN, again).once(event.cursor.id)).await?;
        }
        sqlx::query!("release savepoint reaction").execute(&mut *tx).await?;
    }
    sqlx::query!("update event_readers set xid = $2::text::xid8, event_id = $3 where name = $1", READER, last.xid.to_string(), last.id,)
        .execute(&mut *tx)
        .await?;
    ctx.commit(tx).await?;
    Ok(events.len())
}

/// The job `spine.react`.
pub async fn react_again(ctx: &Ctx, again: Again) -> Result<()> {
    let mut tx = ctx.begin().await?;
    if let Some(event) = outbox::find(&mut *tx, again.event_id).await? {
        react(&mut tx, ctx, &event).await?;
    }
    ctx.commit(tx).await
}
