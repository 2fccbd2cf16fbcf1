//! Follows the spine on each node: to the hub, to the caches, and past them the bell for the other nodes.

use super::fanout::{Fanout, keep_listening};
use super::hub::Hub;
use domain::ctx::House;
use domain::error::Result;
use domain::event::{Cursor, EventKind};
use domain::outbox;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Without any bell, events are found at least this often.
const POLL: Duration = Duration::from_millis(500);
/// From a step that found something to the next, so that what is committed at once is read at once. With [`RING`] it is all that is added to the way of an
/// event, which has 50 ms to reach an open page.
const GATHER: Duration = Duration::from_millis(5);
/// From one ring for the other nodes to the next.
const RING: Duration = Duration::from_millis(3);
/// A long transaction, which rings no bell when it ends, is not asked after every moment.
const LONGEST_HELD_BACK: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_millis(500);
const STEP: i64 = 500;

/// Runs until `stop`.
pub async fn run(house: Arc<House>, hub: Arc<Hub>, fanout: Arc<dyn Fanout>, stop: CancellationToken) {
    let bell = Arc::new(Notify::new());
    let ringing = tokio::spawn(stop.clone().run_until_cancelled_owned(ring_others(house.clone(), fanout.clone())));
    let listening = tokio::spawn(stop.clone().run_until_cancelled_owned(keep_listening(fanout, bell.clone())));
    stop.run_until_cancelled_owned(follow(house, hub, bell)).await;
    let _ = tokio::join!(ringing, listening);
}

/// One ring for any number of commits since the last one.
async fn ring_others(house: Arc<House>, fanout: Arc<dyn Fanout>) {
    let mut committed = house.committed.notified();
    loop {
        committed.await;
        // before ringing, so that a commit meanwhile is rung for once more
        committed = house.committed.notified();
        let rest = match fanout.ring().await {
            Ok(()) => RING,
            Err(error) => {
                tracing::debug!(error, "cannot ring the other nodes");
                PAUSE
            }
        };
        tokio::time::sleep(rest).await;
    }
}

async fn follow(house: Arc<House>, hub: Arc<Hub>, bell: Arc<Notify>) {
    let mut place: Option<Cursor> = None;
    let mut held_back = GATHER;
    // When the database comes back it may be another one, or what it was at an earlier moment.
    let mut is_recognised = false;
    loop {
        // before looking, so that a commit meanwhile is looked for once more
        let committed = house.committed.notified();
        if !is_recognised {
            is_recognised = true;
            // Not every Postgres for rent tells.
            if let Err(error) = outbox::recognise(&house.db).await {
                tracing::warn!(%error, "the timeline of the database is not known");
            }
        }
        let found = match step(&house, &hub, &mut place).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the relay waits for the database");
                is_recognised = false;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if found.is_more {
            continue;
        }
        if found.is_any || !found.is_any_held_back {
            held_back = GATHER;
        }
        let mut longest = POLL;
        if found.is_any_held_back {
            // It becomes readable with the end of some transaction: one of ours, one that is rung for, or one that nobody tells of.
            longest = held_back - GATHER;
            held_back = (held_back * 2).min(LONGEST_HELD_BACK);
        }
        if found.is_any || found.is_any_held_back {
            tokio::time::sleep(GATHER).await;
        }
        tokio::select! {
            () = committed => {}
            () = bell.notified() => {}
            () = tokio::time::sleep(longest) => {}
        }
    }
}

/// What a step found.
#[derive(Default)]
struct Found {
    is_any: bool,
    is_more: bool,
    /// Something is committed and may not be read yet.
    is_any_held_back: bool,
}

/// One question: what is new, what waits, and whether it is still the same spine.
async fn step(house: &Arc<House>, hub: &Hub, place: &mut Option<Cursor>) -> Result<Found> {
    let after = match *place {
        Some(after) => after,
        None => {
            let now = outbox::cursor(&house.db).await?;
            hub.set_position(now);
            // Whoever came before there was a place to name may have missed what was committed meanwhile.
            hub.reload_all();
            *place.insert(now)
        }
    };
    let reading = outbox::read_after(&house.db, after, None, STEP).await?;
    if reading.now.epoch != after.epoch {
        begin_anew(house, hub, reading.now);
        *place = Some(reading.now);
        return Ok(Found::default());
    }
    for event in &reading.events {
        house.caches.forget(event);
        if event.kind == EventKind::SettingsChanged {
            house.settings.forget();
        }
        hub.deliver(event);
        crate::metrics::NEWS.note(house.clock.now() - event.at < crate::metrics::PROMPT_MS);
    }
    *place = Some(reading.place);
    metrics::counter!("events_relayed").increment(reading.events.len() as u64);
    Ok(Found { is_any: !reading.events.is_empty(), is_more: reading.is_more, is_any_held_back: reading.is_any_held_back })
}

/// After a restore the spine has another epoch, and nothing remembered here holds.
fn begin_anew(house: &Arc<House>, hub: &Hub, now: Cursor) {
    tracing::warn!(epoch = now.epoch, "the database has been restored");
    house.caches.forget_all();
    house.settings.forget();
    hub.reload_all();
    hub.set_position(now);
}
