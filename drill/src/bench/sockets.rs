//! From a commit to everyone's open page, how many frames a processor's second carries, and what an idle socket costs, beside socket.io. The same
//! client hears both, one after the other.
//!
//! Frames are counted twice: with one commit at a time, where each is a call of the kernel for either side, and with [`RUSH`] commits in a row, as
//! when a series is booked or everyone wants the same day. The second is what a node can carry, and has the aim.

use super::line::{Aim, Line};
use super::load::p99;
use crate::house::House;
use crate::report::Times;
use crate::socket::Socket;
use crate::stage::{Server, Stage, cpu_of, resident_of};
use crate::town::Town;
use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;
use std::net::SocketAddr;
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
        let town = Town::build(&stage.db, 1, 1).await?;
        let server = stage.serve_at(Stage::free_address()?, &[]).await?;
        let ours = figures(&Side::Ours { stage, town: &town, server: &server }, sockets, rounds).await?;
        drop(server);
        let peer = SocketIo::start().await?;
        let theirs = figures(&Side::Theirs(&peer), sockets, rounds).await?;
        drop(peer);
        let line = |what: String, ours: f64, unit, theirs: f64| Line::plain(what, ours, unit).beside("socket.io", theirs);
        lines.push(line(format!("commit to frame, {sockets} sockets, p99"), ours.p99, "ms", theirs.p99).aim(Aim::AtMost { floor, goal }));
        lines.push(line(format!("frames a CPU second, {sockets} sockets, one commit at a time"), ours.calm, "", theirs.calm));
        lines.push(
            line(format!("frames a CPU second, {sockets} sockets, {RUSH} commits in a row"), ours.rush, "", theirs.rush)
                .aim(Aim::Times { floor: 2.5, goal: 5.0 }),
        );
        if lines.len() == 3 {
            lines.push(line("memory of an idle socket".into(), ours.each, "KiB", theirs.each).aim(Aim::AtMost { floor: 8.0, goal: 4.0 }));
        }
    }
    Ok(lines)
}

#[derive(Clone, Copy)]
struct Figures {
    p99: f64,
    /// Frames a processor's second of the server, by one commit at a time and by many in a row.
    calm: f64,
    rush: f64,
    /// KiB.
    each: f64,
}

async fn figures(side: &Side<'_>, sockets: usize, rounds: usize) -> Result<Figures> {
    // its first jobs and caches
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = side.resident().await?;
    let opened: Vec<Result<Socket>> = futures::stream::iter(0..sockets).map(|_| side.open()).buffer_unordered(50).collect().await;
    let mut open = opened.into_iter().collect::<Result<Vec<Socket>>>()?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = side.resident().await?.saturating_sub(before) as f64 / sockets as f64 / 1024.0;
    let (mut times, mut rushed) = (Times::default(), Times::default());
    let began = side.cpu()?;
    for _ in 0..rounds {
        open = hear(open, side, 1, &mut times).await?;
    }
    let between = side.cpu()?;
    for _ in 0..rounds / 4 {
        open = hear(open, side, RUSH, &mut rushed).await?;
    }
    let per_cpu = |frames: usize, used: Duration| frames as f64 / used.as_secs_f64().max(0.01);
    let (calm, rush) = (per_cpu(times.len(), between - began), per_cpu(rushed.len(), side.cpu()? - between));
    println!("  {}, {sockets} sockets: {times}; {RUSH} in a row: {rushed}", side.name());
    Ok(Figures { p99: p99(&times), calm, rush, each })
}

/// Everyone waits, then something is sent, as often as asked. Each frame's time is from its own sending.
async fn hear(sockets: Vec<Socket>, side: &Side<'_>, count: usize, times: &mut Times) -> Result<Vec<Socket>> {
    let mut waiting: FuturesUnordered<_> = sockets
        .into_iter()
        .map(|mut socket| async move {
            let mut heard = Vec::with_capacity(count);
            for _ in 0..count {
                heard.push(hear_news(&mut socket).await?);
            }
            anyhow::Ok((socket, heard))
        })
        .collect();
    // nobody has anything to hear yet: this only makes them ready to
    let early = tokio::time::timeout(Duration::from_millis(300), waiting.next()).await;
    ensure!(early.is_err(), "a frame came before anything was sent");
    let sending = async {
        let mut sent = Vec::with_capacity(count);
        for _ in 0..count {
            sent.push(side.send().await?);
        }
        anyhow::Ok(sent)
    };
    let hearing = async {
        let mut all = Vec::with_capacity(waiting.len());
        while let Some(one) = tokio::time::timeout(Duration::from_secs(20), waiting.next()).await.context("no frame came")? {
            all.push(one?);
        }
        anyhow::Ok(all)
    };
    let (sent, all) = tokio::try_join!(sending, hearing)?;
    let mut kept = Vec::with_capacity(all.len());
    for (socket, heard) in all {
        sent.iter().zip(heard).for_each(|(sent, heard)| times.add(heard.saturating_duration_since(*sent)));
        kept.push(socket);
    }
    Ok(kept)
}

