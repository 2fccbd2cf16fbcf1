//! The database is gone: its plug pulled, its backends ended one by one, while people hold and pay and look at pages. Pages say so with 503
//! and when to come back, nothing that was acknowledged is lost, and five seconds after it is back nothing fails any more.

use crate::house::{Gateway, House};
use crate::load::Load;
use crate::progress::Progress;
use crate::report::Report;
use crate::stage::{self, Stage};
use crate::town::Town;
use crate::{invariants, money};
use anyhow::Result;
use rand::Rng;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After the database is back nothing may fail any more.
const GRACE: Duration = Duration::from_secs(5);
const PEOPLE: usize = 6;

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (outages, pause) = if stage.is_full { (20, Duration::from_secs(10)) } else { (3, Duration::from_secs(8)) };
    let town = Arc::new(Town::build(&stage.db, 40, 4_000).await?);
    let gateway = Gateway::at(&stage.sandbox);
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    let load = Load::new(house.clone(), gateway.clone(), town.clone());
    let people = load.start(PEOPLE);
    let watcher = Watcher::start(&house, &town);
    let mut progress = Progress::open(stage, "database");

    let mut down: Vec<(Instant, Instant)> = Vec::new();
    while progress.done < outages {
        tokio::time::sleep(pause / 2).await;
        let gone_at = Instant::now();
        stage.postgres.stop_at_once().await?;
        let away = rand::rng().random_range(500..4_000);
        tokio::time::sleep(Duration::from_millis(away)).await;
        stage.postgres.start().await?;
        down.push((gone_at, Instant::now()));
        tokio::time::sleep(pause).await;
        progress.step()?;
    }
    progress.forget();
    let ended = end_backends(stage, if stage.is_full { 40 } else { 8 }).await?;
    report.figure("outages, backends ended", format!("{}, {ended}", down.len()));

    load.end();
    futures::future::join_all(people).await;
    let seen = watcher.end().await;
    judge(&seen, &down, report);
    load.with_memory(|memory| {
        report.figure("steps of people who pay", memory.steps);
        report.figure("bookings promised", memory.promises.len());
        for (at, status, has_retry_after) in &memory.failures {
            blame("a call", *at, *status, *has_retry_after, &down, report);
        }
        for (what, count) in &memory.odd {
            report.broken(format!("{count} × {what}"));
        }
    });
    // our own connections have gone as well
    let db = stage::pool(&stage.database_url).await?;
    match money::converges(&db, &gateway).await? {
        Ok(took) => report.figure("books agree again after", format!("{:.1} s", took.as_secs_f64())),
        Err(left) => left.into_iter().take(5).for_each(|problem| report.broken(problem)),
    }
    let memory = load.with_memory(std::mem::take);
    money::check_promises(&db, &memory, report).await?;
    money::check_charges(&db, report).await?;
    invariants::check(&db, report).await
}

/// A few of the server's backends at a time, at random.
async fn end_backends(stage: &Stage, rounds: u32) -> Result<usize> {
    let mut ended = 0;
    for _ in 0..rounds {
        let db = stage::pool(&stage.database_url).await?;
        let gone: Vec<bool> = sqlx::query_scalar(
            "select pg_terminate_backend(pid) from (
                select pid from pg_stat_activity where application_name = 'fettle' and datname = current_database() order by random() limit 3) few",
        )
        .fetch_all(&db)
        .await?;
        ended += gone.len();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(ended)
}

/// One look at a page.
type Look = (&'static str, Instant, u16, bool);

/// Someone who looks at pages all the time.
struct Watcher {
    is_over: Arc<AtomicBool>,
    looks: Arc<Mutex<Vec<Look>>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Watcher {
    fn start(house: &House, town: &Town) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let looks = Arc::new(Mutex::new(Vec::new()));
        let pages = [("home", "/".to_owned()), ("search", "/search?q=drill".to_owned()), ("a provider", format!("/p/{}", town.slug))];
        let tasks = pages
            .into_iter()
            .map(|(name, path)| {
                let (is_over, looks, house) = (is_over.clone(), looks.clone(), house.clone());
                tokio::spawn(async move {
                    while !is_over.load(Ordering::Relaxed) {
                        let answer = house.get(&path, None).await;
                        looks.lock().unwrap_or_else(PoisonError::into_inner).push((
                            name,
                            Instant::now(),
                            answer.status,
                            answer.has_retry_after,
                        ));
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                })
            })
            .collect();
        Self { is_over, looks, tasks }
    }

    async fn end(self) -> Vec<Look> {
        self.is_over.store(true, Ordering::Relaxed);
        futures::future::join_all(self.tasks).await;
        std::mem::take(&mut self.looks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn judge(seen: &[Look], down: &[(Instant, Instant)], report: &mut Report) {
    let mut counts: BTreeMap<(&str, u16), u64> = BTreeMap::new();
    for (page, at, status, has_retry_after) in seen {
        *counts.entry((page, *status)).or_default() += 1;
        if *status >= 500 || *status == 0 {
            blame(page, *at, *status, *has_retry_after, down, report);
        } else {
            report.expect(*status == 200, || format!("{page} was answered {status}"));
        }
    }
    let text: Vec<String> = counts.iter().map(|((page, status), count)| format!("{page} {status} × {count}")).collect();
    report.figure("pages meanwhile", text.join(", "));
}

/// A failure is well as 503 that says when to come back, while the database is gone or just back, or while backends are being ended.
fn blame(what: &str, at: Instant, status: u16, has_retry_after: bool, down: &[(Instant, Instant)], report: &mut Report) {
    report.expect(status == 503, || format!("{what} was answered {status} instead of 503"));
    report.expect(status != 503 || has_retry_after, || format!("{what} was answered 503 without a word about when to come back"));
    let last_up = down.iter().map(|(_, up)| *up).max();
    let is_excused = down.iter().any(|(gone, up)| at >= *gone && at <= *up + GRACE)
        // after the last outage backends are ended on purpose
        || last_up.is_some_and(|up| at > up + GRACE);
    report.expect(is_excused, || {
        let late = down.iter().filter(|(_, up)| *up <= at).map(|(_, up)| at.duration_since(*up)).min();
        format!("{what} was answered {status} {late:?} after the database was back")
    });
}
