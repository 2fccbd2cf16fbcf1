//! Holds that are wanted in the same moment are written by one statement, which costs little more than one of them alone.
//!
//! Whoever comes first does not wait for others to join: what arrives while a statement runs goes into the next. No two of one statement may want the same
//! resource or be of one customer, and none may wait for a lock, since all of them would; what meets such a case is tried alone. Who wants what is just being
//! written waits for that, one at a time.

use super::store::{self, Asked, NewBooking, Outcome, Taken};
use crate::ctx::{Ctx, House};
use crate::error::{Error, Result};
use crate::id::{BookingId, Id, ResourceId};
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// So many statements run at once at the most. More would find less to put together.
const WRITERS: usize = 2;
/// The second begins where so many wait for the first.
const ENOUGH: usize = 8;
/// Of one statement.
const MOST: usize = 32;
/// Whoever was not taken up for so long goes alone.
const PATIENCE: Duration = Duration::from_secs(1);
/// After this nobody hopes for the statement's answer: longer than the database lets it wait for a lock.
const GIVEN_UP: Duration = Duration::from_secs(6);

/// What waits to be written on this node.
#[derive(Default)]
pub struct Together(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: Vec<Entry>,
    /// Of those that wait.
    wanted: HashSet<Key>,
    /// Of those that are being written.
    engaged: HashSet<Key>,
    writers: usize,
}

struct Entry {
    id: BookingId,
    asked: Asked,
    keys: Vec<Key>,
    answer: oneshot::Sender<Answer>,
}

enum Answer {
    Known(Outcome),
    /// Something was wrong, perhaps with another one: nothing is written.
    Alone,
    /// Whether it is written is not known.
    Failed(Error),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Resource(ResourceId),
    /// An account or a visitor.
    Customer(u128),
}

impl Together {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait to be taken up, how many resources and customers they want, and how many are engaged.
    #[cfg(test)]
    pub(super) fn count(&self) -> (usize, usize, usize) {
        let queue = self.queue();
        (queue.waiting.len(), queue.wanted.len(), queue.engaged.len())
    }
}

impl Queue {
    /// Nothing it wants is being written.
    fn is_free(&self, entry: &Entry) -> bool {
        entry.keys.iter().all(|key| !self.engaged.contains(key))
    }

    /// Those who have waited longest, without any who want what is being written: they wait for the next.
    fn take_up(&mut self) -> Vec<Entry> {
        let mut left = MOST;
        let Self { waiting, wanted, engaged, .. } = self;
        let is_next = |entry: &mut Entry| {
            let is_next = left > 0 && entry.keys.iter().all(|key| !engaged.contains(key));
            left -= usize::from(is_next);
            is_next
        };
        let entries: Vec<Entry> = waiting.extract_if(.., is_next).collect();
        for key in entries.iter().flat_map(|entry| &entry.keys) {
            wanted.remove(key);
            engaged.insert(*key);
        }
        entries
    }

    /// Others may want the same from now on.
    fn release(&mut self, entries: &[Entry]) {
        for key in entries.iter().flat_map(|entry| &entry.keys) {
            self.engaged.remove(key);
        }
    }
}

/// Tries to claim and write it as [`store::take`] does, with whatever else is wanted now. None: it has to be tried alone.
///
/// # Errors
/// Those of reaching the database; then it may have been written.
pub(super) async fn take(ctx: &Ctx, new: &NewBooking<'_>) -> Result<Option<Taken>> {
    let Some((place, mut answered)) = line_up(ctx.house(), new) else { return Ok(None) };
    let answer = match timeout(PATIENCE, &mut answered).await {
        Ok(answer) => answer,
        Err(_) if place.leave() => return Ok(None),
        Err(_) => answered.await,
    };
    match answer {
        Ok(Answer::Known(outcome)) if !outcome.is_left => Ok(Some(new.taken(outcome))),
        Ok(Answer::Failed(error)) => Err(error),
        Ok(Answer::Known(_) | Answer::Alone) | Err(_) => Ok(None),
    }
}

