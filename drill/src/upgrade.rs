//! An upgrade while people pay, look at pages and have them open: the release before serves, its database is migrated under it, the new server
//! comes up beside it, both serve for a while, and the old one is told to end. Nobody hears of it beyond the lines that broke.

mod visitor;

use crate::house::{Gateway, House};
use crate::live::{Audience, Changing, World};
use crate::load::{Excuse, Load, excuse_between};
use crate::nodes::balance;
use crate::report::Report;
use crate::stage::{self, Server, Stage};
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Context, Result};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use visitor::Visitor;

const PEOPLE: usize = 6;
/// A server that is told to end lets requests under way finish for 20 seconds.
const FAREWELL: Duration = Duration::from_secs(30);
/// What the old release left takes the new one less.
const DEBTS: Duration = Duration::from_secs(120);

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let old_program = PathBuf::from(stage::var("DRILL_OLD_SERVER")?);
    let old_migrations: i64 = stage::var("DRILL_OLD_MIGRATIONS")?.parse().context("DRILL_OLD_MIGRATIONS")?;
    let while_ = Duration::from_secs(if stage.is_full { 60 } else { 15 });
    let found = migrations(&stage.db).await?;
    report.expect(found == old_migrations, || format!("the old release had {found} migrations rather than {old_migrations}"));

    let world = World::build(stage).await?;
    let town = Arc::new(Town::build(&stage.db, 40, 2_000).await?);
    let nodes = [Stage::free_address()?, Stage::free_address()?];
    let mut old = stage.launch_program(&old_program, nodes[0], &[])?;
    old.wait_until_ready().await?;
    let balancing = balance(stage.address, nodes).await?;
    let crowd = Crowd::gather(stage, &world, town).await?;
    let mut chapters = Chapters { crowd: &crowd, steps: 0, failures: 0, looks: 0 };

    tokio::time::sleep(while_).await;
    chapters.end("the old release alone", report);
    let began = Instant::now();
    stage.migrate().await?;
    let run = migrations(&stage.db).await? - found;
    report.figure("migrations run beside it", format!("{run} in {:.1} s", began.elapsed().as_secs_f64()));
    report.expect(run > 0, || "there was nothing to migrate".to_owned());
    tokio::time::sleep(while_).await;
    chapters.end("the old release on the new schema", report);
    report.expect(is_ready(nodes[0]).await, || "the old release is not ready on the new schema".to_owned());

    let new = stage.serve_at(nodes[1], &[]).await?;
    tokio::time::sleep(while_ * 2).await;
    chapters.end("both", report);
    let excuse = end(&mut old, report).await?;
    let alone_since: String = sqlx::query_scalar("select clock_timestamp()::text").fetch_one(&stage.db).await?;
    tokio::time::sleep(while_).await;
    chapters.end("the new release alone", report);
    crowd.judge(stage, excuse, &alone_since, report).await?;
    drop(new);
    balancing.abort();
    Ok(())
}

/// Tells the old server to end. It keeps its port until it has: whoever comes meanwhile stands in line there and is let go at the end, so lines may
/// break all that time.
async fn end(old: &mut Server, report: &mut Report) -> Result<Excuse> {
    let began = Instant::now();
    match old.end(FAREWELL).await? {
        Some(status) if status.success() => report.figure("the old one ended after", format!("{:.1} s", began.elapsed().as_secs_f64())),
        Some(status) => report.broken(format!("the old server ended with {status}")),
        None => report.broken(format!("the old server had not ended {} s after it was told to", FAREWELL.as_secs())),
    }
    Ok(excuse_between(began, Instant::now()))
}

/// Everyone who has to do with the house meanwhile.
struct Crowd {
    gateway: Gateway,
    load: Arc<Load>,
    people: Vec<JoinHandle<()>>,
    /// Open pages, on lines to the old server as to the new one: both tell the same in the same words.
    audience: Audience,
    changing: Changing,
    visitor: Visitor,
}

