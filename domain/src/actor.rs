//! Who a session or a token stands for, read at the start of each request.

use crate::ctx::{Membership, Person, StaffRole};
use crate::error::Result;
use crate::id::{AccountId, ProviderId};
use crate::time::Instant;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

/// The account with its roles; None if it is gone or suspended.
pub async fn load_person(db: &PgPool, account: AccountId) -> Result<Option<Person>> {
    let row = sqlx::query!(
        r#"select
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
            ) as "waiting!"
         from accounts a
         left join provider_members m on m.account_id = a.id
         left join providers p on p.id = m.provider_id
         left join categories c on c.id = p.category_id
         where a.id = $1
           and a.suspended_at is null
         group by a.id"#,
        account as AccountId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Person {
        id: account,
        name: row.name,
        email: row.email,
        is_email_confirmed: row.is_email_confirmed,
        is_admin: row.is_admin,
        is_support: row.is_support,
        memberships: row
            .providers
            .into_iter()
            .zip(row.provider_names)
            .zip(row.roles)
            .zip(row.icons.into_iter().zip(row.tones).zip(row.waiting))
            .filter_map(|(((provider, provider_name), role), ((icon, tone), waiting))| {
                Some(Membership { provider, provider_name, role: StaffRole::parse(&role)?, icon, tone, waiting })
            })
            .collect(),
        session: None,
        visitor: None,
        scopes: None,
    }))
}

/// The account behind an API token, with the token's scopes; None if it is unknown, expired or revoked. Notes its use once an hour.
pub async fn load_token(db: &PgPool, now: Instant, secret: &str) -> Result<Option<Person>> {
    let hash = Sha256::digest(secret.as_bytes()).to_vec();
    let row = sqlx::query!(
        r#"select id, account_id as "account: AccountId", scopes, last_used_at as "last_used_at: Instant"
         from api_tokens
         where secret_hash = $1
           and revoked_at is null
           and expires_at > $2"#,
        &hash,
        now as Instant,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else {
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
        sqlx::query!("update api_tokens set last_used_at = $2 where id = $1", row.id, now as Instant).execute(db).await?;
    }
    Ok(load_person(db, row.account).await?.map(|person| Person { scopes: Some(row.scopes), ..person }))
}
