//! People who hold, pay, cancel and ask for hours, and who try again when the house is gone for a moment. What they were told is remembered.

use crate::house::{Answer, Gateway, House};
use crate::report::Report;
use crate::town::Town;
use rand::Rng;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A step is tried so long before its person gives up.
const PATIENCE: Duration = Duration::from_secs(45);
const PAUSE: Duration = Duration::from_millis(150);
/// Lines break when a server goes; by then everyone has noticed.
pub const NOTICED: Duration = Duration::from_secs(2);

/// What the house has promised about a booking, latest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    Held,
    Requested,
    Confirmed,
    Cancelled,
}

impl Promise {
    fn of(status: &str) -> Option<Self> {
        match status {
            "held" => Some(Self::Held),
            "requested" => Some(Self::Requested),
            "confirmed" => Some(Self::Confirmed),
            "cancelled" => Some(Self::Cancelled),
            _ => None,
        }
    }
}

/// What somebody wants to become of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Release,
    Cancel,
    Approve,
    Decline,
}

#[derive(Default)]
pub struct Memory {
    pub promises: BTreeMap<String, Promise>,
    /// Noted before they are said: the answer may be lost.
    pub wishes: BTreeMap<String, Wish>,
    /// Answers that no well house gives, each with how often.
    pub odd: BTreeMap<String, u64>,
    /// 5xx, and broken lines as status 0: when and which.
    pub failures: Vec<(Instant, u16, bool)>,
    pub steps: u64,
    /// People whose patience ended before there was an answer.
    pub gave_up: u64,
}

/// A time within which lines may break.
pub type Excuse = (Instant, Instant);

/// For what happens now to a server.
pub fn excuse_from_now() -> Excuse {
    let now = Instant::now();
    excuse_between(now, now)
}

/// For what began and ended then.
pub fn excuse_between(began: Instant, ended: Instant) -> Excuse {
    (began, ended + NOTICED)
}

/// Whether a line may break then.
pub fn is_excused(at: Instant, excuses: &[Excuse]) -> bool {
    excuses.iter().any(|(from, to)| (*from..=*to).contains(&at))
}

/// A line that broke at any other time is a fault.
pub fn judge_broken_lines(what: &str, at: impl Iterator<Item = Instant>, excuses: &[Excuse], report: &mut Report) {
    let mut count = 0;
    for at in at {
        count += 1;
        report.expect(is_excused(at, excuses), || {
            let before = excuses.iter().filter(|(from, _)| *from <= at).map(|(from, _)| at.duration_since(*from)).min();
            match before {
                Some(before) => format!("{what}: a line broke {:.1} s after anything was done to a server", before.as_secs_f64()),
                None => format!("{what}: a line broke without a reason"),
            }
        });
    }
    report.figure(&format!("{what}: lines that broke"), count);
}

impl Memory {
    /// Of a house in which nothing but lines may break, and those within the excuses alone: no 5xx, nothing odd, everybody patient is served, and
    /// somebody gets what they want.
    pub fn judge(&self, excuses: &[Excuse], report: &mut Report) {
        report.figure("steps of people who pay", self.steps);
        let confirmed = self.promises.values().filter(|promise| **promise == Promise::Confirmed).count();
        report.figure("bookings promised", format!("{}, {confirmed} of them confirmed", self.promises.len()));
        report.expect(confirmed > 0, || "nobody was promised a confirmed booking".to_owned());
        for (_, status, _) in self.failures.iter().filter(|(_, status, _)| *status != 0) {
            report.broken(format!("a call was answered {status}"));
        }
        let broken = self.failures.iter().filter(|(_, status, _)| *status == 0).map(|(at, ..)| *at);
        judge_broken_lines("people who pay", broken, excuses, report);
        for (what, count) in &self.odd {
            report.broken(format!("{count} × {what}"));
        }
        report.expect(self.gave_up == 0, || format!("{} people were not served within {} s", self.gave_up, PATIENCE.as_secs()));
    }
}

pub struct Load {
    house: House,
    gateway: Gateway,
    town: Arc<Town>,
    memory: Mutex<Memory>,
    is_paused: AtomicBool,
    is_over: AtomicBool,
}

impl Load {
    pub fn new(house: House, gateway: Gateway, town: Arc<Town>) -> Arc<Self> {
        let (is_paused, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { house, gateway, town, memory: Mutex::default(), is_paused, is_over })
    }

    /// Starts `people` who go on until [`Load::end`].
    pub fn start(self: &Arc<Self>, people: usize) -> Vec<tokio::task::JoinHandle<()>> {
        (0..people)
            .map(|_| {
                let load = self.clone();
                tokio::spawn(async move {
                    while !load.is_over.load(Ordering::Relaxed) {
                        if load.is_paused.load(Ordering::Relaxed) {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        } else {
                            load.one_job().await;
                        }
                    }
                })
            })
            .collect()
    }

