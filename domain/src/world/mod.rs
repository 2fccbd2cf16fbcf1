//! A house for tests: a fresh database, a clock that is moved, seeded chance, and ports that remember.
//!
//! Rows are written by plain SQL, so that a test of one room depends on no other room's verbs.

mod builders;
mod gateway;
mod ports;

pub use builders::{Person as SomePerson, SomeProvider};
pub use gateway::{Answer, FakeGateway};
pub use ports::{FakeCalendars, Mailbox, MovableClock, SeededChance};

use crate::ctx::{Actor, Ctx, House};
use crate::id::{AccountId, Id, VisitorId};
use crate::time::{DAY, HOUR, Instant};
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tuesday 9 June 2026, 08:00 UTC: 09:00 in Lisbon and London.
pub const START: &str = "2026-06-09T08:00:00Z";

/// How far clocks jump, in milliseconds: an hour, a day, a year, each way.
pub const JUMPS: [i64; 6] = [HOUR, -HOUR, DAY, -DAY, 365 * DAY, -365 * DAY];

pub struct World {
    pub db: PgPool,
    pub house: Arc<House>,
    pub clock: Arc<MovableClock>,
    pub chance: Arc<SeededChance>,
    pub mails: Arc<Mailbox>,
    pub gateway: Arc<FakeGateway>,
    pub calendars: Arc<FakeCalendars>,
    counter: AtomicU64,
}

impl World {
    /// The clock stands at [`START`] until it is moved.
    pub fn new(db: PgPool) -> Self {
        let clock = Arc::new(MovableClock::at(START.parse().expect("a valid instant")));
        let chance = Arc::new(SeededChance::new(7));
        let mails = Arc::new(Mailbox::default());
        let gateway = Arc::new(FakeGateway::default());
        let calendars = Arc::new(FakeCalendars::default());
        let house = Arc::new(House {
            db: db.clone(),
            clock: clock.clone(),
            chance: chance.clone(),
            payments: gateway.clone(),
            mail: mails.clone(),
            calendars: calendars.clone(),
            base_url: "http://fettle.test".to_owned(),
            settings: crate::settings::Remembered::default(),
            caches: crate::cache::Caches::default(),
            together: crate::booking::Together::default(),
            committed: tokio::sync::Notify::new(),
        });
        Self { db, house, clock, chance, mails, gateway, calendars, counter: AtomicU64::new(1) }
    }

    /// What a second node would have: the same ports, its own memory, and this database.
    pub fn another_house(&self, db: PgPool) -> Arc<House> {
        Arc::new(House {
            db,
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            payments: self.gateway.clone(),
            mail: self.mails.clone(),
            calendars: self.calendars.clone(),
            base_url: self.house.base_url.clone(),
            settings: crate::settings::Remembered::default(),
            caches: crate::cache::Caches::default(),
            together: crate::booking::Together::default(),
            committed: tokio::sync::Notify::new(),
        })
    }

    pub fn now(&self) -> Instant {
        self.house.clock.now()
    }
    /// Moves the clock forward.
    pub fn pass_minutes(&self, minutes: i64) {
        self.clock.set(self.now().plus_minutes(minutes));
    }
    pub fn pass_hours(&self, hours: i64) {
        self.pass_minutes(hours * 60);
    }
    pub fn pass_days(&self, days: i64) {
        self.pass_minutes(days * 24 * 60);
    }
    /// By so many milliseconds, forward or back, as when someone sets it.
    pub fn jump(&self, by: i64) {
        self.clock.set(self.now() + by);
    }
    /// RFC 3339.
    pub fn set_time(&self, text: &str) {
        self.clock.set(text.parse().expect("a valid instant"));
    }

    /// Acts as the account, signed in by a session. Roles and memberships are read now, so make the context after changing them.
    pub async fn ctx_as(&self, account: AccountId) -> Ctx {
        let person = builders::load_person(&self.db, account).await;
        self.ctx(Actor::Person(Box::new(person)))
    }
    /// A new visitor, not signed in.
    pub fn visitor(&self) -> Ctx {
        self.ctx(Actor::Visitor { visitor: self.new_id::<VisitorId>() })
    }
    pub fn system(&self) -> Ctx {
        Ctx::system(self.house.clone(), "test")
    }
    pub fn ctx(&self, actor: Actor) -> Ctx {
        Ctx::new(self.house.clone(), actor, format!("test-{}", self.next()), Some("127.0.0.1".to_owned()))
    }
    /// Reacts to every event and runs every job that is due, until none is left. A job that fails is put off as in production.
    pub async fn run_jobs(&self) {
        let mut held_back = 0;
        for _ in 0..2_000 {
            let reacted = crate::reactions::run_next(&self.house).await.expect("reactions run");
            let ran = crate::queue::run_due(&self.house, "test", 20).await.expect("jobs run");
            if reacted > 0 || ran > 0 {
                continue;
            }
            // Tests share a cluster: what a transaction of another one holds back comes a moment later. One of this test's own may last.
            let waiting = "select count(*) from events where xid >= pg_snapshot_xmin(pg_current_snapshot())";
            if held_back == 200 || self.count(waiting).await == 0 {
                return;
            }
            held_back += 1;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("there is always another job");
    }
    /// Runs the named duty of [`crate::jobs::DUTIES`] now.
    pub async fn run_duty(&self, name: &str) {
        crate::jobs::run_duty(&self.system(), name).await.expect("the duty runs");
    }
    /// Jobs that are due and not done; a test of a door ends with none.
    pub async fn jobs_left(&self) -> Vec<String> {
        sqlx::query_scalar("select kind from jobs where finished_at is null and dead_at is null and run_at <= $1 order by run_at")
            .bind(self.now())
            .fetch_all(&self.db)
            .await
            .expect("jobs")
    }
    pub fn new_id<I: Id>(&self) -> I {
        self.system().new_id()
    }
    /// 1, 2, 3, ... for names and addresses that must differ.
    pub fn next(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }
}