impl Crowd {
    async fn gather(stage: &Stage, world: &Arc<World>, town: Arc<Town>) -> Result<Self> {
        let sockets = if stage.is_full { 160 } else { 40 };
        let audience = world.open(stage, sockets);
        audience.gather().await?;
        let (house, gateway) = (House::at(stage.address), Gateway::at(&stage.sandbox));
        let visitor = Visitor::start(house.clone(), &town.slug);
        let load = Load::new(house, gateway.clone(), town);
        let people = load.start(PEOPLE);
        Ok(Self { gateway, load, people, audience, changing: world.change(sockets), visitor })
    }

    /// They go; everything that must hold of what they did and saw. Since `alone_since` there was the new server alone.
    async fn judge(self, stage: &Stage, excuse: Excuse, alone_since: &str, report: &mut Report) -> Result<()> {
        let excuses = [excuse];
        let changes = self.changing.end().await?;
        // long after the last server went, but only from here on does nobody begin anything new
        self.load.end();
        futures::future::join_all(self.people).await;
        let still = work_off(&stage.db, alone_since, report).await?;
        match money::converges(&stage.db, &self.gateway, still).await? {
            Ok(took) => report.figure("books agree again after", format!("{:.1} s", took.as_secs_f64())),
            Err(left) => left.into_iter().take(5).for_each(|problem| report.broken(problem)),
        }
        let twice = money::charged_twice(&stage.db, alone_since).await?;
        report.expect(twice == 0, || format!("{twice} bookings that the new release alone began were charged twice"));
        // the old one's own race, mended since: the new one gives back what it finds
        report.figure("bookings that the old one charged twice", money::charged_twice(&stage.db, money::EVER).await? - twice);
        changes.judge(&excuses, report);
        self.audience.compare(report).await?;
        self.visitor.judge(&excuses, report).await?;
        money::check_promises(&stage.db, &self.load, report).await?;
        self.load.with_memory(std::mem::take).judge(&excuses, report);
        invariants::check(&stage.db, report).await
    }
}

/// What people did and saw since the last of them.
struct Chapters<'a> {
    crowd: &'a Crowd,
    steps: u64,
    failures: usize,
    looks: usize,
}

impl Chapters<'_> {
    fn end(&mut self, name: &str, report: &mut Report) {
        let (steps, failures) = self.crowd.load.with_memory(|memory| (memory.steps, memory.failures.len()));
        let (done, failed) = (steps - self.steps, failures - self.failures);
        report.figure(name, format!("{done} steps, {failed} broken lines or failures"));
        report.expect(done > failed as u64, || format!("{name}: nobody got anywhere"));
        (self.steps, self.failures) = (steps, failures);
        self.looks = self.crowd.visitor.expect_all(self.looks, name, report);
    }
}

/// The old release falls behind with money under load, and what it left stands before what the new one has to do: waits until that is done, and
/// returns when it was.
async fn work_off(db: &PgPool, alone_since: &str, report: &mut Report) -> Result<Instant> {
    let asked = "select count(*) from jobs
        where starts_with(kind, 'payment.') and finished_at is null and dead_at is null and run_at < $1::timestamptz";
    let count = async || sqlx::query_scalar::<_, i64>(asked).bind(alone_since).fetch_one(db).await;
    let (began, found) = (Instant::now(), count().await?);
    let mut left = found;
    while left > 0 && began.elapsed() < DEBTS {
        tokio::time::sleep(Duration::from_millis(200)).await;
        left = count().await?;
    }
    report.expect(left == 0, || format!("of {found} jobs about money that the old release left, {left} are still to be done"));
    report.figure("jobs about money left by the old one", format!("{found}, done after {:.1} s", began.elapsed().as_secs_f64()));
    Ok(Instant::now())
}

async fn migrations(db: &PgPool) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from _sqlx_migrations where success").fetch_one(db).await?)
}

async fn is_ready(node: SocketAddr) -> bool {
    House::at(node).get("/readyz", None).await.status == 200
}
