//! The floods themselves, and whether as much came as was meant to.

use crate::house::House;
use crate::socket::Socket;
use crate::stage;
use crate::town::Town;
use anyhow::{Context, Result, bail, ensure};
use futures::StreamExt;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

const TOOL_LINES: usize = 1_000;
const AT_ONCE: usize = 50;
/// Of the sockets that never read so many hear of changes; each change is a frame for each of them.
const LISTENING: usize = 100;
/// Sockets that besides ask for more than they take.
const ASKING: usize = 40;
/// What a question of theirs weighs, and the answer; the server takes 64 KiB and twenty of them a second.
const QUESTION: usize = 60_000;
const ASK_EVERY: Duration = Duration::from_millis(100);
const CHANGE_EVERY: Duration = Duration::from_millis(50);
/// So often something changed while those were away who come back.
const MISSED: usize = 5;
/// Whoever was not told after this what they missed never is.
const COMING_BACK: Duration = Duration::from_secs(20);
/// Their own buffers are as small as may be, so that what they do not read waits at the server.
const NARROW: u32 = 4_096;
/// More than this waits where a buffer has filled up.
const FULL: u64 = 256 * 1024;

#[derive(Debug, Clone, Copy)]
pub enum Flood {
    Headers,
    Bodies,
    Sockets,
    Reconnects,
    /// The program slowhttptest, with the flag that says what is slow.
    Tool(&'static str),
}

/// Where to, and how much.
#[derive(Clone)]
pub struct Attack {
    pub house: House,
    pub address: SocketAddr,
    pub lines: usize,
    /// As often sockets come and go at the least.
    pub reconnects: usize,
    /// So long others are looked at meanwhile.
    pub during: Duration,
    pub page: String,
    /// The topic of a provider of whom there is no news.
    pub quiet: String,
    /// One who has some.
    pub busy: Arc<Town>,
}

/// What came, and what did not come as it was meant to.
pub struct Made {
    pub what: String,
    pub problems: Vec<String>,
}

impl Made {
    fn new(what: String, checks: impl IntoIterator<Item = (bool, String)>) -> Self {
        Self { what, problems: checks.into_iter().filter(|(holds, _)| !holds).map(|(_, problem)| problem).collect() }
    }
}

impl Attack {
    /// Goes on until it is over.
    pub async fn run(self, flood: Flood, is_over: Arc<AtomicBool>) -> Result<Made> {
        match flood {
            Flood::Headers => self.slowly("GET / HTTP/1.1\r\nHost: drill\r\n", "X-More: 1\r\n", is_over).await,
            Flood::Bodies => {
                let head =
                    "POST /api/v1/bookings HTTP/1.1\r\nHost: drill\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n{";
                self.slowly(head, " ", is_over).await
            }
            Flood::Sockets => self.sockets(is_over).await,
            Flood::Reconnects => self.reconnect(is_over).await,
            Flood::Tool(mode) => self.tool(mode).await,
        }
    }

    /// Lines that send a little every second; one that is cut off is opened again.
    async fn slowly(self, head: &'static str, more: &'static str, is_over: Arc<AtomicBool>) -> Result<Made> {
        let tasks: Vec<_> = (0..self.lines).map(|_| tokio::spawn(one_slowly(self.address, head, more, is_over.clone()))).collect();
        let mut made = 0;
        for task in tasks {
            made += task.await.context("a slow line")?;
        }
        Ok(Made::new(format!("{made} lines"), [(made >= self.lines, format!("{made} lines of {} were made", self.lines))]))
    }

