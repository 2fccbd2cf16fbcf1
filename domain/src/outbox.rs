//! Writing to and reading from the event spine.
//!
//! Ids and transaction ids are handed out before commit, so neither is commit order. A reader
//! therefore only sees rows whose transaction is below its snapshot's xmin: everything below that
//! has ended, and nothing can appear there later.

use crate::ctx::{Ctx, Tx};
use crate::error::Result;
use crate::event::{Cursor, Event, EventKind, NewEvent};
use crate::id::{AccountId, BookingId, ProviderId};
use crate::time::Instant;
use sqlx::PgExecutor;
use uuid::Uuid;

/// Appends a fact in the verb's own transaction.
pub async fn record(tx: &mut Tx, ctx: &Ctx, event: NewEvent) -> Result<()> {
    sqlx::query!(
        "insert into events (at, kind, booking_id, provider_id, account_id, actor_id, data)
         values ($1, $2, $3, $4, $5, $6, $7)",
        ctx.now() as Instant,
        event.kind.as_str(),
        event.booking.map(Uuid::from),
        event.provider.map(Uuid::from),
        event.account.map(Uuid::from),
        ctx.account_id().map(Uuid::from),
        event.data,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The cursor of this snapshot: every event before it is in what the same snapshot shows, every later one is not or may be applied again without harm.
/// Read it in the same statement or repeatable-read transaction as the data it goes with.
pub async fn cursor(db: impl PgExecutor<'_>) -> Result<Cursor> {
    let row =
        sqlx::query!(r#"select s.epoch, pg_snapshot_xmin(pg_current_snapshot())::text as "xmin!" from spine s"#).fetch_one(db).await?;
    Ok(Cursor { epoch: row.epoch, xid: row.xmin.parse().unwrap_or(0), id: 0 })
}

struct Row {
    epoch: i32,
    xid: String,
    id: i64,
    at: Instant,
    kind: String,
    booking: Option<BookingId>,
    provider: Option<ProviderId>,
    account: Option<AccountId>,
    actor: Option<AccountId>,
    data: serde_json::Value,
}

impl Row {
    /// None for kinds of a newer release, which pass by during an upgrade.
    fn event(self) -> Option<Event> {
        Some(Event {
            cursor: Cursor { epoch: self.epoch, xid: self.xid.parse().ok()?, id: self.id },
            at: self.at,
            kind: EventKind::parse(&self.kind)?,
            booking: self.booking,
            provider: self.provider,
            account: self.account,
            actor: self.actor,
            data: self.data,
        })
    }
}

/// Up to `limit` events after the cursor, in cursor order. Empty when there is nothing that may be read yet.
pub async fn list_after(db: impl PgExecutor<'_>, after: Cursor, limit: i64) -> Result<Vec<Event>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select
            s.epoch,
            e.xid::text as "xid!",
            e.id,
            e.at as "at: Instant",
            e.kind,
            e.booking_id as "booking: BookingId",
            e.provider_id as "provider: ProviderId",
            e.account_id as "account: AccountId",
            e.actor_id as "actor: AccountId",
            e.data
         from spine s
         join events e on (e.xid, e.id) > ($1::text::xid8, $2)
         -- rows of transactions that may still be running elsewhere are held back
         where e.xid < pg_snapshot_xmin(pg_current_snapshot())
         order by e.xid, e.id
         limit $3"#,
        after.xid.to_string(),
        after.id,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter_map(Row::event).collect())
}

/// True while a committed event is held back, because an older transaction is still running somewhere.
pub async fn is_any_held_back(db: impl PgExecutor<'_>) -> Result<bool> {
    let row = sqlx::query!(r#"select exists (select from events where xid >= pg_snapshot_xmin(pg_current_snapshot())) as "is_any!""#)
        .fetch_one(db)
        .await?;
    Ok(row.is_any)
}

/// Whose events a subscriber missed; exactly one is set, or none for everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct About {
    pub booking: Option<BookingId>,
    pub provider: Option<ProviderId>,
    pub account: Option<AccountId>,
}

/// As [`list_after`], for one booking, provider or account.
pub async fn list_after_about(db: impl PgExecutor<'_>, after: Cursor, about: About, limit: i64) -> Result<Vec<Event>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select
            s.epoch,
            e.xid::text as "xid!",
            e.id,
            e.at as "at: Instant",
            e.kind,
            e.booking_id as "booking: BookingId",
            e.provider_id as "provider: ProviderId",
            e.account_id as "account: AccountId",
            e.actor_id as "actor: AccountId",
            e.data
         from spine s
         join events e on (e.xid, e.id) > ($1::text::xid8, $2)
         where e.xid < pg_snapshot_xmin(pg_current_snapshot())
           and ($3::uuid is null or e.booking_id = $3)
           and ($4::uuid is null or e.provider_id = $4)
           and ($5::uuid is null or e.account_id = $5)
         order by e.xid, e.id
         limit $6"#,
        after.xid.to_string(),
        after.id,
        about.booking as Option<BookingId>,
        about.provider as Option<ProviderId>,
        about.account as Option<AccountId>,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter_map(Row::event).collect())
}

/// The event with this id, once it may be read.
pub async fn find(db: impl PgExecutor<'_>, id: i64) -> Result<Option<Event>> {
    let row = sqlx::query_as!(
        Row,
        r#"select
            s.epoch,
            e.xid::text as "xid!",
            e.id,
            e.at as "at: Instant",
            e.kind,
            e.booking_id as "booking: BookingId",
            e.provider_id as "provider: ProviderId",
            e.account_id as "account: AccountId",
            e.actor_id as "actor: AccountId",
            e.data
         from events e, spine s
         where e.id = $1"#,
        id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(Row::event))
}
