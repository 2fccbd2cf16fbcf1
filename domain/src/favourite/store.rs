//! All SQL of the room.

use crate::error::Result;
use crate::id::{AccountId, ProviderId};
use crate::time::Instant;
use sqlx::PgPool;

pub async fn list(db: &PgPool, account: AccountId) -> Result<Vec<ProviderId>> {
    let ids = sqlx::query_scalar!(
        r#"select f.provider_id as "id: ProviderId"
         from favourites f
         join providers p on p.id = f.provider_id and p.status = 'active'
         where f.account_id = $1
         order by f.created_at desc, f.provider_id
         limit 200"#,
        account as AccountId,
    )
    .fetch_all(db)
    .await?;
    Ok(ids)
}

pub async fn exists(db: &PgPool, account: AccountId, provider: ProviderId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select 1 from favourites where account_id = $1 and provider_id = $2) as "is_there!""#,
        account as AccountId,
        provider as ProviderId,
    )
    .fetch_one(db)
    .await?;
    Ok(found)
}

/// False if there is no such active provider.
pub async fn insert(db: &PgPool, account: AccountId, provider: ProviderId, now: Instant) -> Result<bool> {
    let done = sqlx::query!(
        "insert into favourites (account_id, provider_id, created_at)
         select $1, p.id, $3 from providers p where p.id = $2 and p.status = 'active'
         on conflict (account_id, provider_id) do update set created_at = favourites.created_at",
        account as AccountId,
        provider as ProviderId,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn delete(db: &PgPool, account: AccountId, provider: ProviderId) -> Result<()> {
    sqlx::query!("delete from favourites where account_id = $1 and provider_id = $2", account as AccountId, provider as ProviderId)
        .execute(db)
        .await?;
    Ok(())
}