    /// Sockets that never read, while there is news for some of them and others ask and ask.
    async fn sockets(self, is_over: Arc<AtomicBool>) -> Result<Made> {
        let busy = self.news();
        let opened: Vec<Result<Socket>> = futures::stream::iter(0..self.lines)
            .map(|number| subscribed(self.address, if number < LISTENING { busy.clone() } else { self.quiet.clone() }))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let opened: Vec<Socket> = opened.into_iter().flatten().collect();
        let asking: Vec<_> = (0..ASKING).map(|_| tokio::spawn(ask_and_ask(self.address, is_over.clone()))).collect();
        let changing = tokio::spawn(change(self.house, self.busy, is_over.clone()));
        let (mut full, mut looked_at) = (0, Instant::now());
        while !is_over.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(100)).await;
            if looked_at.elapsed() >= Duration::from_secs(2) {
                full = full.max(full_lines(self.address.port())?);
                looked_at = Instant::now();
            }
        }
        let changes = changing.await??;
        for task in asking {
            task.await.context("a socket that asks")?;
        }
        let (made, lines) = (opened.len(), self.lines);
        Ok(Made::new(
            format!("{made} sockets, {full} buffers full, {changes} changes"),
            [
                (made == lines, format!("{made} sockets of {lines} were made")),
                (full >= ASKING, format!("only {full} buffers were ever full, {ASKING} should have been")),
                (changes > 0, "nothing changed meanwhile".to_owned()),
            ],
        ))
    }

    /// The topic of the busy one.
    fn news(&self) -> String {
        format!("availability:{}", self.busy.provider)
    }

    /// What someone says who comes back after a few changes, when as many news of them are to be had.
    async fn question(&self) -> Result<Value> {
        let mut socket = Socket::open(self.address, None).await?;
        socket.say(&json!({ "op": "subscribe", "topic": self.news() })).await?;
        let answer = socket.hear().await?;
        let after = answer["cursor"].as_str().with_context(|| format!("no place to come back to: {answer}"))?.to_owned();
        for _ in 0..MISSED {
            hold_and_release(&self.house, &self.busy).await?;
            let news = timeout(COMING_BACK, socket.hear()).await.context("no news came")??;
            ensure!(news["op"] == "event", "instead of news came {news}");
        }
        Ok(json!({ "op": "subscribe", "topic": self.news(), "after": after }))
    }

    /// Opens sockets, hears what was missed and is gone, over and over, evenly: as often as wanted in three fifths of the time, and on until it is over.
    async fn reconnect(self, is_over: Arc<AtomicBool>) -> Result<Made> {
        let question = &self.question().await?;
        let (address, least) = (self.address, self.reconnects);
        let every = self.during.mul_f64(0.6 * AT_ONCE as f64 / least as f64);
        let (made, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (made, failed) = (&made, &failed);
        let is_over = &is_over;
        futures::future::join_all((0..AT_ONCE).map(|number| async move {
            sleep(every.mul_f64(number as f64 / AT_ONCE as f64)).await;
            while !is_over.load(Ordering::Relaxed) || made.load(Ordering::Relaxed) + failed.load(Ordering::Relaxed) < least {
                let began = Instant::now();
                let is_told = matches!(timeout(COMING_BACK, come_back(address, question)).await, Ok(Ok(told)) if told >= MISSED);
                let outcome = if is_told { made } else { failed };
                outcome.fetch_add(1, Ordering::Relaxed);
                sleep(every.saturating_sub(began.elapsed())).await;
            }
        }))
        .await;
        let (made, failed) = (made.load(Ordering::Relaxed), failed.load(Ordering::Relaxed));
        Ok(Made::new(
            format!("{made} sockets, told what they missed"),
            [
                (made >= least, format!("{made} sockets of {least} were made")),
                (failed == 0, format!("{failed} sockets were not opened, or not told what they missed")),
            ],
        ))
    }

    /// slowhttptest asks a question of its own each second, which has three to be answered.
    async fn tool(self, mode: &'static str) -> Result<Made> {
        // a page that takes a form, where it is about bodies
        let page = if mode == "-B" { "/sign-in" } else { self.page.as_str() };
        let (url, seconds) = (format!("{}{page}", self.house.base), (self.during.as_secs() + 2).to_string());
        let mut command = tokio::process::Command::new(stage::var("SLOWHTTPTEST")?);
        command.args([mode, "-c", &TOOL_LINES.to_string(), "-r", "500", "-i", "1", "-l", &seconds, "-p", "3", "-u", &url]);
        let output = command.kill_on_drop(true).output().await.context("slowhttptest could not be started")?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let answers: Vec<&str> = told.lines().filter(|line| line.contains("service available:")).collect();
        ensure!(!answers.is_empty(), "slowhttptest said nothing: {}", told.chars().take(500).collect::<String>());
        let missed = answers.iter().filter(|line| line.contains("NO")).count();
        let made = lines_made(&told);
        Ok(Made::new(
            format!("{made} lines"),
            [
                (missed == 0, format!("its question was not answered {missed} of {} times", answers.len())),
                (made >= TOOL_LINES, format!("{made} lines of {TOOL_LINES} were made")),
            ],
        ))
    }
}

/// How often the line was made.
async fn one_slowly(address: SocketAddr, head: &str, more: &str, is_over: Arc<AtomicBool>) -> usize {
    let mut made = 0;
    while !is_over.load(Ordering::Relaxed) {
        let Ok(mut line) = TcpStream::connect(address).await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        made += 1;
        let mut sent = line.write_all(head.as_bytes()).await;
        while sent.is_ok() && !is_over.load(Ordering::Relaxed) {
            sleep(Duration::from_secs(1)).await;
            sent = line.write_all(more.as_bytes()).await;
        }
    }
    made
}

async fn narrow(address: SocketAddr) -> Result<Socket> {
    let line = TcpSocket::new_v4()?;
    line.set_recv_buffer_size(NARROW)?;
    Socket::over(line.connect(address).await?, address, None).await
}

