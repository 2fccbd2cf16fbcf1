//! Very many providers, for measurements: copies of the town's, written by the database itself.

use anyhow::{Context, Result};
use domain::ctx::Ctx;
use domain::id::{Id, ProviderId};
use uuid::Uuid;

/// Writers hold back all readers of events, so each batch is short.
const BATCH: i64 = 250;

/// Adds providers until there are `count`, the town's included. Safe to interrupt and to call again.
pub async fn insert(ctx: &Ctx, count: u32, progress: impl Fn(u32)) -> Result<()> {
    let (mut have, town): (i64, i64) =
        sqlx::query_as("select count(*), count(*) filter (where slug !~ '-[0-9]+$') from providers where status = 'active'")
            .fetch_one(ctx.db())
            .await?;
    let wanted = i64::from(count);
    while have < wanted {
        let (from, to) = (have - town, (have - town + BATCH).min(wanted - town));
        let mut tx = ctx.begin().await.context("cannot reach the database")?;
        sqlx::query(include_str!("crowd.sql"))
            .bind(from)
            .bind(to)
            .bind(ctx.now())
            .execute(&mut *tx)
            .await
            .context("a batch of providers")?;
        tx.commit().await?;
        let ids: Vec<(Uuid,)> =
            sqlx::query_as("select md5('crowd provider ' || n)::uuid from generate_series($1::bigint, $2::bigint - 1) n")
                .bind(from)
                .bind(to)
                .fetch_all(ctx.db())
                .await?;
        let ids: Vec<ProviderId> = ids.into_iter().map(|(id,)| ProviderId::from_u128(id.as_u128())).collect();
        let mut tx = ctx.begin().await?;
        domain::search::refresh(&mut tx, ctx, &ids).await?;
        tx.commit().await?;
        have += to - from;
        progress(have as u32);
    }
    // the planner must know that the tables are large now
    for table in [
        "providers",
        "services",
        "resources",
        "schedules",
        "schedule_hours",
        "service_people",
        "service_things",
        "allocations",
        "search_documents",
        "search_words",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(format!("analyze {table}"))).execute(ctx.db()).await?;
    }
    Ok(())
}
