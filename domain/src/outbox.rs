//! Writing to and reading from the event spine.
//!
//! Ids and transaction ids are handed out before commit, so neither is commit order. Each event has a
//! place instead (the column `xid`, by `spine_place()`): its transaction's id or, if that is higher, the
//! highest id that had ended when it was recorded, so that what waited for another's commit stands behind
//! it. A reader only sees places below its snapshot's xmin: everything below that has ended, and nothing
//! can appear there later.

use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
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

/// Begins another epoch where Postgres goes on in another timeline than when somebody last looked: after a restore to a moment, or with a standby
/// that took over. What it lacks nobody can be told, so that every cursor handed out before asks for everything anew.
pub async fn recognise(db: impl PgExecutor<'_>) -> Result<()> {
    sqlx::query!(
        "update spine s set epoch = s.epoch + (s.timeline is not null)::int, timeline = present.timeline
         from (select left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline) present
         where s.timeline is distinct from present.timeline"
    )
    .execute(db)
    .await?;
    Ok(())
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

/// What a reader finds, all of one snapshot.
pub struct Reading {
    /// After the cursor, in cursor order, as far as they may be read yet.
    pub events: Vec<Event>,
    /// From where to go on. Not always the last event's, since kinds of a newer release are passed by.
    pub place: Cursor,
    /// There were as many as asked for, so there may be more.
    pub is_more: bool,
    /// A committed event waits, because an older transaction is still running somewhere.
    pub is_any_held_back: bool,
    /// As [`cursor`] would give it.
    pub now: Cursor,
}

/// Up to `limit` events after the cursor, of these kinds or of all.
pub async fn read_after(db: impl PgExecutor<'_>, after: Cursor, kinds: Option<&[EventKind]>, limit: i64) -> Result<Reading> {
    let kinds: Option<Vec<String>> = kinds.map(|kinds| kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
    let rows = sqlx::query!(
        r#"select
            s.epoch,
            pg_snapshot_xmin(pg_current_snapshot())::text as "xmin!",
            exists (select from events where xid >= pg_snapshot_xmin(pg_current_snapshot())) as "is_any_held_back!",
            e.xid::text as "xid?",
            e.id as "id?",
            e.at as "at?: Instant",
            e.kind as "kind?",
            e.booking_id as "booking?: BookingId",
            e.provider_id as "provider?: ProviderId",
            e.account_id as "account?: AccountId",
            e.actor_id as "actor?: AccountId",
            e.data as "data?"
         from spine s
         left join lateral (
            select *
            from events
            where (xid, id) > ($1::text::xid8, $2)
              -- rows of transactions that may still be running elsewhere are held back
              and xid < pg_snapshot_xmin(pg_current_snapshot())
              and ($4::text[] is null or kind = any($4))
            order by xid, id
            limit $3
         ) e on true
         order by e.xid, e.id"#,
        after.xid.to_string(),
        after.id,
        limit,
        kinds as Option<Vec<String>>,
    )
    .fetch_all(db)
    .await?;
    let first = rows.first().ok_or_else(|| Error::internal("the spine has no row"))?;
    let now = Cursor { epoch: first.epoch, xid: first.xmin.parse().unwrap_or(0), id: 0 };
    let mut reading = Reading { events: Vec::new(), place: after, is_more: false, is_any_held_back: first.is_any_held_back, now };
    let mut count = 0;
    for row in rows {
        // without any event there is one row, of the spine alone
        let (Some(xid), Some(id), Some(at), Some(kind), Some(data)) = (row.xid, row.id, row.at, row.kind, row.data) else { continue };
        count += 1;
        reading.place = Cursor { epoch: row.epoch, xid: xid.parse().unwrap_or(after.xid), id };
        let (booking, provider, account, actor) = (row.booking, row.provider, row.account, row.actor);
        reading.events.extend(Row { epoch: row.epoch, xid, id, at, kind, booking, provider, account, actor, data }.event());
    }
    reading.is_more = count >= limit;
    Ok(reading)
}

/// Whose events a subscriber missed; exactly one is set, or none for everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct About {
    pub booking: Option<BookingId>,
    pub provider: Option<ProviderId>,
    pub account: Option<AccountId>,
}

/// Up to `limit` events after the cursor for one booking, provider or account, in cursor order and as far as they may be read yet.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use sqlx::PgPool;

    async fn begin(world: &World) -> Tx {
        let mut tx = world.system().begin().await.expect("begins");
        // Its first write; what comes after it may wait for a lock.
        sqlx::query("select pg_current_xact_id()").execute(&mut *tx).await.expect("an id");
        tx
    }

    async fn tell(world: &World, tx: &mut Tx, kind: EventKind) {
        record(tx, &world.system(), NewEvent::new(kind)).await.expect("records");
    }

    /// What a reader gets from here on, as far as it may be read; the place moves on.
    async fn read(world: &World, place: &mut Cursor) -> Vec<EventKind> {
        let reading = read_after(&world.db, *place, None, 100).await.expect("reads");
        *place = reading.place;
        reading.events.into_iter().map(|event| event.kind).collect()
    }

    /// Reads until nothing is held back: the horizon is the cluster's, and other tests' transactions end soon.
    async fn read_all(world: &World, place: &mut Cursor) -> Vec<EventKind> {
        let mut found = read(world, place).await;
        for _ in 0..500 {
            if !read_after(&world.db, *place, None, 1).await.expect("looks").is_any_held_back {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            found.extend(read(world, place).await);
        }
        found.extend(read(world, place).await);
        found
    }

    const ORDER: [EventKind; 2] = [EventKind::BookingReleased, EventKind::BookingHeld];

    /// Someone wrote first, then waited until another had given the slot back, and took it.
    #[sqlx::test(migrations = "../migrations")]
    async fn what_waited_for_a_commit_stands_behind_it(db: PgPool) {
        let world = World::new(db);
        let mut place = cursor(&world.db).await.expect("a place");
        let mut waiting = begin(&world).await;
        let mut releasing = begin(&world).await;
        tell(&world, &mut releasing, ORDER[0]).await;
        world.system().commit(releasing).await.expect("commits");
        tell(&world, &mut waiting, ORDER[1]).await;
        world.system().commit(waiting).await.expect("commits");
        assert_eq!(read_all(&world, &mut place).await, ORDER);
    }

    /// The same, read while a third one between them holds the second back: not even then does the effect come first.
    #[sqlx::test(migrations = "../migrations")]
    async fn an_effect_is_not_read_before_its_cause(db: PgPool) {
        let world = World::new(db);
        let mut place = cursor(&world.db).await.expect("a place");
        let mut waiting = begin(&world).await;
        let between = begin(&world).await;
        let mut releasing = begin(&world).await;
        tell(&world, &mut releasing, ORDER[0]).await;
        world.system().commit(releasing).await.expect("commits");
        tell(&world, &mut waiting, ORDER[1]).await;
        world.system().commit(waiting).await.expect("commits");
        let mut found = read(&world, &mut place).await;
        world.system().commit(between).await.expect("commits");
        found.extend(read_all(&world, &mut place).await);
        assert_eq!(found, ORDER);
    }

    /// On a quiet database an event is readable as soon as it is committed, whatever had higher ids meanwhile.
    #[sqlx::test(migrations = "../migrations")]
    async fn a_place_is_never_one_that_nobody_has_reached(db: PgPool) {
        let world = World::new(db);
        let mut early = begin(&world).await;
        for _ in 0..3 {
            world.system().commit(begin(&world).await).await.expect("commits");
        }
        tell(&world, &mut early, ORDER[0]).await;
        world.system().commit(early).await.expect("commits");
        let is_reached: bool = sqlx::query_scalar("select bool_and(xid < pg_snapshot_xmax(pg_current_snapshot())) from events")
            .fetch_one(&world.db)
            .await
            .expect("a place");
        assert!(is_reached);
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn a_reading_tells_what_it_could_not_read(db: PgPool) {
        let world = World::new(db);
        let start = cursor(&world.db).await.expect("a place");
        let early = begin(&world).await;
        for kind in ORDER {
            let mut tx = begin(&world).await;
            tell(&world, &mut tx, kind).await;
            world.system().commit(tx).await.expect("commits");
        }
        let reading = read_after(&world.db, start, None, 10).await.expect("reads");
        assert!(reading.events.is_empty() && reading.is_any_held_back && !reading.is_more);
        assert_eq!(reading.place, start, "so that nothing is passed by");
        world.system().commit(early).await.expect("commits");
        let mut place = start;
        assert_eq!(read_all(&world, &mut place).await, ORDER);
        let first = read_after(&world.db, start, None, 1).await.expect("reads");
        assert_eq!((first.events.len(), first.events[0].kind, first.is_more), (1, ORDER[0], true));
        let second = read_after(&world.db, start, Some(&ORDER[1..]), 10).await.expect("reads");
        assert_eq!((second.events.len(), second.events[0].kind, second.place), (1, ORDER[1], place));
    }

    /// Or a reader would stand before it for ever while nodes are replaced one after another.
    #[sqlx::test(migrations = "../migrations")]
    async fn what_a_newer_release_tells_is_passed_by(db: PgPool) {
        let world = World::new(db);
        let mut place = cursor(&world.db).await.expect("a place");
        sqlx::query("insert into events (at, kind) values ($1, 'something.new')").bind(world.now()).execute(&world.db).await.expect("told");
        let start = place;
        assert!(read_all(&world, &mut place).await.is_empty());
        assert!(place > start);
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn another_timeline_is_another_epoch(db: PgPool) {
        let world = World::new(db);
        let looked = async || {
            recognise(&world.db).await.expect("looks");
            cursor(&world.db).await.expect("a place").epoch
        };
        let first = cursor(&world.db).await.expect("a place").epoch;
        // Nobody had looked before, so nothing is known to be missing.
        assert_eq!((looked().await, looked().await), (first, first));
        sqlx::query("update spine set timeline = 'FFFFFFFF'").execute(&world.db).await.expect("is from elsewhere");
        assert_eq!((looked().await, looked().await), (first + 1, first + 1));
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn a_restored_spine_is_told_by_its_epoch(db: PgPool) {
        let world = World::new(db);
        let before = cursor(&world.db).await.expect("a place");
        sqlx::query("update spine set epoch = epoch + 1").execute(&world.db).await.expect("restored");
        assert_eq!(read_after(&world.db, before, None, 1).await.expect("reads").now.epoch, before.epoch + 1);
    }
}