async fn subscribed(address: SocketAddr, topic: String) -> Result<Socket> {
    let mut socket = narrow(address).await?;
    socket.say(&json!({ "op": "subscribe", "topic": topic })).await?;
    Ok(socket)
}

/// Subscribes from an earlier place on, and is gone with the answer. How much of what was missed came before it.
async fn come_back(address: SocketAddr, question: &Value) -> Result<usize> {
    let mut socket = Socket::open(address, None).await?;
    socket.say(question).await?;
    let mut told = 0;
    loop {
        let frame = socket.hear().await?;
        match frame["op"].as_str() {
            Some("event") => told += 1,
            Some("subscribed") => return Ok(told),
            _ => bail!("the socket says {frame}"),
        }
    }
}

/// Asks for a topic that there is none of, whose name comes back with the answer, and never reads. One that is cut off begins anew.
async fn ask_and_ask(address: SocketAddr, is_over: Arc<AtomicBool>) {
    let question = json!({ "op": "subscribe", "topic": "x".repeat(QUESTION) });
    while !is_over.load(Ordering::Relaxed) {
        sleep(ASK_EVERY).await;
        let Ok(mut socket) = narrow(address).await else { continue };
        // No room for the question is no end: the server does not read either while it has no room for its answers.
        while !is_over.load(Ordering::Relaxed) && !matches!(timeout(Duration::from_secs(1), socket.say(&question)).await, Ok(Err(_))) {
            sleep(ASK_EVERY).await;
        }
    }
}

/// Somebody holds a time and gives it back: news for who listens.
async fn hold_and_release(house: &House, town: &Town) -> Result<()> {
    let token = town.customer(0);
    let held = house.hold(&token, town.service, &town.start(20), None).await;
    ensure!(held.status == 201, "holding was answered {} {}", held.status, held.text("code"));
    let released = house.release(&token, held.text("id")).await;
    ensure!(released.status == 204, "giving back was answered {} {}", released.status, released.text("code"));
    Ok(())
}

/// The same over and over. How often.
async fn change(house: House, town: Arc<Town>, is_over: Arc<AtomicBool>) -> Result<u64> {
    let mut changes = 0;
    while !is_over.load(Ordering::Relaxed) {
        hold_and_release(&house, &town).await?;
        changes += 1;
        sleep(CHANGE_EVERY).await;
    }
    Ok(changes)
}

/// How many of the server's lines have a full buffer towards somebody who does not read.
fn full_lines(port: u16) -> Result<usize> {
    let table = std::fs::read_to_string("/proc/net/tcp").context("/proc/net/tcp")?;
    Ok(table.lines().filter(|line| waiting(line, port).is_some_and(|bytes| bytes >= FULL)).count())
}

/// Bytes that wait to be taken on a line of proc(5)'s `/proc/net/tcp`, if our end is at `port`.
fn waiting(line: &str, port: u16) -> Option<u64> {
    let mut fields = line.split_whitespace().skip(1);
    let (_, own) = fields.next()?.split_once(':')?;
    let (sending, _) = fields.nth(2)?.split_once(':')?;
    (u16::from_str_radix(own, 16).ok()? == port).then(|| u64::from_str_radix(sending, 16).ok()).flatten()
}

/// The most lines of any account that slowhttptest gives: those that are open, and those that were closed.
fn lines_made(told: &str) -> usize {
    // before a number may stand a colour
    let number = |line: &str, what: &str| line.split_once(what)?.1.rsplit('m').next()?.trim().parse::<usize>().ok();
    let (mut open, mut most) = (0, 0);
    for line in told.lines() {
        open = number(line, "connected:").unwrap_or(open);
        most = most.max(open + number(line, "closed:").unwrap_or(0));
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_buffers_are_found_among_the_lines_of_the_system() {
        let line = "  12: 0100007F:0BB8 0100007F:D2F0 01 00042A00:00000000 00:00000000 00000000  1000        0 12345 1 0000000000000000 20 4 30 10 -1";
        assert_eq!((waiting(line, 3000), waiting(line, 3001)), (Some(0x42a00), None));
        assert_eq!(waiting("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", 3000), None);
    }

    #[test]
    fn lines_of_slowhttptest_are_counted_with_colours_and_without() {
        assert_eq!(lines_made("pending: 3\nconnected:   \u{1b}[1;32m        990\nerror: 0\nclosed:      \u{1b}[1;32m        7\n"), 997);
        assert_eq!(lines_made("connected:           1000\nclosed:              0\nconnected: 0\nclosed: 4\n"), 1000);
        assert_eq!(lines_made("nothing"), 0);
    }
}
