//! Time, chance, mail and other people's calendars, under the test's control.

use crate::ctx::{Chance, Clock};
use crate::notify::port::{MailFailure, MailTransport, OutgoingMail};
use crate::scheduling::port::{CalendarSource, FetchFailure, Fetched};
use crate::time::Instant;
use async_trait::async_trait;
use rand::{RngCore, SeedableRng};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Stands still until it is set.
pub struct MovableClock(AtomicI64);

impl MovableClock {
    pub fn at(now: Instant) -> Self {
        Self(AtomicI64::new(now.millis()))
    }
    pub fn set(&self, now: Instant) {
        self.0.store(now.millis(), Ordering::SeqCst);
    }
}
impl Clock for MovableClock {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The same bytes in the same order for the same seed.
pub struct SeededChance(Mutex<rand_chacha::ChaCha8Rng>);

impl SeededChance {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(rand_chacha::ChaCha8Rng::seed_from_u64(seed)))
    }
}
impl Chance for SeededChance {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

/// Keeps every mail instead of sending it; can be told to fail.
#[derive(Default)]
pub struct Mailbox {
    kept: Mutex<Vec<OutgoingMail>>,
    is_down: AtomicBool,
}

impl Mailbox {
    pub fn all(&self) -> Vec<OutgoingMail> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// Mails to this address, oldest first.
    pub fn to(&self, address: &str) -> Vec<OutgoingMail> {
        self.all().into_iter().filter(|mail| mail.to.eq_ignore_ascii_case(address)).collect()
    }
    /// While it is down, every hand-over fails and is worth another try.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}
#[async_trait]
impl MailTransport for Mailbox {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailFailure> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(MailFailure::Unavailable("the mailbox is down".to_owned()));
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
        Ok(())
    }
}

/// Calendars by their address; an unknown one does not answer.
#[derive(Default)]
pub struct FakeCalendars(Mutex<HashMap<String, String>>);

impl FakeCalendars {
    pub fn put(&self, url: &str, body: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(url.to_owned(), body.to_owned());
    }
}
#[async_trait]
impl CalendarSource for FakeCalendars {
    async fn fetch(&self, url: &str, etag: Option<&str>) -> Result<Fetched, FetchFailure> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned();
        let body = found.ok_or_else(|| FetchFailure::Unavailable(format!("nothing at {url}")))?;
        // The body's length stands in for an entity tag.
        let tag = format!("\"{}\"", body.len());
        if etag == Some(tag.as_str()) {
            return Ok(Fetched::Unchanged);
        }
        Ok(Fetched::Calendar { body, etag: Some(tag) })
    }
}
