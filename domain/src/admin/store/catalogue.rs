//! Providers in every status, and the categories.

use super::planned_anew;
use crate::admin::model::{CategoryLine, ProviderLine, SaveCategory, StatusCounts};
use crate::admin::sort::{Order, Place, Placed};
use crate::ctx::Tx;
use crate::error::Result;
use crate::id::{CategoryId, ProviderId};
use crate::time::Instant;
use sqlx::PgPool;

pub async fn list_providers(
    db: &PgPool,
    q: Option<&str>,
    status: Option<&str>,
    id: Option<ProviderId>,
    order: &Order<ProviderId>,
    limit: i64,
) -> Result<Vec<Placed<ProviderLine>>> {
    let (after_at, newest_id) = order.newest.unzip();
    let (place, after_id) = order.after.clone().unzip();
    let (after_words, after_number) = place.map(|place: Place| (place.words, place.number)).unzip();
    let mut tx = planned_anew(db).await?;
    let rows = sqlx::query!(
        r#"select
            p.id as "id: ProviderId",
            p.slug,
            p.name,
            c.name as "category?",
            p.town,
            p.status,
            p.status_reason,
            p.verified_at is not null as "is_verified!",
            p.submitted_at as "submitted_at: Instant",
            p.decided_at as "decided_at: Instant",
            p.created_at as "created_at: Instant",
            owner.name as "owner_name?",
            owner.email as "owner_email?",
            (select count(*) from services s where s.provider_id = p.id and s.archived_at is null) as "services!",
            (select count(*) from bookings b where b.provider_id = p.id and b.status not in ('held', 'expired')) as "bookings!",
            key.words as "words!",
            key.number as "number!"
         from providers p
         left join categories c on c.id = p.category_id
         left join lateral (
            select a.name, a.email
            from provider_members m
            join accounts a on a.id = m.account_id
            where m.provider_id = p.id and m.role = 'owner'
            order by m.created_at
            limit 1
         ) owner on true
         cross join lateral (
            select
                case $7::text
                    when 'name' then fold(p.name)
                    when 'owner' then fold(coalesce(owner.name, ''))
                    when 'category' then coalesce(c.name, '')
                    when 'status' then p.status
                    else ''
                end as words,
                case $7
                    when 'services' then (select count(*) from services s where s.provider_id = p.id and s.archived_at is null)
                    when 'bookings' then (select count(*) from bookings b where b.provider_id = p.id and b.status not in ('held', 'expired'))
                    when 'since' then (extract(epoch from coalesce(p.decided_at, p.submitted_at, p.created_at)) * 1000000)::bigint
                    else 0
                end as number
         ) key
         where ($1::text is null
                or fold(p.name) like '%' || fold($1) || '%'
                or p.email ilike '%' || $1 || '%'
                or owner.email ilike '%' || $1 || '%'
                or p.id::text = $1)
           and ($2::text is null or p.status = $2)
           and ($3::uuid is null or p.id = $3)
           and ($4::timestamptz is null or (p.created_at, p.id) < ($4, $5::uuid))
           and ($9::uuid is null
                or case when $8::bool
                    then (key.words, key.number, p.id) < ($10::text, $11::bigint, $9)
                    else (key.words, key.number, p.id) > ($10, $11, $9)
                   end)
         order by
            -- without a sort this is all that is left, and an index has it
            case when $7::text is null then p.created_at end desc,
            case when $8 then key.words end desc,
            case when not $8 then key.words end,
            case when $8 then key.number end desc,
            case when not $8 then key.number end,
            case when $8 then p.id end desc,
            case when not $8 then p.id end
         limit $6"#,
        q,
        status,
        id as Option<ProviderId>,
        after_at as Option<Instant>,
        newest_id as Option<ProviderId>,
        limit,
        order.by,
        order.is_down,
        after_id as Option<ProviderId>,
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
            line: ProviderLine {
                id: row.id,
                slug: row.slug,
                name: row.name,
                category: row.category,
                town: row.town,
                status: row.status,
                status_reason: row.status_reason,
                is_verified: row.is_verified,
                submitted_at: row.submitted_at,
                decided_at: row.decided_at,
                created_at: row.created_at,
                owner_name: row.owner_name,
                owner_email: row.owner_email,
                services: row.services,
                bookings: row.bookings,
            },
        })
        .collect())
}

pub async fn count_statuses(db: &PgPool) -> Result<StatusCounts> {
    Ok(sqlx::query_as!(
        StatusCounts,
        r#"select
            count(*) filter (where status = 'draft') as "draft!",
            count(*) filter (where status = 'submitted') as "submitted!",
            count(*) filter (where status = 'active') as "active!",
            count(*) filter (where status = 'rejected') as "rejected!",
            count(*) filter (where status = 'suspended') as "suspended!"
         from providers"#,
    )
    .fetch_one(db)
    .await?)
}

pub async fn list_categories(db: &PgPool) -> Result<Vec<CategoryLine>> {
    Ok(sqlx::query_as!(
        CategoryLine,
        r#"select
            c.id as "id: CategoryId",
            c.slug,
            c.name,
            c.description,
            c.icon,
            c.tone,
            c.position,
            c.commission_bp,
            c.is_hidden,
            (select count(*) from services s where s.category_id = c.id and s.archived_at is null) as "services!"
         from categories c
         order by c.position, c.name"#,
    )
    .fetch_all(db)
    .await?)
}

/// As it stands, for the audit; locked.
pub async fn find_category(tx: &mut Tx, id: CategoryId) -> Result<Option<serde_json::Value>> {
    Ok(sqlx::query_scalar!(r#"select to_jsonb(c) - 'created_at' as "row!" from categories c where id = $1 for update"#, id as CategoryId,)
        .fetch_optional(&mut **tx)
        .await?)
}

pub async fn save_category(tx: &mut Tx, id: CategoryId, input: &SaveCategory, now: Instant) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into categories (id, slug, name, description, icon, tone, position, commission_bp, is_hidden, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (id) do update set
            slug = excluded.slug,
            name = excluded.name,
            description = excluded.description,
            icon = excluded.icon,
            tone = excluded.tone,
            position = excluded.position,
            commission_bp = excluded.commission_bp,
            is_hidden = excluded.is_hidden",
        id as CategoryId,
        input.slug,
        input.name,
        input.description,
        input.icon,
        input.tone,
        input.position,
        input.commission_bp,
        input.is_hidden,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
