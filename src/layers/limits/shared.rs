//! Counters that all nodes share: one per key and minute.

use async_trait::async_trait;
use domain::time::Instant;
use sqlx::PgPool;

#[async_trait]
pub trait Shared: Send + Sync {
    /// Adds one to the key's count in the window that begins at `minute` (milliseconds) and gives the new count.
    async fn count(&self, key: &str, minute: i64) -> Result<u64, String>;
}

/// In an unlogged table: a crash forgets at most a minute.
pub struct PgShared(pub PgPool);

#[async_trait]
impl Shared for PgShared {
    async fn count(&self, key: &str, minute: i64) -> Result<u64, String> {
        let count: i32 = sqlx::query_scalar(
            "insert into rate_windows (key, window_start, count) values ($1, $2, 1)
             on conflict (key, window_start) do update set count = rate_windows.count + 1
             returning count",
        )
        .bind(key)
        .bind(Instant::from_millis(minute))
        .fetch_one(&self.0)
        .await
        .map_err(|e| e.to_string())?;
        Ok(u64::try_from(count).unwrap_or(0))
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