    /// Nobody begins anything new; who has begun goes on.
    pub fn pause(&self, is_paused: bool) {
        self.is_paused.store(is_paused, Ordering::Relaxed);
    }
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
    pub fn with_memory<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn one_job(&self) {
        let hour = self.town.next_hour();
        let token = self.town.next_customer();
        let kind = rand::rng().random_range(0..10);
        let service = if kind < 7 { self.town.service } else { self.town.by_request };
        let Some(held) = self.insist(|| self.house.hold(&token, service, &hour.starts_at, Some(hour.person))).await else { return };
        if held.status != 201 {
            return self.odd("holding", &held);
        }
        let booking = held.text("id").to_owned();
        self.promised(&booking, &held.body);
        let paid = match kind {
            // a program's card, charged in the same call
            0..=3 | 7..=8 => self.pay_at_once(&token, &booking).await,
            // the gateway's form in a page
            4 | 5 | 9 => self.pay_by_form(&token, &booking).await,
            // someone who only looks
            _ => {
                self.wish(&booking, Wish::Release);
                let _ = self.insist(|| self.house.release(&token, &booking)).await;
                return;
            }
        };
        if !paid {
            return;
        }
        match kind {
            0 | 4 => self.cancel(&token, &booking).await,
            7 => self.answer(&booking, Wish::Approve).await,
            8 => self.answer(&booking, Wish::Decline).await,
            _ => {}
        }
    }

    async fn pay_at_once(&self, token: &str, booking: &str) -> bool {
        let Some(paid) = self.insist(|| self.house.pay(token, booking, Some("pm_card_visa"))).await else { return false };
        if paid.status != 200 {
            self.odd("paying", &paid);
            return false;
        }
        self.promised(booking, &paid.body["booking"]);
        matches!(paid.body["booking"]["status"].as_str(), Some("confirmed" | "requested"))
    }

    async fn pay_by_form(&self, token: &str, booking: &str) -> bool {
        let Some(begun) = self.insist(|| self.house.pay(token, booking, None)).await else { return false };
        let Some(secret) = begun.body["payment"]["next"]["client_secret"].as_str() else {
            self.odd("beginning to pay", &begun);
            return false;
        };
        self.gateway.confirm(secret, "4242424242424242").await;
        // the webhook or the page that asks, whichever is first
        let path = format!("/api/v1/bookings/{booking}/payment");
        let Some(state) = self.insist(|| self.house.get(&path, Some(token))).await else { return false };
        if state.status != 200 {
            self.odd("asking for the payment", &state);
            return false;
        }
        self.promised(booking, &state.body["booking"]);
        matches!(state.body["booking"]["status"].as_str(), Some("confirmed" | "requested"))
    }

    async fn cancel(&self, token: &str, booking: &str) {
        self.wish(booking, Wish::Cancel);
        let Some(answer) = self.insist(|| self.house.cancel(token, booking)).await else { return };
        match answer.status {
            200 => self.promised(booking, &answer.body),
            // done by the first try, whose answer was lost
            409 if standing(&answer) == "cancelled" => {}
            _ => self.odd("cancelling", &answer),
        }
    }

    async fn answer(&self, booking: &str, wish: Wish) {
        self.wish(booking, wish);
        let verb = if wish == Wish::Approve { "approval" } else { "decline" };
        let path = format!("/api/v1/bookings/{booking}/{verb}");
        let Some(answer) = self.insist(|| self.house.post(&path, &self.town.owner_token, serde_json::json!({}))).await else { return };
        match answer.status {
            200 => self.promised(booking, &answer.body),
            409 if matches!(standing(&answer), "confirmed" | "declined") => {}
            _ => self.odd(verb, &answer),
        }
    }

    fn wish(&self, booking: &str, wish: Wish) {
        self.with_memory(|memory| memory.wishes.insert(booking.to_owned(), wish));
    }

    /// Notes where a booking stands, as the house has told.
    pub fn promised(&self, booking: &str, body: &serde_json::Value) {
        if let Some(promise) = body["status"].as_str().and_then(Promise::of) {
            self.with_memory(|memory| {
                let known = memory.promises.entry(booking.to_owned()).or_insert(promise);
                *known = promise.max(*known);
            });
        }
    }

    fn odd(&self, what: &str, answer: &Answer) {
        let text = format!("{what}: {} {}", answer.status, answer.text("code"));
        self.with_memory(|memory| *memory.odd.entry(text).or_default() += 1);
    }

    /// Until there is an answer that is not about the weather; None when patience ends.
    async fn insist<F: Future<Output = Answer>>(&self, mut ask: impl FnMut() -> F) -> Option<Answer> {
        let began = Instant::now();
        loop {
            let answer = ask().await;
            self.with_memory(|memory| {
                memory.steps += 1;
                if answer.status == 0 || answer.status >= 500 {
                    memory.failures.push((Instant::now(), answer.status, answer.has_retry_after));
                }
            });
            // A gateway that our own death left without an answer: ask again, as the sentence says.
            let is_waiting = answer.is_passing() || matches!(answer.text("code"), "gateway_unavailable" | "payment_processing");
            if !is_waiting && answer.status < 500 {
                return Some(answer);
            }
            if self.is_over.load(Ordering::Relaxed) {
                return None;
            }
            if began.elapsed() > PATIENCE {
                self.with_memory(|memory| memory.gave_up += 1);
                return None;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Where a booking stands that does not take what was asked; an older release had another word for it.
fn standing(answer: &Answer) -> &str {
    match answer.text("present_status") {
        "" => answer.text("status"),
        status => status,
    }
}
