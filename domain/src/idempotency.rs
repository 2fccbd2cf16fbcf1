//! Exactly once by key: the same key and request get the first answer again, for 24 hours.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::time::Instant;

/// Whoever began and was never heard of again no longer counts after this.
const ABANDONED_S: i64 = 60;

/// What became of a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Ours to do; end it with [`finish`] or [`give_up`].
    New,
    Done {
        status: u16,
        response: serde_json::Value,
    },
    /// The key was used for something else.
    Different,
    /// The first request is still being worked on.
    Busy,
}

/// Claims the key for a request with this hash. `scope` is who asks: keys of different people never meet.
pub async fn claim(ctx: &Ctx, scope: &str, key: &str, request_hash: &[u8]) -> Result<Claim> {
    let now = ctx.now();
    let claimed = sqlx::query!(
        "insert into idempotency_keys as k (scope, key, request_hash, created_at)
         values ($1, $2, $3, $4)
         on conflict (scope, key) do update
         set created_at = excluded.created_at, request_hash = excluded.request_hash, status = null, response = null
         where k.created_at <= $5
            or (k.status is null and k.created_at <= $6 and k.request_hash = excluded.request_hash)",
        scope,
        key,
        request_hash,
        now as Instant,
        now.plus_days(-1) as Instant,
        now.plus_seconds(-ABANDONED_S) as Instant,
    )
    .execute(ctx.db())
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::New);
    }
    let row = sqlx::query!("select request_hash, status, response from idempotency_keys where scope = $1 and key = $2", scope, key)
        .fetch_optional(ctx.db())
        .await?;
    Ok(match row {
        // Given up in this very moment.
        None => Claim::Busy,
        Some(row) if row.request_hash != request_hash => Claim::Different,
        Some(row) => match row.status {
            Some(status) => Claim::Done { status: status as u16, response: row.response.unwrap_or_default() },
            None => Claim::Busy,
        },
    })
}

/// Keeps the answer.
pub async fn finish(ctx: &Ctx, scope: &str, key: &str, status: u16, response: &serde_json::Value) -> Result<()> {
    sqlx::query!(
        "update idempotency_keys set status = $3, response = $4 where scope = $1 and key = $2",
        scope,
        key,
        i32::from(status),
        response,
    )
    .execute(ctx.db())
    .await?;
    Ok(())
}

/// Nothing was done: the key may be used again.
pub async fn give_up(ctx: &Ctx, scope: &str, key: &str) -> Result<()> {
    sqlx::query!("delete from idempotency_keys where scope = $1 and key = $2 and status is null", scope, key).execute(ctx.db()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use sqlx::PgPool;

    #[sqlx::test(migrations = "../migrations")]
    async fn the_first_answer_stands(db: PgPool) {
        let world = World::new(db);
        let ctx = world.visitor();
        let claim = |hash: &'static [u8]| {
            let ctx = &ctx;
            async move { claim(ctx, "me", "k", hash).await.expect("claims") }
        };
        assert_eq!(claim(b"a").await, Claim::New);
        assert_eq!(claim(b"a").await, Claim::Busy);
        assert_eq!(claim(b"b").await, Claim::Different);
        give_up(&ctx, "me", "k").await.expect("gives up");
        assert_eq!(claim(b"b").await, Claim::New);
        finish(&ctx, "me", "k", 201, &serde_json::json!({"id": 1})).await.expect("finishes");
        assert_eq!(claim(b"b").await, Claim::Done { status: 201, response: serde_json::json!({"id": 1}) });
        assert_eq!(claim(b"a").await, Claim::Different);
        world.pass_days(2);
        assert_eq!(claim(b"a").await, Claim::New);
    }

    #[sqlx::test(migrations = "../migrations")]
    async fn a_crash_does_not_block_for_long(db: PgPool) {
        let world = World::new(db);
        let ctx = world.visitor();
        assert_eq!(claim(&ctx, "me", "k", b"a").await.expect("claims"), Claim::New);
        world.pass_minutes(2);
        assert_eq!(claim(&ctx, "me", "k", b"b").await.expect("claims"), Claim::Different);
        assert_eq!(claim(&ctx, "me", "k", b"a").await.expect("claims"), Claim::New);
    }
}
