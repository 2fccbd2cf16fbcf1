//! SQL of links, and of what is dead for good.

use crate::account::link::{Link, LinkPurpose};
use crate::ctx::Tx;
use crate::error::Result;
use crate::id::{AccountId, LinkId};
use crate::time::Instant;
use serde_json::Value;
use sqlx::PgExecutor;

pub struct NewLink<'a> {
    pub id: LinkId,
    pub purpose: LinkPurpose,
    pub account: Option<AccountId>,
    pub hash: &'a [u8],
    pub data: &'a Value,
    pub now: Instant,
    pub expires_at: Instant,
}

pub async fn insert_link(tx: &mut Tx, new: &NewLink<'_>) -> Result<()> {
    sqlx::query!(
        "insert into links (id, purpose, account_id, secret_hash, data, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.id as LinkId,
        new.purpose.as_str(),
        new.account as Option<AccountId>,
        new.hash,
        new.data,
        new.now as Instant,
        new.expires_at as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn find_link(db: impl PgExecutor<'_>, purpose: LinkPurpose, hash: &[u8], now: Instant) -> Result<Option<Link>> {
    Ok(sqlx::query_as!(
        Link,
        r#"select
            id as "id: LinkId",
            account_id as "account: AccountId",
            data,
            expires_at as "expires_at: Instant"
         from links
         where secret_hash = $1 and purpose = $2 and used_at is null and expires_at > $3"#,
        hash,
        purpose.as_str(),
        now as Instant,
    )
    .fetch_optional(db)
    .await?)
}

/// The first of two who use it at once wins.
pub async fn use_link(tx: &mut Tx, purpose: LinkPurpose, hash: &[u8], now: Instant) -> Result<Option<Link>> {
    Ok(sqlx::query_as!(
        Link,
        r#"update links
         set used_at = $3
         where secret_hash = $1 and purpose = $2 and used_at is null and expires_at > $3
         returning
            id as "id: LinkId",
            account_id as "account: AccountId",
            data,
            expires_at as "expires_at: Instant""#,
        hash,
        purpose.as_str(),
        now as Instant,
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// What was shown too late opens nothing again, whatever a clock says later.
pub async fn bury_link(db: impl PgExecutor<'_>, purpose: LinkPurpose, hash: &[u8], now: Instant) -> Result<()> {
    sqlx::query!(
        "update links set used_at = $3 where secret_hash = $1 and purpose = $2 and used_at is null and expires_at <= $3",
        hash,
        purpose.as_str(),
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn retire_links(tx: &mut Tx, account: AccountId, purposes: &[LinkPurpose], now: Instant) -> Result<()> {
    let purposes: Vec<String> = purposes.iter().map(|p| p.as_str().to_owned()).collect();
    sqlx::query!(
        "update links set used_at = $3 where account_id = $1 and purpose = any($2) and used_at is null",
        account as AccountId,
        &purposes,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Links that no longer open anything, and tokens long dead, a batch at a time.
pub async fn delete_dead(db: &sqlx::PgPool, before: Instant) -> Result<u64> {
    let links = sqlx::query!(
        "delete from links l
         where l.id in (
            select id from links
            where expires_at < $1
            limit 1000
         )",
        before as Instant,
    )
    .execute(db)
    .await?;
    let tokens = sqlx::query!(
        "delete from api_tokens where id in (select id from api_tokens where least(expires_at, coalesce(revoked_at, expires_at)) < $1 limit 1000)",
        before as Instant,
    )
    .execute(db)
    .await?;
    Ok(links.rows_affected() + tokens.rows_affected())
}

/// Links mailed to this address since then: those that invite into a team, or all others.
pub async fn count_links_to(db: impl PgExecutor<'_>, email: &str, are_invitations: bool, since: Instant) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!"
         from links
         where data ? 'email'
         and lower(data ->> 'email') = lower($1)
         and (purpose = 'team_invitation') = $2
         and created_at > $3"#,
        email,
        are_invitations,
        since as Instant,
    )
    .fetch_one(db)
    .await?)
}
