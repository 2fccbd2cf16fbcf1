//! What all parts share: the gateway's book, the mailbox, the disturbances, the clock, and the logs the control page shows.

use crate::disturb::{Disturb, Fault, Plan};
use crate::mail::Mail;
use crate::stripe::book::Book;
use crate::stripe::webhook::{self, Delivery};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;

const LOG_LENGTH: usize = 200;
const MAILBOX_LENGTH: usize = 500;

pub struct Hub {
    pub webhook_secret: String,
    pub http: reqwest::Client,
    pub changed: Notify,
    base_url: String,
    webhook_url: Mutex<Option<String>>,
    book: Mutex<Book>,
    disturb: Mutex<Disturb>,
    mails: Mutex<VecDeque<Mail>>,
    held: Mutex<Vec<(String, String, Value)>>,
    deliveries: Mutex<VecDeque<Delivery>>,
    calls: Mutex<VecDeque<CallNote>>,
    counter: AtomicU64,
    shift_ms: AtomicI64,
    is_closing: AtomicBool,
    /// A handle to itself for tasks it starts.
    this: std::sync::OnceLock<std::sync::Weak<Self>>,
    state: Option<PathBuf>,
}

/// A call of the API, as the control page lists it.
#[derive(Debug, Clone, Serialize)]
pub struct CallNote {
    pub at: i64,
    pub call: String,
    pub status: u16,
    pub note: String,
}

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
struct Saved {
    book: Book,
    mails: VecDeque<Mail>,
    shift_ms: i64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn push<T>(log: &Mutex<VecDeque<T>>, item: T, most: usize) {
    let mut log = lock(log);
    log.push_front(item);
    log.truncate(most);
}

impl Hub {
    pub fn new(base_url: String, webhook_url: Option<String>, webhook_secret: String, state: Option<PathBuf>) -> anyhow::Result<Arc<Self>> {
        let saved = match &state {
            Some(path) if path.exists() => serde_json::from_slice(&std::fs::read(path)?)?,
            _ => Saved::default(),
        };
        let http = reqwest::Client::builder().timeout(std::time::Duration::from_secs(20)).no_proxy().build()?;
        let hub = Arc::new(Self {
            webhook_secret,
            http,
            changed: Notify::new(),
            webhook_url: Mutex::new(webhook_url),
            book: Mutex::new(Book { base_url: base_url.clone(), ..saved.book }),
            base_url,
            disturb: Mutex::default(),
            mails: Mutex::new(saved.mails),
            held: Mutex::default(),
            deliveries: Mutex::default(),
            calls: Mutex::default(),
            counter: AtomicU64::new(1),
            shift_ms: AtomicI64::new(saved.shift_ms),
            is_closing: AtomicBool::new(false),
            this: std::sync::OnceLock::new(),
            state,
        });
        let _ = hub.this.set(Arc::downgrade(&hub));
        Ok(hub)
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Runs `work` under the lock, sends the messages it caused and has the state saved.
    pub fn with_book<T>(&self, work: impl FnOnce(&mut Book) -> T) -> T {
        let result = self.quietly(work);
        self.changed.notify_one();
        result
    }
    /// The same for what seldom changes anything: saved only if messages followed.
    pub fn quietly<T>(&self, work: impl FnOnce(&mut Book) -> T) -> T {
        let (result, messages) = {
            let mut book = lock(&self.book);
            book.now = self.now_s();
            let result = work(&mut book);
            let unsent = std::mem::take(&mut book.unsent);
            let messages: Vec<_> =
                unsent.iter().filter_map(|id| book.event(id)).map(|e| (e.id.clone(), e.kind.clone(), book.event_json(e))).collect();
            (result, messages)
        };
        if let (Some(hub), false) = (self.this.get().and_then(std::sync::Weak::upgrade), messages.is_empty()) {
            self.changed.notify_one();
            webhook::dispatch(&hub, messages);
        }
        result
    }

    pub fn with_disturb<T>(&self, work: impl FnOnce(&mut Disturb) -> T) -> T {
        work(&mut lock(&self.disturb))
    }
    pub fn plan_delivery(&self) -> Plan {
        self.with_disturb(Disturb::plan)
    }
    pub fn fault_for(&self, call: &str) -> Option<Fault> {
        self.with_disturb(|disturb| disturb.fault_for(call))
    }

    pub fn hold(&self, id: String, kind: String, body: Value) {
        self.log_delivery(&id, &kind, "held back");
        lock(&self.held).push((id, kind, body));
    }
    /// Lets held messages go, the last one first.
    pub fn release(self: &Arc<Self>) {
        self.with_disturb(|disturb| disturb.is_holding = false);
        let mut held = std::mem::take(&mut *lock(&self.held));
        held.reverse();
        webhook::dispatch(self, held);
    }
    pub fn held_count(&self) -> usize {
        lock(&self.held).len()
    }

    pub fn log_call(&self, method: &axum::http::Method, path: &str, status: u16, note: &str) {
        push(&self.calls, CallNote { at: self.now_s(), call: format!("{method} {path}"), status, note: note.to_owned() }, LOG_LENGTH);
    }
    pub fn calls(&self) -> Vec<CallNote> {
        lock(&self.calls).iter().cloned().collect()
    }
    /// The number by which [`Hub::note_delivery`] finds it again.
    pub fn log_delivery(&self, event: &str, kind: &str, outcome: &str) -> u64 {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let delivery = Delivery { number, event: event.into(), kind: kind.into(), at: self.now_s(), tries: 0, outcome: outcome.to_owned() };
        push(&self.deliveries, delivery, LOG_LENGTH);
        number
    }
    pub fn note_delivery(&self, number: u64, tries: u32, outcome: &str) {
        if let Some(delivery) = lock(&self.deliveries).iter_mut().find(|d| d.number == number) {
            delivery.tries = tries;
            delivery.outcome = outcome.to_owned();
        }
    }
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.deliveries).iter().cloned().collect()
    }

