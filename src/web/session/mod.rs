//! The session of a browser: nothing is stored until there is something to keep.

pub mod store;

use crate::state::AppState;
use crate::web::caller::PageError;
use axum::extract::FromRequestParts;
use domain::ctx::Ctx;
use domain::error::{Error, Result};
use domain::id::{AccountId, SessionId, VisitorId};
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
pub use store::PgSessions;
use store::keys;
use tower_sessions::Session;

/// What a handler may do with the browser's session. An extractor; also found in the request's extensions.
#[derive(Clone)]
pub struct Visit {
    session: Session,
    /// Set when the request came with a session that exists.
    is_known: bool,
    is_to_be_kept: Arc<AtomicBool>,
}

fn refused(error: tower_sessions::session::Error) -> Error {
    match error {
        tower_sessions::session::Error::Store(tower_sessions::session_store::Error::Backend(source)) => {
            tracing::warn!(%source, "sessions unavailable");
            Error::Unavailable { retry_after_s: 5 }
        }
        other => Error::internal(other),
    }
}

impl Visit {
    pub fn new(session: Session, is_known: bool) -> Self {
        Self { session, is_known, is_to_be_kept: Arc::new(AtomicBool::new(false)) }
    }
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// Signs in: the id is renewed, so that a planted one is worth nothing; the visitor stays, so that holds do. Whoever was signed in here is out, and what
    /// listens by their session hears of it.
    pub async fn sign_in(&self, ctx: &Ctx, account: AccountId) -> Result<()> {
        domain::account::sign_out(ctx).await?;
        if self.is_known {
            self.session.cycle_id().await.map_err(refused)?;
        }
        self.put(keys::PUBLIC_ID, ctx.new_id::<SessionId>()).await?;
        self.put(keys::ACCOUNT, account).await?;
        self.keep();
        Ok(())
    }
    /// Ends the session and forgets the visitor.
    pub async fn sign_out(&self) -> Result<()> {
        self.session.flush().await.map_err(refused)
    }
    /// Shown once, on the next page.
    pub async fn set_notice(&self, sentence: impl Into<String>) -> Result<()> {
        self.keep();
        self.put(keys::NOTICE, sentence.into()).await
    }
    pub async fn take_notice(&self) -> Result<Option<String>> {
        if !self.is_known || self.get::<String>(keys::NOTICE).await?.is_none() {
            return Ok(None);
        }
        self.session.remove(keys::NOTICE).await.map_err(refused)
    }
    /// Stores the session even if this visitor has none yet, so that what they hold stays theirs.
    pub fn keep(&self) {
        self.is_to_be_kept.store(true, Ordering::Relaxed);
    }
    pub fn is_to_be_kept(&self) -> bool {
        self.is_to_be_kept.load(Ordering::Relaxed)
    }
    pub async fn put(&self, key: &str, value: impl Serialize) -> Result<()> {
        self.session.insert(key, value).await.map_err(refused)
    }
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.session.get(key).await.map_err(refused)
    }
    pub async fn account(&self) -> Result<Option<AccountId>> {
        self.get(keys::ACCOUNT).await
    }
    pub async fn visitor(&self) -> Result<Option<VisitorId>> {
        self.get(keys::VISITOR).await
    }
    pub async fn public_id(&self) -> Result<Option<SessionId>> {
        self.get(keys::PUBLIC_ID).await
    }
    /// Writes what changed; the id of the stored session, or None if there is none to keep.
    pub async fn save(&self) -> Result<Option<tower_sessions::session::Id>> {
        self.session.save().await.map_err(refused)?;
        Ok(self.session.id())
    }
    pub fn is_modified(&self) -> bool {
        self.session.is_modified()
    }
    pub async fn is_empty(&self) -> bool {
        self.session.is_empty().await
    }
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = PageError;
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> std::result::Result<Self, PageError> {
        parts.extensions.get::<Visit>().cloned().ok_or(PageError(Error::Unauthenticated))
    }
}
