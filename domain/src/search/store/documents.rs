//! Writing documents: set-based, from the providers as they are.

use crate::error::Result;
use crate::id::ProviderId;
use crate::time::Instant;
use sqlx::{PgConnection, PgPool};

/// Writes the documents of these providers anew, or removes them if they are not active or sell nothing.
pub async fn refresh(db: &mut PgConnection, providers: &[ProviderId], now: Instant) -> Result<()> {
    sqlx::query!(
        r#"with
        sold as (
            select
                s.provider_id,
                string_agg(s.name, ' ' order by s.position) as names,
                string_agg(s.description, ' ' order by s.position) as descriptions,
                array_agg(distinct s.category_id) as category_ids,
                string_agg(distinct c.name || ' ' || c.description, ' ') as categories,
                coalesce(max(s.radius_km) filter (where s.mode = 'at_customer'), 0) as reach_km,
                array[
                    min(s.price_minor) filter (where s.mode = 'at_provider' and s.needs_approval),
                    min(s.price_minor) filter (where s.mode = 'at_provider' and not s.needs_approval),
                    min(s.price_minor) filter (where s.mode = 'at_customer' and s.needs_approval),
                    min(s.price_minor) filter (where s.mode = 'at_customer' and not s.needs_approval),
                    min(s.price_minor) filter (where s.mode = 'online' and s.needs_approval),
                    min(s.price_minor) filter (where s.mode = 'online' and not s.needs_approval)
                ] as prices
            from services s
            join categories c on c.id = s.category_id and not c.is_hidden
            where s.provider_id = any($1) and s.archived_at is null
            group by s.provider_id
        ),
        texts as (
            select
                p.*,
                sold.category_ids,
                sold.reach_km,
                sold.prices,
                fold(p.name || ' ' || sold.names) as first_words,
                fold(sold.categories || ' ' || p.tagline) as next_words,
                fold(concat_ws(' ', sold.descriptions, p.story, p.district, p.town)) as last_words
            from providers p
            join sold on sold.provider_id = p.id
            where p.status = 'active'
        ),
        gone as (
            delete from search_documents d
            where d.provider_id = any($1) and not exists (select 1 from texts t where t.id = d.provider_id)
        ),
        spelled as (
            insert into search_words (word)
            select distinct w.word
            from texts t, regexp_split_to_table(t.first_words || ' ' || t.next_words || ' ' || t.last_words, '[^[:alnum:]]+') w(word)
            where length(w.word) between 3 and 40 and w.word !~ '^[0-9]+$'
            on conflict do nothing
        )
        insert into search_documents
            (provider_id, tsv, place, cells, category_ids, languages, currency, prices, reach_km, rating, rating_mean, updated_at)
        select
            t.id,
            setweight(to_tsvector('english', t.first_words), 'A')
                || setweight(to_tsvector('english', t.next_words), 'B')
                || setweight(to_tsvector('english', t.last_words), 'C'),
            point(t.lng, t.lat),
            case
                when t.lat is null or t.lng is null then '{}'
                else array[floor((t.lat + 90) * 10)::integer * 3600 + floor((t.lng + 180) * 10)::integer]
            end,
            t.category_ids,
            t.languages,
            t.currency,
            t.prices,
            t.reach_km,
            -- ten ordinary reviews of 4.30 stand in for the ones not written yet
            ((t.rating_sum * 100 + 4300) / (t.rating_count + 10))::integer,
            case when t.rating_count > 0 then ((t.rating_sum * 200 + t.rating_count) / (t.rating_count * 2))::integer end,
            $2
        from texts t
        on conflict (provider_id) do update set
            tsv = excluded.tsv,
            place = excluded.place,
            cells = excluded.cells,
            category_ids = excluded.category_ids,
            languages = excluded.languages,
            currency = excluded.currency,
            prices = excluded.prices,
            reach_km = excluded.reach_km,
            rating = excluded.rating,
            rating_mean = excluded.rating_mean,
            updated_at = excluded.updated_at"#,
        providers as &[ProviderId],
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The next providers after this one in id order, to walk through all of them.
pub async fn list_providers_after(db: &PgPool, after: Option<ProviderId>, limit: i64) -> Result<Vec<ProviderId>> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: ProviderId" from providers where $1::uuid is null or id > $1 order by id limit $2"#,
        after as Option<ProviderId>,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(ids)
}
