//! Who a session or a token stands for, read at the start of each request.

use crate::ctx::{Membership, Person, StaffRole, Token};
use crate::error::Result;
use crate::id::{AccountId, ProviderId, TokenId};
use crate::time::Instant;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

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
    providers: Vec<ProviderId>,
    provider_names: Vec<String>,
    roles: Vec<String>,
    icons: Vec<String>,
    tones: Vec<Option<i32>>,
    waiting: Vec<i64>,
    /// These are the token's, if it came by one.
    token_id: Option<TokenId>,
    token_expires_at: Option<Instant>,
    scopes: Option<Vec<String>>,
    last_used_at: Option<Instant>,
}

/// By account, or by the hash of a token that holds at that time.
async fn load(db: &PgPool, account: Option<AccountId>, token: Option<(&[u8], Instant)>) -> Result<Option<Row>> {
    let (hash, now) = token.unzip();
    Ok(sqlx::query_as!(
        Row,
        r#"with token as (
            select id, account_id, scopes, expires_at, last_used_at
            from api_tokens
            where secret_hash = $2 and revoked_at is null and expires_at > $3
        )
        select
            a.id as "id: AccountId",
            a.name,
            a.email,
            a.email_confirmed_at is not null as "is_email_confirmed!",
            a.is_admin,
            a.is_support,
            coalesce(array_agg(m.provider_id order by m.created_at) filter (where m.provider_id is not null), '{}') as "providers!: Vec<ProviderId>",
            coalesce(array_agg(p.name order by m.created_at) filter (where m.provider_id is not null), '{}') as "provider_names!",
            coalesce(array_agg(m.role order by m.created_at) filter (where m.provider_id is not null), '{}') as "roles!",
            coalesce(array_agg(coalesce(c.icon, '') order by m.created_at) filter (where m.provider_id is not null), '{}') as "icons!",
            coalesce(array_agg(coalesce(p.cover_tone, c.tone) order by m.created_at) filter (where m.provider_id is not null), '{}') as "tones!: Vec<Option<i32>>",
            coalesce(
                array_agg((select count(*) from bookings b where b.provider_id = p.id and b.status = 'requested') order by m.created_at)
                    filter (where m.provider_id is not null),
                '{}'
            ) as "waiting!",
            (select id from token) as "token_id?: TokenId",
            (select expires_at from token) as "token_expires_at?: Instant",
            (select scopes from token) as "scopes?",
            (select last_used_at from token) as "last_used_at?: Instant"
        from accounts a
        left join provider_members m on m.account_id = a.id
        left join providers p on p.id = m.provider_id
        left join categories c on c.id = p.category_id
        where a.id = coalesce($1, (select account_id from token)) and a.suspended_at is null
        group by a.id"#,
        account as Option<AccountId>,
        hash,
        now as Option<Instant>,
    )
    .fetch_optional(db)
    .await?)
}

impl Row {
    fn into_person(self) -> Person {
        let drawn = self.icons.into_iter().zip(self.tones).zip(self.waiting);
        let memberships = self.providers.into_iter().zip(self.provider_names).zip(self.roles).zip(drawn);
        Person {
            id: self.id,
            name: self.name,
            email: self.email,
            is_email_confirmed: self.is_email_confirmed,
            is_admin: self.is_admin,
            is_support: self.is_support,
            memberships: memberships
                .filter_map(|(((provider, provider_name), role), ((icon, tone), waiting))| {
                    Some(Membership { provider, provider_name, role: StaffRole::parse(&role)?, icon, tone, waiting })
                })
                .collect(),
            session: None,
            token: self.token_id.zip(self.token_expires_at).map(|(id, expires_at)| Token { id, expires_at }),
            visitor: None,
            scopes: self.scopes,
        }
    }
}
