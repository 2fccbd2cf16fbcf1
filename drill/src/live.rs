//! Open pages whose lines are cut at random while the world changes: a snapshot plus the events is what a fresh page shows.

use crate::house::{Answer, Gateway, House};
use crate::listener::{Habits, Listener, Luck, Subject, difference};
use crate::load::{Excuse, judge_broken_lines};
use crate::progress::Progress;
use crate::report::Report;
use crate::stage::Stage;
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Result, ensure};
use rand::Rng;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const TOWNS: usize = 4;
const CHANGERS: usize = 12;
/// Of each town; in full each has a page open.
const CUSTOMERS: i64 = 125;
/// Hours that everyone fights for, from the first day on.
const HOURS: i64 = 48;
/// Bookings of a town that stay until others have come, so that the world does not end as it began.
const STAYING: usize = 16;
/// So long the world may go on beyond its time, until everyone who looks has had a booking.
const LATE: Duration = Duration::from_secs(60);
/// A call whose line broke is made again so often, and so many hours are tried until one is free.
const TRIES: usize = 20;
/// What calls may be answered, and what stands for a line that broke.
const USUAL: [u16; 6] = [0, 200, 201, 204, 409, 422];

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (rounds, sockets, how_long) = if stage.is_full { (3, 1_000, Duration::from_secs(60)) } else { (1, 200, Duration::from_secs(30)) };
    let world = World::build(stage).await?;
    let _server = stage.serve().await?;
    let mut progress = Progress::open(stage, "live");
    while progress.done < rounds && report.is_well() {
        let audience = world.open(stage, sockets);
        audience.gather().await?;
        let changing = world.change(sockets);
        tokio::time::sleep(how_long).await;
        let changes = changing.end().await?;
        changes.judge(&[], report);
        if let Err(left) = money::converges(&stage.db, &world.gateway, Instant::now()).await? {
            left.into_iter().take(5).for_each(|problem| report.broken(problem));
        }
        let luck = audience.compare(report).await?;
        // no server was away
        report.expect(luck.unopened * 100 <= luck.cuts, || format!("{} lines could not be opened", luck.unopened));
        invariants::check(&stage.db, report).await?;
        if report.is_well() {
            progress.step()?;
        }
    }
    report.figure("rounds", format!("{} of {rounds}", progress.done));
    if progress.done >= rounds {
        progress.forget();
    }
    Ok(())
}

/// What is looked at, and who changes it.
pub struct World {
    house: House,
    gateway: Gateway,
    streets: Vec<Street>,
}

/// A provider of one person, whose starts do not overlap: one hour is one slot.
struct Street {
    town: Arc<Town>,
    /// Whose turn it is.
    turn: AtomicI64,
    /// Token and booking of those that stay for now.
    staying: Mutex<VecDeque<(String, String)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub async fn build(stage: &Stage) -> Result<Arc<Self>> {
        let mut streets = Vec::new();
        for _ in 0..TOWNS {
            let town = Arc::new(Town::build(&stage.db, 1, CUSTOMERS).await?);
            streets.push(Street { town, turn: AtomicI64::new(0), staying: Mutex::default() });
        }
        sqlx::query("update providers set slot_step_min = 60").execute(&stage.db).await?;
        Ok(Arc::new(Self { house: House::at(stage.address), gateway: Gateway::at(&stage.sandbox), streets }))
    }

    /// Half of the pages show free times, half one's own bookings; and each provider looks at theirs.
    pub fn open(&self, stage: &Stage, sockets: usize) -> Audience {
        let (stop, stopped) = watch::channel(None);
        // The more there are, the seldomer each is cut: coming back is what costs.
        let longest_ms = (sockets as u64 * 12).max(4_000);
        let habits = Habits { longest_ms, quiet: Duration::from_secs(if stage.is_full { 6 } else { 3 }) };
        let listening = Arc::new(AtomicUsize::new(0));
        let owners = self.streets.iter().map(|Street { town, .. }| {
            let (token, of) = (town.owner_token.clone(), Some(town.provider));
            Subject::Bookings { token, of }
        });
        let pages = (0..sockets)
            .map(|number| {
                let town = self.streets[number / 2 % TOWNS].town.clone();
                if number % 2 == 0 {
                    let day = |half_hours| town.start(half_hours)[..10].to_owned();
                    Subject::Free { from: day(0), to: day(HOURS * 2 + 47), town }
                } else {
                    Subject::Bookings { token: town.customer((number / 2 / TOWNS) as i64), of: None }
                }
            })
            .chain(owners)
            .map(|subject| {
                let listener = Listener::new(subject, self.house.clone(), stage.address, habits, listening.clone());
                tokio::spawn(listener.listen(stopped.clone()))
            })
            .collect();
        Audience { stop, pages, listening }
    }

