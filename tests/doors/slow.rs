//! Peers that take their time: headers and bodies that never end, answers that nobody takes. The clock is paused, so it runs on by itself whenever all
//! wait.

use super::harness::{Answer, Doors};
use super::scans::check;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

pub async fn served(router: Router) -> (SocketAddr, DropGuard) {
    let listener = fettle::serve::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let stop = CancellationToken::new();
    tokio::spawn(fettle::serve::serve(listener, router, stop.clone()));
    (address, stop.drop_guard())
}

/// All that comes until the line is closed, by whatever means.
async fn rest(line: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let _ = line.read_to_end(&mut heard).await;
    String::from_utf8_lossy(&heard).into_owned()
}

/// As it came over the line.
fn answer(heard: &str) -> Answer {
    let (head, body) = heard.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {heard}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| StatusCode::from_bytes(code.as_bytes()).ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers: HeaderMap = headers
        .map(|(name, value)| (name.parse::<HeaderName>().expect("a name"), HeaderValue::from_str(value).expect("a value")))
        .collect();
    Answer { status: status.expect("a status"), headers, body: body.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn headers_that_never_end_are_cut_off() {
    let (address, _guard) = served(Router::new().route("/", get(|| async { "here" }))).await;
    for begun in ["", "GET", "GET / HTTP/1.1\r\nHost: fettle.test\r\nX-Slow: a"] {
        let mut line = TcpStream::connect(address).await.expect("connects");
        line.write_all(begun.as_bytes()).await.expect("writes");
        let heard = rest(&mut line).await;
        assert!(!heard.contains("200"), "{begun}: {heard}");
    }
    // Nor is a line kept for one who has had an answer and says nothing more.
    let mut line = TcpStream::connect(address).await.expect("connects");
    line.write_all(b"GET / HTTP/1.1\r\nHost: fettle.test\r\n\r\n").await.expect("writes");
    assert!(rest(&mut line).await.contains("here"));
}

#[sqlx::test(migrations = "./migrations")]
async fn bodies_that_never_end_are_answered(db: PgPool) {
    let doors = Doors::new(db);
    let (address, _guard) = served(doors.router.clone()).await;
    tokio::time::pause();
    let mut line = TcpStream::connect(address).await.expect("connects");
    let head =
        "POST /api/v1/webhooks/stripe HTTP/1.1\r\nHost: 127.0.0.1:3000\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    line.write_all(head.as_bytes()).await.expect("writes");
    let answer = answer(&rest(&mut line).await);
    tokio::time::resume();
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{:?}", answer.headers);
    check(&answer, "a body that never ends");
}

#[tokio::test(start_paused = true)]
async fn answers_that_nobody_takes_are_given_up() {
    let (kept, mut gone) = mpsc::channel::<()>(1);
    // Holds on to the sender until the answer is dropped.
    let endless = move || {
        let kept = kept.clone();
        async move {
            Body::from_stream(stream::repeat_with(move || {
                let _ = &kept;
                Ok::<_, std::io::Error>(Bytes::from_static(&[0; 65_536]))
            }))
        }
    };
    let (address, guard) = served(Router::new().route("/", get(endless))).await;
    let mut line = TcpStream::connect(address).await.expect("connects");
    line.write_all(b"GET / HTTP/1.1\r\nHost: fettle.test\r\n\r\n").await.expect("writes");
    let mut first = [0_u8; 12];
    line.read_exact(&mut first).await.expect("the answer begins");
    assert_eq!(&first, b"HTTP/1.1 200");
    // The server has gone on to other things when all that still holds the sender is let go.
    drop(guard);
    assert_eq!(gone.recv().await, None);
    drop(line);
}

/// While the last requests are finished nobody stands in line for a server that ends: a balancer finds out at once.
#[tokio::test(start_paused = true)]
async fn a_server_that_ends_finishes_and_takes_nobody_else() {
    let (begun, mut has_begun) = mpsc::channel(1);
    let slow = move || {
        let begun = begun.clone();
        async move {
            let _ = begun.send(()).await;
            tokio::time::sleep(Duration::from_secs(15)).await;
            "done"
        }
    };
    let (address, guard) = served(Router::new().route("/", get(slow))).await;
    let mut line = TcpStream::connect(address).await.expect("connects");
    line.write_all(b"GET / HTTP/1.1\r\nHost: fettle.test\r\n\r\n").await.expect("writes");
    has_begun.recv().await.expect("the request is being worked on");
    let began = tokio::time::Instant::now();
    drop(guard);
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(15), "it was refused only when all was over");
    assert!(rest(&mut line).await.contains("done"));
}
