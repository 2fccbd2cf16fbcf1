//! All SQL of accounts; that of links is in `store/links.rs`.

use crate::ctx::Tx;
use crate::error::Result;
use crate::id::{AccountId, ProviderId, SessionId, TokenId};
use crate::time::Instant;
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

#[path = "store/links.rs"]
mod links;

pub use links::*;

pub struct AccountRow {
    pub id: AccountId,
    pub email: String,
    pub email_confirmed_at: Option<Instant>,
    pub password_hash: Option<String>,
    pub name: String,
    pub phone: Option<String>,
    pub zone: Option<String>,
    pub is_guest: bool,
    pub is_admin: bool,
    pub is_support: bool,
    pub suspended_at: Option<Instant>,
    pub created_at: Instant,
}

pub struct NewAccount<'a> {
    pub id: AccountId,
    pub email: &'a str,
    pub password_hash: Option<&'a str>,
    pub name: &'a str,
    pub phone: Option<&'a str>,
    pub is_guest: bool,
    pub now: Instant,
}

/// A guest, whatever was asked, if someone owns the address: one statement, so that a known one costs what an unknown one does. False if someone took it
/// at this very moment.
pub async fn insert_account(tx: &mut Tx, new: &NewAccount<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into accounts (id, email, password_hash, name, phone, is_guest, created_at, updated_at)
         values (
            $1, $2, $3, $4, $5,
            $6 or exists (select from accounts o where lower(o.email) = lower($2) and not o.is_guest),
            $7, $7
         )
         on conflict (lower(email)) where not is_guest do nothing",
        new.id as AccountId,
        new.email,
        new.password_hash,
        new.name,
        new.phone,
        new.is_guest,
        new.now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn find_account(db: impl PgExecutor<'_>, id: AccountId) -> Result<Option<AccountRow>> {
    Ok(sqlx::query_as!(
        AccountRow,
        r#"select
            id as "id: AccountId",
            email,
            email_confirmed_at as "email_confirmed_at: Instant",
            password_hash,
            name,
            phone,
            zone,
            is_guest,
            is_admin,
            is_support,
            suspended_at as "suspended_at: Instant",
            created_at as "created_at: Instant"
         from accounts
         where id = $1"#,
        id as AccountId,
    )
    .fetch_optional(db)
    .await?)
}

/// Locked until the transaction ends.
pub async fn lock_account(tx: &mut Tx, id: AccountId) -> Result<AccountRow> {
    Ok(sqlx::query_as!(
        AccountRow,
        r#"select
            id as "id: AccountId",
            email,
            email_confirmed_at as "email_confirmed_at: Instant",
            password_hash,
            name,
            phone,
            zone,
            is_guest,
            is_admin,
            is_support,
            suspended_at as "suspended_at: Instant",
            created_at as "created_at: Instant"
         from accounts
         where id = $1
         for update"#,
        id as AccountId,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Who can be meant by this address at sign-in: its owner first, then the newest other with a password.
pub async fn list_by_email(db: impl PgExecutor<'_>, email: &str) -> Result<Vec<AccountRow>> {
    Ok(sqlx::query_as!(
        AccountRow,
        r#"(select
                id as "id!: AccountId", email as "email!", email_confirmed_at as "email_confirmed_at: Instant", password_hash, name as "name!",
                phone, zone, is_guest as "is_guest!", is_admin as "is_admin!", is_support as "is_support!",
                suspended_at as "suspended_at: Instant", created_at as "created_at!: Instant"
            from accounts
            where lower(email) = lower($1) and not is_guest)
         union all
           (select
                id, email, email_confirmed_at, password_hash, name, phone, zone, is_guest, is_admin, is_support, suspended_at, created_at
            from accounts
            where lower(email) = lower($1) and is_guest
            order by password_hash is null, created_at desc
            limit 1)"#,
        email,
    )
    .fetch_all(db)
    .await?)
}

/// The account that owns the address, other than this one; locked.
pub async fn lock_owner_of(tx: &mut Tx, email: &str, other_than: AccountId) -> Result<Option<(AccountId, bool)>> {
    let row = sqlx::query!(
        r#"select id as "id: AccountId", email_confirmed_at is not null as "is_confirmed!"
         from accounts
         where lower(email) = lower($1) and not is_guest and id <> $2
         for update"#,
        email,
        other_than as AccountId,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (row.id, row.is_confirmed)))
}

pub async fn set_guest(tx: &mut Tx, id: AccountId, is_guest: bool, now: Instant) -> Result<()> {
    sqlx::query!("update accounts set is_guest = $2, updated_at = $3 where id = $1", id as AccountId, is_guest, now as Instant)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn set_email_confirmed(tx: &mut Tx, id: AccountId, email: &str, now: Instant) -> Result<()> {
    sqlx::query!(
        "update accounts
         set email = $2, email_confirmed_at = $3, is_guest = false, updated_at = $3
         where id = $1",
        id as AccountId,
        email,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn set_password(tx: &mut Tx, id: AccountId, hash: Option<&str>, now: Instant) -> Result<()> {
    sqlx::query!("update accounts set password_hash = $2, updated_at = $3 where id = $1", id as AccountId, hash, now as Instant)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn set_profile(tx: &mut Tx, id: AccountId, name: &str, phone: Option<&str>, zone: Option<&str>, now: Instant) -> Result<()> {
    sqlx::query!(
        "update accounts set name = $2, phone = $3, zone = $4, updated_at = $5 where id = $1",
        id as AccountId,
        name,
        phone,
        zone,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn set_roles(tx: &mut Tx, id: AccountId, is_admin: bool, is_support: bool, now: Instant) -> Result<()> {
    sqlx::query!(
        "update accounts set is_admin = $2, is_support = $3, updated_at = $4 where id = $1",
        id as AccountId,
        is_admin,
        is_support,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn count_other_admins(tx: &mut Tx, id: AccountId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from accounts where is_admin and suspended_at is null and id <> $1"#,
        id as AccountId,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn set_suspended(tx: &mut Tx, id: AccountId, at: Option<Instant>, now: Instant) -> Result<()> {
    sqlx::query!(
        "update accounts set suspended_at = $2, updated_at = $3 where id = $1",
        id as AccountId,
        at as Option<Instant>,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub struct WorkplaceRow {
    pub provider_id: ProviderId,
    pub name: String,
    pub role: String,
}

pub async fn list_workplaces(db: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<WorkplaceRow>> {
    Ok(sqlx::query_as!(
        WorkplaceRow,
        r#"select p.id as "provider_id: ProviderId", p.name, m.role
         from provider_members m
         join providers p on p.id = m.provider_id
         where m.account_id = $1
         order by m.created_at, p.id"#,
        account as AccountId,
    )
    .fetch_all(db)
    .await?)
}

/// Everything that names one account names the other from now on. Identity is this room's, so it alone rewrites the references of all
/// rooms; nothing else about those rows changes.
pub async fn merge(tx: &mut Tx, from: AccountId, into: AccountId, now: Instant) -> Result<()> {
    sqlx::query!("update bookings set customer_id = $2 where customer_id = $1", from as AccountId, into as AccountId)
        .execute(&mut **tx)
        .await?;
    sqlx::query!("update payments set payer_id = $2 where payer_id = $1", from as AccountId, into as AccountId).execute(&mut **tx).await?;
    sqlx::query!(
        "update reviews
         set author_id = case when author_id = $1 then $2 else author_id end, subject_id = case when subject_id = $1 then $2 else subject_id end
         where author_id = $1 or subject_id = $1",
        from as AccountId,
        into as AccountId,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into favourites (account_id, provider_id, created_at)
         select $2, provider_id, created_at from favourites where account_id = $1
         on conflict do nothing",
        from as AccountId,
        into as AccountId,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into provider_members (provider_id, account_id, role, created_at)
         select provider_id, $2, role, created_at from provider_members where account_id = $1
         on conflict do nothing",
        from as AccountId,
        into as AccountId,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!("update resources set account_id = $2 where account_id = $1", from as AccountId, into as AccountId)
        .execute(&mut **tx)
        .await?;
    sqlx::query!("delete from favourites where account_id = $1", from as AccountId).execute(&mut **tx).await?;
    sqlx::query!("delete from provider_members where account_id = $1", from as AccountId).execute(&mut **tx).await?;
    sqlx::query!(
        "update accounts set password_hash = null, is_guest = true, updated_at = $2 where id = $1",
        from as AccountId,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub struct SessionRow {
    pub id: SessionId,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub created_at: Instant,
    pub seen_at: Instant,
}

pub async fn list_sessions(db: impl PgExecutor<'_>, account: AccountId, now: Instant) -> Result<Vec<SessionRow>> {
    Ok(sqlx::query_as!(
        SessionRow,
        r#"select
            public_id as "id: SessionId",
            user_agent,
            address,
            created_at as "created_at: Instant",
            seen_at as "seen_at: Instant"
         from sessions
         where account_id = $1 and expires_at > $2
         order by seen_at desc
         limit 100"#,
        account as AccountId,
        now as Instant,
    )
    .fetch_all(db)
    .await?)
}

/// Whether the account was signed in with the same browser and system, or has no session to compare with.
pub async fn list_devices(db: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<Option<String>>> {
    Ok(sqlx::query_scalar!(
        "select data ->> 'device' from audit_entries
         where subject_kind = 'account' and subject_id = $1 and action = 'account.sign_in'
         order by at desc
         limit 50",
        account.to_string(),
    )
    .fetch_all(db)
    .await?)
}

pub async fn delete_session(tx: &mut Tx, account: AccountId, session: SessionId) -> Result<bool> {
    let done = sqlx::query!("delete from sessions where account_id = $1 and public_id = $2", account as AccountId, session as SessionId)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// All of the account's, but the one to keep.
pub async fn delete_sessions(tx: &mut Tx, account: AccountId, keep: Option<SessionId>) -> Result<u64> {
    let done = sqlx::query!(
        "delete from sessions where account_id = $1 and public_id is distinct from $2",
        account as AccountId,
        keep as Option<SessionId>,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

pub struct TokenRow {
    pub id: TokenId,
    pub name: String,
    pub hint: String,
    pub scopes: Vec<String>,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub last_used_at: Option<Instant>,
}

pub async fn insert_token(tx: &mut Tx, account: AccountId, row: &TokenRow, hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into api_tokens (id, account_id, name, secret_hash, hint, scopes, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        row.id as TokenId,
        account as AccountId,
        row.name,
        hash,
        row.hint,
        &row.scopes,
        row.created_at as Instant,
        row.expires_at as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn list_tokens(db: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<TokenRow>> {
    Ok(sqlx::query_as!(
        TokenRow,
        r#"select
            id as "id: TokenId",
            name,
            hint,
            scopes,
            created_at as "created_at: Instant",
            expires_at as "expires_at: Instant",
            last_used_at as "last_used_at: Instant"
         from api_tokens
         where account_id = $1 and revoked_at is null
         order by created_at desc, id desc
         limit 100"#,
        account as AccountId,
    )
    .fetch_all(db)
    .await?)
}

pub async fn revoke_token(tx: &mut Tx, account: AccountId, token: TokenId, now: Instant) -> Result<bool> {
    let done = sqlx::query!(
        "update api_tokens set revoked_at = $3 where account_id = $1 and id = $2 and revoked_at is null",
        account as AccountId,
        token as TokenId,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn revoke_tokens(tx: &mut Tx, account: AccountId, now: Instant) -> Result<()> {
    sqlx::query!(
        "update api_tokens set revoked_at = $2 where account_id = $1 and revoked_at is null",
        account as AccountId,
        now as Instant
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn insert_note(tx: &mut Tx, id: Uuid, account: AccountId, kind: &str, data: &Value, now: Instant) -> Result<()> {
    sqlx::query!(
        "insert into security_notes (id, account_id, kind, data, at) values ($1, $2, $3, $4, $5)",
        id,
        account as AccountId,
        kind,
        data,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub struct NoteRow {
    pub kind: String,
    pub data: Value,
    pub at: Instant,
}

pub async fn list_notes(db: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<NoteRow>> {
    Ok(sqlx::query_as!(
        NoteRow,
        r#"select kind, data, at as "at: Instant" from security_notes where account_id = $1 order by at desc, id desc limit 20"#,
        account as AccountId,
    )
    .fetch_all(db)
    .await?)
}

/// Failed sign-ins since then, and whether its owner has been told since then.
pub async fn count_failures(tx: &mut Tx, account: AccountId, since: Instant) -> Result<(i64, bool)> {
    let row = sqlx::query!(
        r#"select
            (select count(*) from audit_entries
             where subject_kind = 'account' and subject_id = $1 and action = 'account.sign_in_failed' and at > $3) as "failures!",
            exists (select 1 from security_notes where account_id = $2 and kind = 'many_failures' and at > $3) as "is_told!""#,
        account.to_string(),
        account as AccountId,
        since as Instant,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((row.failures, row.is_told))
}
