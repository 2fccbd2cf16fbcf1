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
    // Savepoints cost two round trips an event: they are for when one of them has failed.
    match run_step(house, false).await {
        Err(_) => run_step(house, true).await,
        done => done,
    }
}

/// With `apart`, an event whose reaction fails is left to a job and the others go on; without, it fails them all.
async fn run_step(house: &Arc<House>, apart: bool) -> Result<usize> {
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
        if apart {
            react_apart(&mut tx, &ctx, event).await?;
        } else {
            react(&mut tx, &ctx, event).await?;
        }
    }
    sqlx::query!("update event_readers set xid = $2::text::xid8, event_id = $3 where name = $1", READER, last.xid.to_string(), last.id,)
        .execute(&mut *tx)
        .await?;
    ctx.commit(tx).await?;
    Ok(events.len())
}

async fn react_apart(tx: &mut Tx, ctx: &Ctx, event: &Event) -> Result<()> {
    sqlx::query!("savepoint reaction").execute(&mut **tx).await?;
    if let Err(error) = react(tx, ctx, event).await {
        sqlx::query!("rollback to savepoint reaction").execute(&mut **tx).await?;
        tracing::warn!(event = event.cursor.id, kind = event.kind.as_str(), %error, "a reaction failed and will be tried again");
        let again = serde_json::to_value(Again { event_id: event.cursor.id }).map_err(Error::internal)?;
        queue::enqueue(tx, ctx, NewJob::new(AGAIN, again).once(event.cursor.id)).await?;
    }
    sqlx::query!("release savepoint reaction").execute(&mut **tx).await?;
    Ok(())
}

/// The job `spine.react`.
pub async fn react_again(ctx: &Ctx, again: Again) -> Result<()> {
    let mut tx = ctx.begin().await?;
    if let Some(event) = outbox::find(&mut *tx, again.event_id).await? {
        react(&mut tx, ctx, &event).await?;
    }
    ctx.commit(tx).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventKind, NewEvent};
    use crate::id::ProviderId;
    use crate::world::World;
    use sqlx::PgPool;

    #[sqlx::test(migrations = "../migrations")]
    async fn what_cannot_be_reacted_to_stops_nothing_else_and_is_tried_again(db: PgPool) {
        let world = World::new(db);
        let system = world.system();
        let mut tx = system.begin().await.expect("begins");
        for _ in 0..3 {
            let provider: ProviderId = world.new_id();
            outbox::record(&mut tx, &system, NewEvent::new(EventKind::ProviderSuspended).provider(provider)).await.expect("records");
        }
        system.commit(tx).await.expect("commits");
        sqlx::raw_sql(
            "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$;
             create trigger refuse before insert on jobs for each row when (new.kind <> 'spine.react' and new.payload ->> 'subject' = '2')
                execute function refuse();",
        )
        .execute(&world.db)
        .await
        .expect("a trigger");
        // the horizon of what may be read is the cluster's, and other tests' transactions end soon
        let mut reacted = 0;
        for _ in 0..500 {
            reacted += run_next(&world.house).await.expect("runs");
            if reacted == 3 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(reacted, 3);
        let jobs = async || -> Vec<(String, Option<String>)> {
            sqlx::query_as("select kind, payload ->> 'subject' from jobs where finished_at is null order by kind, payload ->> 'subject'")
                .fetch_all(&world.db)
                .await
                .expect("jobs")
        };
        let letter = |subject: &str| ("notify.provider".to_owned(), Some(subject.to_owned()));
        assert_eq!(jobs().await, [letter("1"), letter("3"), (AGAIN.to_owned(), None)]);
        sqlx::raw_sql("drop trigger refuse on jobs").execute(&world.db).await.expect("gone");
        react_again(&system, Again { event_id: 2 }).await.expect("reacts");
        assert!(jobs().await.contains(&letter("2")));
    }
}
