//! Who listens to what on this node. Delivering never waits: a queue that is full marks its reader, who is then told to fetch again.

use axum::extract::ws::Utf8Bytes;
use domain::event::{Cursor, Event, EventKind};
use domain::id::AccountId;
use domain::live::{Frame, Topic, frames};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Frames waiting for one reader; beyond that it is slow.
const QUEUE: usize = 256;
/// Sockets of this node.
const MOST_SOCKETS: usize = 25_000;

/// A frame as text, made once for all its readers.
#[derive(Debug)]
pub struct Delivery {
    pub topic: Topic,
    pub cursor: Cursor,
    pub text: Utf8Bytes,
}

/// What waits for one reader. Nearly always nothing, so it takes no room then.
#[derive(Default)]
pub struct News {
    pub deliveries: Vec<Arc<Delivery>>,
    /// Something was dropped.
    pub is_behind: bool,
    /// The session or token may have ended, or what its account may hear have changed.
    pub is_in_doubt: bool,
}

impl News {
    fn is_nothing(&self) -> bool {
        self.deliveries.is_empty() && !self.is_behind && !self.is_in_doubt
    }

    fn add(&mut self, delivery: &Arc<Delivery>) {
        if self.is_behind || self.deliveries.len() >= QUEUE {
            self.drop_all();
        } else {
            self.deliveries.push(delivery.clone());
        }
    }

    /// Without what is dropped the rest is worthless.
    fn drop_all(&mut self) {
        self.is_behind = true;
        self.deliveries = Vec::new();
    }
}

/// One socket, as the hub sees it.
pub struct Reader {
    account: Option<AccountId>,
    news: Mutex<News>,
    /// Rung for the first that waits.
    bell: Notify,
}

impl Reader {
    /// Waits until there is something, and takes it all. May be nothing after all. Nothing is lost when it is given up while it waits.
    pub async fn news(&self) -> News {
        self.bell.notified().await;
        std::mem::take(&mut *lock(&self.news))
    }

    fn put(&self, change: impl FnOnce(&mut News)) {
        let mut news = lock(&self.news);
        let is_first = news.is_nothing();
        change(&mut news);
        drop(news);
        if is_first {
            self.bell.notify_one();
        }
    }
}

#[derive(Default)]
pub struct Hub {
    topics: RwLock<HashMap<Topic, Vec<Arc<Reader>>>>,
    readers: Mutex<HashMap<AccountId, Vec<Arc<Reader>>>>,
    position: Mutex<Option<Cursor>>,
    sockets: AtomicUsize,
    /// Cancelled when the node goes: sockets say so and close.
    pub closing: CancellationToken,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A new socket; None when there are too many.
    pub fn join(&self, account: Option<AccountId>) -> Option<Arc<Reader>> {
        if self.sockets.fetch_add(1, Ordering::Relaxed) >= MOST_SOCKETS {
            self.sockets.fetch_sub(1, Ordering::Relaxed);
            crate::metrics::SOCKETS.note(false);
            return None;
        }
        crate::metrics::SOCKETS.note(true);
        metrics::gauge!("live_sockets").increment(1.0);
        let reader = Arc::new(Reader { account, news: Mutex::default(), bell: Notify::new() });
        if let Some(account) = account {
            lock(&self.readers).entry(account).or_default().push(reader.clone());
        }
        Some(reader)
    }

    pub fn leave(&self, reader: &Arc<Reader>, topics: impl IntoIterator<Item = Topic>) {
        for topic in topics {
            self.unsubscribe(reader, topic);
        }
        if let Some(account) = reader.account {
            let mut readers = lock(&self.readers);
            if let Some(own) = readers.get_mut(&account) {
                own.retain(|other| !Arc::ptr_eq(other, reader));
                if own.is_empty() {
                    readers.remove(&account);
                }
            }
        }
        self.sockets.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("live_sockets").decrement(1.0);
    }

    pub fn subscribe(&self, reader: &Arc<Reader>, topic: Topic) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        topics.entry(topic).or_default().push(reader.clone());
    }

    pub fn unsubscribe(&self, reader: &Arc<Reader>, topic: Topic) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(readers) = topics.get_mut(&topic) {
            readers.retain(|other| !Arc::ptr_eq(other, reader));
            if readers.is_empty() {
                topics.remove(&topic);
            }
        }
    }

    pub fn sockets(&self) -> usize {
        self.sockets.load(Ordering::Relaxed)
    }

    /// Everything up to here has been delivered; None before the relay has begun.
    pub fn position(&self) -> Option<Cursor> {
        *lock(&self.position)
    }
    pub fn set_position(&self, cursor: Cursor) {
        *lock(&self.position) = Some(cursor);
    }

    /// Hands an event's frames to everyone who listens.
    pub fn deliver(&self, event: &Event) {
        for frame in frames(event) {
            self.deliver_frame(event.cursor, &frame);
        }
        let is_doubtful = matches!(
            event.kind,
            EventKind::SessionRevoked | EventKind::AccountSuspended | EventKind::AccountRolesChanged | EventKind::ProviderChanged
        );
        if is_doubtful {
            self.doubt(event.account);
        }
        self.set_position(event.cursor);
    }

    fn deliver_frame(&self, cursor: Cursor, frame: &Frame) {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        let Some(readers) = topics.get(&frame.topic) else { return };
        let delivery = Arc::new(Delivery { topic: frame.topic, cursor, text: text(cursor, frame) });
        for reader in readers {
            reader.put(|news| news.add(&delivery));
        }
        metrics::counter!("live_frames").increment(readers.len() as u64);
    }

    /// What was missed can no longer be told: everyone fetches again.
    pub fn reload_all(&self) {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        for reader in topics.values().flatten() {
            reader.put(News::drop_all);
        }
    }

    fn doubt(&self, account: Option<AccountId>) {
        let Some(account) = account else { return };
        for reader in lock(&self.readers).get(&account).into_iter().flatten() {
            reader.put(|news| news.is_in_doubt = true);
        }
    }
}

/// As the client reads it.
pub fn text(cursor: Cursor, frame: &Frame) -> Utf8Bytes {
    serde_json::json!({
        "op": "event",
        "topic": frame.topic.to_string(),
        "cursor": cursor.to_string(),
        "type": frame.kind,
        "data": frame.data,
    })
    .to_string()
    .into()
}
