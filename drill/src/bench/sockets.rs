//! From a commit to everyone's open page, how many frames a processor's second carries, and what an idle socket costs, beside socket.io.
//!
//! Frames are counted twice: with one commit at a time, where each is a call of the kernel for either side, and with [`RUSH`] commits in a row, as
//! when a series is booked or everyone wants the same day. The second is what a node can carry, and has the aim.

use super::line::{Aim, Line};
use super::load::p99;
use crate::report::Times;
use crate::socket::Socket;
use crate::stage::{Server, Stage, cpu_of, resident_of};
use crate::town::Town;
use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Commits in a row, without waiting for anyone to have heard of them.
const RUSH: usize = 20;

/// On servers of their own: one that has worked before has memory to spare, and its sockets would seem to cost nothing.
pub async fn measure(stage: &Stage) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let sizes: &[(usize, f64, f64)] = if stage.is_full { &[(10_000, 150.0, 75.0), (5_000, 75.0, 50.0)] } else { &[(500, 150.0, 75.0)] };
    for &(sockets, floor, goal) in sizes {
        let rounds = if stage.is_full { 20 } else { 4 };
        let ours = ours(stage, sockets, rounds).await?;
        let mut peer = SocketIo::start().await?;
        let peer = peer.measure(sockets, rounds).await?;
        let line = |what: String, ours: f64, unit, theirs: f64| Line::plain(what, ours, unit).beside("socket.io", theirs);
        lines.push(line(format!("commit to frame, {sockets} sockets, p99"), ours.p99, "ms", peer.p99).aim(Aim::AtMost { floor, goal }));
        lines.push(line(format!("frames a CPU second, {sockets} sockets, one commit at a time"), ours.calm, "", peer.calm));
        lines.push(
            line(format!("frames a CPU second, {sockets} sockets, {RUSH} commits in a row"), ours.rush, "", peer.rush)
                .aim(Aim::Times { floor: 2.5, goal: 5.0 }),
        );
        if lines.len() == 3 {
            lines.push(line("memory of an idle socket".into(), ours.each, "KiB", peer.each).aim(Aim::AtMost { floor: 8.0, goal: 4.0 }));
        }
    }
    Ok(lines)
}

async fn ours(stage: &Stage, sockets: usize, rounds: usize) -> Result<Figures> {
    let town = Town::build(&stage.db, 1, 1).await?;
    let topic = format!("availability:{}", town.provider);
    let server = stage.serve_at(Stage::free_address()?, &[]).await?;
    // its first jobs and caches
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = server.resident()?;
    let mut open = listen(&server, &topic, sockets).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = server.resident()?.saturating_sub(before) as f64 / sockets as f64 / 1024.0;
    let mut times = Times::default();
    let (cpu, mut heard) = (server.cpu()?, Times::default());
    for _ in 0..rounds {
        open = hear(open, stage, &town, 1, &mut times).await?;
    }
    let calm = times.len() as f64 / (server.cpu()? - cpu).as_secs_f64().max(0.01);
    let cpu = server.cpu()?;
    for _ in 0..rounds / 4 {
        open = hear(open, stage, &town, RUSH, &mut heard).await?;
    }
    let rush = heard.len() as f64 / (server.cpu()? - cpu).as_secs_f64().max(0.01);
    println!("  {sockets} sockets: {times}; {RUSH} in a row: {heard}");
    Ok(Figures { p99: p99(&times), calm, rush, each })
}

async fn listen(server: &Server, topic: &str, sockets: usize) -> Result<Vec<Socket>> {
    let ask = json!({ "op": "subscribe", "topic": topic });
    let opened: Vec<Result<Socket>> = futures::stream::iter(0..sockets)
        .map(|_| async {
            let mut socket = Socket::open(server.address, None).await?;
            socket.say(&ask).await?;
            ensure!(socket.hear().await?["op"] == "subscribed", "a socket could not subscribe");
            Ok(socket)
        })
        .buffer_unordered(50)
        .collect()
        .await;
    opened.into_iter().collect()
}

