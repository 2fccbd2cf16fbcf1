//! Reading for the home page and the sitemap.

use crate::error::Result;
use crate::search::pages::{ProfileVersion, VoiceView};
use crate::time::Instant;
use sqlx::PgPool;

pub struct Totals {
    pub provider_count: i64,
    pub rating_sum: i64,
    pub rating_count: i64,
    /// Where most of them are.
    pub town: String,
    pub zone: String,
}

pub async fn totals(db: &PgPool) -> Result<Totals> {
    let row = sqlx::query_as!(
        Totals,
        r#"select
            count(*) as "provider_count!",
            coalesce(sum(rating_sum), 0)::bigint as "rating_sum!",
            coalesce(sum(rating_count), 0)::bigint as "rating_count!",
            coalesce(mode() within group (order by town), '') as "town!",
            coalesce(mode() within group (order by zone), 'UTC') as "zone!"
         from providers
         where status = 'active'"#,
    )
    .fetch_one(db)
    .await?;
    Ok(row)
}

/// Five stars with something to say, one for each provider, the longest first.
pub async fn list_voices(db: &PgPool, since: Instant, limit: i64) -> Result<Vec<VoiceView>> {
    let rows = sqlx::query_as!(
        VoiceView,
        r#"select
            v.body as "body!",
            v.author_name as "author_name!",
            v.rating as "rating!",
            v.provider_name as "provider_name!",
            v.provider_slug as "provider_slug!",
            v.published_at as "published_at!: Instant"
         from (
            select distinct on (r.provider_id)
                r.body,
                r.author_name,
                r.rating,
                p.name as provider_name,
                p.slug as provider_slug,
                r.published_at
            from reviews r
            join providers p on p.id = r.provider_id and p.status = 'active'
            where r.side = 'customer' and r.rating = 5 and r.published_at > $1 and length(r.body) between 60 and 260
            order by r.provider_id, length(r.body) desc
         ) v
         order by length(v.body) desc
         limit $2"#,
        since as Instant,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// What the page of this provider is made of, by its latest events: by more of them than can be written at once and committed in any order, which on a node are
/// two statements of 32 holds and what other connections of its pool write.
pub async fn find_profile_version(db: &PgPool, slug: &str) -> Result<Option<ProfileVersion>> {
    let row = sqlx::query_as!(
        ProfileVersion,
        r#"select
            s.epoch,
            p.status,
            p.updated_at as "updated_at: Instant",
            (
                select coalesce(bit_xor(hashint8extended(e.id, 0)), 0)
                from (select id from events where provider_id = p.id order by id desc limit 256) e
            ) as "latest!"
         from spine s, providers p
         where p.slug = $1"#,
        slug,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Addresses of active providers in id order with when they last changed, for the sitemap.
pub async fn list_addresses(db: &PgPool, limit: i64) -> Result<Vec<(String, Instant)>> {
    let rows = sqlx::query!(
        r#"select slug, updated_at as "updated_at: Instant" from providers where status = 'active' order by id limit $1"#,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.slug, row.updated_at)).collect())
}
