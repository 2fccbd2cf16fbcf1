//! The provider's page, free times, search, memory at rest, and what a page weighs on the wire.

use super::{Limit, Line};
use crate::house::House;
use crate::report::Times;
use crate::stage::{Server, Stage};
use crate::town::Town;
use anyhow::{Context, Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CLIENTS: usize = 16;
const BUSY: i64 = 200;
const DAYS: i64 = 31;

pub async fn measure(stage: &Stage, house: &House, server: &Server) -> Result<Vec<Line>> {
    let how_long = Duration::from_secs(if stage.is_full { 20 } else { 4 });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = server.resident()? as f64 / 1e6;
    let town = Town::build(&stage.db, 1, 100).await?;
    let mut lines = vec![Line { what: "resident memory, idle", ours: idle, unit: "MB", peer: None, limit: Limit::AtMost(80.0) }];

    let page = format!("/p/{}", town.slug);
    as_fast_as_possible(house, &page, how_long / 4).await?;
    let cpu = server.cpu()?;
    let rate = as_fast_as_possible(house, &page, how_long).await?;
    let used = (server.cpu()? - cpu).as_secs_f64();
    let per_cpu = rate * how_long.as_secs_f64() / used;
    lines.push(Line { what: "provider page, a CPU second", ours: per_cpu, unit: "pages", peer: None, limit: Limit::None });
    let calm = open_loop(house, &page, rate / 2.0, how_long).await?;
    let p99 = calm.quantile(990).as_secs_f64() * 1000.0;
    lines.push(Line { what: "provider page, p99 at half of the peak", ours: p99, unit: "ms", peer: None, limit: Limit::AtMost(50.0) });

    lines.push(slots(stage, house, &town).await?);
    lines.push(search(stage, house, &town).await?);
    for (what, path, most) in [("home", "/", 0.0), ("search", "/search?q=tap", 0.0), ("provider", page.as_str(), 100.0)] {
        let scripts = scripts_of(house, path).await? / 1024.0;
        let what = match what {
            "home" => "scripts before interaction, home",
            "search" => "scripts before interaction, search",
            _ => "scripts before interaction, provider",
        };
        // the loader itself may weigh two
        lines.push(Line { what, ours: scripts, unit: "KiB", peer: None, limit: Limit::AtMost(most + 2.0) });
    }
    Ok(lines)
}

/// Answers a second, by clients that wait for nothing else.
async fn as_fast_as_possible(house: &House, path: &str, how_long: Duration) -> Result<f64> {
    let done = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + how_long;
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (house, path, done) = (house.clone(), path.to_owned(), done.clone());
            tokio::spawn(async move {
                while Instant::now() < until {
                    let answer = house.get(&path, None).await;
                    ensure!(answer.status == 200, "{path} was answered {}", answer.status);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(done.load(Ordering::Relaxed) as f64 / how_long.as_secs_f64())
}

/// Requests at fixed moments, whether or not earlier ones were answered: waiting counts from when it was due.
async fn open_loop(house: &House, path: &str, rate: f64, how_long: Duration) -> Result<Times> {
    let began = Instant::now();
    let count = (rate * how_long.as_secs_f64()).max(1.0) as u32;
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let (house, path) = (house.clone(), path.to_owned());
            let due = began + how_long * number / count;
            tokio::spawn(async move {
                tokio::time::sleep_until(due.into()).await;
                let answer = house.get(&path, None).await;
                (answer.status, due.elapsed())
            })
        })
        .collect();
    let mut times = Times::default();
    for task in tasks {
        let (status, took) = task.await?;
        ensure!(status == 200, "{path} was answered {status}");
        times.add(took);
    }
    Ok(times)
}

/// Free times of a month of someone with many bookings, beside the same bytes from memory.
async fn slots(stage: &Stage, house: &House, town: &Town) -> Result<Line> {
    sqlx::query(
        "insert into allocations (id, provider_id, resource_id, kind, during, created_at)
         select gen_random_uuid(), $1, $2, 'block', tstzrange(at, at + interval '1 hour'), now()
         from (select $3::timestamptz + n * interval '3 hours' as at from generate_series(1, $4) n) hours",
    )
    .bind(town.provider)
    .bind(town.people[0])
    .bind(town.start(0).parse::<chrono::DateTime<chrono::Utc>>()?)
    .bind(BUSY)
    .execute(&stage.db)
    .await?;
    let (from, to) = (town.start(0)[..10].to_owned(), town.start((DAYS - 1) * 48)[..10].to_owned());
    let path = format!("/api/v1/providers/{}/availability?service_id={}&from={from}&to={to}", town.provider, town.service);
    let known = house.http.get(format!("{}{path}", house.base)).send().await?.bytes().await?;
    let memory = from_memory(known.to_vec()).await?;
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    for _ in 0..if stage.is_full { 2_000 } else { 200 } {
        let answer = house.get(&path, None).await;
        ensure!(answer.status == 200, "free times were answered {}", answer.status);
        ours.add(answer.took);
        theirs.add(memory.get("/", None).await.took);
    }
    let ms = |times: &Times| times.quantile(990).as_secs_f64() * 1000.0;
    let peer = Some(("the same bytes from memory", ms(&theirs)));
    Ok(Line { what: "free times of 31 days, p99", ours: ms(&ours), unit: "ms", peer, limit: Limit::AtMost(10.0) })
}

/// A server that knows one answer.
async fn from_memory(body: Vec<u8>) -> Result<House> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    let answer = Arc::new([head.into_bytes(), body].concat());
    tokio::spawn(async move {
        while let Ok((mut line, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while line.read(&mut buffer).await.is_ok_and(|count| count > 0) {
                    if line.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(House::at(address))
}

/// Words, a place and a day, never the same twice, beside what one writes first: `like` and the haversine formula.
async fn search(stage: &Stage, house: &House, town: &Town) -> Result<Line> {
    let words = ["tap", "lawn", "hair", "piano", "bike", "move", "clean", "dog", "wedding", "laptop"];
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    for number in 0..if stage.is_full { 400 } else { 40 } {
        let word = words[number % words.len()];
        let (lat, lng) = (51.4 + number as f64 * 0.000_7, -0.1 + number as f64 * 0.000_5);
        let day = &town.start(48 * (number as i64 % 14))[..10];
        let answer = house.get(&format!("/api/v1/search?q={word}&lat={lat}&lng={lng}&radius_km=20&free_on={day}"), None).await;
        ensure!(answer.status == 200, "search was answered {}", answer.status);
        ours.add(answer.took);
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
        theirs.add(began.elapsed());
    }
    let ms = |times: &Times| times.quantile(950).as_secs_f64() * 1000.0;
    let peer = Some(("like and haversine, without free times", ms(&theirs)));
    Ok(Line { what: "search by words, place and day, p95", ours: ms(&ours), unit: "ms", peer, limit: Limit::AtMost(30.0) })
}

/// Bytes of scripts that a page names, as they cross the wire.
async fn scripts_of(house: &House, path: &str) -> Result<f64> {
    let page = house.http.get(format!("{}{path}", house.base)).send().await?.text().await?;
    let mut bytes = 0;
    for tag in page.split("<script").skip(1).filter_map(|rest| rest.split('>').next()) {
        let Some(source) = tag.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()) else { continue };
        let url = if source.starts_with('/') { format!("{}{source}", house.base) } else { source.to_owned() };
        let script = house.http.get(url).header("accept-encoding", "br").send().await.context("a script")?;
        bytes += script.bytes().await?.len();
    }
    Ok(bytes as f64)
}
