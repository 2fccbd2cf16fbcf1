//! People who mean no good: lines that never finish their headers or bodies, ours and those of slowhttptest, sockets by the thousand, coming and
//! going. Others wait at most twice as long as before, and afterwards the memory is back.

use crate::house::House;
use crate::report::{Report, Times};
use crate::socket::Socket;
use crate::stage::{self, Server, Stage};
use crate::town::Town;
use anyhow::{Context, Result};
use futures::StreamExt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// What may be left of memory when the flood is over.
const LEFT: u64 = 64 * 1024 * 1024;
const TOOL_LINES: &str = "1000";
/// Below this a doubled wait is noise of the clock and of our own load.
const LEAST_P99: Duration = Duration::from_millis(50);

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (lines, reconnects, how_long) =
        if stage.is_full { (4_000, 20_000, Duration::from_secs(60)) } else { (1_000, 2_000, Duration::from_secs(20)) };
    let town = Arc::new(Town::build(&stage.db, 5, 100).await?);
    let server = stage.serve().await?;
    let house = House::at(stage.address);
    // warm: caches filled, threads started, connections made
    look(&house, &town, Duration::from_secs(5)).await?;
    let memory = server.resident()?;
    let before = look(&house, &town, Duration::from_secs(8)).await?;
    report.figure("others before", &before);

    let tool =
        |mode| Flood::Tool(Tool { mode, seconds: how_long.as_secs() / 2 + 2, page: format!("http://{}/p/{}", stage.address, town.slug) });
    let floods: [(&str, Flood); 7] = [
        ("headers that never end", Flood::Headers),
        ("bodies that never end", Flood::Bodies),
        ("sockets that never read", Flood::Sockets),
        ("coming and going", Flood::Reconnects(reconnects)),
        ("slowhttptest, headers", tool("-H")),
        ("slowhttptest, bodies", tool("-B")),
        ("slowhttptest, reading", tool("-X")),
    ];
    for (name, flood) in floods {
        let is_over = Arc::new(AtomicBool::new(false));
        let flooding = tokio::spawn(flood.run(stage.address, lines, town.provider.to_string(), is_over.clone()));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let during = look(&house, &town, how_long / 2).await?;
        is_over.store(true, Ordering::Relaxed);
        let made = flooding.await??;
        report.figure(name, format!("{made} lines; others {during}"));
        let most = (before.quantile(990) * 2).max(LEAST_P99);
        // Programs of development are slow in themselves; how long others wait is judged with those of production.
        report.expect(cfg!(debug_assertions) || during.quantile(990) <= most, || {
            format!("{name}: others waited {:?} (p99), {most:?} is the most allowed", during.quantile(990))
        });
    }
    let after = settled(&server, memory).await?;
    report.figure("memory before, after", format!("{} MiB, {} MiB", memory >> 20, after >> 20));
    report.expect(after <= memory + LEFT, || format!("{} MiB of memory did not come back", (after - memory) >> 20));
    Ok(())
}

/// What others do meanwhile: a page and free times, one after another; how long each took. Any failure ends the drill.
async fn look(house: &House, town: &Town, how_long: Duration) -> Result<Times> {
    let until = Instant::now() + how_long;
    let mut times = Times::default();
    let from = &town.start(0)[..10];
    let free = format!("/api/v1/providers/{}/availability?service_id={}&from={from}&to={from}", town.provider, town.service);
    let page = format!("/p/{}", town.slug);
    while Instant::now() < until {
        for path in [&page, &free] {
            let answer = house.get(path, None).await;
            anyhow::ensure!(answer.status == 200, "{path} was answered {}", answer.status);
            times.add(answer.took);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(times)
}

/// Memory once it is back, or after a minute.
async fn settled(server: &Server, before: u64) -> Result<u64> {
    for _ in 0..60 {
        if server.resident()? <= before + LEFT {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    server.resident()
}

enum Flood {
    Headers,
    Bodies,
    Sockets,
    Reconnects(usize),
    Tool(Tool),
}

/// The program slowhttptest.
struct Tool {
    /// Its flag: what is slow.
    mode: &'static str,
    seconds: u64,
    page: String,
}

impl Flood {
    async fn run(self, address: SocketAddr, lines: usize, provider: String, is_over: Arc<AtomicBool>) -> Result<usize> {
        match self {
            Self::Headers => slowly(address, lines, "GET / HTTP/1.1\r\nHost: drill\r\n", "X-More: 1\r\n", is_over).await,
            Self::Bodies => {
                let head =
                    "POST /api/v1/bookings HTTP/1.1\r\nHost: drill\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n{";
                slowly(address, lines, head, " ", is_over).await
            }
            Self::Sockets => sockets(address, lines, &provider, is_over).await,
            Self::Reconnects(times) => reconnect(address, times).await,
            Self::Tool(tool) => tool.run().await,
        }
    }
}

/// Lines that send a little every second; one that is cut off is opened again.
async fn slowly(address: SocketAddr, lines: usize, head: &'static str, more: &'static str, is_over: Arc<AtomicBool>) -> Result<usize> {
    let tasks: Vec<_> = (0..lines)
        .map(|_| {
            let is_over = is_over.clone();
            tokio::spawn(async move {
                let mut made = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let Ok(mut line) = TcpStream::connect(address).await else {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    };
                    made += 1;
                    let mut sent = line.write_all(head.as_bytes()).await;
                    while sent.is_ok() && !is_over.load(Ordering::Relaxed) {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        sent = line.write_all(more.as_bytes()).await;
                    }
                }
                made
            })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += task.await.context("a slow line")?;
    }
    Ok(made)
}

async fn sockets(address: SocketAddr, lines: usize, provider: &str, is_over: Arc<AtomicBool>) -> Result<usize> {
    let ask = serde_json::json!({ "op": "subscribe", "topic": format!("availability:{provider}") });
    let opened: Vec<Socket> = futures::stream::iter(0..lines)
        .map(|_| {
            let ask = &ask;
            async move {
                let mut socket = Socket::open(address, None).await.ok()?;
                socket.say(ask).await.ok()?;
                Some(socket)
            }
        })
        .buffer_unordered(50)
        .filter_map(|socket| async { socket })
        .collect()
        .await;
    while !is_over.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(opened.len())
}

impl Tool {
    /// It asks a question of its own each second, which has three to be answered.
    async fn run(self) -> Result<usize> {
        let seconds = self.seconds.to_string();
        let mut command = tokio::process::Command::new(stage::var("SLOWHTTPTEST")?);
        command.args([self.mode, "-c", TOOL_LINES, "-r", "500", "-i", "1", "-l", &seconds, "-p", "3", "-u", &self.page]);
        let output = command.kill_on_drop(true).output().await.context("slowhttptest could not be started")?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let answers: Vec<&str> = told.lines().filter(|line| line.contains("service available:")).collect();
        anyhow::ensure!(!answers.is_empty(), "slowhttptest said nothing: {}", told.chars().take(500).collect::<String>());
        let missed = answers.iter().filter(|line| line.contains("NO")).count();
        anyhow::ensure!(missed == 0, "slowhttptest {} was not answered {missed} of {} times", self.mode, answers.len());
        Ok(TOOL_LINES.parse()?)
    }
}

/// Opens a socket and is gone, over and over.
async fn reconnect(address: SocketAddr, times: usize) -> Result<usize> {
    let opened = futures::stream::iter(0..times)
        .map(|_| async move { Socket::open(address, None).await.is_ok() })
        .buffer_unordered(50)
        .filter(|is_open| std::future::ready(*is_open))
        .count()
        .await;
    Ok(opened)
}