    /// Holds, payments and cancellations of few hours by many, before as many open pages, until it is ended.
    pub fn change(self: &Arc<Self>, sockets: usize) -> Changing {
        let looking = (sockets / 2).div_ceil(TOWNS) as i64;
        self.streets.iter().for_each(|street| street.turn.store(0, Ordering::Relaxed));
        let is_over = Arc::new(AtomicBool::new(false));
        let changes = Arc::new(Mutex::new(Changes::default()));
        let people = (0..CHANGERS)
            .map(|number| {
                let changer = Changer { world: self.clone(), street: number % TOWNS, changes: changes.clone() };
                let is_over = is_over.clone();
                tokio::spawn(async move { changer.go_on(looking, &is_over).await })
            })
            .collect();
        Changing { is_over, changes, people }
    }
}

pub struct Changing {
    is_over: Arc<AtomicBool>,
    changes: Arc<Mutex<Changes>>,
    people: Vec<JoinHandle<()>>,
}

impl Changing {
    /// Ends it once everyone who looks has had a booking. What came of it.
    pub async fn end(self) -> Result<Changes> {
        self.is_over.store(true, Ordering::Relaxed);
        for person in self.people {
            person.await?;
        }
        Ok(std::mem::take(&mut *lock(&self.changes)))
    }
}

/// How the calls that changed the world were answered.
#[derive(Default)]
pub struct Changes {
    answers: BTreeMap<u16, u64>,
    broken_at: Vec<Instant>,
}

impl Changes {
    /// Neither a failure nor a limit; lines break within the excuses alone.
    pub fn judge(&self, excuses: &[Excuse], report: &mut Report) {
        let answers: Vec<String> = self.answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        report.figure("changes, as they were answered", answers.join(", "));
        for (status, count) in self.answers.iter().filter(|(status, _)| !USUAL.contains(status)) {
            report.broken(format!("{count} changes were answered {status}"));
        }
        report.expect(self.answers.contains_key(&201), || "nobody held anything".to_owned());
        judge_broken_lines("changes", self.broken_at.iter().copied(), excuses, report);
    }
}

struct Changer {
    world: Arc<World>,
    street: usize,
    changes: Arc<Mutex<Changes>>,
}

impl Changer {
    async fn go_on(&self, looking: i64, is_over: &AtomicBool) {
        let mut over_at = None;
        loop {
            if is_over.load(Ordering::Relaxed) {
                let since = over_at.get_or_insert_with(Instant::now).elapsed();
                if since > LATE || self.street().turn.load(Ordering::Relaxed) >= looking {
                    return;
                }
            }
            let who = self.street().turn.fetch_add(1, Ordering::Relaxed) % looking;
            self.one(&self.street().town.customer(who)).await;
        }
    }

    fn street(&self) -> &Street {
        &self.world.streets[self.street]
    }

