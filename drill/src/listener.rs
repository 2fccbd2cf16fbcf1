//! Someone with a page open: a snapshot, then every event applied to it, across lines that are cut at random. In the end what they
//! see must be what a fresh page shows.

use crate::house::{Answer, House};
use crate::socket::{Closed, Socket};
use crate::town::Town;
use anyhow::{Context, Result, bail, ensure};
use rand::Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use uuid::Uuid;

/// A line that is not open after this is none.
const OPENING: Duration = Duration::from_secs(20);
/// After so long without a line one gives up, and after so long in a world that has stopped and is still not quiet.
const PATIENCE: Duration = Duration::from_secs(60);

/// Since when nothing changes any more.
pub type Stopped = watch::Receiver<Option<Instant>>;

/// How lines are cut, and when one believes that nothing more will come.
#[derive(Clone, Copy)]
pub struct Habits {
    /// No line lives longer, in milliseconds; each is cut before by chance.
    pub longest_ms: u64,
    /// Nothing for so long after the world has stopped: everything has arrived.
    pub quiet: Duration,
}

/// What is looked at.
#[derive(Clone)]
pub enum Subject {
    /// Free times of a provider whose starts do not overlap.
    Free { town: Arc<Town>, from: String, to: String },
    /// Bookings and where they stand: one's own, or those of the provider whom one works for.
    Bookings { token: String, of: Option<Uuid> },
}

/// Starts or bookings, and whether they are free or how they stand.
pub type View = BTreeMap<String, String>;

#[derive(Default, Clone, Copy)]
pub struct Luck {
    /// Lines on which one listened, until they were cut here or broke.
    pub cuts: u64,
    /// Lines that the server closed, saying that it goes.
    pub told: u64,
    /// Lines that ended before one listened.
    pub early: u64,
    /// Lines that could not be opened.
    pub unopened: u64,
    pub events: u64,
    /// Of them, those missed while there was no line.
    pub missed: u64,
    pub reloads: u64,
}

impl std::ops::AddAssign for Luck {
    fn add_assign(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.told += other.told;
        self.early += other.early;
        self.unopened += other.unopened;
        self.events += other.events;
        self.missed += other.missed;
        self.reloads += other.reloads;
    }
}

pub struct Listener {
    pub subject: Subject,
    /// What the page shows.
    pub view: View,
    /// What it showed at first.
    pub first: Option<View>,
    pub luck: Luck,
    house: House,
    address: SocketAddr,
    habits: Habits,
    cursor: Option<String>,
    /// When one began to listen on this line, or heard an event since; None before.
    heard_at: Option<Instant>,
    /// Counted up once one listens for the first time.
    listening: Option<Arc<AtomicUsize>>,
}

impl Listener {
    pub fn new(subject: Subject, house: House, address: SocketAddr, habits: Habits, listening: Arc<AtomicUsize>) -> Self {
        let (view, luck) = (View::new(), Luck::default());
        Self { subject, view, first: None, luck, house, address, habits, cursor: None, heard_at: None, listening: Some(listening) }
    }

    fn topic(&self) -> String {
        match &self.subject {
            Subject::Free { town, .. } => format!("availability:{}", town.provider),
            Subject::Bookings { of: Some(provider), .. } => format!("provider:{provider}"),
            Subject::Bookings { of: None, .. } => "me".to_owned(),
        }
    }
    fn token(&self) -> Option<String> {
        match &self.subject {
            Subject::Free { .. } => None,
            Subject::Bookings { token, .. } => Some(token.clone()),
        }
    }

    /// What a fresh page shows, and the cursor to go on from where the answer carries one.
    pub async fn fetch(&self) -> Result<(View, Option<String>)> {
        match &self.subject {
            Subject::Free { town, from, to } => {
                let path = format!("/api/v1/providers/{}/availability?service_id={}&from={from}&to={to}", town.provider, town.service);
                let answer = self.ask(&path).await?;
                let days = answer.body["days"].as_array().context("no days")?;
                let slots = days.iter().flat_map(|day| day["slots"].as_array().into_iter().flatten());
                let view = slots.map(|slot| (slot["starts_at"].as_str().unwrap_or_default().to_owned(), "free".to_owned())).collect();
                Ok((view, answer.body["cursor"].as_str().map(str::to_owned)))
            }
            Subject::Bookings { of, .. } => Ok((self.fetch_bookings(*of).await?, None)),
        }
    }

    /// Page after page.
    async fn fetch_bookings(&self, of: Option<Uuid>) -> Result<View> {
        let text = |item: &Value, member: &str| item[member].as_str().unwrap_or_default().to_owned();
        let side = of.map_or_else(String::new, |provider| format!("&as=provider&provider={provider}"));
        let first = format!("/api/v1/bookings?limit=100{side}");
        let (mut view, mut path) = (View::new(), first.clone());
        loop {
            let answer = self.ask(&path).await?;
            let items = answer.body["items"].as_array().context("no items")?;
            view.extend(items.iter().map(|item| (text(item, "id"), text(item, "status"))));
            match answer.body["next_cursor"].as_str() {
                Some(cursor) => path = format!("{first}&cursor={cursor}"),
                None => return Ok(view),
            }
        }
    }

