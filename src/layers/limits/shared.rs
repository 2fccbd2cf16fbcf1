//! Counters that all nodes share: one per key and minute.

use async_trait::async_trait;
use domain::time::Instant;
use sqlx::PgPool;
use std::collections::BTreeMap;
use tokio::sync::{mpsc, oneshot};

#[async_trait]
pub trait Shared: Send + Sync {
    /// Adds one to the key's count in the window that begins at `minute` (milliseconds) and gives the new count.
    async fn count(&self, key: &str, minute: i64) -> Result<u64, String>;
}

/// In an unlogged table: a crash forgets at most a minute. Those who come while a statement is under way are counted together by the next one.
pub struct PgShared(mpsc::UnboundedSender<One>);

struct One {
    key: String,
    minute: i64,
    answer: oneshot::Sender<Result<u64, String>>,
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
    let mut asked: BTreeMap<(String, i64), Vec<oneshot::Sender<Result<u64, String>>>> = BTreeMap::new();
    for one in together.drain(..) {
        asked.entry((one.key, one.minute)).or_default().push(one.answer);
    }
    let keys: Vec<&str> = asked.keys().map(|(key, _)| key.as_str()).collect();
    let minutes: Vec<Instant> = asked.keys().map(|(_, minute)| Instant::from_millis(*minute)).collect();
    let counts: Vec<i32> = asked.values().map(|answers| answers.len() as i32).collect();
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
    let counted = match counted {
        Ok(rows) => rows,
        Err(error) => {
            let error = error.to_string();
            asked.into_values().flatten().for_each(|answer| drop(answer.send(Err(error.clone()))));
            return;
        }
    };
    for (key, minute, last) in counted {
        let answers = asked.remove(&(key, minute.millis())).unwrap_or_default();
        let first = i64::from(last) - answers.len() as i64 + 1;
        for (count, answer) in (first..).zip(answers) {
            // whoever asked may have gone
            let _ = answer.send(Ok(count.max(0) as u64));
        }
    }
}

#[async_trait]
impl Shared for PgShared {
    async fn count(&self, key: &str, minute: i64) -> Result<u64, String> {
        let (answer, counted) = oneshot::channel();
        let gone = "the counter has ended";
        self.0.send(One { key: key.to_owned(), minute, answer }).map_err(|_| gone.to_owned())?;
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
    async fn count(&self, key: &str, minute: i64) -> Result<u64, String> {
        let mut connection = self.0.clone();
        let key = format!("fettle:limit:{key}:{minute}");
        let (count,): (u64,) = redis::pipe()
            .atomic()
            .cmd("INCR")
            .arg(&key)
            .cmd("EXPIRE")
            .arg(&key)
            .arg(120)
            .ignore()
            .query_async(&mut connection)
            .await
            .map_err(|e| e.to_string())?;
        Ok(count)
    }
}
