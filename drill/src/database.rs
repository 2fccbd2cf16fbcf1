//! The database is gone: its plug pulled, its backends ended one by one, while people hold and pay and look at pages. Pages say so with 503
//! and when to come back, nothing that was acknowledged is lost, and five seconds after it is back nothing fails any more.

use crate::house::{Gateway, House};
use crate::load::{Load, Promise};
use crate::money;
use crate::progress::Progress;
use crate::report::Report;
use crate::stage::{self, Stage};
use crate::town::Town;
use anyhow::Result;
use rand::Rng;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After the database is back nothing may fail any more.
const GRACE: Duration = Duration::from_secs(5);
/// So long people go on after each trouble: what fails after the grace is seen.
const AFTER: Duration = Duration::from_secs(8);
/// The first outage lasts longer than anybody is kept waiting for a connection, so that everyone hears of it.
const LONG: Duration = Duration::from_secs(20);
const WARM: Duration = Duration::from_secs(4);
/// Backends are ended so often in a row, a second apart.
const IN_A_ROW: usize = 3;
const PEOPLE: usize = 6;

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (outages, bursts) = if stage.is_full { (20, 10) } else { (3, 2) };
    let town = Arc::new(Town::build(&stage.db, 40, 4_000).await?);
    let gateway = Gateway::at(&stage.sandbox);
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    let load = Load::new(house.clone(), gateway.clone(), town.clone());
    let people = load.start(PEOPLE);
    let mut watch = Watch { watcher: Watcher::start(&house, &town), times: Vec::new(), counts: BTreeMap::new(), failures: 0 };
    let mut progress = Progress::open(stage, "database");
    let mut calm = Instant::now();
    tokio::time::sleep(WARM).await;
    while progress.done < outages + bursts && report.is_well() {
        let trouble = if progress.done < outages {
            let short = Duration::from_millis(rand::rng().random_range(500..4_000));
            outage(stage, if progress.done == 0 { LONG } else { short }).await?
        } else {
            end_backends(stage).await?
        };
        calm = trouble.over_at();
        tokio::time::sleep(AFTER).await;
        watch.judge(&trouble, &load, report);
        if stage.is_full {
            // our own connections have gone as well
            money::judge(&stage::pool(&stage.database_url).await?, &gateway, &load, calm, report).await?;
        }
        if report.is_well() {
            progress.step()?;
        }
    }
    let gone = progress.done.min(outages);
    report.figure("outages, bursts of ended backends", format!("{gone}, {}", progress.done - gone));
    load.end();
    futures::future::join_all(people).await;
    watch.end(&load, report).await;
    if let Some(took) = money::judge(&stage::pool(&stage.database_url).await?, &gateway, &load, calm, report).await? {
        report.figure("books agree again after", format!("{:.1} s", took.as_secs_f64()));
    }
    load.with_memory(|memory| {
        report.figure("steps of people who pay", memory.steps);
        report.figure("bookings promised", memory.promises.len());
        let confirmed = memory.promises.values().filter(|promise| **promise == Promise::Confirmed).count();
        report.expect(confirmed > 0, || "nobody was promised anything".to_owned());
        report.expect(memory.gave_up == 0, || format!("{} people gave up", memory.gave_up));
    });
    if report.is_well() {
        progress.forget();
    }
    Ok(())
}

/// From when on to when something was gone: the same moment where it was a backend.
#[derive(Debug, Clone, Copy)]
struct Gone {
    from: Instant,
    until: Instant,
}

/// What was done to the database.
struct Trouble {
    /// At least one.
    gone: Vec<Gone>,
    outage: Option<Outage>,
}

impl Trouble {
    /// When everything was back.
    fn over_at(&self) -> Instant {
        self.gone.iter().map(|gone| gone.until).max().unwrap_or_else(Instant::now)
    }
}

struct Outage {
    gone: Gone,
    /// Between these two there was no database for certain.
    stopped: Instant,
    starting: Instant,
    is_long: bool,
}

/// The database is away for so long.
async fn outage(stage: &Stage, away: Duration) -> Result<Trouble> {
    let from = Instant::now();
    stage.postgres.stop_at_once().await?;
    let stopped = Instant::now();
    tokio::time::sleep(away).await;
    let starting = Instant::now();
    stage.postgres.start().await?;
    let gone = Gone { from, until: Instant::now() };
    Ok(Trouble { gone: vec![gone], outage: Some(Outage { gone, stopped, starting, is_long: away >= LONG }) })
}

/// A few of the server's backends at a time, at random.
async fn end_backends(stage: &Stage) -> Result<Trouble> {
    let db = stage::pool(&stage.database_url).await?;
    let (mut gone, mut ended) = (Vec::new(), 0);
    for _ in 0..IN_A_ROW {
        let from = Instant::now();
        let some: Vec<bool> = sqlx::query_scalar(
            "select pg_terminate_backend(pid) from (
                select pid from pg_stat_activity where application_name = 'fettle' and datname = current_database() order by random() limit 3) few",
        )
        .fetch_all(&db)
        .await?;
        ended += some.len();
        gone.push(Gone { from, until: Instant::now() });
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    anyhow::ensure!(ended > 0, "the server has no connection that could be ended");
    Ok(Trouble { gone, outage: None })
}

/// One look at a page, or a call.
#[derive(Clone, Copy)]
struct Look {
    what: &'static str,
    began: Instant,
    ended: Instant,
    status: u16,
    has_retry_after: bool,
}

impl Look {
    /// Told as it has to be that the database is gone.
    const fn is_told(self) -> bool {
        self.status == 503 && self.has_retry_after
    }
}

