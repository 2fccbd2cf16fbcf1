//! People and their sessions.

use super::planned_anew;
use crate::account::policy::device_name;
use crate::admin::model::{PersonLine, SessionLine};
use crate::admin::sort::{Order, Place, Placed};
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
    order: &Order<AccountId>,
    limit: i64,
) -> Result<Vec<Placed<PersonLine>>> {
    let (after_at, newest_id) = order.newest.unzip();
    let (place, after_id) = order.after.clone().unzip();
    let (after_words, after_number) = place.map(|place: Place| (place.words, place.number)).unzip();
    let mut tx = planned_anew(db).await?;
    let rows = sqlx::query!(
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
            ) as "workplaces!",
            key.words as "words!",
            key.number as "number!"
         from accounts a
         cross join lateral (
            select
                case $7::text
                    when 'name' then fold(a.name)
                    else ''
                end as words,
                case $7
                    when 'since' then (extract(epoch from a.created_at) * 1000000)::bigint
                    when 'bookings' then (select count(*) from bookings b where b.customer_id = a.id and b.status not in ('held', 'expired'))
                    else 0
                end as number
         ) key
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
           and ($9::uuid is null
                or case when $8::bool
                    then (key.words, key.number, a.id) < ($10::text, $11::bigint, $9)
                    else (key.words, key.number, a.id) > ($10, $11, $9)
                   end)
         order by
            -- without a sort this is all that is left, and an index has it
            case when $7::text is null then a.created_at end desc,
            case when $8 then key.words end desc,
            case when not $8 then key.words end,
            case when $8 then key.number end desc,
            case when not $8 then key.number end,
            case when $8 then a.id end desc,
            case when not $8 then a.id end
         limit $6"#,
        q,
        kind,
        id as Option<AccountId>,
        after_at as Option<Instant>,
        newest_id as Option<AccountId>,
        limit,
        order.by,
        order.is_down,
        after_id as Option<AccountId>,
        after_words,
        after_number,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(rows
        .into_iter()
        .map(|row| Placed {
            place: Place { words: row.words, number: row.number },
            line: PersonLine {
                id: row.id,
                name: row.name,
                email: row.email,
                is_email_confirmed: row.is_email_confirmed,
                is_guest: row.is_guest,
                is_admin: row.is_admin,
                is_support: row.is_support,
                suspended_at: row.suspended_at,
                created_at: row.created_at,
                bookings: row.bookings,
                workplaces: row.workplaces,
            },
        })
        .collect())
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