    pub fn receive_mail(&self, mail: Mail) {
        push(&self.mails, mail, MAILBOX_LENGTH);
        self.changed.notify_one();
    }
    /// Newest first.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.mails).iter().cloned().collect()
    }
    pub fn mail(&self, id: u64) -> Option<Mail> {
        lock(&self.mails).iter().find(|mail| mail.id == id).cloned()
    }
    pub fn next_mail_id(&self) -> u64 {
        lock(&self.mails).front().map_or(1, |mail| mail.id + 1)
    }
    pub fn clear_mails(&self) {
        lock(&self.mails).clear();
        self.changed.notify_one();
    }

    pub fn webhook_url(&self) -> Option<String> {
        lock(&self.webhook_url).clone()
    }
    pub fn set_webhook_url(&self, url: Option<String>) {
        *lock(&self.webhook_url) = url;
    }
    /// Fettle's clock in development, beside its webhook door.
    pub fn clock_url(&self) -> Option<String> {
        let mut url = reqwest::Url::parse(&self.webhook_url()?).ok()?;
        url.set_path("/dev/clock");
        Some(url.into())
    }

    /// Seconds since 1970, moved along with Fettle's clock.
    pub fn now_s(&self) -> i64 {
        self.now_ms() / 1000
    }
    #[expect(clippy::disallowed_methods, reason = "the one place of this program that reads the system clock")]
    pub fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        since.as_millis() as i64 + self.shift_ms.load(Ordering::Relaxed)
    }
    pub fn shift_ms(&self) -> i64 {
        self.shift_ms.load(Ordering::Relaxed)
    }
    /// For tests that move the clock of the house themselves.
    pub fn set_shift_ms(&self, shift: i64) {
        self.shift_ms.store(shift, Ordering::Relaxed);
        self.changed.notify_one();
    }
    /// Takes over the shift of Fettle's clock, where it has one to show, so that signatures are of the right time.
    pub async fn follow_clock(&self) {
        let Some(url) = self.clock_url() else { return };
        let Ok(response) = self.http.get(url).send().await else { return };
        if let Ok(clock) = response.json::<Value>().await
            && let Some(shift) = clock["shift_ms"].as_i64()
        {
            self.set_shift_ms(shift);
        }
    }

    pub fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
    }
    pub fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    /// Writes the state file beside itself and renames it, so that a crash leaves the old one.
    pub fn save(&self) -> anyhow::Result<()> {
        let Some(path) = &self.state else { return Ok(()) };
        let json = {
            let book = lock(&self.book);
            let mails = lock(&self.mails);
            serde_json::to_vec(&serde_json::json!({ "book": &*book, "mails": &*mails, "shift_ms": self.shift_ms() }))?
        };
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, json)?;
        std::fs::rename(fresh, path)?;
        Ok(())
    }
}
