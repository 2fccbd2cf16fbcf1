//! Sockets whose peer keeps the line and stops reading while frames pour: it alone falls behind. Who reads again is told to fetch again, on the same
//! socket; who does not is let go.

use super::harness::{Doors, Listening, listen};
use super::live::{Client, record};
use domain::event::{EventKind, NewEvent};
use domain::id::ProviderId;
use domain::outbox;
use domain::world::World;
use futures::StreamExt;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, client_async};

/// Twice what the kernels keep for a line at most (4 MiB), so that the house has to do something about it.
const EVENTS: i64 = 2_000;
const PADDING: usize = 4_096;
/// Committed at once. Less than makes anyone fall behind who reads.
const STEP: i64 = 100;

/// One whose kernel takes in little.
async fn with_little_room(server: &Listening) -> Client {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(32 * 1024).expect("a small buffer");
    let line = socket.connect(server.address).await.expect("connects");
    let (socket, _) = client_async(format!("ws://{}/api/v1/live", server.address), MaybeTlsStream::Plain(line)).await.expect("a socket");
    Client(socket)
}

fn numbered(provider: ProviderId, number: i64) -> NewEvent {
    let data = json!({ "starts_at": "2026-06-10T09:00:00Z", "service_id": number, "resource_ids": ["x".repeat(PADDING)] });
    NewEvent::new(EventKind::BookingHeld).provider(provider).data(data)
}

fn number_of(frame: &Value) -> i64 {
    frame["data"]["service_id"].as_i64().unwrap_or_else(|| panic!("no event: {frame}"))
}

/// Thousands of events, each of which somebody hears in its turn.
async fn pour(world: &World, provider: ProviderId, listener: &mut Client) {
    for first in (0..EVENTS).step_by(STEP as usize) {
        let ctx = world.system();
        let mut tx = ctx.begin().await.expect("begins");
        for number in first..first + STEP {
            outbox::record(&mut tx, &ctx, numbered(provider, number)).await.expect("records");
        }
        ctx.commit(tx).await.expect("commits");
        for number in first..first + STEP {
            assert_eq!(number_of(&listener.hear().await.expect("a frame")), number, "all of them, in order");
        }
    }
}

async fn two_of_them(server: &Listening, topic: &str) -> (Client, Client) {
    let mut silent = with_little_room(server).await;
    assert_eq!(silent.subscribe(topic, None).await["op"], "subscribed");
    let mut listener = Client::connect(server, &[]).await.expect("connects");
    assert_eq!(listener.subscribe(topic, None).await["op"], "subscribed");
    (silent, listener)
}

#[sqlx::test(migrations = "./migrations")]
async fn who_reads_again_is_told_to_fetch_again(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await.id;
    let topic = format!("availability:{provider}");
    let server = listen(&doors.state, &doors.router).await;
    let (mut silent, mut listener) = two_of_them(&server, &topic).await;
    pour(&doors.world, provider, &mut listener).await;

    let mut next = 0;
    let reload = loop {
        let frame = silent.hear().await.expect("the socket is still there");
        if frame["op"] != "event" {
            break frame;
        }
        assert_eq!(number_of(&frame), next, "until it fell behind nothing is left out");
        next += 1;
    };
    assert_eq!(reload, json!({ "op": "reload", "topic": topic }));
    assert!((1..EVENTS).contains(&next), "{next} frames were kept for it");
    // And it is told what comes now, as the other is.
    record(&doors.world, numbered(provider, EVENTS)).await;
    assert_eq!(number_of(&listener.hear().await.expect("a frame")), EVENTS);
    while number_of(&silent.hear().await.expect("a frame")) != EVENTS {}
    silent.say(json!({ "op": "ping" })).await;
    assert_eq!(silent.hear().await.expect("an answer")["op"], "pong");
}

/// Not by its silence, which may last much longer here, but because it takes nothing.
#[sqlx::test(migrations = "./migrations")]
async fn who_takes_nothing_is_let_go(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_LIVE_HEARTBEAT_S", "300"), ("FETTLE_LIVE_SILENCE_S", "900")]);
    let provider = doors.world.a_provider().await.id;
    let server = listen(&doors.state, &doors.router).await;
    let (mut silent, mut listener) = two_of_them(&server, &format!("availability:{provider}")).await;
    pour(&doors.world, provider, &mut listener).await;

    // Runs on by itself while all wait.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut next = 0;
    while let Some(Ok(message)) = silent.0.next().await {
        let Message::Text(text) = message else { continue };
        assert_eq!(number_of(&serde_json::from_str(&text).expect("JSON")), next, "what was under way, and no more");
        next += 1;
    }
    tokio::time::resume();
    assert!(next < EVENTS, "{next} frames were kept for it");
    record(&doors.world, numbered(provider, EVENTS)).await;
    assert_eq!(number_of(&listener.hear().await.expect("a frame")), EVENTS);
}
