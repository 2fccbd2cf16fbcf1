//! Writing sets of rows, and what every part of the seed needs at hand.

use super::die::Die;
use super::town::Town;
use anyhow::{Context, Result};
use domain::ctx::{Ctx, Tx};
use domain::time::{Date, Instant};
use serde_json::{Map, Value};

/// Today, the zone, and the die.
pub struct Seed {
    pub now: Instant,
    /// In the town's zone.
    pub today: Date,
    pub zone: chrono_tz::Tz,
    pub zone_name: String,
    pub currency: String,
    pub die: Die,
}

impl Seed {
    pub fn new(ctx: &Ctx, town: &Town) -> Self {
        let zone = domain::scheduling::zone::stored(&town.zone);
        let now = ctx.now();
        Self {
            now,
            today: domain::scheduling::zone::local(now, zone).date,
            zone,
            zone_name: town.zone.clone(),
            currency: town.currency.clone(),
            die: Die::named("merrow"),
        }
    }
    /// When the town's clocks show this.
    pub fn at(&self, date: Date, minute: i32) -> Instant {
        domain::scheduling::zone::first_from(date, minute, self.zone)
    }
}

/// Claims the seed's name for this database; false if it was claimed before.
pub async fn mark(tx: &mut Tx, ctx: &Ctx, key: &str) -> Result<bool> {
    let done = sqlx::query("insert into settings (key, value, updated_at) values ($1, 'true', $2) on conflict (key) do nothing")
        .bind(key)
        .bind(ctx.now())
        .execute(&mut **tx)
        .await
        .context("the database has no tables yet: run `fettle migrate` first")?;
    Ok(done.rows_affected() == 1)
}

/// Inserts rows of one shape: JSON objects whose keys are columns. Postgres reads each value as its column's type.
pub async fn insert(tx: &mut Tx, table: &'static str, rows: &[Value]) -> Result<()> {
    let Some(columns) = rows.first().and_then(Value::as_object).map(column_list) else { return Ok(()) };
    let statement = format!("insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1)");
    for chunk in rows.chunks(1000) {
        sqlx::query(sqlx::AssertSqlSafe(statement.clone()))
            .bind(Value::Array(chunk.to_vec()))
            .execute(&mut **tx)
            .await
            .with_context(|| format!("rows for {table}"))?;
    }
    Ok(())
}

fn column_list(row: &Map<String, Value>) -> String {
    row.keys().cloned().collect::<Vec<_>>().join(", ")
}

/// What follows from the rows: the sums that the review room keeps on providers, and readers of the spine who have nothing to say about the past.
pub async fn finish(tx: &mut Tx) -> Result<()> {
    sqlx::query(
        "update event_readers r set xid = e.xid, event_id = e.id
         from (select xid, id from events order by xid desc, id desc limit 1) e
         where (r.xid, r.event_id) < (e.xid, e.id)",
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "update providers p set rating_sum = r.total, rating_count = r.count
         from (
            select provider_id, sum(rating) as total, count(*) as count
            from reviews
            where side = 'customer' and published_at is not null
            group by provider_id
         ) r
         where r.provider_id = p.id",
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A half-open range as Postgres reads it.
pub fn range(from: Instant, to: Instant) -> Value {
    Value::String(format!("[{from},{to})"))
}
