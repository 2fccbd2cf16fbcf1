//! Slots held per second, and everyone wanting the same one.

use super::line::{Aim, Line};
use super::load::p99;
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

pub async fn holds(stage: &Stage) -> Result<Vec<Line>> {
    let how_long = Duration::from_secs(if stage.is_full { 15 } else { 4 });
    prepare(stage).await?;
    let town = Arc::new(Town::build(&stage.db, 40, 20_000).await?);
    let server = stage.serve().await?;
    let house = House::at(stage.address);
    // both are warm before anything counts
    keep_holding(&house, &town, how_long / 4).await?;
    tpcb(stage, how_long / 4).await?;
    // Autovacuum looks once a minute; a run is shorter, and would be measured with plans for tables that are still empty.
    sqlx::query("analyze").execute(&stage.db).await?;
    let (mut ours, mut theirs) = (0.0, 0.0);
    let rounds = if stage.is_full { 3 } else { 1 };
    let cpu = server.cpu()?;
    for round in 0..rounds {
        // neither always finds what the other has left behind
        let is_first = round % 2 == 0;
        for is_ours in [is_first, !is_first] {
            if is_ours {
                ours += keep_holding(&house, &town, how_long).await? / f64::from(rounds);
            } else {
                theirs += tpcb(stage, how_long).await? / f64::from(rounds);
            }
        }
    }
    let each = (server.cpu()? - cpu).as_secs_f64() * 1e6 / (ours * how_long.as_secs_f64() * f64::from(rounds));
    println!("  {each:.0} µs of the server's processor time for each");
    let line = Line::plain("slots held a second, 16 clients", ours, "").beside("pgbench tpcb-like, scale 20", theirs);
    Ok(vec![line.aim(Aim::Times { floor: 0.30, goal: 0.55 })])
}

pub async fn stampede(stage: &Stage) -> Result<Vec<Line>> {
    let (attempts, at_once) = if stage.is_full { (10_000, 500) } else { (1_000, 100) };
    let town = Town::build(&stage.db, 5, attempts).await?;
    let _server = stage.serve().await?;
    let house = House::at(stage.address);
    let person = town.people[0];
    let rush = stampede::rush(&house, &town, attempts, at_once, |_| (town.start(40), Some(person))).await;
    println!("  {}", rush.times);
    ensure!(rush.is_right(1), "one should have got it, and everyone else alternatives");
    let what = format!("{attempts} people for one slot, {at_once} at a time, p99");
    Ok(vec![Line::plain(what, p99(&rush.times), "ms").aim(Aim::AtMost { floor: 1_000.0, goal: 500.0 })])
}

async fn keep_holding(house: &House, town: &Arc<Town>, how_long: Duration) -> Result<f64> {
    let until = Instant::now() + how_long;
    let done = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (house, town, done) = (house.clone(), town.clone(), done.clone());
            tokio::spawn(async move {
                while Instant::now() < until {
                    let hour = town.scattered_hour();
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
