//! Who a session or a token stands for, read at the start of each request.

use crate::ctx::{Membership, Person, StaffRole, Token};
use crate::error::Result;
use crate::id::{AccountId, ProviderId, TokenId};
use crate::time::Instant;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use sqlx::types::Json;

/// The account with its roles; None if it is gone or suspended.
pub async fn load_person(db: &PgPool, account: AccountId) -> Result<Option<Person>> {
    Ok(load(db, Some(account), None).await?.map(Row::into_person))
}

/// The account behind an API token, with the token and its scopes; None if it is unknown, expired or revoked. Notes its use once an hour.
pub async fn load_token(db: &PgPool, now: Instant, secret: &str) -> Result<Option<Person>> {
    let hash = Sha256::digest(secret.as_bytes()).to_vec();
    let Some(row) = load(db, None, Some((&hash, now))).await? else {
        // One that was shown too late opens nothing again, whatever a clock says later; its owner still sees that it has expired.
        sqlx::query!(
            "update api_tokens set secret_hash = sha256(secret_hash) where secret_hash = $1 and expires_at <= $2",
            hash,
            now as Instant
        )
        .execute(db)
        .await?;
        return Ok(None);
    };
    if row.last_used_at.is_none_or(|at| now - at > crate::time::HOUR) {
        sqlx::query!("update api_tokens set last_used_at = $2 where secret_hash = $1", hash, now as Instant).execute(db).await?;
    }
    Ok(Some(row.into_person()))
}

struct Row {
    id: AccountId,
    name: String,
    email: String,
    is_email_confirmed: bool,
    is_admin: bool,
    is_support: bool,
    memberships: Option<Json<Vec<MembershipRow>>>,
    /// These are the token's, if it came by one.
    token_id: Option<TokenId>,
    token_expires_at: Option<Instant>,
    scopes: Option<Vec<String>>,
    last_used_at: Option<Instant>,
}

#[derive(Debug, Deserialize)]
struct MembershipRow {
    provider: ProviderId,
    provider_name: String,
    role: String,
    icon: String,
    tone: Option<i32>,
    waiting: i64,
}

/// By account, or by the hash of a token that holds at that time.
async fn load(db: &PgPool, account: Option<AccountId>, token: Option<(&[u8], Instant)>) -> Result<Option<Row>> {
    let (hash, now) = token.unzip();
    Ok(sqlx::query_as!(
        Row,
        r#"select
            a.id as "id: AccountId",
            a.name,
            a.email,
            a.email_confirmed_at is not null as "is_email_confirmed!",
            a.is_admin,
            a.is_support,
            (
                select json_agg(
                    json_build_object(
                        'provider', p.id,
                        'provider_name', p.name,
                        'role', m.role,
                        'icon', coalesce(c.icon, ''),
                        'tone', coalesce(p.cover_tone, c.tone),
                        'waiting', (select count(*) from bookings b where b.provider_id = p.id and b.status = 'requested')
                    )
                    order by m.created_at
                )
                from provider_members m
                join providers p on p.id = m.provider_id
                left join categories c on c.id = p.category_id
                where m.account_id = a.id
            ) as "memberships: Json<Vec<MembershipRow>>",
            who.token_id as "token_id?: TokenId",
            who.expires_at as "token_expires_at?: Instant",
            who.scopes as "scopes?",
            who.last_used_at as "last_used_at?: Instant"
        from (
            select $1::uuid as account_id, null::uuid as token_id, null::timestamptz as expires_at, null::text[] as scopes, null::timestamptz as last_used_at
            where $1 is not null
            union all
            select account_id, id, expires_at, scopes, last_used_at
            from api_tokens
            where secret_hash = $2 and revoked_at is null and expires_at > $3
        ) who
        join accounts a on a.id = who.account_id
        where a.suspended_at is null"#,
        account as Option<AccountId>,
        hash,
        now as Option<Instant>,
    )
    .fetch_optional(db)
    .await?)
}

impl Row {
    fn into_person(self) -> Person {
        let memberships = self.memberships.map_or_else(Vec::new, |Json(rows)| rows);
        Person {
            id: self.id,
            name: self.name,
            email: self.email,
            is_email_confirmed: self.is_email_confirmed,
            is_admin: self.is_admin,
            is_support: self.is_support,
            memberships: memberships
                .into_iter()
                .filter_map(|row| {
                    let role = StaffRole::parse(&row.role)?;
                    let (provider, provider_name, icon, tone, waiting) = (row.provider, row.provider_name, row.icon, row.tone, row.waiting);
                    Some(Membership { provider, provider_name, role, icon, tone, waiting })
                })
                .collect(),
            session: None,
            token: self.token_id.zip(self.token_expires_at).map(|(id, expires_at)| Token { id, expires_at }),
            visitor: None,
            scopes: self.scopes,
        }
    }
}
