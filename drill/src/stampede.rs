//! Very many want the same: one gets it, everyone else is told so with what is left, and nobody hears of a failure of ours.

use crate::house::{Answer, Gateway, House};
use crate::progress::Progress;
use crate::report::{Report, Times};
use crate::stage::Stage;
use crate::town::Town;
use crate::{invariants, money};
use anyhow::Result;
use futures::StreamExt;
use rand::Rng;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// People who could do it in the part about a group.
const GROUP: usize = 5;

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (attempts, at_once, churn) =
        if stage.is_full { (10_000, 500, Duration::from_secs(120)) } else { (1_000, 100, Duration::from_secs(15)) };
    // one more, who comes when the rush is over
    let town = Town::build(&stage.db, GROUP, attempts + 1).await?;
    let gateway = Gateway::at(&stage.sandbox);
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    let crowd = Crowd { house, town, attempts, at_once, churn, is_full: stage.is_full };
    let mut progress = Progress::open(stage, "stampede");
    while let Some(&part) = PARTS.get(progress.done) {
        crowd.play(part, report).await;
        if let Err(left) = money::converges(&stage.db, &gateway, Instant::now()).await? {
            left.into_iter().take(5).for_each(|problem| report.broken(problem));
        }
        money::check_charges(&stage.db, report).await?;
        invariants::check(&stage.db, report).await?;
        if !report.is_well() {
            return Ok(());
        }
        progress.step()?;
    }
    progress.forget();
    Ok(())
}

#[derive(Clone, Copy)]
enum Part {
    OneSlot,
    Overlapping,
    Group,
    Churn,
}

/// A full one that was interrupted goes on with the part in which it was.
const PARTS: [Part; 4] = [Part::OneSlot, Part::Overlapping, Part::Group, Part::Churn];

struct Crowd {
    house: House,
    town: Town,
    attempts: i64,
    at_once: i64,
    churn: Duration,
    is_full: bool,
}

impl Crowd {
    async fn play(&self, part: Part, report: &mut Report) {
        let Self { house, town, attempts, at_once, .. } = self;
        match part {
            Part::OneSlot => {
                let one = rush(house, town, *attempts, *at_once, |_| (town.start(40), Some(town.people[0]))).await;
                one.show(report, "one slot");
                one.check(report, 1, "one slot");
                self.take_offered(&one, "one slot", report).await;
                // judged with the programs of production
                let is_judged = cfg!(not(debug_assertions)) && self.is_full;
                report.expect(!is_judged || one.times.quantile(990) <= Duration::from_secs(1), || {
                    format!("one slot: p99 is {:?}, above 1 s", one.times.quantile(990))
                });
            }
            // 10:00, 10:30 and 11:00 of one hour's work: either the middle one alone, or the two around it
            Part::Overlapping => {
                let some = rush(house, town, attempts / 2, *at_once, |number| (town.start(60 + number % 3), Some(town.people[1]))).await;
                some.show(report, "overlapping starts");
                some.check_others(report, "overlapping starts");
                report.expect(matches!(some.won(), 1 | 2), || format!("overlapping starts: {} got one", some.won()));
                self.take_offered(&some, "overlapping starts", report).await;
            }
            Part::Group => {
                let group = rush(house, town, attempts / 2, *at_once, |_| (town.start(80), None)).await;
                group.show(report, "a group of five people");
                group.check(report, GROUP as u64, "a group of five people");
                self.take_offered(&group, "a group of five people", report).await;
            }
            Part::Churn => keep_changing(house, town, (*at_once).min(60), self.churn, report).await,
        }
    }

