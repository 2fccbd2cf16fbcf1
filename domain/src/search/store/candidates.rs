//! Reading candidates: which providers match, the best of them, and how many each filter would leave.

use crate::error::Result;
use crate::id::{CategoryId, ProviderId, ServiceId};
use crate::search::model::{Point, Sort};
use crate::search::policy;
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

/// At most this many matching providers are looked at: the nearest, or without a place the best rated.
pub const MOST: i64 = 4000;
const KM_PER_DEGREE: f64 = 111.195;

/// What the database is asked. All filters but free times.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// A text query of Postgres; None for everything.
    pub text: Option<&'a str>,
    pub at: Option<Point>,
    pub radius_km: f64,
    pub category: Option<CategoryId>,
    pub price_max_minor: Option<i64>,
    pub currency: Option<&'a str>,
    pub rating_min: Option<i64>,
    pub language: Option<&'a str>,
    /// at the provider's, at the customer's, online
    pub modes: [bool; 3],
    pub is_instant: bool,
    pub sort: Sort,
    /// The last twelve digits of the ids that were shown already.
    pub shown: &'a [i64],
    pub limit: i64,
    /// Upper edges of the price filter's steps.
    pub price_steps: [i64; 4],
}

/// A provider that passes all filters but free times.
#[derive(Debug, Clone)]
pub struct CandidateRow {
    pub provider_id: ProviderId,
    pub text: Option<f64>,
    pub metres: Option<f64>,
    pub rating: i32,
}

/// How many match with each filter, the others staying.
#[derive(Debug, Clone, Default, FromRow)]
pub struct CountRow {
    pub total: i64,
    pub looked_at: i64,
    pub instant: i64,
    pub at_provider: i64,
    pub at_customer: i64,
    pub online: i64,
    pub rated_40: i64,
    pub rated_45: i64,
    pub rated_48: i64,
    pub price_1: i64,
    pub price_2: i64,
    pub price_3: i64,
    pub price_4: i64,
    pub languages: sqlx::types::Json<Vec<(String, i64)>>,
    pub categories: sqlx::types::Json<Vec<(Uuid, i64)>>,
    candidates: sqlx::types::Json<Vec<(Uuid, Option<f64>, Option<f64>, i32)>>,
}

/// Filters that `matching` leaves open, so that each can be counted without itself.
const PRICE: &str = "m.is_price";
const RATING: &str = "m.is_rating";
const LANGUAGE: &str = "m.is_language";
const CATEGORY: &str = "m.is_category";

fn all_but(left_out: &str) -> String {
    [PRICE, RATING, LANGUAGE, CATEGORY].into_iter().filter(|f| *f != left_out).collect::<Vec<_>>().join(" and ")
}

