//! Carries the gateway's messages to the house's door, in order or as letters of every kind, and remembers what was brought.

use super::letters::{Kind, Letter, Message, disorder, shuffle};
use super::order::Order;
use super::stories::want;
use crate::house::{Answer, Gateway, House, answer_of};
use crate::progress::Progress;
use crate::report::{Report, Times};
use anyhow::Result;
use futures::StreamExt;
use rand::Rng;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Stories whose letters are brought beside each other.
const AT_ONCE: usize = 32;
/// Mostly a story's letters come one after the other; in one of so many stories some come in the same moment.
const CROWDED: u32 = 4;
const TOGETHER: usize = 3;
/// Figures beside those of each kind of letter.
pub const DOUBLED: &str = "doubled";
pub const LATE: &str = "late";

pub struct Post {
    house: House,
    gateway: Gateway,
    clock: Clock,
    /// Names of the gateway's messages that were fetched to be brought.
    pub seen: BTreeSet<String>,
    /// How many altered ones were brought.
    pub altered: usize,
    pub times: Times,
    late: Vec<Letter>,
    /// By payment.
    heard: BTreeMap<String, Order>,
}

/// A letter that was brought.
struct Brought {
    letter: Letter,
    answer: Answer,
    /// At the first try.
    sent: Instant,
    /// When the last try was answered.
    answered: Instant,
}

impl Post {
    pub async fn open(house: House, gateway: Gateway, db: &PgPool) -> Result<Self> {
        Ok(Self {
            house,
            gateway,
            clock: Clock::read(db).await?,
            seen: BTreeSet::new(),
            altered: 0,
            times: Times::default(),
            late: Vec::new(),
            heard: BTreeMap::new(),
        })
    }

    /// The gateway's messages that nobody has brought yet, in the order in which things happened.
    pub async fn fresh(&mut self) -> Result<Vec<Message>> {
        let mut news = Vec::new();
        for event in self.gateway.events().await? {
            let place = self.seen.len();
            if event["id"].as_str().is_some_and(|id| self.seen.insert(id.to_owned())) {
                news.push(Message { place, event });
            }
        }
        Ok(news)
    }

    /// How many messages of this kind nobody has brought yet.
    pub async fn count_fresh(&self, kind: &str) -> Result<usize> {
        let events = self.gateway.events().await?;
        let is_fresh = |event: &&Value| event["type"] == kind && event["id"].as_str().is_some_and(|id| !self.seen.contains(id));
        Ok(events.iter().filter(is_fresh).count())
    }

    /// Once, one after the other.
    pub async fn bring_honest(&self, messages: &[&Message]) -> Result<()> {
        for message in messages {
            want(self.bring(&Letter::honest(message)).await, 200, "an honest message")?;
        }
        Ok(())
    }

    /// Whatever is new, once and in order. False if nothing is.
    pub async fn bring_in_order(&mut self) -> Result<bool> {
        let news = self.fresh().await?;
        self.bring_honest(&news.iter().collect::<Vec<_>>()).await?;
        Ok(!news.is_empty())
    }

    /// Whatever is new, each story's in an order of its own, but for what comes late. False if nothing is.
    pub async fn bring_disturbed(&mut self, progress: &mut Progress, report: &mut Report) -> Result<bool> {
        let news = self.fresh().await?;
        let mut stories: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
        for message in &news {
            stories.entry(message.payment()).or_default().push(message);
        }
        let mut in_time = Vec::new();
        for story in stories.values() {
            let (late, others): (Vec<Letter>, Vec<Letter>) = disorder(story, &news).into_iter().partition(|letter| letter.is_late);
            self.late.extend(late);
            in_time.push(others);
        }
        self.deliver(in_time, progress, report).await;
        Ok(!news.is_empty())
    }

    /// What was held back, each story's in an order of its own again. False if nothing was.
    pub async fn bring_late(&mut self, progress: &mut Progress, report: &mut Report) -> bool {
        let mut stories: BTreeMap<String, Vec<Letter>> = BTreeMap::new();
        for letter in std::mem::take(&mut self.late) {
            stories.entry(letter.payment.clone()).or_default().push(letter);
        }
        let is_any = !stories.is_empty();
        self.deliver(stories.into_values().collect(), progress, report).await;
        is_any
    }

    /// Whether the house heard of something newer about this payment before it heard of something older.
    pub fn has_shuffled(&self, payment: &str) -> bool {
        self.heard.get(payment).is_some_and(Order::is_shuffled)
    }

    async fn deliver(&mut self, mut stories: Vec<Vec<Letter>>, progress: &mut Progress, report: &mut Report) {
        stories.iter_mut().for_each(|letters| shuffle(letters));
        let post = &*self;
        let all = futures::stream::iter(stories).map(|letters| post.bring_story(letters));
        let brought: Vec<Vec<Brought>> = all.buffer_unordered(AT_ONCE).collect().await;
        for one in brought.into_iter().flatten() {
            self.note(one, progress, report);
        }
    }

    fn note(&mut self, brought: Brought, progress: &mut Progress, report: &mut Report) {
        let Brought { letter, answer, sent, answered } = brought;
        let name = letter.kind.name();
        progress.count(name);
        if letter.is_double {
            progress.count(DOUBLED);
        }
        if letter.is_late {
            progress.count(LATE);
        }
        self.times.add(answer.took);
        self.altered += usize::from(matches!(letter.kind, Kind::Altered(_)));
        let wanted = if letter.kind == Kind::Forged { 400 } else { 200 };
        report.expect(answer.status == wanted, || format!("a message that is {name} was answered {} instead of {wanted}", answer.status));
        if letter.is_acted_on && answer.status == 200 {
            self.heard.entry(letter.payment).or_default().note(letter.place, sent, answered);
        }
    }

    /// As they were answered.
    async fn bring_story(&self, letters: Vec<Letter>) -> Vec<Brought> {
        let at_once = if rand::rng().random_ratio(1, CROWDED) { TOGETHER } else { 1 };
        let brought = futures::stream::iter(letters).map(|letter| async move {
            tokio::time::sleep(Duration::from_millis(letter.pause_ms)).await;
            let sent = Instant::now();
            let mut answer = self.bring(&letter).await;
            // as the gateway does with whatever was not taken
            for _ in 0..5 {
                if !answer.is_passing() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
                answer = self.bring(&letter).await;
            }
            Brought { letter, answer, sent, answered: Instant::now() }
        });
        brought.buffer_unordered(at_once).collect().await
    }

    async fn bring(&self, letter: &Letter) -> Answer {
        let address = format!("{}/api/v1/webhooks/stripe", self.house.base);
        let mut request = self.house.http.post(address).header("content-type", "application/json");
        if let Some(signature) = letter.signature(self.clock.now()) {
            request = request.header("stripe-signature", signature);
        }
        answer_of(request.body(letter.body.clone())).await
    }
}

/// Signatures are good for five minutes, so each letter is signed when it is sent.
struct Clock {
    /// Since 1970, when it was read.
    seconds: i64,
    read_at: Instant,
}

impl Clock {
    async fn read(db: &PgPool) -> Result<Self> {
        let seconds: i64 = sqlx::query_scalar("select extract(epoch from clock_timestamp())::bigint").fetch_one(db).await?;
        Ok(Self { seconds, read_at: Instant::now() })
    }

    fn now(&self) -> i64 {
        self.seconds + self.read_at.elapsed().as_secs() as i64
    }
}
