//! Who reacts to which fact. Called once or more for each event, in order, by one node at a time; every reaction is idempotent and only enqueues or upserts.

use crate::ctx::{Actor, Ctx, House, Tx};
use crate::error::{Error, Result};
use crate::event::{Cursor, Event, EventKind};
use crate::queue::{self, NewJob};
use crate::{notify, outbox, search, trace};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Lets every reacting room see the event, in the transaction that moves the reader forward.
pub async fn react(tx: &mut Tx, ctx: &Ctx, event: &Event) -> Result<()> {
    search::react(tx, ctx, event).await?;
    notify::react(tx, ctx, event).await
}

/// The kinds that some room reacts to; the others are not even read. A test asks the rooms.
const HEARD: &[EventKind] = &[
    EventKind::ProviderSubmitted,
    EventKind::ProviderApproved,
    EventKind::ProviderRejected,
    EventKind::ProviderSuspended,
    EventKind::ProviderReinstated,
    EventKind::ProviderChanged,
    EventKind::CategoriesChanged,
    EventKind::BookingRequested,
    EventKind::BookingConfirmed,
    EventKind::BookingDeclined,
    EventKind::BookingExpired,
    EventKind::BookingCancelled,
    EventKind::BookingRescheduled,
    EventKind::RescheduleProposed,
    EventKind::BookingCompleted,
    EventKind::BookingNoShow,
    EventKind::PaymentFailed,
    EventKind::ReviewPublished,
];

/// The kind of the job that reacts again.
pub const AGAIN: &str = "spine.react";

const READER: &str = "reactions";
const STEP: i64 = 100;
/// The reader's place is moved past what nobody reacts to once so many transactions lie behind it, so that they are not looked through again each time.
const FAR: u64 = 256;

/// What `spine.react` carries: an event whose reaction failed and is tried again apart from the others, so that one bad event stops nobody.
#[derive(Debug, Serialize, Deserialize)]
pub struct Again {
    event_id: i64,
}

/// Reacts to the next events, if no other node is at it. How many there were; the reader's place is kept in the database.
pub async fn run_next(house: &Arc<House>) -> Result<usize> {
    if !is_anything_new(house).await? {
        return Ok(0);
    }
    trace::within(trace::reaction(), async {
        // Savepoints cost two round trips an event: they are for when one of them has failed.
        match run_step(house, false).await {
            Err(_) => run_step(house, true).await,
            done => done,
        }
    })
    .await
}