    async fn one(&self, token: &str) {
        let Some(booking) = self.hold(token).await else { return };
        let house = &self.world.house;
        // the first ones stay in any case
        let what = if lock(&self.street().staying).len() < 4 { 4 } else { rand::rng().random_range(0..5) };
        match what {
            0 | 1 => self.let_go(token, &booking).await,
            2 => {
                let begun = self.ask(|| house.pay(token, &booking, None)).await;
                if let Some(secret) = begun.body["payment"]["next"]["client_secret"].as_str() {
                    self.world.gateway.confirm(secret, "4242424242424242").await;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
                self.let_go(token, &booking).await;
            }
            3 => {
                self.ask(|| house.pay(token, &booking, Some("pm_card_visa"))).await;
                self.let_go(token, &booking).await;
            }
            _ => {
                self.ask(|| house.pay(token, &booking, Some("pm_card_visa"))).await;
                self.stay(token, booking).await;
            }
        }
    }

    /// Some hour that is free.
    async fn hold(&self, token: &str) -> Option<String> {
        let town = &self.street().town;
        for _ in 0..TRIES {
            let start = town.start(rand::rng().random_range(0..HOURS) * 2);
            let held = self.ask(|| self.world.house.hold(token, town.service, &start, None)).await;
            match held.status {
                201 => return Some(held.text("id").to_owned()),
                409 => {}
                _ => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
        None
    }

    /// Until others have come.
    async fn stay(&self, token: &str, booking: String) {
        let oldest = {
            let mut staying = lock(&self.street().staying);
            staying.push_back((token.to_owned(), booking));
            if staying.len() > STAYING { staying.pop_front() } else { None }
        };
        if let Some((token, booking)) = oldest {
            self.let_go(&token, &booking).await;
        }
    }

    /// What is held is given back, what is paid is cancelled; money may arrive in between.
    async fn let_go(&self, token: &str, booking: &str) {
        let house = &self.world.house;
        for _ in 0..3 {
            if self.ask(|| house.release(token, booking)).await.status == 204
                || self.ask(|| house.cancel(token, booking)).await.status == 200
            {
                return;
            }
        }
    }

    /// Until there is an answer. Each is counted.
    async fn ask<F: Future<Output = Answer>>(&self, mut ask: impl FnMut() -> F) -> Answer {
        let mut tries = 0;
        loop {
            let answer = ask().await;
            {
                let mut changes = lock(&self.changes);
                *changes.answers.entry(answer.status).or_default() += 1;
                if answer.status == 0 {
                    changes.broken_at.push(Instant::now());
                }
            }
            tries += 1;
            if answer.status != 0 || tries >= TRIES {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Everyone who has a page open.
pub struct Audience {
    stop: watch::Sender<Option<Instant>>,
    pages: Vec<JoinHandle<Result<Listener>>>,
    listening: Arc<AtomicUsize>,
}

impl Audience {
    /// Until everyone listens, or somebody has given up, of whom [`Audience::compare`] tells.
    pub async fn gather(&self) -> Result<()> {
        let began = Instant::now();
        while self.listening.load(Ordering::Relaxed) < self.pages.len() && !self.pages.iter().any(JoinHandle::is_finished) {
            ensure!(began.elapsed() < LATE * 2, "after {} s not all of {} open pages listen", began.elapsed().as_secs(), self.pages.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Nothing changes any more: everyone's page beside a fresh one.
    pub async fn compare(self, report: &mut Report) -> Result<Luck> {
        self.stop.send_replace(Some(Instant::now()));
        let count = self.pages.len();
        let mut luck = Luck::default();
        let (mut heard, mut cut, mut changed) = (0, 0, 0);
        for page in self.pages {
            let listener = match page.await? {
                Ok(listener) => listener,
                Err(cause) => {
                    report.broken(format!("an open page: {cause:#}"));
                    continue;
                }
            };
            let (fresh, _) = listener.fetch().await?;
            luck += listener.luck;
            heard += usize::from(listener.luck.events > 0);
            cut += usize::from(listener.luck.cuts > 0);
            changed += usize::from(listener.first.as_ref().is_some_and(|first| *first != listener.view));
            let what = match &listener.subject {
                Subject::Free { town, .. } => format!("free times of {}", town.slug),
                Subject::Bookings { token, .. } => format!("bookings of {token}"),
            };
            if let Some(difference) = difference(&listener.view, &fresh) {
                report.broken(format!("{what}: {difference}"));
            }
        }
        report.figure("sockets, and how often they were cut", format!("{count}, {}", luck.cuts));
        report.figure("lines that came to nothing, not opened", format!("{}, {}", luck.early, luck.unopened));
        report.figure("events applied, missed before, reloads", format!("{}, {}, {}", luck.events, luck.missed, luck.reloads));
        for (number, what) in [(heard, "heard of anything"), (cut, "were cut off"), (changed, "show anything else than at first")] {
            report.expect(number * 100 >= count * 95, || format!("{number} of {count} open pages {what}"));
        }
        report.expect(luck.missed > 0, || "nobody missed anything while there was no line".to_owned());
        report.expect(luck.reloads * 20 <= luck.cuts, || format!("{} reloads after {} cuts", luck.reloads, luck.cuts));
        Ok(luck)
    }
}
