//! The bell between nodes: whoever commits rings it, and every other relay looks at the spine. It carries no content but who rings, so a lost ring costs
//! a moment, not an event.

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

/// Tells a node's own rings from those of others. By chance, since two of one name would never hear each other.
fn own_name() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// By `NOTIFY`, outside of business transactions.
pub struct PgFanout {
    db: PgPool,
    name: String,
}

impl PgFanout {
    pub fn new(db: PgPool) -> Self {
        Self { db, name: own_name() }
    }
}

#[async_trait]
impl Fanout for PgFanout {
    async fn ring(&self) -> Result<(), String> {
        // Nothing of it has to be on disk, and nobody waits for its commit.
        let ring = sqlx::query("select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)").bind(CHANNEL).bind(&self.name);
        ring.execute(&self.db).await.map(|_| ()).map_err(|e| e.to_string())
    }
    async fn listen(&self, bell: &Notify) -> Result<(), String> {
        let mut listener = PgListener::connect_with(&self.db).await.map_err(|e| e.to_string())?;
        listener.listen(CHANNEL).await.map_err(|e| e.to_string())?;
        loop {
            let ring = listener.recv().await.map_err(|e| e.to_string())?;
            // An older release rings without a name.
            if ring.payload() != self.name {
                bell.notify_one();
            }
        }
    }
}

/// By Redis' publish and subscribe.
pub struct RedisFanout {
    client: redis::Client,
    publisher: redis::aio::ConnectionManager,
    name: String,
}

impl RedisFanout {
    pub async fn connect(url: &str) -> Result<Self, redis::RedisError> {
        let client = redis::Client::open(url)?;
        let publisher = redis::aio::ConnectionManager::new(client.clone()).await?;
        Ok(Self { client, publisher, name: own_name() })
    }
}

#[async_trait]
impl Fanout for RedisFanout {
    async fn ring(&self) -> Result<(), String> {
        let mut publisher = self.publisher.clone();
        redis::cmd("PUBLISH").arg(CHANNEL).arg(&self.name).query_async::<()>(&mut publisher).await.map_err(|e| e.to_string())
    }
    async fn listen(&self, bell: &Notify) -> Result<(), String> {
        use futures::StreamExt;
        let mut subscription = self.client.get_async_pubsub().await.map_err(|e| e.to_string())?;
        subscription.subscribe(CHANNEL).await.map_err(|e| e.to_string())?;
        let mut rings = subscription.on_message();
        while let Some(ring) = rings.next().await {
            if ring.get_payload_bytes() != self.name.as_bytes() {
                bell.notify_one();
            }
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
