//! Someone with a page open: a snapshot, then every event applied to it, across lines that are cut at random. In the end what they
//! see must be what a fresh page shows.

use crate::house::House;
use crate::socket::Socket;
use crate::town::Town;
use anyhow::{Context, Result, bail};
use rand::Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Nothing for so long after the world has stopped: everything has arrived.
const QUIET: Duration = Duration::from_secs(3);

/// What is looked at.
#[derive(Clone)]
pub enum Subject {
    /// Free times of a provider whose starts do not overlap.
    Free { town: Arc<Town>, from: String, to: String },
    /// One's own bookings and where they stand.
    Mine { token: String },
}

/// Starts or bookings, and whether they are free or how they stand.
pub type View = BTreeMap<String, String>;

#[derive(Default, Clone, Copy)]
pub struct Luck {
    pub cuts: u64,
    pub events: u64,
    pub reloads: u64,
}

impl std::ops::AddAssign for Luck {
    fn add_assign(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.events += other.events;
        self.reloads += other.reloads;
    }
}

pub struct Listener {
    pub subject: Subject,
    house: House,
    address: SocketAddr,
    view: View,
    cursor: Option<String>,
    pub luck: Luck,
}

impl Listener {
    pub fn new(subject: Subject, house: House, address: SocketAddr) -> Self {
        Self { subject, house, address, view: View::new(), cursor: None, luck: Luck::default() }
    }

    fn topic(&self) -> String {
        match &self.subject {
            Subject::Free { town, .. } => format!("availability:{}", town.provider),
            Subject::Mine { .. } => "me".to_owned(),
        }
    }
    fn token(&self) -> Option<String> {
        match &self.subject {
            Subject::Free { .. } => None,
            Subject::Mine { token } => Some(token.clone()),
        }
    }

    /// What a fresh page shows, and the cursor to go on from where the answer carries one.
    pub async fn fetch(&self) -> Result<(View, Option<String>)> {
        let token = self.token();
        let path = match &self.subject {
            Subject::Free { town, from, to } => {
                format!("/api/v1/providers/{}/availability?service_id={}&from={from}&to={to}", town.provider, town.service)
            }
            Subject::Mine { .. } => "/api/v1/bookings?limit=100".to_owned(),
        };
        let began = Instant::now();
        let answer = loop {
            let answer = self.house.get(&path, token.as_deref()).await;
            if answer.status == 200 {
                break answer;
            }
            if began.elapsed() > Duration::from_secs(40) {
                bail!("{path} is answered {}", answer.status);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        Ok(match &self.subject {
            Subject::Free { .. } => {
                let days = answer.body["days"].as_array().context("no days")?;
                let slots = days.iter().flat_map(|day| day["slots"].as_array().into_iter().flatten());
                let view = slots.map(|slot| (slot["starts_at"].as_str().unwrap_or_default().to_owned(), "free".to_owned())).collect();
                (view, answer.body["cursor"].as_str().map(str::to_owned))
            }
            Subject::Mine { .. } => {
                let items = answer.body["items"].as_array().context("no items")?;
                let text = |item: &Value, member: &str| item[member].as_str().unwrap_or_default().to_owned();
                (items.iter().map(|item| (text(item, "id"), text(item, "status"))).collect(), None)
            }
        })
    }

    /// Listens, is cut off and comes back, until the world has `stopped` and nothing more arrives. Answers what is seen then.
    pub async fn listen(mut self, stopped: watch::Receiver<bool>) -> Result<(Self, View)> {
        loop {
            if let Ok(mut socket) = Socket::open(self.address, self.token().as_deref()).await
                && self.attend(&mut socket, &stopped).await?
            {
                let view = std::mem::take(&mut self.view);
                return Ok((self, view));
            }
            self.luck.cuts += 1;
            let pause = rand::rng().random_range(0..300);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// True when all is said; false when the line is gone, or is cut here.
    async fn attend(&mut self, socket: &mut Socket, stopped: &watch::Receiver<bool>) -> Result<bool> {
        if self.cursor.is_none() && matches!(self.subject, Subject::Free { .. }) {
            (self.view, self.cursor) = self.fetch().await?;
        }
        let ask = json!({ "op": "subscribe", "topic": self.topic(), "after": self.cursor });
        if socket.say(&ask).await.is_err() {
            return Ok(false);
        }
        let cut_at = Instant::now() + Duration::from_millis(rand::rng().random_range(200..4_000));
        let mut heard_at = Instant::now();
        loop {
            let is_stopped = *stopped.borrow();
            if is_stopped && heard_at.elapsed() > QUIET {
                return Ok(true);
            }
            if !is_stopped && Instant::now() > cut_at {
                return Ok(false);
            }
            let Ok(heard) = tokio::time::timeout(Duration::from_millis(100), socket.hear()).await else { continue };
            let Ok(frame) = heard else { return Ok(false) };
            heard_at = Instant::now();
            self.apply(&frame).await?;
        }
    }

    async fn apply(&mut self, frame: &Value) -> Result<()> {
        match frame["op"].as_str().unwrap_or_default() {
            "subscribed" => {
                let is_first = self.cursor.is_none();
                if let Some(cursor) = frame["cursor"].as_str() {
                    self.cursor = Some(cursor.to_owned());
                }
                // what the snapshot already holds of the events that follow is applied again without harm
                if is_first && matches!(self.subject, Subject::Mine { .. }) {
                    self.view = self.fetch().await?.0;
                }
            }
            "reload" => {
                self.luck.reloads += 1;
                self.reload().await?;
            }
            "event" => {
                self.luck.events += 1;
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
                    (Subject::Mine { .. }, ..) => {
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
        let (view, cursor) = self.fetch().await?;
        self.view = view;
        if cursor.is_some() {
            self.cursor = cursor;
        }
        Ok(())
    }
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