fn line_up(house: &Arc<House>, new: &NewBooking<'_>) -> Option<(Place, oneshot::Receiver<Answer>)> {
    let [resource] = new.assignment.resources[..] else { return None };
    let customers = [new.customer.map(Id::as_u128), new.visitor.map(Id::as_u128)];
    let keys: Vec<Key> = customers.into_iter().flatten().map(Key::Customer).chain([Key::Resource(resource)]).collect();
    let asked = new.asked();
    let (answer, answered) = oneshot::channel();
    let mut queue = house.together.queue();
    if keys.iter().any(|key| queue.wanted.contains(key)) {
        return None;
    }
    queue.wanted.extend(&keys);
    queue.waiting.push(Entry { id: new.id, asked, keys, answer });
    let free = || queue.waiting.iter().filter(|entry| queue.is_free(entry)).count();
    if queue.writers == 0 || queue.writers < WRITERS && free() >= ENOUGH {
        queue.writers += 1;
        // A runtime that ends drops at once what it is given, and a writer that is dropped wants the queue.
        drop(queue);
        tokio::spawn(write(Writer { house: house.clone(), is_counted: true }));
    }
    Some((Place { house: house.clone(), id: new.id }, answered))
}

/// Of one who waits. Whoever no longer does gets nothing.
struct Place {
    house: Arc<House>,
    id: BookingId,
}

impl Place {
    /// False if it is being written, or is.
    fn leave(&self) -> bool {
        let mut queue = self.house.together.queue();
        let Some(at) = queue.waiting.iter().position(|entry| entry.id == self.id) else { return false };
        for key in queue.waiting.remove(at).keys {
            queue.wanted.remove(&key);
        }
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Counted among the writers until it has found nothing to do, or is dropped with its task.
struct Writer {
    house: Arc<House>,
    is_counted: bool,
}

impl Writer {
    /// What can be written by now. To find nothing and to be counted no longer are one step: whoever comes afterwards brings a writer, and whoever waits for
    /// what is being written is found by its writer.
    fn next(&mut self) -> Option<Batch> {
        let mut queue = self.house.together.queue();
        let entries = queue.take_up();
        if entries.is_empty() {
            queue.writers -= 1;
            self.is_counted = false;
            return None;
        }
        Some(Batch { house: self.house.clone(), entries })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.is_counted {
            self.house.together.queue().writers -= 1;
        }
    }
}

/// Its keys are engaged until it is dropped. Whose answer is dropped with it goes alone.
struct Batch {
    house: Arc<House>,
    entries: Vec<Entry>,
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.house.together.queue().release(&self.entries);
    }
}

impl Batch {
    async fn write(&self) -> Result<Vec<Outcome>, sqlx::Error> {
        let asked: Vec<&Asked> = self.entries.iter().map(|entry| &entry.asked).collect();
        let mut db = self.house.db.acquire().await?;
        match timeout(GIVEN_UP, store::take_all(&mut db, &asked, false)).await {
            Ok(outcomes) => outcomes,
            Err(_) => {
                // a line that does not answer is no line for others
                drop(db.detach());
                Err(sqlx::Error::PoolTimedOut)
            }
        }
    }

    /// What it wrote is written or not.
    fn end(mut self) -> HashMap<BookingId, oneshot::Sender<Answer>> {
        let entries = std::mem::take(&mut self.entries);
        self.house.together.queue().release(&entries);
        entries.into_iter().map(|entry| (entry.id, entry.answer)).collect()
    }
}

/// Until nothing waits but for what another writes.
async fn write(mut writer: Writer) {
    while let Some(batch) = writer.next() {
        let outcomes = batch.write().await;
        let mut answers = batch.end();
        // whoever no longer listens has a hold that runs out
        match outcomes {
            Ok(outcomes) => {
                writer.house.committed.notify_waiters();
                for outcome in outcomes {
                    answers.remove(&outcome.id).map(|answer| answer.send(Answer::Known(outcome)));
                }
            }
            Err(error) if is_undone(&error) => {
                tracing::warn!(%error, count = answers.len(), "holds go alone");
                answers.into_values().for_each(|answer| drop(answer.send(Answer::Alone)));
            }
            Err(error) => {
                let error = Error::from(error);
                answers.into_values().for_each(|answer| drop(answer.send(Answer::Failed(error.clone()))));
            }
        }
    }
}

/// An error of the statement: nothing of it is written. One that ends the connection (of severity `FATAL`) may come after the commit.
fn is_undone(error: &sqlx::Error) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| error.severity() == PgSeverity::Error)
}