/// What is looked at all the time. Everything here asks the database each time: even a page that is kept for strangers is let out only when the
/// database says that it still holds.
const WATCHED: [&str; 5] = ["home", "search", "a provider's page", "free times", "one's own bookings"];

/// People who look, each at one thing.
struct Watcher {
    is_over: Arc<AtomicBool>,
    looks: Arc<Mutex<Vec<Look>>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Watcher {
    fn start(house: &House, town: &Town) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let looks = Arc::new(Mutex::new(Vec::new()));
        let day = town.start(0)[..10].to_owned();
        let paths = [
            ("/".to_owned(), None),
            ("/search?q=drill".to_owned(), None),
            (format!("/p/{}", town.slug), None),
            (format!("/api/v1/providers/{}/availability?service_id={}&from={day}&to={day}", town.provider, town.service), None),
            ("/api/v1/bookings?limit=20".to_owned(), Some(town.customer(0))),
        ];
        let tasks = WATCHED.into_iter().zip(paths).map(|(what, (path, token))| {
            let (is_over, looks, house) = (is_over.clone(), looks.clone(), house.clone());
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let answer = house.get(&path, token.as_deref()).await;
                    let (status, has_retry_after) = (answer.status, answer.has_retry_after);
                    let look = Look { what, began, ended: Instant::now(), status, has_retry_after };
                    looks.lock().unwrap_or_else(PoisonError::into_inner).push(look);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            })
        });
        let tasks = tasks.collect();
        Self { is_over, looks, tasks }
    }

    /// What was seen since it was asked last.
    fn take(&self) -> Vec<Look> {
        std::mem::take(&mut self.looks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn end(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        futures::future::join_all(self.tasks.drain(..)).await;
    }
}

/// What was seen, beside when it is excused.
struct Watch {
    watcher: Watcher,
    times: Vec<Gone>,
    counts: BTreeMap<(&'static str, u16), u64>,
    failures: usize,
}

impl Watch {
    /// Everything since the last time, of which `trouble` is the latest.
    fn judge(&mut self, trouble: &Trouble, load: &Load, report: &mut Report) {
        self.times.extend(&trouble.gone);
        let (looks, failures) = self.note(load, report);
        if let Some(outage) = &trouble.outage {
            let is_told = failures.iter().any(|call| call.is_told() && call.ended >= outage.gone.from && call.ended <= outage.gone.until);
            report.expect(is_told || !outage.is_long, || "nobody who wanted to pay was told that the database is gone".to_owned());
            for what in WATCHED {
                judge_outage(what, &looks, outage, report);
            }
        }
        let calm = trouble.over_at() + GRACE;
        for what in WATCHED {
            let is_well = looks.iter().any(|look| look.what == what && look.began > calm && look.status == 200);
            report.expect(is_well, || format!("{what} was not seen again after the grace"));
        }
    }

    /// Answers that are none of those wanted, and what people were told who wanted to pay.
    fn note(&mut self, load: &Load, report: &mut Report) -> (Vec<Look>, Vec<Look>) {
        let looks = self.watcher.take();
        let calls = load.with_memory(|memory| std::mem::take(&mut memory.failures));
        let failures: Vec<Look> = calls
            .into_iter()
            .map(|(at, status, has_retry_after)| Look { what: "a call", began: at, ended: at, status, has_retry_after })
            .collect();
        self.failures += failures.len();
        for look in looks.iter().chain(&failures) {
            if look.what != "a call" {
                *self.counts.entry((look.what, look.status)).or_default() += 1;
            }
            if look.status >= 500 || look.status == 0 {
                blame(look, &self.times, report);
            } else {
                report.expect(look.status == 200, || format!("{} was answered {}", look.what, look.status));
            }
        }
        (looks, failures)
    }

    async fn end(&mut self, load: &Load, report: &mut Report) {
        self.watcher.end().await;
        self.note(load, report);
        let text: Vec<String> = self.counts.iter().map(|((what, status), count)| format!("{what} {status} × {count}")).collect();
        report.figure("seen meanwhile", text.join(", "));
        report.figure("calls of people who pay that failed", self.failures);
    }
}

/// While the database was gone nobody was shown anything, and soon after everybody was.
fn judge_outage(what: &str, looks: &[Look], outage: &Outage, report: &mut Report) {
    let looks: Vec<&Look> = looks.iter().filter(|look| look.what == what).collect();
    let Gone { from, until } = outage.gone;
    let is_told = looks.iter().any(|look| look.is_told() && look.ended >= from && look.ended <= until);
    report.expect(is_told || !outage.is_long, || format!("{what} was never answered 503 with Retry-After while the database was gone"));
    let is_shown = looks.iter().any(|look| look.status == 200 && look.began >= outage.stopped && look.ended <= outage.starting);
    report.expect(!is_shown, || format!("{what} was answered 200 while the database was gone"));
    let is_back = looks.iter().any(|look| look.status == 200 && look.ended >= until && look.ended <= until + GRACE);
    report.expect(is_back, || format!("{what} was not back {} s after the database was", GRACE.as_secs()));
}

/// A failure is well as 503 that says when to come back, while something is gone or just back.
fn blame(look: &Look, times: &[Gone], report: &mut Report) {
    let Look { what, ended, status, .. } = *look;
    report.expect(status == 503, || format!("{what} was answered {status} instead of 503"));
    report.expect(status != 503 || look.has_retry_after, || format!("{what} was answered 503 without a word about when to come back"));
    let is_excused = times.iter().any(|gone| ended >= gone.from && ended <= gone.until + GRACE);
    report.expect(is_excused, || {
        let late = times.iter().filter(|gone| gone.until <= ended).map(|gone| ended.duration_since(gone.until)).min();
        format!("{what} was answered {status} {late:?} after the database was back")
    });
}
