//! Carries the gateway's messages to the house's door, in order or as letters of every kind, and remembers what was brought.

use super::letters::{Kind, Letter, Message, disorder, shuffle};
use super::stories::want;
use crate::house::{Answer, Gateway, House, answer_of};
use crate::progress::Progress;
use crate::report::{Report, Times};
use anyhow::Result;
use futures::StreamExt;
use rand::Rng;
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
    /// By payment intent: the places of its messages as they were taken at the door, each as often as it was.
    taken: BTreeMap<String, Vec<usize>>,
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
            taken: BTreeMap::new(),
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
            stories.entry(message.intent()).or_default().push(message);
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
            stories.entry(letter.intent.clone()).or_default().push(letter);
        }
        let is_any = !stories.is_empty();
        self.deliver(stories.into_values().collect(), progress, report).await;
        is_any
    }

    /// Whether a newer message of this payment intent was taken before an older one.
    pub fn has_shuffled(&self, intent: &str) -> bool {
        self.taken.get(intent).is_some_and(|places| !places.is_sorted())
    }

    async fn deliver(&mut self, mut stories: Vec<Vec<Letter>>, progress: &mut Progress, report: &mut Report) {
        stories.iter_mut().for_each(|letters| shuffle(letters));
        let post = &*self;
        let all = futures::stream::iter(stories).map(|letters| post.bring_story(letters));
        let brought: Vec<Vec<(Letter, Answer)>> = all.buffer_unordered(AT_ONCE).collect().await;
        for (letter, answer) in brought.into_iter().flatten() {
            let name = letter.kind.name();
            progress.count(name);
            if letter.is_double {
                progress.count(DOUBLED);
            }
            if letter.is_late {
                progress.count(LATE);
            }
            self.times.add(answer.took);
            let wanted = if letter.kind == Kind::Forged { 400 } else { 200 };
            report
                .expect(answer.status == wanted, || format!("a message that is {name} was answered {} instead of {wanted}", answer.status));
            match letter.kind {
                Kind::Honest => self.taken.entry(letter.intent).or_default().push(letter.place),
                Kind::Altered(_) => self.altered += 1,
                Kind::Forged => {}
            }
        }
    }

    /// As they were answered.
    async fn bring_story(&self, letters: Vec<Letter>) -> Vec<(Letter, Answer)> {
        let at_once = if rand::rng().random_ratio(1, CROWDED) { TOGETHER } else { 1 };
        let brought = futures::stream::iter(letters).map(|letter| async move {
            tokio::time::sleep(Duration::from_millis(letter.pause_ms)).await;
            let mut answer = self.bring(&letter).await;
            // as the gateway does with whatever was not taken
            for _ in 0..5 {
                if !answer.is_passing() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
                answer = self.bring(&letter).await;
            }
            (letter, answer)
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