    /// What those were offered who came too late is really to be had, with whom it names first: somebody who was not in the rush takes it.
    async fn take_offered(&self, rush: &Rush, what: &str, report: &mut Report) {
        let Some((_, slot)) = &rush.offered else { return report.broken(format!("{what}: nobody was offered another time")) };
        let start = slot["starts_at"].as_str().unwrap_or_default();
        let person = slot["resource_ids"][0].as_str().and_then(|id| id.parse().ok());
        let taken = self.house.hold(&self.town.customer(self.attempts), self.town.service, start, person).await;
        report.expect(taken.status == 201, || {
            format!("{what}: {start} was offered instead, and holding it was answered {} {}", taken.status, taken.text("code"))
        });
    }
}

/// What became of many attempts.
pub struct Rush {
    pub times: Times,
    /// By status and code.
    answers: BTreeMap<(u16, String), u64>,
    without_alternatives: u64,
    /// The last to come of those who were refused, and the nearest time they were offered: by then all is taken that will be.
    offered: Option<(i64, Value)>,
    took: Duration,
}

/// `attempts` by as many customers, `at_once` under way at any time.
pub async fn rush(house: &House, town: &Town, attempts: i64, at_once: i64, what: impl Fn(i64) -> (String, Option<Uuid>)) -> Rush {
    let began = Instant::now();
    let mut rush = Rush { times: Times::default(), answers: BTreeMap::new(), without_alternatives: 0, offered: None, took: Duration::ZERO };
    let mut answers = futures::stream::iter(0..attempts)
        .map(|number| {
            let (start, person) = what(number);
            let token = town.customer(number);
            async move { (number, house.hold(&token, town.service, &start, person).await) }
        })
        .buffer_unordered(at_once as usize);
    while let Some((number, answer)) = answers.next().await {
        rush.note(number, &answer);
    }
    rush.took = began.elapsed();
    rush
}

/// Refused without a word about what is left.
fn is_bare(answer: &Answer) -> bool {
    answer.status == 409 && answer.body["alternatives"].as_array().is_none_or(Vec::is_empty)
}

/// Held, or told that it is taken.
fn is_right(status: u16, code: &str) -> bool {
    status == 201 || (status == 409 && code == "slot_taken")
}

impl Rush {
    fn note(&mut self, number: i64, answer: &Answer) {
        self.times.add(answer.took);
        self.without_alternatives += u64::from(is_bare(answer));
        let is_last = self.offered.as_ref().is_none_or(|(last, _)| *last < number);
        if let Some(nearest) = answer.body["alternatives"].get(0).filter(|_| is_last) {
            self.offered = Some((number, nearest.clone()));
        }
        *self.answers.entry((answer.status, answer.text("code").to_owned())).or_default() += 1;
    }

    fn won(&self) -> u64 {
        self.answers.iter().filter(|((status, _), _)| *status == 201).map(|(_, count)| count).sum()
    }

    fn show(&self, report: &Report, what: &str) {
        let answers: Vec<String> = self.answers.iter().map(|((status, code), count)| format!("{count} × {status} {code}")).collect();
        report.figure(what, answers.join(", "));
        report.figure("", format!("{}, {:.0} a second", self.times, self.times.len() as f64 / self.took.as_secs_f64()));
    }

    fn check(&self, report: &mut Report, winners: u64, what: &str) {
        report.expect(self.won() == winners, || format!("{what}: {} got it, {winners} should have", self.won()));
        self.check_others(report, what);
    }

    /// So many got it, everyone else was told what is left.
    pub fn is_right(&self, winners: u64) -> bool {
        self.won() == winners && self.without_alternatives == 0 && self.answers.keys().all(|(status, code)| is_right(*status, code))
    }

    fn check_others(&self, report: &mut Report, what: &str) {
        for ((status, code), count) in &self.answers {
            report.expect(is_right(*status, code), || format!("{what}: {count} were answered {status} {code}"));
        }
        report.expect(self.without_alternatives == 0, || format!("{what}: {} were offered no alternatives", self.without_alternatives));
    }
}

