//! Open pages whose lines are cut at random while the world changes: a snapshot plus the events is what a fresh page shows.

use crate::house::{Gateway, House};
use crate::invariants;
use crate::listener::{Listener, Luck, Subject, View, difference};
use crate::report::Report;
use crate::stage::Stage;
use crate::town::Town;
use anyhow::Result;
use rand::Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const TOWNS: usize = 4;
const CHANGERS: usize = 12;
const CUSTOMERS: i64 = 100;
/// Hours that everyone fights for, from the first day on.
const HOURS: i64 = 48;

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (sockets, how_long) = if stage.is_full { (1_000, Duration::from_secs(180)) } else { (200, Duration::from_secs(30)) };
    let towns = towns(stage).await?;
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    let (stop, stopped) = watch::channel(false);
    let listening = open(stage, &house, &towns, sockets, &stopped);
    let changes = change(&house, &Gateway::at(&stage.sandbox), &towns, how_long).await;
    stop.send(true)?;
    report.figure("changes made", changes);
    compare(listening, report).await?;
    invariants::check(&stage.db, report).await
}

/// Providers of one person each, whose starts do not overlap: one hour is one slot.
pub async fn towns(stage: &Stage) -> Result<Vec<Arc<Town>>> {
    let mut towns = Vec::new();
    for _ in 0..TOWNS {
        towns.push(Arc::new(Town::build(&stage.db, 1, CUSTOMERS).await?));
    }
    sqlx::query("update providers set slot_step_min = 60").execute(&stage.db).await?;
    Ok(towns)
}

pub type Listening = Vec<JoinHandle<Result<(Listener, View)>>>;

/// Half of the pages show free times, half one's own bookings.
pub fn open(stage: &Stage, house: &House, towns: &[Arc<Town>], sockets: usize, stopped: &watch::Receiver<bool>) -> Listening {
    (0..sockets)
        .map(|number| {
            let town = towns[number % towns.len()].clone();
            let subject = if number % 2 == 0 {
                let day = |half_hours| town.start(half_hours)[..10].to_owned();
                Subject::Free { from: day(0), to: day(HOURS * 2 + 47), town }
            } else {
                Subject::Mine { token: town.customer(number as i64 / 2) }
            };
            tokio::spawn(Listener::new(subject, house.clone(), stage.address).listen(stopped.clone()))
        })
        .collect()
}

/// Holds, payments and cancellations of few hours by many; how many were done.
pub async fn change(house: &House, gateway: &Gateway, towns: &[Arc<Town>], how_long: Duration) -> u64 {
    let until = Instant::now() + how_long;
    let done = AtomicU64::new(0);
    futures::future::join_all((0..CHANGERS).map(|number| {
        let done = &done;
        async move {
            let town = &towns[number % towns.len()];
            while Instant::now() < until {
                let (hour, who, what) = {
                    let mut rng = rand::rng();
                    (rng.random_range(0..HOURS), rng.random_range(0..CUSTOMERS), rng.random_range(0..5))
                };
                let token = town.customer(who);
                let held = house.hold(&token, town.service, &town.start(hour * 2), None).await;
                done.fetch_add(1, Ordering::Relaxed);
                let booking = held.text("id").to_owned();
                if held.status != 201 {
                    continue;
                }
                if what < 2 {
                    house.release(&token, &booking).await;
                } else if what < 4 {
                    house.pay(&token, &booking, Some("pm_card_visa")).await;
                    house.cancel(&token, &booking).await;
                } else {
                    let begun = house.pay(&token, &booking, None).await;
                    if let Some(secret) = begun.body["payment"]["next"]["client_secret"].as_str() {
                        gateway.confirm(secret, "4242424242424242").await;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    house.cancel(&token, &booking).await;
                    house.release(&token, &booking).await;
                }
                done.fetch_add(3, Ordering::Relaxed);
            }
        }
    }))
    .await;
    done.into_inner()
}

/// Everyone's page beside a fresh one.
pub async fn compare(listening: Listening, report: &mut Report) -> Result<()> {
    let mut luck = Luck::default();
    let count = listening.len();
    for one in listening {
        let (listener, seen) = one.await??;
        let (fresh, _) = listener.fetch().await?;
        luck += listener.luck;
        let what = match &listener.subject {
            Subject::Free { town, .. } => format!("free times of {}", town.slug),
            Subject::Mine { token } => format!("bookings of {token}"),
        };
        if let Some(difference) = difference(&seen, &fresh) {
            report.broken(format!("{what}: {difference}"));
        }
    }
    report.figure("sockets, and how often they were cut", format!("{count}, {}", luck.cuts));
    report.figure("events applied, reloads", format!("{}, {}", luck.events, luck.reloads));
    report.expect(luck.events > 0 && luck.cuts > 0, || "nothing happened".to_owned());
    Ok(())
}