/// The candidates in the order of the sort without free times, and the counts, in one statement: what matches is found once.
pub async fn list(db: &PgPool, wanted: &Wanted<'_>) -> Result<(Vec<CandidateRow>, CountRow)> {
    let mut sql = matching(wanted);
    let all = all_but("");
    sql.push(format!(
        " select
            count(*) filter (where {all}) as total,
            count(*) as looked_at,
            count(*) filter (where {but_price} and m.instant_price <= m.most) as instant,
            count(*) filter (where {but_price} and m.at_provider_price <= m.most) as at_provider,
            count(*) filter (where {but_price} and m.at_customer_price <= m.most) as at_customer,
            count(*) filter (where {but_price} and m.online_price <= m.most) as online,
            count(*) filter (where {but_rating} and m.rating_mean >= 400) as rated_40,
            count(*) filter (where {but_rating} and m.rating_mean >= 450) as rated_45,
            count(*) filter (where {but_rating} and m.rating_mean >= 480) as rated_48,",
        but_price = all_but(PRICE),
        but_rating = all_but(RATING),
    ));
    for (at, step) in wanted.price_steps.iter().enumerate() {
        sql.push(format!(" count(*) filter (where {} and m.price <= ", all_but(PRICE)))
            .push_bind(*step)
            .push(format!(") as price_{},", at + 1));
    }
    sql.push(format!(
        " coalesce((
            select jsonb_agg(jsonb_build_array(l.language, l.count) order by l.count desc, l.language)
            from (
                select language, count(*)
                from rated m, unnest(m.languages) language
                where {}
                group by language
            ) l
        ), '[]') as languages,
        coalesce((
            select jsonb_agg(jsonb_build_array(c.category_id, c.count))
            from (
                select category_id, count(*)
                from rated m, unnest(m.category_ids) category_id
                where {}
                group by category_id
            ) c
        ), '[]') as categories,
        coalesce((
            select jsonb_agg(jsonb_build_array(best.provider_id, best.text, best.metres, best.rating) order by best.nth)
            from (
                select m.provider_id, m.text, m.metres, m.rating, row_number() over (order by ",
        all_but(LANGUAGE),
        all_but(CATEGORY),
    ));
    let order = match wanted.sort {
        Sort::Best | Sort::Soonest => "m.score desc, m.provider_id",
        Sort::Nearest => "m.metres nulls last, m.score desc, m.provider_id",
        Sort::Price => "m.price, m.score desc, m.provider_id",
        Sort::Rating => "m.rating desc, m.score desc, m.provider_id",
    };
    sql.push(order).push(") as nth from rated m where ").push(all_but(""));
    if !wanted.shown.is_empty() {
        sql.push(" and not (('x' || right(m.provider_id::text, 12))::bit(48)::bigint = any(").push_bind(wanted.shown).push("))");
    }
    sql.push(" order by nth limit ").push_bind(wanted.limit).push(") best), '[]') as candidates from rated m");
    let counts: CountRow = sql.build_query_as().fetch_one(db).await?;
    let candidates = counts
        .candidates
        .iter()
        .map(|(id, text, metres, rating)| CandidateRow { provider_id: (*id).into(), text: *text, metres: *metres, rating: *rating })
        .collect();
    Ok((candidates, counts))
}

/// `with … rated as (…)`: each provider within reach that the words match, what it costs by the ways asked for, which filters it passes, and its
/// score without free times.
fn matching(wanted: &Wanted<'_>) -> QueryBuilder<Postgres> {
    // the few columns that are needed: words and cells are most of a document, and thousands of them would not fit into the memory of a sort
    let mut sql = QueryBuilder::new(
        "with found as materialized (
            select d.provider_id, d.category_ids, d.languages, d.prices, d.reach_km, d.rating, d.rating_mean, ",
    );
    match wanted.at {
        Some(at) => {
            // good to a thousandth within a few hundred kilometres, and much cheaper than the haversine
            sql.push("sqrt(((d.place)[1] - ")
                .push_bind(at.lat)
                .push(") ^ 2 + (((d.place)[0] - ")
                .push_bind(at.lng)
                .push(") * ")
                .push_bind(at.lat.to_radians().cos())
                .push(format!(") ^ 2) * {:.1} as metres, ", KM_PER_DEGREE * 1000.0));
        }
        None => {
            sql.push("null::double precision as metres, ");
        }
    }
    match wanted.text {
        Some(text) => {
            // in a query of its own the words are stemmed once, and not for each document
            sql.push("ts_rank('{0.05, 0.1, 0.4, 1.0}', d.tsv, (select to_tsquery('english', ")
                .push_bind(text)
                .push(")))::double precision as text");
        }
        None => {
            sql.push("null::double precision as text");
        }
    }
    sql.push(" from search_documents d where true");
    if let Some(text) = wanted.text {
        sql.push(" and d.tsv @@ (select to_tsquery('english', ").push_bind(text).push("))");
    }
    if let Some(at) = wanted.at {
        let up = wanted.radius_km / KM_PER_DEGREE;
        let across = (wanted.radius_km / (KM_PER_DEGREE * at.lat.to_radians().cos().abs().max(0.01))).min(180.0);
        // Words and cells are one index. A box besides would be taken for the more selective by the planner, which then reads everyone around.
        match cells(at, up, across) {
            Some(cells) if wanted.text.is_some() => {
                sql.push(" and d.cells && ").push_bind(cells);
            }
            _ => {
                sql.push(" and d.place <@ box(point(")
                    .push_bind(at.lng - across)
                    .push(", ")
                    .push_bind(at.lat - up)
                    .push("), point(")
                    .push_bind(at.lng + across)
                    .push(", ")
                    .push_bind(at.lat + up)
                    .push("))");
            }
        }
    }
    if let Some(currency) = wanted.currency {
        sql.push(" and d.currency = ").push_bind(currency);
    }
    sql.push(if wanted.at.is_some() { " order by metres limit " } else { " order by d.rating desc limit " }).push_bind(MOST);
    sql.push("), reached as (select f.*");
    reach(&mut sql, wanted);
    sql.push(" from found f");
    if wanted.at.is_some() {
        sql.push(" where f.metres <= ").push_bind(wanted.radius_km * 1000.0);
    }
    sql.push("), priced as (select r.*, ");
    sql.push(format!("least({}) as price, ", ways(wanted.modes, wanted.is_instant)));
    sql.push(format!("least({}) as instant_price, ", ways(wanted.modes, true)));
    for (at, name) in ["at_provider_price", "at_customer_price", "online_price"].into_iter().enumerate() {
        let mut only = [false; 3];
        only[at] = true;
        sql.push(format!("least({}) as {name}, ", ways(only, wanted.is_instant)));
    }
    sql.push_bind(wanted.price_max_minor.unwrap_or(i64::MAX))
        .push(" as most from reached r), rated as materialized (select p.*, p.price <= p.most as is_price, ");
    match wanted.rating_min {
        Some(least) => sql.push("coalesce(p.rating_mean, 0) >= ").push_bind(least as i32),
        None => sql.push("true"),
    };
    sql.push(" as is_rating, ");
    match wanted.language {
        Some(language) => sql.push("p.languages @> array[").push_bind(language).push("]"),
        None => sql.push("true"),
    };
    sql.push(" as is_language, ");
    match wanted.category {
        Some(category) => sql.push("p.category_ids @> array[").push_bind(category).push("]"),
        None => sql.push("true"),
    };
    sql.push(" as is_category, ");
    score(&mut sql, wanted);
    sql.push(" as score from priced p where p.price is not null or p.instant_price is not null or p.at_provider_price is not null or p.at_customer_price is not null or p.online_price is not null)");
    sql
}

/// The tenths of a degree that cover the box, numbered as the documents do; None where they are too many to help.
fn cells(at: Point, up: f64, across: f64) -> Option<Vec<i32>> {
    let tenth = |degrees: f64| (degrees * 10.0).floor() as i32;
    let rows = tenth(at.lat - up + 90.0)..=tenth(at.lat + up + 90.0);
    let columns = tenth(at.lng - across + 180.0)..=tenth(at.lng + across + 180.0);
    let count = rows.clone().count() * columns.clone().count();
    (count <= 200).then(|| rows.flat_map(|row| columns.clone().map(move |column| row * 3600 + column)).collect())
}

/// The six prices of a document, those that cannot reach the place left out.
fn reach(sql: &mut QueryBuilder<Postgres>, wanted: &Wanted<'_>) {
    for at in 1..=6 {
        if wanted.at.is_some() && (3..=4).contains(&at) {
            sql.push(format!(", case when f.metres <= f.reach_km * 1000 then f.prices[{at}] end as p{at}"));
        } else {
            sql.push(format!(", f.prices[{at}] as p{at}"));
        }
    }
}

/// The columns that count for these modes; `null` where none does.
fn ways(modes: [bool; 3], is_instant: bool) -> String {
    let mut columns = vec!["null::bigint".to_owned()];
    for (at, _) in modes.iter().enumerate().filter(|(_, on)| **on) {
        if !is_instant {
            columns.push(format!("p{}", at * 2 + 1));
        }
        columns.push(format!("p{}", at * 2 + 2));
    }
    columns.join(", ")
}

/// [`policy::score`] without free times, in the database's words.
fn score(sql: &mut QueryBuilder<Postgres>, wanted: &Wanted<'_>) {
    let mut weight = policy::RATING + policy::PRICE;
    sql.push("(0.0");
    if wanted.text.is_some() {
        weight += policy::TEXT;
        sql.push(format!(" + {:.1} * p.text / (p.text + 0.2)", policy::TEXT));
    }
    if wanted.at.is_some() {
        weight += policy::NEAR;
        sql.push(format!(" + {:.1} / (1 + p.metres / 3000)", policy::NEAR));
    }
    sql.push(format!(
        " + {:.1} * least(greatest((p.rating - 300) / 200.0, 0), 1) + {:.1} / (1 + coalesce(p.price, 0) / 10000.0)) / {weight:.1}",
        policy::RATING,
        policy::PRICE,
    ));
}

/// A service of a candidate that passes the filters.
#[derive(Debug, Clone)]
pub struct ServiceRow {
    pub id: ServiceId,
    pub provider_id: ProviderId,
    pub category_id: CategoryId,
    pub name: String,
    pub duration_min: i32,
    pub price_minor: i64,
    pub mode: String,
    pub radius_km: Option<f64>,
    pub needs_approval: bool,
}

/// The services of these providers in their own order.
pub async fn list_services(db: &PgPool, providers: &[ProviderId]) -> Result<Vec<ServiceRow>> {
    let rows = sqlx::query_as!(
        ServiceRow,
        r#"select
            s.id as "id: ServiceId",
            s.provider_id as "provider_id: ProviderId",
            s.category_id as "category_id: CategoryId",
            s.name,
            s.duration_min,
            s.price_minor,
            s.mode,
            s.radius_km,
            s.needs_approval
         from services s
         where s.provider_id = any($1) and s.archived_at is null
         order by s.provider_id, s.position, s.id"#,
        providers as &[ProviderId],
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

#[derive(Debug, Clone)]
pub struct CardRow {
    pub id: ProviderId,
    pub slug: String,
    pub name: String,
    pub tagline: String,
    pub category_slug: String,
    pub category_name: String,
    pub icon: String,
    pub tone: i32,
    pub is_verified: bool,
    pub district: String,
    pub town: String,
    pub rating_sum: i64,
    pub rating_count: i32,
    pub languages: Vec<String>,
    pub zone: String,
    pub currency: String,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    pub is_favourite: bool,
}

/// What cards show of these providers, as they are now. `viewer` for what is theirs.
pub async fn list_cards(db: &PgPool, providers: &[ProviderId], viewer: Option<crate::id::AccountId>) -> Result<Vec<CardRow>> {
    let rows = sqlx::query_as!(
        CardRow,
        r#"select
            p.id as "id: ProviderId",
            p.slug,
            p.name,
            p.tagline,
            coalesce(c.slug, '') as "category_slug!",
            coalesce(c.name, '') as "category_name!",
            coalesce(c.icon, 'wrench') as "icon!",
            coalesce(p.cover_tone, c.tone, 1) as "tone!",
            p.verified_at is not null as "is_verified!",
            p.district,
            p.town,
            p.rating_sum,
            p.rating_count,
            p.languages,
            p.zone,
            p.currency,
            p.lat,
            p.lng,
            exists (select 1 from favourites f where f.account_id = $2 and f.provider_id = p.id) as "is_favourite!"
         from providers p
         left join categories c on c.id = p.category_id
         where p.id = any($1) and p.status = 'active'"#,
        providers as &[ProviderId],
        viewer as Option<crate::id::AccountId>,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// The typed text as documents spell it.
pub async fn fold(db: &PgPool, text: &str) -> Result<String> {
    Ok(sqlx::query_scalar!(r#"select fold($1) as "text!""#, text).fetch_one(db).await?)
}

/// For each word the known words it was probably meant to be; none for a word that begins a known one.
pub async fn list_near_words(db: &PgPool, words: &[String]) -> Result<Vec<Vec<String>>> {
    let rows = sqlx::query!(
        r#"select
            typed.nth as "nth!",
            coalesce((
                select array_agg(near.word order by near.likeness desc)
                from (
                    select w.word, similarity(w.word, typed.word) as likeness
                    from search_words w
                    where w.word % typed.word and abs(length(w.word) - length(typed.word)) <= 3
                    order by likeness desc, w.word
                    limit 3
                ) near
            ), '{}') as "near!: Vec<String>"
         from unnest($1::text[]) with ordinality typed(word, nth)
         where length(typed.word) >= 3
           and not exists (select 1 from search_words w where w.word like typed.word || '%')"#,
        words,
    )
    .fetch_all(db)
    .await?;
    let mut near = vec![Vec::new(); words.len()];
    for row in rows {
        if let Some(slot) = near.get_mut(row.nth as usize - 1) {
            *slot = row.near;
        }
    }
    Ok(near)
}