/// People hold one slot and give it back, over and over; some pay for it first and cancel. Between hearing that they have it and giving it back nobody
/// else may have it, and afterwards the next one gets it.
async fn keep_changing(house: &House, town: &Town, people: i64, how_long: Duration, report: &mut Report) {
    let until = Instant::now() + how_long;
    let slot = Slot {
        house,
        town,
        start: town.start(100),
        person: town.people[2],
        holders: AtomicI64::new(0),
        left_by: AtomicI64::new(NOBODY),
        given_back: AtomicU64::new(0),
        cancelled: AtomicU64::new(0),
        rebooked: AtomicU64::new(0),
    };
    let problems = futures::future::join_all((0..people).map(|number| {
        let slot = &slot;
        async move {
            let mut problems = Vec::new();
            while Instant::now() < until {
                slot.have_it_once(number, &mut problems).await;
            }
            problems
        }
    }))
    .await;
    problems.into_iter().flatten().for_each(|problem| report.broken(problem));
    let counts = [
        ("held and given back under load", slot.given_back),
        ("paid and cancelled", slot.cancelled),
        ("taken by another after that", slot.rebooked),
    ];
    for (what, count) in counts {
        let count = count.into_inner();
        report.figure(what, count);
        report.expect(count > 0, || format!("nothing was {what}"));
    }
}

const NOBODY: i64 = -1;

/// What everybody wants.
struct Slot<'a> {
    house: &'a House,
    town: &'a Town,
    start: String,
    person: Uuid,
    holders: AtomicI64,
    /// Who cancelled last, until somebody has it again.
    left_by: AtomicI64,
    given_back: AtomicU64,
    cancelled: AtomicU64,
    rebooked: AtomicU64,
}

impl Slot<'_> {
    async fn have_it_once(&self, number: i64, problems: &mut Vec<String>) {
        let token = self.town.customer(number);
        let held = self.house.hold(&token, self.town.service, &self.start, Some(self.person)).await;
        if !is_right(held.status, held.text("code")) || is_bare(&held) {
            let alternatives = if is_bare(&held) { " without alternatives" } else { "" };
            problems.push(format!("holding was answered {} {}{alternatives}", held.status, held.text("code")));
        }
        if held.status != 201 {
            return;
        }
        if self.holders.fetch_add(1, Ordering::SeqCst) != 0 {
            problems.push("two people held one slot at the same time".to_owned());
        }
        let left_by = self.left_by.swap(NOBODY, Ordering::SeqCst);
        if left_by != NOBODY && left_by != number {
            self.rebooked.fetch_add(1, Ordering::Relaxed);
        }
        // long enough for somebody else to be let in by mistake
        let (millis, pays) = (rand::rng().random_range(2..20), rand::rng().random_ratio(1, 3));
        tokio::time::sleep(Duration::from_millis(millis)).await;
        let booking = held.text("id");
        if pays {
            problems.extend(self.pay_and_cancel(number, &token, booking).await);
        } else {
            self.holders.fetch_sub(1, Ordering::SeqCst);
            let released = self.house.release(&token, booking).await;
            if released.status != 204 {
                problems.push(format!("giving back was answered {} {}", released.status, released.text("code")));
            }
            self.given_back.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was answered otherwise than it should.
    async fn pay_and_cancel(&self, number: i64, token: &str, booking: &str) -> Option<String> {
        let paid = self.house.pay(token, booking, Some("pm_card_visa")).await;
        self.holders.fetch_sub(1, Ordering::SeqCst);
        if paid.status != 200 || paid.body["booking"]["status"] != "confirmed" {
            return Some(format!("paying was answered {} {}", paid.status, paid.body));
        }
        self.left_by.store(number, Ordering::SeqCst);
        let cancelled = self.house.cancel(token, booking).await;
        if cancelled.status != 200 || cancelled.text("status") != "cancelled" {
            return Some(format!("cancelling was answered {} {}", cancelled.status, cancelled.body));
        }
        self.cancelled.fetch_add(1, Ordering::Relaxed);
        None
    }
}
