//! Sessions as rows. The cookie's id is hashed at rest; the columns beside `data` are kept in step, so that people can list and end their sessions.

use async_trait::async_trait;
use domain::ctx::House;
use domain::id::{AccountId, SessionId, VisitorId};
use domain::time::Instant;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::fmt;
use std::sync::Arc;
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

/// A session unused for so long is over.
pub const LIFETIME_DAYS: i64 = 30;

/// What the layers keep in the session's data; the store copies them to columns.
pub mod keys {
    pub const ACCOUNT: &str = "account";
    pub const VISITOR: &str = "visitor";
    pub const PUBLIC_ID: &str = "public_id";
    pub const USER_AGENT: &str = "user_agent";
    pub const ADDRESS: &str = "address";
    /// When it was last saved, to extend it once an hour.
    pub const SEEN_AT: &str = "seen_at";
    /// A sentence to show once.
    pub const NOTICE: &str = "notice";
}

#[derive(Clone)]
pub struct PgSessions {
    house: Arc<House>,
}

impl fmt::Debug for PgSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PgSessions")
    }
}

/// What stands in the table instead of the cookie's value.
pub fn hashed(id: &Id) -> String {
    hex::encode(Sha256::digest(id.to_string().as_bytes()))
}

impl PgSessions {
    pub fn new(house: Arc<House>) -> Self {
        Self { house }
    }

    /// Inserts unless the id is taken; true if it was free.
    async fn insert(&self, record: &Record) -> Result<bool> {
        let now = self.house.clock.now();
        let done = sqlx::query(
            "insert into sessions (id, account_id, public_id, visitor_id, data, user_agent, address, created_at, seen_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
             on conflict (id) do nothing",
        )
        .bind(hashed(&record.id))
        .bind(value::<AccountId>(record, keys::ACCOUNT))
        .bind(value::<SessionId>(record, keys::PUBLIC_ID))
        .bind(value::<VisitorId>(record, keys::VISITOR))
        .bind(data(record)?)
        .bind(value::<String>(record, keys::USER_AGENT))
        .bind(value::<String>(record, keys::ADDRESS))
        .bind(now)
        .bind(now.plus_days(LIFETIME_DAYS))
        .execute(&self.house.db)
        .await
        .map_err(backend)?;
        Ok(done.rows_affected() == 1)
    }
}

fn value<T: DeserializeOwned>(record: &Record, key: &str) -> Option<T> {
    record.data.get(key).and_then(|value| serde_json::from_value(value.clone()).ok())
}

fn data(record: &Record) -> Result<serde_json::Value> {
    serde_json::to_value(&record.data).map_err(|e| Error::Encode(e.to_string()))
}

fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for PgSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..3 {
            if self.insert(record).await? {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(Error::Backend("no free session id".to_owned()))
    }

    /// A session that was ended meanwhile stays ended: nothing is inserted here.
    async fn save(&self, record: &Record) -> Result<()> {
        let now = self.house.clock.now();
        sqlx::query(
            "update sessions
             set data = $2, account_id = $3, seen_at = $4, expires_at = $5, user_agent = $6, address = $7
             where id = $1",
        )
        .bind(hashed(&record.id))
        .bind(data(record)?)
        .bind(value::<AccountId>(record, keys::ACCOUNT))
        .bind(now)
        .bind(now.plus_days(LIFETIME_DAYS))
        .bind(value::<String>(record, keys::USER_AGENT))
        .bind(value::<String>(record, keys::ADDRESS))
        .execute(&self.house.db)
        .await
        .map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = sqlx::query("select data, expires_at from sessions where id = $1 and expires_at > $2")
            .bind(hashed(id))
            .bind(self.house.clock.now())
            .fetch_optional(&self.house.db)
            .await
            .map_err(backend)?;
        let Some(row) = row else {
            // One that was shown too late is over, whatever a clock says later.
            let over = sqlx::query("delete from sessions where id = $1 and expires_at <= $2").bind(hashed(id)).bind(self.house.clock.now());
            over.execute(&self.house.db).await.map_err(backend)?;
            return Ok(None);
        };
        let expires_at: Instant = row.get("expires_at");
        Ok(Some(Record {
            id: *id,
            data: serde_json::from_value(row.get("data")).map_err(|e| Error::Decode(e.to_string()))?,
            expiry_date: OffsetDateTime::from_unix_timestamp(expires_at.millis() / 1000).map_err(|e| Error::Decode(e.to_string()))?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sqlx::query("delete from sessions where id = $1").bind(hashed(id)).execute(&self.house.db).await.map_err(backend)?;
        Ok(())
    }
}
