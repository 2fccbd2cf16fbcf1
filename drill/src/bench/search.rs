//! Words, a place and a day, never the same twice, beside what one writes first: `like` and the haversine formula.

use super::line::{Aim, Line};
use crate::house::House;
use crate::report::Times;
use crate::stage::Stage;
use anyhow::{Result, ensure};
use std::time::Instant;

const WORDS: [&str; 10] = ["tap", "lawn", "hair", "piano", "bike", "move", "clean", "dog", "wedding", "laptop"];

pub async fn measure(stage: &Stage) -> Result<Vec<Line>> {
    let count: i64 = sqlx::query_scalar("select count(*) from providers where status = 'active'").fetch_one(&stage.db).await?;
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    let today = super::today();
    let (warming, counted) = if stage.is_full { (300, 400) } else { (20, 40) };
    for number in 0..warming + counted {
        let word = WORDS[number % WORDS.len()];
        // in and around the towns, a place that nobody asked from before
        let (lat, lng) = (50.3 + number as f64 * 0.0011 - 0.2, -1.7 + number as f64 * 0.0017 - 0.3);
        let day = today + chrono::Days::new(1 + number as u64 % 14);
        let path = format!("/api/v1/search?q={word}&lat={lat:.4}&lng={lng:.4}&radius_km=20&free_on={day}");
        let answer = house.get(&path, None).await;
        ensure!(answer.status == 200, "search was answered {}", answer.status);
        // Each connection plans each statement once, and there are as many as questions were asked at the same moment.
        if number < warming {
            continue;
        }
        ours.add(answer.took);
        if number % 7 == 0 {
            theirs.add(plain(stage, word, lat, lng).await?);
        }
    }
    println!("  ours {ours}; plain {theirs}");
    let p95 = |times: &Times| times.quantile(950).as_secs_f64() * 1000.0;
    let what = format!("search among {count}, words, place and \"free on\", p95");
    let line = Line::plain(what, p95(&ours), "ms").beside("like and haversine in SQL, without free times", p95(&theirs));
    Ok(vec![line.aim(Aim::AtMost { floor: 30.0, goal: 10.0 })])
}

async fn plain(stage: &Stage, word: &str, lat: f64, lng: f64) -> Result<std::time::Duration> {
    let began = Instant::now();
    sqlx::query(
        "select p.id, 6371 * 2 * asin(sqrt(power(sin(radians(p.lat - $2) / 2), 2)
            + cos(radians($2)) * cos(radians(p.lat)) * power(sin(radians(p.lng - $3) / 2), 2))) as km
         from providers p
         where p.status = 'active'
         and (lower(p.name) like $1 or lower(p.story) like $1 or exists (select 1 from services s where s.provider_id = p.id and lower(s.name) like $1))
         order by km limit 20",
    )
    .bind(format!("%{word}%"))
    .bind(lat)
    .bind(lng)
    .fetch_all(&stage.db)
    .await?;
    Ok(began.elapsed())
}
