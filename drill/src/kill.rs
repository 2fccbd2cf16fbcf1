//! The server dies without a word, at random moments, also while it starts, and at every named point of the payment path, while people pay. Afterwards our
//! books and the gateway's agree within half a minute: nothing paid is lost, nothing unpaid is confirmed, the ledger balances.

use crate::house::{Gateway, House};
use crate::load::{Load, Promise};
use crate::money;
use crate::progress::Progress;
use crate::report::{Report, Times};
use crate::stage::Stage;
use crate::town::Town;
use anyhow::Result;
use domain::crash::Point;
use rand::Rng;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Points that fewer people pass come first, while there is time to wait for them.
const RARE: [Point; 6] =
    [Point::FeeAsked, Point::JobDone, Point::RefundRecorded, Point::RefundAnswered, Point::RefundNoted, Point::CaptureAnswered];
/// One in so many deaths comes at a random moment instead.
const RANDOM: usize = 5;
/// In short the books are compared after so many deaths, in full after each.
const TOGETHER: usize = 7;
const PEOPLE: usize = 8;
/// So long someone has to pass the point; where nobody does, there is a second try.
const PATIENCE: [Duration; 2] = [Duration::from_secs(6), Duration::from_secs(12)];
/// A point that was missed so often, each time twice, is passed by nobody.
const MISSED: u64 = 2;
/// A random moment after the server is ready.
const SERVING: Range<Duration> = Duration::from_millis(50)..Duration::from_millis(2_000);
/// How long getting ready takes, as long as it was not measured.
const STARTING: Duration = Duration::from_millis(300);
/// In short nobody dies any more after this.
const SHORT: Duration = Duration::from_secs(100);
/// SIGABRT, by which `domain::crash` dies. Whatever ends otherwise has not died at its point.
const ABORT: i32 = 6;

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let began = Instant::now();
    let town = Arc::new(Town::build(&stage.db, 40, 4_000).await?);
    let gateway = Gateway::at(&stage.sandbox);
    let load = Load::new(House::at(stage.address), gateway.clone(), town);
    let people = load.start(PEOPLE);
    let mut deaths = Deaths::begin(stage, &gateway, &load);
    while report.is_well() && (stage.is_full || began.elapsed() < SHORT) {
        let Some(moment) = deaths.coming() else { break };
        if !deaths.die(moment, report).await? {
            continue;
        }
        // What a death leaves to another worker waits for its lease to end. In short several deaths share one such wait: they leave more behind.
        if stage.is_full || deaths.unjudged >= TOGETHER {
            let back = Instant::now();
            let mut server = stage.serve().await?;
            deaths.judge(back, report).await?;
            report.expect(report.is_well(), || format!("all this after death at {moment}"));
            server.kill().await?;
        }
        if report.is_well() {
            deaths.progress.step()?;
        }
    }
    let back = Instant::now();
    let server = stage.serve().await?;
    load.end();
    futures::future::join_all(people).await;
    deaths.judge(back, report).await?;
    drop(server);
    deaths.account(report);
    if report.is_well() {
        deaths.progress.forget();
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Moment {
    At(Point),
    /// Before the server is ready.
    Starting,
    Random,
}

impl Moment {
    const fn name(self) -> &'static str {
        match self {
            Self::At(point) => point.as_str(),
            Self::Starting => "a random moment of its start",
            Self::Random => "a random moment",
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

struct Deaths<'a> {
    stage: &'a Stage,
    gateway: &'a Gateway,
    load: &'a Load,
    /// Counts deaths by their moments.
    progress: Progress,
    /// In all, and at each point.
    wanted: (usize, u64),
    /// How often nobody passed a point in time.
    missed: BTreeMap<&'static str, u64>,
    /// How many there were in this run, and since the books were compared.
    here: usize,
    unjudged: usize,
    agreed: Times,
    /// How long the server took last to get ready.
    start: Duration,
}

impl<'a> Deaths<'a> {
    fn begin(stage: &'a Stage, gateway: &'a Gateway, load: &'a Load) -> Self {
        let points = Point::ALL.len();
        let wanted = if stage.is_full { (200, 8) } else { (points + points.div_ceil(RANDOM - 1), 1) };
        let progress = Progress::open(stage, "kill");
        let (missed, agreed) = (BTreeMap::new(), Times::default());
        Self { stage, gateway, load, progress, wanted, missed, here: 0, unjudged: 0, agreed, start: STARTING }
    }

    fn count(&self, moment: Moment) -> u64 {
        self.progress.counts.get(moment.name()).copied().unwrap_or(0)
    }

    /// The next one, at the point that had the fewest; None when all have come.
    fn coming(&self) -> Option<Moment> {
        let missed = |point: Point| self.missed.get(point.as_str()).copied().unwrap_or(0);
        let wanting = Point::ALL.iter().copied().filter(|&point| self.count(Moment::At(point)) < self.wanted.1);
        let wanting = wanting.min_by_key(|&point| (self.count(Moment::At(point)) + missed(point), !RARE.contains(&point))).map(Moment::At);
        if self.progress.done >= self.wanted.0 {
            return wanting;
        }
        let is_random = self.progress.done % RANDOM == RANDOM - 1;
        let by_chance = if self.count(Moment::Starting) < self.count(Moment::Random) { Moment::Starting } else { Moment::Random };
        Some(wanting.filter(|_| !is_random).unwrap_or(by_chance))
    }

    /// False if nobody has died at that moment.
    async fn die(&mut self, moment: Moment, report: &mut Report) -> Result<bool> {
        let has_died = match moment {
            Moment::At(point) => self.die_at(point, report).await?,
            Moment::Starting | Moment::Random => self.die_some_time(moment, report).await?,
        };
        if has_died {
            self.progress.count(moment.name());
            self.here += 1;
            self.unjudged += 1;
        }
        Ok(has_died)
    }

    async fn die_some_time(&mut self, moment: Moment, report: &mut Report) -> Result<bool> {
        Stage::vacated(self.stage.address).await;
        let launched = Instant::now();
        let mut server = self.stage.launch(self.stage.address, &[])?;
        let when = if matches!(moment, Moment::Starting) {
            Duration::ZERO..self.start
        } else {
            server.wait_until_ready().await?;
            self.start = launched.elapsed();
            SERVING
        };
        let wait = rand::rng().random_range(when);
        tokio::time::sleep(wait).await;
        if let Some(status) = server.ended() {
            report.broken(format!("the server ended by itself with {status}"));
            return Ok(false);
        }
        server.kill().await?;
        Ok(true)
    }

    async fn die_at(&mut self, point: Point, report: &mut Report) -> Result<bool> {
        let name = point.as_str();
        for patience in PATIENCE {
            match self.wait_for_death(name, patience).await? {
                Some(status) if status.signal() == Some(ABORT) => return Ok(true),
                Some(status) => {
                    report.broken(format!("told to die at {name}, the server ended with {status}"));
                    return Ok(false);
                }
                None => {}
            }
        }
        let missed = self.missed.entry(name).or_default();
        *missed += 1;
        report.expect(*missed < MISSED, || format!("nobody passes {name}"));
        Ok(false)
    }

    /// How a server ended that is to die at the point; None if it had to be killed because nobody passed there.
    async fn wait_for_death(&self, point: &str, patience: Duration) -> Result<Option<ExitStatus>> {
        Stage::vacated(self.stage.address).await;
        // It may die before it is ready, of a job that an earlier death left behind.
        let mut server = self.stage.launch(self.stage.address, &[("FETTLE_CRASH_AT", point)])?;
        let status = server.dies(patience).await?;
        if status.is_none() {
            server.kill().await?;
        }
        Ok(status)
    }

    /// `back` is the moment in which the next server was started: getting ready is a part of its time.
    async fn judge(&mut self, back: Instant, report: &mut Report) -> Result<()> {
        if let Some(took) = money::judge(&self.stage.db, self.gateway, self.load, back, report).await? {
            self.agreed.add(took);
        }
        let (failed, gave_up) = self.load.with_memory(|memory| {
            let failed = memory.failures.iter().filter(|(_, status, _)| !matches!(*status, 0 | 503));
            (failed.count(), memory.gave_up)
        });
        report.expect(failed == 0, || format!("{failed} answers were failures other than 503"));
        report.expect(gave_up == 0, || format!("{gave_up} people gave up"));
        self.unjudged = 0;
        Ok(())
    }

    /// The figures, and whether there were as many deaths as there have to be.
    fn account(&self, report: &mut Report) {
        let (deaths, each) = self.wanted;
        let (starting, serving) = (self.count(Moment::Starting), self.count(Moment::Random));
        let random = format!("{} of them at random moments, of these {starting} while it started", starting + serving);
        report.figure("deaths", format!("{} of {deaths}, {random}", self.progress.done));
        let at_points = Point::ALL.iter().map(|&point| format!("{} {}", point.as_str(), self.count(Moment::At(point))));
        report.figure("at each point", at_points.collect::<Vec<_>>().join(", "));
        report.figure("points that nobody passed in time", self.missed.values().sum::<u64>());
        report.figure("books agree again after", &self.agreed);
        let confirmed = self.load.with_memory(|memory| {
            report.figure("steps of people who pay", memory.steps);
            report.figure("bookings promised", memory.promises.len());
            report.figure("answers that broke off or failed", memory.failures.len());
            memory.promises.values().filter(|promise| **promise == Promise::Confirmed).count()
        });
        for &point in Point::ALL {
            let count = self.count(Moment::At(point));
            report.expect(count >= each, || format!("{count} deaths at {}, {each} are the least", point.as_str()));
        }
        report.expect(self.progress.done >= deaths, || format!("{} deaths, {deaths} are the least", self.progress.done));
        report.expect(confirmed > 0 || self.here == 0, || "nobody was promised anything".to_owned());
    }
}
