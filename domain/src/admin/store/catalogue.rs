//! Providers in every status, and the categories.

use crate::admin::model::{CategoryLine, ProviderLine, SaveCategory, StatusCounts};
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
    after: Option<(Instant, ProviderId)>,
    limit: i64,
) -> Result<Vec<ProviderLine>> {
    let (after_at, after_id) = after.unzip();
    Ok(sqlx::query_as!(
        ProviderLine,
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
            (select count(*) from bookings b where b.provider_id = p.id and b.status not in ('held', 'expired')) as "bookings!"
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
         where ($1::text is null
                or fold(p.name) like '%' || fold($1) || '%'
                or p.email ilike '%' || $1 || '%'
                or owner.email ilike '%' || $1 || '%'
                or p.id::text = $1)
           and ($2::text is null or p.status = $2)
           and ($3::uuid is null or p.id = $3)
           and ($4::timestamptz is null or (p.created_at, p.id) < ($4, $5::uuid))
         order by p.created_at desc, p.id desc
         limit $6"#,
        q,
        status,
        id as Option<ProviderId>,
        after_at as Option<Instant>,
        after_id as Option<ProviderId>,
        limit,
    )
    .fetch_all(db)
    .await?)
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
