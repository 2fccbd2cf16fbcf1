//! People and their sessions.

use crate::account::policy::device_name;
use crate::admin::model::{PersonLine, SessionLine};
use crate::error::Result;
use crate::id::{AccountId, ProviderId};
use crate::time::Instant;
use sqlx::PgPool;

/// `kind` None: everyone but guests; `any`: everyone.
pub async fn list_people(
    db: &PgPool,
    q: Option<&str>,
    kind: Option<&str>,
    id: Option<AccountId>,
    after: Option<(Instant, AccountId)>,
    limit: i64,
) -> Result<Vec<PersonLine>> {
    let (after_at, after_id) = after.unzip();
    Ok(sqlx::query_as!(
        PersonLine,
        r#"select
            a.id as "id: AccountId",
            a.name,
            a.email,
            a.email_confirmed_at is not null as "is_email_confirmed!",
            a.is_guest,
            a.is_admin,
            a.is_support,
            a.suspended_at as "suspended_at: Instant",
            a.created_at as "created_at: Instant",
            (select count(*) from bookings b where b.customer_id = a.id and b.status not in ('held', 'expired')) as "bookings!",
            array(
                select p.name from provider_members m join providers p on p.id = m.provider_id where m.account_id = a.id order by p.name
            ) as "workplaces!"
         from accounts a
         where ($1::text is null
                or a.email ilike '%' || $1 || '%'
                or fold(a.name) like '%' || fold($1) || '%'
                or a.phone ilike '%' || $1 || '%'
                or a.id::text = $1)
           and case coalesce($2::text, '')
                when '' then not a.is_guest
                when 'admin' then a.is_admin
                when 'support' then a.is_support
                when 'staff' then exists (select 1 from provider_members m where m.account_id = a.id)
                when 'guest' then a.is_guest
                when 'suspended' then a.suspended_at is not null
                when 'unconfirmed' then not a.is_guest and a.email_confirmed_at is null
                else true
               end
           and ($3::uuid is null or a.id = $3)
           and ($4::timestamptz is null or (a.created_at, a.id) < ($4, $5::uuid))
         order by a.created_at desc, a.id desc
         limit $6"#,
        q,
        kind,
        id as Option<AccountId>,
        after_at as Option<Instant>,
        after_id as Option<AccountId>,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// (phone, zone)
pub async fn find_contact(db: &PgPool, id: AccountId) -> Result<(Option<String>, Option<String>)> {
    let row = sqlx::query!("select phone, zone from accounts where id = $1", id as AccountId).fetch_one(db).await?;
    Ok((row.phone, row.zone))
}

/// (provider, its name, the person's role)
pub async fn list_places(db: &PgPool, id: AccountId) -> Result<Vec<(ProviderId, String, String)>> {
    let rows = sqlx::query!(
        r#"select p.id as "id: ProviderId", p.name, m.role
         from provider_members m
         join providers p on p.id = m.provider_id
         where m.account_id = $1
         order by p.name"#,
        id as AccountId,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name, row.role)).collect())
}

pub async fn list_sessions(db: &PgPool, id: AccountId, now: Instant) -> Result<Vec<SessionLine>> {
    let rows = sqlx::query!(
        r#"select user_agent, address, created_at as "created_at: Instant", seen_at as "seen_at: Instant"
         from sessions
         where account_id = $1 and expires_at > $2
         order by seen_at desc
         limit 20"#,
        id as AccountId,
        now as Instant,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SessionLine {
            device: device_name(row.user_agent.as_deref()),
            address: row.address,
            created_at: row.created_at,
            seen_at: row.seen_at,
        })
        .collect())
}
