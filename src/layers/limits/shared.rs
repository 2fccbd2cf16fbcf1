//! Counters that all nodes share: one per key and minute.

use async_trait::async_trait;
use domain::time::Instant;
use sqlx::PgPool;
use std::collections::BTreeMap;
use tokio::sync::{mpsc, oneshot};

#[async_trait]
pub trait Shared: Send + Sync {
    /// Adds one to each key's count in the window that begins at `minute` (milliseconds), all at once, and gives the new counts in the order of the keys.
    async fn count(&self, keys: &[String], minute: i64) -> Result<Vec<u64>, String>;
}

/// In an unlogged table: a crash forgets at most a minute. Those who come while a statement is under way are counted together by the next one.
pub struct PgShared(mpsc::UnboundedSender<One>);

struct One {
    keys: Vec<String>,
    minute: i64,
    answer: oneshot::Sender<Result<Vec<u64>, String>>,
}

/// Counted by one statement at most.
const MOST_AT_ONCE: usize = 256;

impl PgShared {
    /// Counts until it is dropped.
    pub fn new(db: PgPool) -> Self {
        let (sender, mut waiting) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut together = Vec::new();
            while waiting.recv_many(&mut together, MOST_AT_ONCE).await > 0 {
                count_together(&db, &mut together).await;
            }
        });
        Self(sender)
    }
}

async fn count_together(db: &PgPool, together: &mut Vec<One>) {
    // in order of their keys, so that two nodes never wait for each other's rows
    let mut asked: BTreeMap<(&str, i64), i32> = BTreeMap::new();
    for one in together.iter() {
        for key in &one.keys {
            *asked.entry((key.as_str(), one.minute)).or_default() += 1;
        }
    }
    let keys: Vec<&str> = asked.keys().map(|(key, _)| *key).collect();
    let minutes: Vec<Instant> = asked.keys().map(|(_, minute)| Instant::from_millis(*minute)).collect();
    let counts: Vec<i32> = asked.values().copied().collect();
    let counted: Result<Vec<(String, Instant, i32)>, sqlx::Error> = sqlx::query_as(
        "insert into rate_windows (key, window_start, count)
         select * from unnest($1::text[], $2::timestamptz[], $3::integer[])
         on conflict (key, window_start) do update set count = rate_windows.count + excluded.count
         returning key, window_start, count",
    )
    .bind(&keys)
    .bind(&minutes)
    .bind(&counts)
    .fetch_all(db)
    .await;
    let rows = match counted {
        Ok(rows) => rows,
        Err(error) => {
            let error = error.to_string();
            together.drain(..).for_each(|one| drop(one.answer.send(Err(error.clone()))));
            return;
        }
    };
    // what each had been counted to before these came
    let mut reached: BTreeMap<(String, i64), i32> = BTreeMap::new();
    for (key, at, last) in rows {
        let minute = at.millis();
        let before = last - asked.get(&(key.as_str(), minute)).copied().unwrap_or(0);
        reached.insert((key, minute), before);
    }
    for one in together.drain(..) {
        let counts = one.keys.into_iter().map(|key| next(&mut reached, key, one.minute)).collect();
        // whoever asked may have gone
        let _ = one.answer.send(Ok(counts));
    }
}

fn next(reached: &mut BTreeMap<(String, i64), i32>, key: String, minute: i64) -> u64 {
    let count = reached.entry((key, minute)).or_default();
    *count += 1;
    (*count).max(0) as u64
}

#[async_trait]
impl Shared for PgShared {
    async fn count(&self, keys: &[String], minute: i64) -> Result<Vec<u64>, String> {
        let (answer, counted) = oneshot::channel();
        let gone = "the counter has ended";
        self.0.send(One { keys: keys.to_vec(), minute, answer }).map_err(|_| gone.to_owned())?;
        counted.await.map_err(|_| gone.to_owned())?
    }
}

pub struct RedisShared(redis::aio::ConnectionManager);

impl RedisShared {
    pub async fn connect(url: &str) -> Result<Self, redis::RedisError> {
        Ok(Self(redis::aio::ConnectionManager::new(redis::Client::open(url)?).await?))
    }
}

#[async_trait]
impl Shared for RedisShared {
    async fn count(&self, keys: &[String], minute: i64) -> Result<Vec<u64>, String> {
        let mut connection = self.0.clone();
        let mut pipe = redis::pipe();
        pipe.atomic();
        for key in keys {
            let key = format!("fettle:limit:{key}:{minute}");
            pipe.cmd("INCR").arg(&key).cmd("EXPIRE").arg(&key).arg(120).ignore();
        }
        pipe.query_async(&mut connection).await.map_err(|e| e.to_string())
    }
}
