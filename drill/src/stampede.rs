//! Very many want the same: one gets it, everyone else is told so with what is left, and nobody hears of a failure of ours.

use crate::house::{Answer, House};
use crate::invariants;
use crate::report::{Report, Times};
use crate::stage::Stage;
use crate::town::Town;
use anyhow::Result;
use futures::StreamExt;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// People who could do it in the part about a group.
const GROUP: usize = 5;

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (attempts, at_once, churn) =
        if stage.is_full { (10_000, 500, Duration::from_secs(120)) } else { (1_000, 100, Duration::from_secs(15)) };
    let town = Town::build(&stage.db, GROUP, attempts).await?;
    let _server = stage.serve().await?;
    let house = House::at(stage.address);

    let person = town.people[0];
    let one = rush(&house, &town, attempts, at_once, |_| (town.start(40), Some(person))).await;
    one.show(report, "one slot");
    one.check(report, 1, "one slot");
    // judged with the programs of production
    if cfg!(not(debug_assertions)) && stage.is_full {
        report.expect(one.times.quantile(990) <= Duration::from_secs(1), || {
            format!("one slot: p99 is {:?}, above 1 s", one.times.quantile(990))
        });
    }

    // 10:00, 10:30 and 11:00 of one hour's work: either the middle one alone, or the two around it
    let overlapping = rush(&house, &town, attempts / 2, at_once, |number| (town.start(60 + number % 3), Some(town.people[1]))).await;
    overlapping.show(report, "overlapping starts");
    overlapping.check_others(report, "overlapping starts");
    let won = overlapping.won();
    report.expect(won == 1 || won == 2, || format!("overlapping starts: {won} got one"));

    let group = rush(&house, &town, attempts / 2, at_once, |_| (town.start(80), None)).await;
    group.show(report, "a group of five people");
    group.check(report, GROUP as u64, "a group of five people");

    let churned = keep_changing(&house, &town, at_once.min(60) as usize, churn, report).await;
    report.figure("held and given back under load", churned);
    report.expect(churned > 0, || "nobody held anything while holding and giving back".to_owned());
    invariants::check(&stage.db, report).await
}

/// What became of many attempts.
pub struct Rush {
    pub times: Times,
    /// By status and code.
    answers: BTreeMap<(u16, String), u64>,
    without_alternatives: u64,
    took: Duration,
}

/// `attempts` by as many customers, `at_once` under way at any time.
pub async fn rush(house: &House, town: &Town, attempts: i64, at_once: i64, what: impl Fn(i64) -> (String, Option<Uuid>)) -> Rush {
    let began = Instant::now();
    let mut rush = Rush { times: Times::default(), answers: BTreeMap::new(), without_alternatives: 0, took: Duration::ZERO };
    let mut answers = futures::stream::iter(0..attempts)
        .map(|number| {
            let (start, person) = what(number);
            let token = town.customer(number);
            async move { house.hold(&token, town.service, &start, person).await }
        })
        .buffer_unordered(at_once as usize);
    while let Some(answer) = answers.next().await {
        rush.note(&answer);
    }
    rush.took = began.elapsed();
    rush
}

impl Rush {
    fn note(&mut self, answer: &Answer) {
        self.times.add(answer.took);
        if answer.status == 409 && answer.body["alternatives"].as_array().is_none_or(Vec::is_empty) {
            self.without_alternatives += 1;
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

    fn check_others(&self, report: &mut Report, what: &str) {
        for ((status, code), count) in &self.answers {
            let is_right = *status == 201 || (*status == 409 && code == "slot_taken");
            report.expect(is_right, || format!("{what}: {count} were answered {status} {code}"));
        }
        report.expect(self.without_alternatives == 0, || format!("{what}: {} were offered no alternatives", self.without_alternatives));
    }
}

/// People hold one slot and give it back, over and over. Between hearing that they have it and giving it back nobody else may have it.
async fn keep_changing(house: &House, town: &Town, people: usize, how_long: Duration, report: &mut Report) -> u64 {
    let holders = AtomicI64::new(0);
    let done = AtomicU64::new(0);
    let until = Instant::now() + how_long;
    let start = town.start(100);
    let person = town.people[2];
    let problems = futures::future::join_all((0..people).map(|number| {
        let (holders, done, start) = (&holders, &done, &start);
        async move {
            let token = town.customer(number as i64);
            let mut problems = Vec::new();
            while Instant::now() < until {
                let answer = house.hold(&token, town.service, start, Some(person)).await;
                match answer.status {
                    201 => {
                        if holders.fetch_add(1, Ordering::SeqCst) != 0 {
                            problems.push("two people held one slot at the same time".to_owned());
                        }
                        holders.fetch_sub(1, Ordering::SeqCst);
                        let released = house.release(&token, answer.text("id")).await;
                        if released.status != 204 {
                            problems.push(format!("giving back was answered {} {}", released.status, released.text("code")));
                        }
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    409 => {}
                    status => problems.push(format!("holding was answered {status} {}", answer.text("code"))),
                }
            }
            problems
        }
    }))
    .await;
    for problem in problems.into_iter().flatten() {
        report.broken(problem);
    }
    done.load(Ordering::Relaxed)
}