    /// Lines may break; any other answer than the one wanted is a fault.
    async fn ask(&self, path: &str) -> Result<Answer> {
        let (token, began) = (self.token(), Instant::now());
        loop {
            let answer = self.house.get(path, token.as_deref()).await;
            match answer.status {
                200 => return Ok(answer),
                0 if began.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(200)).await,
                status => bail!("{path} is answered {status}"),
            }
        }
    }

    /// Listens, is cut off and comes back, until the world has stopped and nothing more arrives.
    pub async fn listen(mut self, stopped: Stopped) -> Result<Self> {
        let token = self.token();
        let mut had_line_at = Instant::now();
        loop {
            match tokio::time::timeout(OPENING, Socket::open(self.address, token.as_deref())).await {
                Ok(Ok(mut socket)) => {
                    if self.attend(&mut socket, &stopped).await? {
                        return Ok(self);
                    }
                    had_line_at = Instant::now();
                    match self.heard_at {
                        Some(_) => self.luck.cuts += 1,
                        None => self.luck.early += 1,
                    }
                }
                _ => {
                    self.luck.unopened += 1;
                    ensure!(had_line_at.elapsed() < PATIENCE, "no line could be opened for {} s", PATIENCE.as_secs());
                }
            }
            let is_late = since(&stopped).is_some_and(|since| since > PATIENCE);
            ensure!(!is_late, "{} s after the world stopped there is no quiet line", PATIENCE.as_secs());
            let pause = rand::rng().random_range(0..300);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// True when all is said; false when the line is gone, or is cut here.
    async fn attend(&mut self, socket: &mut Socket, stopped: &Stopped) -> Result<bool> {
        self.heard_at = None;
        if self.cursor.is_none() && matches!(self.subject, Subject::Free { .. }) {
            let (view, cursor) = self.fetch().await?;
            self.show(view);
            self.cursor = cursor;
        }
        let ask = json!({ "op": "subscribe", "topic": self.topic(), "after": self.cursor });
        if socket.say(&ask).await.is_err() {
            return Ok(false);
        }
        let cut_at = Instant::now() + Duration::from_millis(rand::rng().random_range(200..self.habits.longest_ms));
        loop {
            match since(stopped) {
                Some(since) if since > self.habits.quiet && self.heard_at.is_some_and(|at| at.elapsed() > self.habits.quiet) => {
                    return Ok(true);
                }
                Some(since) => {
                    ensure!(since < PATIENCE, "{} s after the world stopped something still arrives", PATIENCE.as_secs());
                }
                None if Instant::now() > cut_at => return Ok(false),
                None => {}
            }
            let Ok(heard) = tokio::time::timeout(Duration::from_millis(200), socket.hear()).await else { continue };
            match heard {
                Ok(frame) => self.apply(&frame).await?,
                Err(cause) => {
                    if let Some(Closed(code)) = cause.downcast_ref::<Closed>() {
                        ensure!(*code == Closed::AWAY, "{cause}");
                        self.luck.told += 1;
                    }
                    return Ok(false);
                }
            }
        }
    }

    fn show(&mut self, view: View) {
        if self.first.is_none() {
            self.first = Some(view.clone());
        }
        self.view = view;
    }

    async fn apply(&mut self, frame: &Value) -> Result<()> {
        match frame["op"].as_str().unwrap_or_default() {
            "subscribed" => {
                let is_first = self.cursor.is_none();
                if let Some(cursor) = frame["cursor"].as_str() {
                    self.cursor = Some(cursor.to_owned());
                }
                // what the snapshot already holds of the events that follow is applied again without harm
                if is_first && matches!(self.subject, Subject::Bookings { .. }) {
                    let (view, _) = self.fetch().await?;
                    self.show(view);
                }
                self.heard_at = Some(Instant::now());
                if let Some(listening) = self.listening.take() {
                    listening.fetch_add(1, Ordering::Relaxed);
                }
            }
            "reload" => self.reload().await?,
            "event" => {
                self.luck.events += 1;
                match &mut self.heard_at {
                    Some(heard_at) => *heard_at = Instant::now(),
                    None => self.luck.missed += 1,
                }
                self.cursor = frame["cursor"].as_str().map(str::to_owned);
                let data = &frame["data"];
                match (&self.subject, data["is_free"].as_bool(), data["starts_at"].as_str()) {
                    (Subject::Free { from, to, .. }, Some(is_free), Some(start)) => {
                        // dates compare as text
                        if (from.as_str()..=to.as_str()).contains(&&start[..10]) {
                            if is_free {
                                self.view.insert(start.to_owned(), "free".to_owned())
                            } else {
                                self.view.remove(start)
                            };
                        }
                    }
                    (Subject::Free { .. }, ..) => self.reload().await?,
                    (Subject::Bookings { .. }, ..) => {
                        if let (Some(booking), Some(status)) = (data["booking_id"].as_str(), data["status"].as_str()) {
                            self.view.insert(booking.to_owned(), status.to_owned());
                        }
                    }
                }
            }
            "error" => bail!("the socket says {frame}"),
            _ => {}
        }
        Ok(())
    }

    async fn reload(&mut self) -> Result<()> {
        self.luck.reloads += 1;
        let (view, cursor) = self.fetch().await?;
        self.show(view);
        if cursor.is_some() {
            self.cursor = cursor;
        }
        Ok(())
    }
}

fn since(stopped: &Stopped) -> Option<Duration> {
    stopped.borrow().map(|at| at.elapsed())
}

/// What one sees and the other does not, in words.
pub fn difference(seen: &View, fresh: &View) -> Option<String> {
    let mut differs: Vec<String> = Vec::new();
    for key in seen.keys().chain(fresh.keys()) {
        if seen.get(key) != fresh.get(key) {
            let show = |view: &View| view.get(key).cloned().unwrap_or_else(|| "nothing".to_owned());
            differs.push(format!("{key} is {} and shown as {}", show(fresh), show(seen)));
        }
    }
    differs.sort();
    differs.dedup();
    (!differs.is_empty()).then(|| format!("{} of {}: {}", differs.len(), fresh.len(), differs[..differs.len().min(3)].join("; ")))
}
