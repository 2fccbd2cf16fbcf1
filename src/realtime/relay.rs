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
/// While an event is committed but held back by an older transaction, which rings no bell when it ends.
const HELD_BACK: Duration = Duration::from_millis(3);
/// A long transaction is not asked after every moment.
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
    loop {
        let committed = house.committed.notified();
        committed.await;
        if let Err(error) = fanout.ring().await {
            tracing::debug!(error, "cannot ring the other nodes");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn follow(house: Arc<House>, hub: Arc<Hub>, bell: Arc<Notify>) {
    let mut place: Option<Cursor> = None;
    let mut held_back = HELD_BACK;
    loop {
        let committed = house.committed.notified();
        match step(&house, &hub, &mut place).await {
            Ok(Found::Some) => {}
            Ok(Found::HeldBack) => {
                let _ = tokio::time::timeout(held_back, bell.notified()).await;
                held_back = (held_back * 2).min(LONGEST_HELD_BACK);
                continue;
            }
            Ok(Found::None) => {
                tokio::select! {
                    () = committed => {}
                    () = bell.notified() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the relay waits for the database");
                tokio::time::sleep(PAUSE).await;
            }
        }
        held_back = HELD_BACK;
    }
}

enum Found {
    Some,
    HeldBack,
    None,
}

async fn step(house: &Arc<House>, hub: &Hub, place: &mut Option<Cursor>) -> Result<Found> {
    let after = match *place {
        Some(after) => after,
        None => {
            let now = outbox::cursor(&house.db).await?;
            hub.set_position(now);
            *place = Some(now);
            now
        }
    };
    let events = outbox::list_after(&house.db, after, STEP).await?;
    let Some(last) = events.last() else {
        return if outbox::is_any_held_back(&house.db).await? {
            Ok(Found::HeldBack)
        } else {
            check_epoch(house, hub, place).await?;
            Ok(Found::None)
        };
    };
    let cursor = last.cursor;
    for event in &events {
        house.caches.forget(event);
        if event.kind == EventKind::SettingsChanged {
            house.settings.forget();
        }
        hub.deliver(event);
        crate::metrics::NEWS.note(house.clock.now() - event.at < crate::metrics::PROMPT_MS);
    }
    *place = Some(cursor);
    // Jobs that other nodes' commits made due are for our workers too.
    metrics::counter!("events_relayed").increment(events.len() as u64);
    Ok(Found::Some)
}

/// After a restore the spine has another epoch, and nothing remembered here holds.
async fn check_epoch(house: &Arc<House>, hub: &Hub, place: &mut Option<Cursor>) -> Result<()> {
    let now = outbox::cursor(&house.db).await?;
    if place.is_some_and(|before| before.epoch != now.epoch) {
        tracing::warn!(epoch = now.epoch, "the database has been restored");
        house.caches.forget_all();
        house.settings.forget();
        hub.reload_all();
        *place = Some(now);
        hub.set_position(now);
    }
    Ok(())
}