/// A fact about the provider, committed as another node would and rung for; the moment in which it was.
async fn commit(stage: &Stage, town: &Town) -> Result<Instant> {
    sqlx::query("insert into events (at, kind, provider_id) values (now(), 'availability.changed', $1)")
        .bind(town.provider)
        .execute(&stage.db)
        .await?;
    let committed = Instant::now();
    sqlx::query("select pg_notify('fettle_committed', '')").execute(&stage.db).await?;
    Ok(committed)
}

/// Everyone waits, then it is committed, as often as asked; times are from the last commit.
async fn hear(sockets: Vec<Socket>, stage: &Stage, town: &Town, commits: usize, times: &mut Times) -> Result<Vec<Socket>> {
    let mut waiting: FuturesUnordered<_> = sockets
        .into_iter()
        .map(|mut socket| async move {
            let mut heard = Vec::with_capacity(commits);
            for _ in 0..commits {
                let frame = socket.hear_text().await?;
                heard.push(Instant::now());
                ensure!(frame.contains("availability-updated"), "another frame came: {frame}");
            }
            Ok((socket, heard))
        })
        .collect();
    // nobody has anything to hear yet: this only makes them ready to
    let early = tokio::time::timeout(Duration::from_millis(300), waiting.next()).await;
    ensure!(early.is_err(), "a frame came before anything was committed");
    let mut committed = commit(stage, town).await?;
    for _ in 1..commits {
        committed = commit(stage, town).await?;
    }
    let mut kept = Vec::with_capacity(waiting.len());
    while let Some(one) = tokio::time::timeout(Duration::from_secs(20), waiting.next()).await.context("no frame came")? {
        let (socket, heard) = one?;
        heard.iter().for_each(|heard| times.add(heard.saturating_duration_since(committed)));
        kept.push(socket);
    }
    Ok(kept)
}

#[derive(Clone, Copy)]
struct Figures {
    p99: f64,
    /// Frames a processor's second of the server, by one commit at a time and by many in a row.
    calm: f64,
    rush: f64,
    each: f64,
}

/// The same by `benches/peers/socketio`: it opens the same number of sockets with its own client, and is told when to send.
struct SocketIo {
    child: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl SocketIo {
    async fn start() -> Result<Self> {
        let folder = Path::new("benches/peers/socketio");
        let mut child = Command::new("node").arg("server.js").current_dir(folder).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let out = child.stdout.take().context("no output")?;
        Ok(Self { child, lines: BufReader::new(out).lines() })
    }

    async fn line(&mut self) -> Result<String> {
        self.lines.next_line().await?.context("socket.io's server ended")
    }

    async fn measure(&mut self, sockets: usize, rounds: usize) -> Result<Figures> {
        let port = self.line().await?;
        let pid = self.child.id().context("socket.io's server ended")?;
        let before = resident_of(pid)?;
        let mut clients = Command::new("node")
            .args(["clients.js", &port, &sockets.to_string(), &rounds.to_string(), &(rounds / 4).to_string(), &RUSH.to_string()])
            .current_dir("benches/peers/socketio")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(clients.stdout.take().context("no output")?).lines();
        let open = lines.next_line().await?.context("socket.io's clients ended")?;
        ensure!(open == "open", "socket.io's clients say {open}");
        let each = resident_of(pid)?.saturating_sub(before) as f64 / sockets as f64 / 1024.0;
        let mut cpu = cpu_of(pid)?;
        let mut used = |now: Duration| (now - std::mem::replace(&mut cpu, now)).as_secs_f64().max(0.01);
        let p99: f64 = lines.next_line().await?.context("socket.io's clients ended")?.parse()?;
        let calm = (sockets * rounds) as f64 / used(cpu_of(pid)?);
        let rushed = lines.next_line().await?.context("socket.io's clients ended")?;
        ensure!(rushed == "rushed", "socket.io's clients say {rushed}");
        let rush = (sockets * (rounds / 4) * RUSH) as f64 / used(cpu_of(pid)?);
        Ok(Figures { p99, calm, rush, each })
    }
}