/// Looks without a transaction, since most of what happens is nothing to react to: it writes nothing, locks nothing and wakes nobody.
async fn is_anything_new(house: &Arc<House>) -> Result<bool> {
    let heard: Vec<String> = HEARD.iter().map(|kind| kind.as_str().to_owned()).collect();
    let found = sqlx::query!(
        r#"select
            r.xid::text as "xid!",
            r.event_id,
            pg_snapshot_xmin(pg_current_snapshot())::text as "xmin!",
            exists (
                select from events e
                where (e.xid, e.id) > (r.xid, r.event_id)
                  and e.xid < pg_snapshot_xmin(pg_current_snapshot())
                  and e.kind = any($2)
            ) as "is_any!"
         from event_readers r
         where r.name = $1"#,
        READER,
        &heard,
    )
    .fetch_optional(&house.db)
    .await?;
    let Some(found) = found else { return Ok(false) };
    // All that lies before the oldest that still runs has been looked at, and nothing comes to stand there later.
    let (place, reached): (u64, u64) = (found.xid.parse().unwrap_or(0), found.xmin.parse::<u64>().unwrap_or(0).saturating_sub(1));
    if !found.is_any && reached > place.saturating_add(FAR) {
        // If it is still where it was. The event's number stays: it is what a restored spine is read on from.
        sqlx::query!(
            "update event_readers set xid = $2::text::xid8 where name = $1 and xid = $3::text::xid8 and event_id = $4",
            READER,
            reached.to_string(),
            found.xid,
            found.event_id,
        )
        .execute(&house.db)
        .await?;
    }
    Ok(found.is_any)
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
    let reading = outbox::read_after(&mut *tx, after, Some(HEARD), STEP).await?;
    if reading.events.is_empty() {
        // another node was quicker
        return Ok(0);
    }
    for event in &reading.events {
        if apart {
            react_apart(&mut tx, &ctx, event).await?;
        } else {
            react(&mut tx, &ctx, event).await?;
        }
    }
    let last = reading.place;
    sqlx::query!("update event_readers set xid = $2::text::xid8, event_id = $3 where name = $1", READER, last.xid.to_string(), last.id,)
        .execute(&mut *tx)
        .await?;
    ctx.commit(tx).await?;
    Ok(reading.events.len())
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
    use crate::event::NewEvent;
    use crate::id::ProviderId;
    use crate::world::World;
    use futures::FutureExt;
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
        run_until(&world, 3).await;
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
    async fn tell(world: &World, kind: EventKind) {
        let system = world.system();
        let mut tx = system.begin().await.expect("begins");
        outbox::record(&mut tx, &system, NewEvent::new(kind).provider(world.new_id::<ProviderId>())).await.expect("records");
        system.commit(tx).await.expect("commits");
    }

    /// Runs until so many have been reacted to; the horizon is the cluster's, and other tests' transactions end soon.
    async fn run_until(world: &World, count: usize) {
        let mut reacted = 0;
        for _ in 0..500 {
            reacted += run_next(&world.house).await.expect("runs");
            if reacted >= count {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(reacted, count);
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn only_those_who_have_something_to_do_are_woken(db: PgPool) {
        let world = World::new(db);
        for _ in 0..3 {
            tell(&world, EventKind::BookingHeld).await;
        }
        let woken = world.house.committed.notified();
        assert_eq!(run_next(&world.house).await.expect("runs"), 0);
        assert!(woken.now_or_never().is_none(), "nobody reacts to a hold");
        tell(&world, EventKind::ProviderSuspended).await;
        let woken = world.house.committed.notified();
        run_until(&world, 1).await;
        assert!(woken.now_or_never().is_some(), "a letter waits");
    }

    /// The reader moves past what it need not read, but never past what may still come to stand there.
    #[sqlx::test(migrations = "../migrations")]
    async fn nothing_is_passed_by_unread(db: PgPool) {
        let world = World::new(db);
        let system = world.system();
        let mut late = system.begin().await.expect("begins");
        outbox::record(&mut late, &system, NewEvent::new(EventKind::ProviderSuspended).provider(world.new_id::<ProviderId>()))
            .await
            .expect("records");
        tell(&world, EventKind::BookingHeld).await;
        // a new house begins at 0, which is far behind wherever a cluster is
        assert_eq!(run_next(&world.house).await.expect("runs"), 0);
        assert_eq!(world.count("select count(*) from event_readers where xid > '0' and event_id = 0").await, 1, "it has moved");
        system.commit(late).await.expect("commits");
        run_until(&world, 1).await;
        tell(&world, EventKind::ProviderReinstated).await;
        run_until(&world, 1).await;
    }

    /// What a room reacts to is listed above.
    #[sqlx::test(migrations = "../migrations")]
    async fn nobody_reacts_to_what_is_not_heard(db: PgPool) {
        let world = World::new(db);
        let (system, provider) = (world.system(), world.a_provider().await);
        let said = serde_json::json!({ "from": "requested", "by": "provider", "stage": "capture", "absent": "customer" });
        for &kind in EventKind::ALL.iter().filter(|kind| !HEARD.contains(kind)) {
            for data in [serde_json::json!({}), said.clone()] {
                let event = Event {
                    cursor: Cursor { epoch: 1, xid: 1, id: 1 },
                    at: world.now(),
                    kind,
                    booking: Some(world.new_id()),
                    provider: Some(provider.id),
                    account: Some(provider.owner),
                    actor: None,
                    data,
                };
                let mut tx = system.begin().await.expect("begins");
                react(&mut tx, &system, &event).await.expect("reacts");
                system.commit(tx).await.expect("commits");
            }
            assert_eq!(world.count("select (select count(*) from jobs) + (select count(*) from search_documents)").await, 0, "{kind:?}");
        }
    }
}
