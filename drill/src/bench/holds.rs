//! Slots held per second, and everyone wanting the same one.

use super::{Limit, Line};
use crate::house::House;
use crate::stage::Stage;
use crate::stampede;
use crate::town::Town;
use anyhow::{Context, Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: usize = 16;
const SCALE: &str = "20";
const BENCH: &str = "drill_pgbench";

pub async fn measure(stage: &Stage, house: &House) -> Result<Vec<Line>> {
    let how_long = Duration::from_secs(if stage.is_full { 20 } else { 5 });
    prepare(stage).await?;
    let (mut ours, mut theirs) = (0.0, 0.0);
    let rounds = if stage.is_full { 3 } else { 1 };
    let town = Arc::new(Town::build(&stage.db, 40, 20_000).await?);
    for _ in 0..rounds {
        ours += holds(house, &town, how_long).await? / f64::from(rounds);
        theirs += tpcb(stage, how_long).await? / f64::from(rounds);
    }
    let limit = Limit::TimesPeer(0.30);
    let mut lines =
        vec![Line { what: "slots held a second, 16 clients", ours, unit: "", peer: Some(("pgbench tpcb-like", theirs)), limit }];
    let (attempts, at_once) = if stage.is_full { (5_000, 500) } else { (500, 100) };
    let person = town.people[0];
    let rush = stampede::rush(house, &town, attempts, at_once, |_| (town.start(48 * 60), Some(person))).await;
    let p99 = rush.times.quantile(990).as_secs_f64() * 1000.0;
    lines.push(Line { what: "stampede on one slot, p99", ours: p99, unit: "ms", peer: None, limit: Limit::AtMost(1_000.0) });
    Ok(lines)
}

async fn holds(house: &House, town: &Arc<Town>, how_long: Duration) -> Result<f64> {
    let until = Instant::now() + how_long;
    let done = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (house, town, done) = (house.clone(), town.clone(), done.clone());
            tokio::spawn(async move {
                while Instant::now() < until {
                    let hour = town.next_hour();
                    let answer = house.hold(&town.next_customer(), town.service, &hour.starts_at, Some(hour.person)).await;
                    ensure!(answer.status == 201, "holding was answered {} {}", answer.status, answer.text("code"));
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(done.load(Ordering::Relaxed) as f64 / how_long.as_secs_f64())
}

async fn prepare(stage: &Stage) -> Result<()> {
    for statement in [format!("drop database if exists {BENCH}"), format!("create database {BENCH}")] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&stage.db).await?;
    }
    let output = pgbench(stage).args(["-i", "-q", "-s", SCALE, BENCH]).output().await.context("pgbench could not be started")?;
    ensure!(output.status.success(), "pgbench could not fill its tables: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn pgbench(stage: &Stage) -> tokio::process::Command {
    let mut command = stage.postgres.tool("pgbench");
    command.args(["-h", "127.0.0.1", "-p", &stage.postgres.port.to_string(), "-U", &stage.postgres.user]);
    command
}

/// Transactions a second of pgbench's own default script on the same cluster.
async fn tpcb(stage: &Stage, how_long: Duration) -> Result<f64> {
    let seconds = how_long.as_secs().to_string();
    let output = pgbench(stage).args(["-n", "-c", "16", "-j", "2", "-T", &seconds, BENCH]).output().await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("tps = ")).with_context(|| format!("pgbench says no tps: {text}"))?;
    Ok(line.split_whitespace().next().unwrap_or("0").parse()?)
}
