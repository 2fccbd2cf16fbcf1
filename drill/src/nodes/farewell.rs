//! What a server that is told to end still owes: an answer to everyone in the middle of a request, and a word to everyone who listens.

use crate::load::{Load, NOTICED};
use crate::report::Report;
use crate::socket::{Closed, Socket};
use crate::stage::Server;
use crate::town::Town;
use anyhow::{Context, Result, ensure};
use futures::future::{join_all, try_join_all};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LISTENERS: usize = 20;
const CALLERS: usize = 4;
/// Until all of them are there.
const PATIENCE: Duration = Duration::from_secs(20);
/// A server that is told to end lets requests under way finish for 20 seconds, and jobs for 8 more.
const AT_MOST: Duration = Duration::from_secs(30);
/// Said once somebody wants to read the body (RFC 9110, section 10.1.1): from then on the request is under way.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// People at one server alone, past the balancer: what they see is its own doing.
pub struct Farewell {
    listeners: Vec<Socket>,
    callers: Vec<Caller>,
}

impl Farewell {
    pub async fn gather(address: SocketAddr, town: &Town) -> Result<Self> {
        let topic = format!("availability:{}", town.provider);
        let coming = async {
            let listeners = try_join_all((0..LISTENERS).map(|_| listen(address, &topic))).await?;
            let callers = try_join_all((0..CALLERS).map(|_| Caller::begin(address, town))).await?;
            anyhow::Ok(Self { listeners, callers })
        };
        tokio::time::timeout(PATIENCE, coming).await.context("nobody gets through to a server that is well")?
    }

    /// Tells the server to end, and looks what it does. How long it took.
    pub async fn take(self, server: &mut Server, load: &Load, report: &mut Report) -> Result<Duration> {
        let began = Instant::now();
        let heard = join_all(self.listeners.into_iter().map(last_word));
        let answered = join_all(self.callers.into_iter().map(Caller::finish));
        let ending = async {
            let status = server.end(AT_MOST).await?;
            if status.is_none() {
                server.kill().await?;
            }
            anyhow::Ok((status, began.elapsed()))
        };
        let (ended, heard, answered) = tokio::join!(ending, heard, answered);
        let (status, took) = ended?;
        match status {
            Some(status) => report.expect(status.success(), || format!("told to end, a server ended with {status}")),
            None => report.broken(format!("a server had not ended {} s after it was told to", AT_MOST.as_secs())),
        }
        for word in heard.into_iter().filter(|word| *word != Some(Closed::AWAY)) {
            report.broken(match word {
                Some(code) => format!("a server that was told to end closed a socket with {code}"),
                None => "a server that was told to end left a socket without a word".to_owned(),
            });
        }
        for answer in answered {
            match answer {
                Ok(held) => load.promised(held["id"].as_str().unwrap_or_default(), &held),
                Err(cause) => report.broken(format!("a request under way at a server that was told to end: {cause:#}")),
            }
        }
        Ok(took)
    }
}

async fn listen(address: SocketAddr, topic: &str) -> Result<Socket> {
    let mut socket = Socket::open(address, None).await?;
    socket.say(&json!({ "op": "subscribe", "topic": topic })).await?;
    loop {
        if socket.hear().await?["op"].as_str() == Some("subscribed") {
            return Ok(socket);
        }
    }
}

/// The code with which the server closes the socket; None if the line ends without one.
async fn last_word(mut socket: Socket) -> Option<u16> {
    loop {
        if let Err(cause) = socket.hear_text().await {
            return cause.downcast_ref::<Closed>().map(|closed| closed.0);
        }
    }
}

/// Someone who holds an hour, of whom the server waits for the body.
struct Caller {
    line: TcpStream,
    body: String,
}

impl Caller {
    async fn begin(address: SocketAddr, town: &Town) -> Result<Self> {
        let (hour, token) = (town.next_hour(), town.next_customer());
        let body = json!({ "service_id": town.service, "starts_at": hour.starts_at, "resource_id": hour.person }).to_string();
        let head = format!(
            "POST /api/v1/bookings HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );
        let mut line = TcpStream::connect(address).await?;
        line.write_all(head.as_bytes()).await?;
        let mut word = vec![0; CONTINUE.len()];
        line.read_exact(&mut word).await?;
        ensure!(word == CONTINUE, "the body of a request was not wanted: {}", String::from_utf8_lossy(&word));
        Ok(Self { line, body })
    }

    /// Goes on when broken lines are no longer excused: the server waits for this, so whatever it cuts off by its end is a fault. The booking, if the
    /// answer is as it always is.
    async fn finish(mut self) -> Result<Value> {
        tokio::time::sleep(NOTICED).await;
        self.line.write_all(self.body.as_bytes()).await?;
        let mut answer = Vec::new();
        // a server that goes takes no other request on this line
        self.line.read_to_end(&mut answer).await?;
        let answer = String::from_utf8(answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("there was no answer")?;
        ensure!(head.starts_with("HTTP/1.1 201 "), "{}", head.lines().next().unwrap_or_default());
        serde_json::from_str(body).context("the answer is not whole")
    }
}
