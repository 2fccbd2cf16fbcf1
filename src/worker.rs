//! Runs what the domain leaves for later: reactions to events, jobs that are due, and the clock's duties.

use domain::ctx::House;
use domain::jobs::{DUTIES, Duty};
use domain::queue::{self, Lane, Leased};
use domain::reactions;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Jobs of other nodes, and times that come, are found at least this often.
const POLL: Duration = Duration::from_secs(1);
/// From a commit to looking what it brought. Few commits bring something, and many may come at once: one look for all of them.
const GATHER: Duration = Duration::from_millis(100);
/// The same where money waits.
const GATHER_MONEY: Duration = Duration::from_millis(20);
/// How often a duty looks at the clock, which may be set.
const LOOK: Duration = Duration::from_secs(1);
const REPORT: Duration = Duration::from_secs(15);
/// After a failure of the database itself.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs until `stop`, then lets jobs under way finish: `at_once` of each lane. `name` tells the nodes apart.
pub async fn run(house: Arc<House>, name: String, at_once: usize, stop: CancellationToken) {
    let tracker = TaskTracker::new();
    tracker.spawn(stop.clone().run_until_cancelled_owned(react(house.clone())));
    for (duty, at) in DUTIES.iter().zip(0..) {
        // Each for itself: one that waits for somebody silent holds up no other. And each at a moment of its own, though many begin with the same minute.
        let later = LOOK * at / DUTIES.len() as u32;
        tracker.spawn(stop.clone().run_until_cancelled_owned(keep_duty(house.clone(), duty, later)));
    }
    let lanes = Lane::ALL.map(|lane| {
        let room = Arc::new(Semaphore::new(at_once));
        JobRunner { house: house.clone(), lane, name: name.clone(), room, tracker: tracker.clone() }
    });
    let running = futures::future::join_all(lanes.map(JobRunner::run));
    stop.run_until_cancelled_owned(running).await;
    tracker.close();
    tracker.wait().await;
}

/// Tells the operator every few seconds that this process lives.
pub async fn report(house: Arc<House>, name: String, stop: CancellationToken) {
    let started_at = house.clock.now();
    let reporting = async {
        loop {
            if let Err(error) = queue::report_node(&house.db, &name, env!("CARGO_PKG_VERSION"), started_at, house.clock.now()).await {
                tracing::debug!(%error, "this node could not be reported");
            }
            tokio::time::sleep(REPORT).await;
        }
    };
    stop.run_until_cancelled(reporting).await;
}

async fn react(house: Arc<House>) {
    loop {
        let woken = house.committed.notified();
        match reactions::run_next(&house).await {
            Ok(0) => {
                let _ = tokio::time::timeout(POLL, woken).await;
                // Events become readable when older transactions have ended, which rings no bell.
                tokio::time::sleep(GATHER).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "reactions wait");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Asks the database once for each interval, and only the clock in between.
async fn keep_duty(house: Arc<House>, duty: &'static Duty, later: Duration) {
    tokio::time::sleep(later).await;
    loop {
        let begun = queue::interval_of(duty, house.clock.now());
        match AssertUnwindSafe(queue::run_due_duty(&house, duty)).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(duty = duty.name, %error, "a duty waits");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            // The next interval comes all the same.
            Err(_) => tracing::error!(duty = duty.name, "a duty panicked"),
        }
        while queue::interval_of(duty, house.clock.now()) == begun {
            tokio::time::sleep(LOOK).await;
        }
    }
}

struct JobRunner {
    house: Arc<House>,
    lane: Lane,
    name: String,
    room: Arc<Semaphore>,
    tracker: TaskTracker,
}

impl JobRunner {
    async fn run(self) {
        let gather = if self.lane == Lane::Money { GATHER_MONEY } else { GATHER };
        loop {
            let woken = self.house.committed.notified();
            match self.take().await {
                Ok(0) => {
                    let _ = tokio::time::timeout(POLL, woken).await;
                    tokio::time::sleep(gather).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "jobs wait");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Takes as many jobs as there is room for and starts them.
    async fn take(&self) -> domain::error::Result<usize> {
        let Ok(first) = self.room.clone().acquire_owned().await else { return Ok(0) };
        let mut permits = vec![first];
        while let Ok(permit) = self.room.clone().try_acquire_owned() {
            permits.push(permit);
        }
        let now = self.house.clock.now();
        let taken =
            queue::lease(&self.house.db, self.lane, &self.name, now, now.plus_seconds(queue::LEASE_S), permits.len() as i64).await?;
        let count = taken.len();
        for (job, permit) in taken.into_iter().zip(permits) {
            let (house, name) = (self.house.clone(), self.name.clone());
            self.tracker.spawn(async move {
                run_one(&house, &name, &job).await;
                drop(permit);
            });
        }
        Ok(count)
    }
}

async fn run_one(house: &Arc<House>, name: &str, job: &Leased) {
    if let Err(error) = queue::run_one(house, name, job).await {
        // Its lease runs out and another worker takes it.
        tracing::warn!(job = %job.id, %error, "cannot record how a job went");
    }
}
