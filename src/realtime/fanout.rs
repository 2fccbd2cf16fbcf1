//! The bell between nodes: whoever commits rings it, and every relay looks at the spine. It carries no content, so a lost ring costs a moment, not an event.

use async_trait::async_trait;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const CHANNEL: &str = "fettle_committed";

#[async_trait]
pub trait Fanout: Send + Sync {
    /// Tells the other nodes that there is something new.
    async fn ring(&self) -> Result<(), String>;
    /// Wakes `bell` whenever another node rings; ends only with an error.
    async fn listen(&self, bell: &Notify) -> Result<(), String>;
}

/// By `NOTIFY`, outside of business transactions.
pub struct PgFanout {
    db: PgPool,
}

impl PgFanout {
    pub fn new(db: PgPool) -> Self {
        Self { db }
    }
}

#[async_trait]
impl Fanout for PgFanout {
    async fn ring(&self) -> Result<(), String> {
        sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(&self.db).await.map(|_| ()).map_err(|e| e.to_string())
    }
    async fn listen(&self, bell: &Notify) -> Result<(), String> {
        let mut listener = PgListener::connect_with(&self.db).await.map_err(|e| e.to_string())?;
        listener.listen(CHANNEL).await.map_err(|e| e.to_string())?;
        loop {
            listener.recv().await.map_err(|e| e.to_string())?;
            bell.notify_one();
        }
    }
}

/// By Redis' publish and subscribe.
pub struct RedisFanout {
    client: redis::Client,
    publisher: redis::aio::ConnectionManager,
}

impl RedisFanout {
    pub async fn connect(url: &str) -> Result<Self, redis::RedisError> {
        let client = redis::Client::open(url)?;
        let publisher = redis::aio::ConnectionManager::new(client.clone()).await?;
        Ok(Self { client, publisher })
    }
}

#[async_trait]
impl Fanout for RedisFanout {
    async fn ring(&self) -> Result<(), String> {
        let mut publisher = self.publisher.clone();
        redis::cmd("PUBLISH").arg(CHANNEL).arg("").query_async::<()>(&mut publisher).await.map_err(|e| e.to_string())
    }
    async fn listen(&self, bell: &Notify) -> Result<(), String> {
        use futures::StreamExt;
        let mut subscription = self.client.get_async_pubsub().await.map_err(|e| e.to_string())?;
        subscription.subscribe(CHANNEL).await.map_err(|e| e.to_string())?;
        let mut rings = subscription.on_message();
        while rings.next().await.is_some() {
            bell.notify_one();
        }
        Err("the connection to Redis ended".to_owned())
    }
}

/// Listens for good, coming back after every failure.
pub async fn keep_listening(fanout: Arc<dyn Fanout>, bell: Arc<Notify>) {
    loop {
        if let Err(error) = fanout.listen(&bell).await {
            tracing::warn!(error, "the bell between nodes is silent; polling meanwhile");
        }
        // What was rung while nobody listened is found by looking.
        bell.notify_one();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
