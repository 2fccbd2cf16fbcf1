//! Frames that nobody should send, and peers that never listen: their socket ends, and the others notice nothing.

use super::harness::{Doors, Listening, listen};
use super::live::{Client, record, taken};
use domain::id::ProviderId;
use futures::SinkExt;
use serde_json::json;
use sqlx::PgPool;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

fn fragment(bytes: &[u8], kind: Data, is_last: bool) -> Message {
    Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(kind), is_last))
}

/// A socket whose client speaks no protocol by itself.
async fn bare(server: &Listening) -> TcpStream {
    let mut line = TcpStream::connect(server.address).await.expect("connects");
    let ask = format!(
        "GET /api/v1/live HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    line.write_all(ask.as_bytes()).await.expect("writes");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(line.read_u8().await.expect("an answer"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    line
}

async fn until_alone(doors: &Doors, what: &str, sockets: usize) {
    for _ in 0..400 {
        if doors.state.hub.sockets() == sockets {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: still {} sockets", doors.state.hub.sockets());
}

#[sqlx::test(migrations = "./migrations")]
async fn bad_frames_end_their_own_socket_alone(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await.id;
    let server = listen(&doors.state, &doors.router).await;
    let mut other = Client::connect(&server, &[]).await.expect("connects");
    other.subscribe(&format!("availability:{provider}"), None).await;
    let half = vec![b'x'; 40_000];
    let bad: [(&str, Vec<Message>); 6] = [
        ("binary", vec![Message::binary(vec![0, 159, 146, 150])]),
        ("not UTF-8", vec![fragment(&[b'"', 0xff, 0xfe, b'"'], Data::Text, true)]),
        ("fragments over the limit", vec![fragment(&half, Data::Text, false), fragment(&half, Data::Continue, false)]),
        ("a fragment of nothing", vec![fragment(b"{}", Data::Continue, true)]),
        ("a frame within another", vec![fragment(b"{\"op\":", Data::Text, false), Message::text("{}")]),
        ("pings", vec![Message::Ping(vec![1; 100].into()); 400]),
    ];
    for (what, messages) in bad {
        let mut client = Client::connect(&server, &[]).await.expect("connects");
        for message in messages {
            // It may be closed before all is said.
            if client.0.send(message).await.is_err() {
                break;
            }
        }
        while client.hear().await.is_some() {}
        drop(client);
        until_alone(&doors, what, 1).await;
    }
    record(&doors.world, taken(provider, 1)).await;
    assert_eq!(other.hear().await.expect("a frame")["op"], "event");
}

#[sqlx::test(migrations = "./migrations")]
async fn nonsense_is_answered_and_forgiven(db: PgPool) {
    let doors = Doors::new(db);
    let server = listen(&doors.state, &doors.router).await;
    let mut client = Client::connect(&server, &[]).await.expect("connects");
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    for (text, code) in [
        ("", "malformed"),
        ("null", "malformed"),
        ("[]", "malformed"),
        (deep.as_str(), "malformed"),
        (r#"{"op": 5}"#, "malformed"),
        (r#"{"op": "subscribe", "topic": {"a": 1}}"#, "malformed"),
        (r#"{"op": "dance"}"#, "unknown_op"),
        (r#"{"op": "subscribe"}"#, "unknown_topic"),
        ("{\"op\": \"subscribe\", \"topic\": \"availability:\\u0000\"}", "unknown_topic"),
    ] {
        client.0.send(Message::text(text)).await.expect("sends");
        assert_eq!(client.hear().await.expect("an answer")["code"], code, "{text:.60}");
    }
    client.say(json!({"op": "ping"})).await;
    assert_eq!(client.hear().await.expect("an answer")["op"], "pong");
}

#[sqlx::test(migrations = "./migrations")]
async fn who_never_listens_is_let_go(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_LIVE_HEARTBEAT_S", "1"), ("FETTLE_LIVE_SILENCE_S", "2")]);
    let provider: ProviderId = doors.world.a_provider().await.id;
    let server = listen(&doors.state, &doors.router).await;
    let mut silent = bare(&server).await;
    let mut unfinished = bare(&server).await;
    let subscribe = json!({"op": "subscribe", "topic": format!("availability:{provider}")}).to_string();
    silent.write_all(&masked(0x81, subscribe.as_bytes())).await.expect("writes");
    // The first fragment of a text, and never the last.
    unfinished.write_all(&masked(0x01, b"{\"op\": ")).await.expect("writes");
    until_alone(&doors, "connected", 2).await;
    record(&doors.world, taken(provider, 1)).await;
    until_alone(&doors, "nobody listens", 0).await;
    drop((silent, unfinished));
}

/// The deadline is silence's own: with heartbeats far apart it is met before the first of them.
#[sqlx::test(migrations = "./migrations")]
async fn who_is_silent_is_let_go_before_the_next_heartbeat(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_LIVE_HEARTBEAT_S", "30"), ("FETTLE_LIVE_SILENCE_S", "2")]);
    let server = listen(&doors.state, &doors.router).await;
    let mut talking = Client::connect(&server, &[]).await.expect("connects");
    let mut silent = bare(&server).await;
    let mut heard = Vec::new();
    let talk = async {
        for _ in 0..100 {
            talking.say(json!({"op": "ping"})).await;
            assert_eq!(talking.hear().await.expect("who talks stays")["op"], "pong");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        ended = silent.read_to_end(&mut heard) => assert_eq!(ended.expect("an end"), 0, "not even a heartbeat came first"),
        () = talk => panic!("the silent one is still there"),
    }
    talking.say(json!({"op": "ping"})).await;
    assert_eq!(talking.hear().await.expect("an answer")["op"], "pong");
    until_alone(&doors, "silent", 1).await;
}

/// A short frame as clients send it (RFC 6455 section 5.2), masked with zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("short");
    assert!(length < 126);
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}
