//! An upgrade while people pay: the release before serves, its database is migrated under it, the new server comes up beside it, both serve for a
//! while, and the old one is told to end. Nobody hears of it beyond the lines that broke.

use crate::house::{Gateway, House};
use crate::load::{Load, excuse_between, excuse_from_now};
use crate::nodes::balance;
use crate::report::Report;
use crate::stage::{self, Stage};
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Context, Result};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PEOPLE: usize = 6;
/// A server that is told to end lets requests under way finish for 20 seconds.
const FAREWELL: Duration = Duration::from_secs(30);

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let old_program = PathBuf::from(stage::var("DRILL_OLD_SERVER")?);
    let old_migrations: i64 = stage::var("DRILL_OLD_MIGRATIONS")?.parse().context("DRILL_OLD_MIGRATIONS")?;
    let while_ = Duration::from_secs(if stage.is_full { 60 } else { 15 });
    let found = migrations(&stage.db).await?;
    report.expect(found == old_migrations, || format!("the old release had {found} migrations rather than {old_migrations}"));

    let town = Arc::new(Town::build(&stage.db, 40, 2_000).await?);
    let nodes = [Stage::free_address()?, Stage::free_address()?];
    let mut old = stage.launch_program(&old_program, nodes[0], &[])?;
    old.wait_until_ready().await?;
    let balancing = balance(stage.address, nodes).await?;
    let gateway = Gateway::at(&stage.sandbox);
    let load = Load::new(House::at(stage.address), gateway.clone(), town);
    let people = load.start(PEOPLE);
    let mut chapters = Chapters { load: &load, steps: 0, failures: 0 };

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

    let mut excuses = vec![excuse_from_now()];
    let new = stage.serve_at(nodes[1], &[]).await?;
    tokio::time::sleep(while_ * 2).await;
    chapters.end("both", report);
    let began = Instant::now();
    match old.end(FAREWELL).await? {
        Some(status) if status.success() => report.figure("the old one ended after", format!("{:.1} s", began.elapsed().as_secs_f64())),
        Some(status) => report.broken(format!("the old server ended with {status}")),
        None => report.broken(format!("the old server had not ended {} s after it was told to", FAREWELL.as_secs())),
    }
    excuses.push(excuse_between(began, Instant::now()));
    tokio::time::sleep(while_).await;
    load.end();
    futures::future::join_all(people).await;
    chapters.end("the new release alone", report);
    match money::converges(&stage.db, &gateway).await? {
        Ok(took) => report.figure("books agree again after", format!("{:.1} s", took.as_secs_f64())),
        Err(left) => left.into_iter().take(5).for_each(|problem| report.broken(problem)),
    }
    // its own race, mended since: the new one gives back what it finds
    report.figure("bookings that the old one charged twice", money::charged_twice(&stage.db).await?);
    drop(new);
    balancing.abort();
    let memory = load.with_memory(std::mem::take);
    memory.judge(&excuses, report);
    money::check_promises(&stage.db, &memory, report).await?;
    invariants::check(&stage.db, report).await
}

/// What people did since the last of them.
struct Chapters<'a> {
    load: &'a Load,
    steps: u64,
    failures: usize,
}

impl Chapters<'_> {
    fn end(&mut self, name: &str, report: &mut Report) {
        let (steps, failures) = self.load.with_memory(|memory| (memory.steps, memory.failures.len()));
        let (done, failed) = (steps - self.steps, failures - self.failures);
        report.figure(name, format!("{done} steps, {failed} broken lines or failures"));
        report.expect(done > failed as u64, || format!("{name}: nobody got anywhere"));
        (self.steps, self.failures) = (steps, failures);
    }
}

async fn migrations(db: &PgPool) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from _sqlx_migrations where success").fetch_one(db).await?)
}

async fn is_ready(node: SocketAddr) -> bool {
    House::at(node).get("/readyz", None).await.status == 200
}
