//! Words, a place and a day, never the same twice, beside what one writes first: `like` and the haversine formula.

use super::line::{Aim, Line};
use crate::house::House;
use crate::report::Times;
use crate::stage::Stage;
use anyhow::{Result, ensure};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::str::FromStr;
use std::time::{Duration, Instant};

const WORDS: [&str; 10] = ["tap", "lawn", "hair", "piano", "bike", "move", "clean", "dog", "wedding", "laptop"];
const RADIUS_KM: f64 = 20.0;
/// The plain way is asked so often less: it takes long.
const THEIR_PART: usize = 3;

pub async fn measure(stage: &Stage) -> Result<Vec<Line>> {
    let count: i64 = sqlx::query_scalar("select count(*) from providers where status = 'active'").fetch_one(&stage.db).await?;
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    let plainly = connect_as_ours(stage).await?;
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    let (mut found, mut empty) = (0, 0);
    let today = super::today();
    let (warming, counted) = if stage.is_full { (300, 400) } else { (20, 40) };
    for (number, (lat, lng)) in places(stage, warming + counted).await?.into_iter().enumerate() {
        let word = WORDS[number % WORDS.len()];
        let day = today + chrono::Days::new(1 + (number / WORDS.len()) as u64 % 14);
        let path = format!("/api/v1/search?q={word}&lat={lat:.4}&lng={lng:.4}&radius_km={RADIUS_KM}&free_on={day}");
        let answer = house.get(&path, None).await;
        ensure!(answer.status == 200, "search was answered {}", answer.status);
        let took = if number % THEIR_PART == 0 { Some(ask(&plainly, word, lat, lng).await?) } else { None };
        // Each connection plans each statement once, and there are as many as questions were asked at the same moment.
        if number < warming {
            continue;
        }
        ours.add(answer.took);
        if let Some(took) = took {
            theirs.add(took);
        }
        let total = answer.body["total"].as_i64().unwrap_or(0);
        found += total;
        empty += usize::from(total == 0);
    }
    let mean = found as f64 / counted as f64;
    println!("  ours {ours}; plain {theirs}; {mean:.1} found on average, nobody by {empty} of {counted}");
    ensure!(empty * 2 < counted, "{empty} of {counted} searches found nobody");
    let p95 = |times: &Times| times.quantile(950).as_secs_f64() * 1000.0;
    let what = format!("search among {count}, words, place and \"free on\", p95");
    let line = Line::plain(what, p95(&ours), "ms").beside("like and haversine in SQL, without free times", p95(&theirs));
    let free = format!("the same, found on average and free then (nobody by {empty} of {counted})");
    Ok(vec![line.aim(Aim::AtMost { floor: 30.0, goal: 10.0 }), Line::plain(free, mean, "")])
}

/// Places from which nobody asked before, each within six kilometres of someone who can be found, so that towns are asked from as often as they are
/// large. Their order says nothing about where they lie: those that warm are as those that count.
async fn places(stage: &Stage, count: usize) -> Result<Vec<(f64, f64)>> {
    let known: Vec<(f64, f64)> = sqlx::query_as(
        "select lat, lng from providers where status = 'active' and lat is not null and lng is not null order by md5(id::text) limit $1",
    )
    .bind(count as i64)
    .fetch_all(&stage.db)
    .await?;
    ensure!(!known.is_empty(), "nobody is anywhere");
    let aside = |dice: usize| (dice % 997) as f64 / 997.0 * 0.09 - 0.045;
    let place = |number: usize| {
        let (lat, lng) = known[number % known.len()];
        (lat + aside(number * 389), lng + aside(number * 577))
    };
    Ok((0..count).map(place).collect())
}

/// One connection, set up as those of our server are.
async fn connect_as_ours(stage: &Stage) -> Result<PgPool> {
    let options = PgConnectOptions::from_str(&stage.database_url)?
        .options([("max_parallel_workers_per_gather", "0"), ("jit", "off")])
        .options([("random_page_cost", "1.1"), ("plan_cache_mode", "force_generic_plan")]);
    Ok(PgPoolOptions::new().max_connections(1).test_before_acquire(false).connect_with(options).await?)
}

async fn ask(db: &PgPool, word: &str, lat: f64, lng: f64) -> Result<Duration> {
    let began = Instant::now();
    sqlx::query(
        "select *
         from (
            select p.id, 6371 * 2 * asin(sqrt(power(sin(radians(p.lat - $2) / 2), 2)
                + cos(radians($2)) * cos(radians(p.lat)) * power(sin(radians(p.lng - $3) / 2), 2))) as km
            from providers p
            where p.status = 'active'
            and (lower(p.name) like $1 or lower(p.story) like $1
                or exists (select 1 from services s where s.provider_id = p.id and lower(s.name) like $1))
         ) found
         where km <= $4
         order by km
         limit 20",
    )
    .bind(format!("%{word}%"))
    .bind(lat)
    .bind(lng)
    .bind(RADIUS_KM)
    .fetch_all(db)
    .await?;
    Ok(began.elapsed())
}
