//! From a commit to everyone's open page, how many frames a processor's second carries, and what an idle socket costs, beside socket.io. The same
//! client hears both in turns, and lets go of one before it turns to the other: twice ten thousand open files are more than many machines allow.
//!
//! Frames are counted twice: with one commit at a time, where each is a call of the kernel for either side, and with [`RUSH`] in a row, as when a
//! series is booked or everyone wants the same day. For that socket.io is asked once, and tells everyone as often at once.

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
/// How often each side has its turn.
const TURNS: usize = 2;

pub async fn measure(stage: &Stage) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let sizes: &[(usize, f64, f64)] = if stage.is_full { &[(10_000, 150.0, 75.0), (5_000, 75.0, 50.0)] } else { &[(500, 150.0, 75.0)] };
    for (nth, &(sockets, floor, goal)) in sizes.iter().enumerate() {
        let [ours, theirs] = in_turns(stage, sockets).await?;
        let line = |what: String, unit, of: fn(&Figures) -> f64| Line::plain(what, of(&ours), unit).beside("socket.io", of(&theirs));
        let times = Aim::Times { floor: 2.5, goal: 5.0 };
        lines.push(line(format!("commit to frame, {sockets} sockets, p99"), "ms", |it| p99(&it.calm)).aim(Aim::AtMost { floor, goal }));
        let frames = |how: &str| format!("frames a CPU second, {sockets} sockets, {how}");
        // of a node that has little to do the kernel's part is nearly all, which is the same for both: the aim is for what it can carry
        lines.push(line(frames("one commit at a time"), "", |it| per_cpu(&it.calm, it.calm_cpu)));
        lines.push(line(frames(&format!("{RUSH} commits in a row")), "", |it| per_cpu(&it.rush, it.rush_cpu)).aim(times));
        if nth == 0 {
            let half = sockets / 2;
            // in a quick look they are too few to be seen
            let is_seen = ours.later > 0.0 && theirs.later > 0.0;
            ensure!(is_seen || !stage.is_full, "{half} more sockets took {:.2} KiB each, and of socket.io {:.2}", ours.later, theirs.later);
            let most = Aim::AtMost { floor: 8.0, goal: 4.0 };
            lines.push(line(format!("memory of an idle socket, {half} more beside {half}"), "KiB", |it| it.later).aim(most));
            lines.push(line(format!("the same, the first {half}"), "KiB", |it| it.first));
        }
    }
    Ok(lines)
}

#[derive(Default)]
struct Figures {
    /// From each sending to each socket, and the server's processor time: by one commit at a time, and by many in a row.
    calm: Times,
    calm_cpu: Duration,
    rush: Times,
    rush_cpu: Duration,
    /// KiB of each idle socket: of the first half, which fill what the server had to spare, and of those that came after them. Below zero where the
    /// server has given back more than they took.
    first: f64,
    later: f64,
}

fn per_cpu(frames: &Times, used: Duration) -> f64 {
    frames.len() as f64 / used.as_secs_f64().max(0.01)
}

/// Ours and theirs, on servers of their own: one that has worked before has memory to spare, and its sockets would seem to cost nothing.
async fn in_turns(stage: &Stage, sockets: usize) -> Result<[Figures; 2]> {
    let town = Town::build(&stage.db, 1, 1).await?;
    let server = stage.serve_at(Stage::free_address()?, &[]).await?;
    let peer = SocketIo::start().await?;
    let sides = [Side::Ours { stage, town: &town, server: &server }, Side::Theirs(&peer)];
    let mut figures = [Figures::default(), Figures::default()];
    // their first jobs and caches
    tokio::time::sleep(Duration::from_secs(3)).await;
    for turn in 0..TURNS {
        for (side, figures) in sides.iter().zip(&mut figures) {
            let half = sockets / 2;
            let before = side.resident().await?;
            let mut open = side.open_many(half).await?;
            let between = side.resident().await?;
            open.extend(side.open_many(sockets - half).await?);
            let after = side.resident().await?;
            if turn == 0 {
                let each = |from: u64, to: u64| (to as f64 - from as f64) / half as f64 / 1024.0;
                (figures.first, figures.later) = (each(before, between), each(between, after));
            }
            let (calm, rush) = if stage.is_full { (10, 3) } else { (2, 1) };
            open = turns(open, side, (calm, 1), &mut figures.calm, &mut figures.calm_cpu).await?;
            drop(turns(open, side, (rush, RUSH), &mut figures.rush, &mut figures.rush_cpu).await?);
            // whoever has gone is not to be buried while the other side is measured
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
    for (side, it) in sides.iter().zip(&figures) {
        println!("  {}, {sockets} sockets: {}; {RUSH} in a row: {}", side.name(), it.calm, it.rush);
    }
    Ok(figures)
}

/// So often so many commits in a row: `(rounds, count)`.
async fn turns(
    mut open: Vec<Socket>,
    side: &Side<'_>,
    (rounds, count): (usize, usize),
    times: &mut Times,
    cpu: &mut Duration,
) -> Result<Vec<Socket>> {
    let before = side.cpu()?;
    for _ in 0..rounds {
        open = hear(open, side, count, times).await?;
    }
    *cpu += side.cpu()? - before;
    Ok(open)
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
    let hearing = async {
        let mut all = Vec::with_capacity(waiting.len());
        while let Some(one) = tokio::time::timeout(Duration::from_secs(20), waiting.next()).await.context("no frame came")? {
            all.push(one?);
        }
        anyhow::Ok(all)
    };
    let (sent, all) = tokio::try_join!(side.send(count), hearing)?;
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

    /// So many open sockets, and a moment for the server to have done with opening them.
    async fn open_many(&self, count: usize) -> Result<Vec<Socket>> {
        let opened: Vec<Result<Socket>> = futures::stream::iter(0..count).map(|_| self.open()).buffer_unordered(50).collect().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        opened.into_iter().collect()
    }

    /// Something for everyone, so often: facts about the provider, committed one after the other as another node would and rung for; or one request
    /// to tell as much at once. The moments in which each was committed, or all were asked for.
    async fn send(&self, count: usize) -> Result<Vec<Instant>> {
        match self {
            Self::Ours { stage, town, .. } => {
                let mut sent = Vec::with_capacity(count);
                for _ in 0..count {
                    sqlx::query("insert into events (at, kind, provider_id) values (now(), 'availability.changed', $1)")
                        .bind(town.provider)
                        .execute(&stage.db)
                        .await?;
                    sent.push(Instant::now());
                    sqlx::query("select pg_notify('fettle_committed', '')").execute(&stage.db).await?;
                }
                Ok(sent)
            }
            Self::Theirs(peer) => {
                let asked = Instant::now();
                peer.post(&format!("/send?count={count}")).await?;
                Ok(vec![asked; count])
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
