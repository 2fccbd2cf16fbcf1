//! From a commit to everyone's open page, and what an idle socket costs, beside socket.io.

use super::{Limit, Line};
use crate::report::Times;
use crate::socket::Socket;
use crate::stage::{Server, Stage, cpu_of, resident_of};
use crate::town::Town;
use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// On a server of its own: one that has worked before has memory to spare, and its sockets would seem to cost nothing.
pub async fn measure(stage: &Stage) -> Result<Vec<Line>> {
    let (sockets, rounds) = if stage.is_full { (9_000, 30) } else { (500, 5) };
    let town = Town::build(&stage.db, 1, 1).await?;
    let topic = format!("availability:{}", town.provider);
    let server = stage.serve_at(Stage::free_address()?, &[]).await?;
    // its first jobs and caches
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = server.resident()?;
    let mut ours = listen(&server, &topic, sockets).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = server.resident()?.saturating_sub(before) as f64 / sockets as f64 / 1024.0;

    let cpu = server.cpu()?;
    let mut times = Times::default();
    for _ in 0..rounds {
        let committed = commit(stage, &town).await?;
        ours = heard(ours, committed, &mut times).await?;
    }
    let per_cpu = times.len() as f64 / (server.cpu()? - cpu).as_secs_f64().max(0.01);
    drop(ours);

    let peer = match SocketIo::start().await? {
        Some(mut peer) => Some(peer.measure(sockets, rounds).await?),
        None => {
            println!("  socket.io is not there: npm ci in benches/peers/socketio");
            None
        }
    };
    let p99 = times.quantile(990).as_secs_f64() * 1000.0;
    Ok(vec![
        Line { what: "commit to frame, p99", ours: p99, unit: "ms", peer: peer.map(|p| ("socket.io", p.p99)), limit: Limit::AtMost(150.0) },
        Line {
            what: "frames a CPU second",
            ours: per_cpu,
            unit: "",
            peer: peer.map(|p| ("socket.io", p.per_cpu)),
            limit: Limit::TimesPeer(2.5),
        },
        Line {
            what: "memory of an idle socket",
            ours: each,
            unit: "KiB",
            peer: peer.map(|p| ("socket.io", p.each)),
            limit: Limit::AtMost(8.0),
        },
    ])
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

async fn heard(sockets: Vec<Socket>, committed: Instant, times: &mut Times) -> Result<Vec<Socket>> {
    let waiting = sockets.into_iter().map(|mut socket| async move {
        let frame = tokio::time::timeout(Duration::from_secs(20), socket.hear_text()).await.context("no frame came")??;
        ensure!(frame.contains("availability-updated"), "another frame came: {frame}");
        Ok((socket, committed.elapsed()))
    });
    let mut kept = Vec::new();
    let mut all = futures::stream::iter(waiting).buffer_unordered(usize::MAX);
    while let Some(one) = all.next().await {
        let (socket, took) = one?;
        times.add(took);
        kept.push(socket);
    }
    Ok(kept)
}

#[derive(Clone, Copy)]
struct Peer {
    p99: f64,
    per_cpu: f64,
    each: f64,
}

/// The same by `benches/peers/socketio`: it opens the same number of sockets with its own client, and is told when to send.
struct SocketIo {
    child: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl SocketIo {
    async fn start() -> Result<Option<Self>> {
        let folder = Path::new("benches/peers/socketio");
        if !folder.join("node_modules").exists() {
            return Ok(None);
        }
        let mut child = Command::new("node").arg("server.js").current_dir(folder).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let out = child.stdout.take().context("no output")?;
        Ok(Some(Self { child, lines: BufReader::new(out).lines() }))
    }

    async fn line(&mut self) -> Result<String> {
        self.lines.next_line().await?.context("socket.io's server ended")
    }

    async fn measure(&mut self, sockets: usize, rounds: usize) -> Result<Peer> {
        let port = self.line().await?;
        let pid = self.child.id().context("socket.io's server ended")?;
        let before = resident_of(pid)?;
        let mut clients = Command::new("node")
            .args(["clients.js", &port, &sockets.to_string(), &rounds.to_string()])
            .current_dir("benches/peers/socketio")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(clients.stdout.take().context("no output")?).lines();
        let open = lines.next_line().await?.context("socket.io's clients ended")?;
        ensure!(open == "open", "socket.io's clients say {open}");
        let each = resident_of(pid)?.saturating_sub(before) as f64 / sockets as f64 / 1024.0;
        let cpu = cpu_of(pid)?;
        let p99: f64 = lines.next_line().await?.context("socket.io's clients ended")?.parse()?;
        let used = (cpu_of(pid)? - cpu).as_secs_f64().max(0.01);
        Ok(Peer { p99, per_cpu: (sockets * rounds) as f64 / used, each })
    }
}