/// The moment in which the next news came.
async fn hear_news(socket: &mut Socket) -> Result<Instant> {
    loop {
        let text = socket.hear_text().await?;
        let heard = Instant::now();
        // Engine.IO's own heartbeat
        if text == "2" {
            socket.say_text("3").await?;
            continue;
        }
        ensure!(text.contains("availability-updated"), "another frame came: {text}");
        return Ok(heard);
    }
}

enum Side<'a> {
    Ours { stage: &'a Stage, town: &'a Town, server: &'a Server },
    Theirs(&'a SocketIo),
}

impl Side<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Ours { .. } => "ours",
            Self::Theirs(_) => "socket.io",
        }
    }

    async fn open(&self) -> Result<Socket> {
        match self {
            Self::Ours { town, server, .. } => {
                let mut socket = Socket::open(server.address, None).await?;
                socket.say(&json!({ "op": "subscribe", "topic": format!("availability:{}", town.provider) })).await?;
                ensure!(socket.hear().await?["op"] == "subscribed", "a socket could not subscribe");
                Ok(socket)
            }
            Self::Theirs(peer) => peer.open().await,
        }
    }

    /// Something for everyone: a fact about the provider, committed as another node would and rung for; or a request to tell it. The moment in which it was
    /// committed, or asked for.
    async fn send(&self) -> Result<Instant> {
        match self {
            Self::Ours { stage, town, .. } => {
                sqlx::query("insert into events (at, kind, provider_id) values (now(), 'availability.changed', $1)")
                    .bind(town.provider)
                    .execute(&stage.db)
                    .await?;
                let committed = Instant::now();
                sqlx::query("select pg_notify('fettle_committed', '')").execute(&stage.db).await?;
                Ok(committed)
            }
            Self::Theirs(peer) => {
                let asked = Instant::now();
                peer.post("/send").await?;
                Ok(asked)
            }
        }
    }

    fn cpu(&self) -> Result<Duration> {
        match self {
            Self::Ours { server, .. } => server.cpu(),
            Self::Theirs(peer) => cpu_of(peer.pid()?),
        }
    }

    async fn resident(&self) -> Result<u64> {
        match self {
            Self::Ours { server, .. } => server.resident(),
            Self::Theirs(peer) => {
                // what is no longer needed is no part of a socket
                peer.post("/collect").await?;
                resident_of(peer.pid()?)
            }
        }
    }
}

/// `benches/peers/socketio`: everyone who connects is in one room.
struct SocketIo {
    child: Child,
    address: SocketAddr,
    house: House,
}

impl SocketIo {
    async fn start() -> Result<Self> {
        let mut command = Command::new("node");
        command.args(["--expose-gc", "server.js"]).current_dir(Path::new("benches/peers/socketio")).env("NODE_ENV", "production");
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let out = child.stdout.take().context("no output")?;
        let port: u16 = BufReader::new(out).lines().next_line().await?.context("socket.io's server ended")?.parse()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self { child, address, house: House::at(address) })
    }

    fn pid(&self) -> Result<u32> {
        self.child.id().context("socket.io's server ended")
    }

    async fn post(&self, path: &str) -> Result<()> {
        self.house.http.post(format!("{}{path}", self.house.base)).send().await?.error_for_status()?;
        Ok(())
    }

    /// By Engine.IO 4 over WebSocket: its greeting, ours to the main namespace, and its answer.
    async fn open(&self) -> Result<Socket> {
        let mut socket = Socket::of(self.address, "/socket.io/?EIO=4&transport=websocket").await?;
        ensure!(socket.hear_text().await?.starts_with("0{"), "socket.io did not greet");
        socket.say_text("40").await?;
        ensure!(socket.hear_text().await?.starts_with("40"), "socket.io let nobody in");
        Ok(socket)
    }
}
