//! Who did what, when, to what, and why. Every state change made by a person leaves an entry.

use crate::ctx::{Actor, Ctx, Tx};
use crate::error::Result;
use crate::id::{AuditId, ProviderId};
use crate::time::Instant;
use uuid::Uuid;

/// What was done. `action` is `room.verb`, `subject_kind` a glossary word.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub action: &'a str,
    pub subject_kind: &'a str,
    pub subject_id: String,
    pub provider: Option<ProviderId>,
    pub reason: Option<String>,
    /// What changed; no secrets.
    pub data: serde_json::Value,
}

impl<'a> Entry<'a> {
    pub fn new(action: &'a str, subject_kind: &'a str, subject_id: impl ToString) -> Self {
        Self { action, subject_kind, subject_id: subject_id.to_string(), provider: None, reason: None, data: serde_json::json!({}) }
    }
    pub fn provider(mut self, id: ProviderId) -> Self {
        self.provider = Some(id);
        self
    }
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
    pub fn data(mut self, data: serde_json::Value) -> Self {
        self.data = data;
        self
    }
}

/// Writes the entry in the verb's own transaction.
pub async fn record(tx: &mut Tx, ctx: &Ctx, entry: Entry<'_>) -> Result<()> {
    let actor_kind = match &ctx.actor {
        Actor::Visitor { .. } => "visitor",
        Actor::Person(p) if p.scopes.is_some() => "token",
        Actor::Person(_) => "person",
        Actor::System(name) => name,
    };
    sqlx::query!(
        "insert into audit_entries
            (id, at, actor_id, actor_kind, action, subject_kind, subject_id, provider_id, reason, data, request_id, address)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        Uuid::from(ctx.new_id::<AuditId>()),
        ctx.now() as Instant,
        ctx.account_id().map(Uuid::from),
        actor_kind,
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.provider.map(Uuid::from),
        entry.reason,
        entry.data,
        ctx.request_id,
        ctx.address,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
