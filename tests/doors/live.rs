//! The socket, spoken to by an independent client.

use super::harness::{COOKIE, Doors, Listening, listen};
use domain::account::{self, CreateToken, LinkPurpose, Password};
use domain::event::{EventKind, NewEvent};
use domain::id::{AccountId, ProviderId, TokenId};
use domain::outbox;
use domain::world::World;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub struct Client(pub WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

impl Client {
    pub async fn connect(server: &Listening, headers: &[(&'static str, String)]) -> Result<Self, u16> {
        let mut request = format!("ws://{}/api/v1/live", server.address).into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
    pub async fn say(&mut self, value: Value) {
        self.0.send(Message::text(value.to_string())).await.expect("sends");
    }
    /// The next frame; None when the socket has closed.
    pub async fn hear(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(Duration::from_secs(5), self.0.next()).await.expect("hears within 5 s") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
    /// The code with which the socket is closed, and what was said before; None without one.
    pub async fn farewell(&mut self) -> (Option<u16>, Vec<Value>) {
        let mut said = Vec::new();
        loop {
            match tokio::time::timeout(Duration::from_secs(5), self.0.next()).await.expect("hears within 5 s") {
                Some(Ok(Message::Text(text))) => said.push(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => return (frame.map(|frame| u16::from(frame.code)), said),
                Some(Err(_)) | None => return (None, said),
                Some(Ok(_)) => {}
            }
        }
    }
    pub async fn subscribe(&mut self, topic: &str, after: Option<&str>) -> Value {
        self.say(json!({"op": "subscribe", "topic": topic, "after": after})).await;
        self.hear().await.expect("an answer")
    }
}

pub async fn record(world: &World, event: NewEvent) {
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("begins");
    outbox::record(&mut tx, &ctx, event).await.expect("records");
    ctx.commit(tx).await.expect("commits");
}

pub fn taken(provider: ProviderId, number: i64) -> NewEvent {
    NewEvent::new(EventKind::BookingHeld).provider(provider).data(json!({"number": number, "starts_at": "2026-06-10T09:00:00Z"}))
}

#[sqlx::test(migrations = "./migrations")]
async fn a_commit_reaches_an_open_page_at_once(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await.id;
    let server = listen(&doors.state, &doors.router).await;
    let mut client = Client::connect(&server, &[]).await.expect("connects");
    let topic = format!("availability:{provider}");
    assert_eq!(client.subscribe(&topic, None).await["op"], "subscribed");
    let mut fastest = Duration::MAX;
    for number in 0..10 {
        let started = Instant::now();
        record(&doors.world, taken(provider, number)).await;
        let frame = client.hear().await.expect("a frame");
        fastest = fastest.min(started.elapsed());
        assert_eq!((frame["type"].as_str(), frame["topic"].as_str()), (Some("availability-updated"), Some(topic.as_str())));
        assert_eq!(frame["data"]["is_free"], false);
    }
    // Other databases of the cluster hold the horizon while tests run beside each other; alone it is a few milliseconds.
    assert!(fastest < Duration::from_millis(250), "{fastest:?}");
}

#[sqlx::test(migrations = "./migrations")]
async fn who_comes_back_has_missed_nothing(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await.id;
    let server = listen(&doors.state, &doors.router).await;
    let topic = format!("availability:{provider}");
    let mut client = Client::connect(&server, &[]).await.expect("connects");
    client.subscribe(&topic, None).await;
    record(&doors.world, taken(provider, 1)).await;
    let cursor = client.hear().await.expect("a frame")["cursor"].as_str().expect("a cursor").to_owned();
    drop(client);
    for number in 2..5 {
        record(&doors.world, taken(provider, number)).await;
    }
    let mut client = Client::connect(&server, &[]).await.expect("connects");
    client.say(json!({"op": "subscribe", "topic": topic, "after": cursor})).await;
    record(&doors.world, taken(provider, 5)).await;
    let mut seen = std::collections::BTreeSet::new();
    let mut is_subscribed = false;
    while seen.len() < 4 || !is_subscribed {
        let frame = client.hear().await.expect("a frame");
        is_subscribed |= frame["op"] == "subscribed";
        if frame["op"] == "event" {
            assert!(frame["cursor"].as_str().is_some_and(|c| c > cursor.as_str()), "in order");
            assert!(seen.insert(frame["cursor"].as_str().expect("a cursor").to_owned()), "once");
        }
    }
    // A cursor of another life, or none of ours.
    let stale = client.subscribe(&format!("availability:{}", doors.world.new_id::<ProviderId>()), Some("nonsense")).await;
    assert_eq!(stale["op"], "subscribed");
    assert_eq!(client.hear().await.expect("a frame")["op"], "reload");
}

#[sqlx::test(migrations = "./migrations")]
async fn private_topics_need_the_right_person(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let server = listen(&doors.state, &doors.router).await;
    let mut visitor = Client::connect(&server, &[]).await.expect("connects");
    for (topic, code) in
        [("me", "unauthenticated"), ("admin", "unauthenticated"), ("nothing:1", "unknown_topic"), ("provider:x", "unknown_topic")]
    {
        let answer = visitor.subscribe(topic, None).await;
        assert_eq!((answer["op"].as_str(), answer["code"].as_str()), (Some("error"), Some(code)), "{topic}");
    }
    let (cookie, _) = doors.session(provider.owner).await;
    let mut owner = Client::connect(&server, &[("cookie", format!("{COOKIE}={cookie}"))]).await.expect("connects");
    for topic in ["me".to_owned(), format!("provider:{}", provider.id)] {
        assert_eq!(owner.subscribe(&topic, None).await["op"], "subscribed", "{topic}");
    }
    let foreign =
        Client::connect(&server, &[("cookie", format!("{COOKIE}={cookie}")), ("origin", "https://evil.example".to_owned())]).await;
    assert_eq!(foreign.err(), Some(403));
}

#[sqlx::test(migrations = "./migrations")]
async fn an_ended_session_closes_its_sockets(db: PgPool) {
    let doors = Doors::new(db);
    let account = doors.world.a_customer().await;
    let server = listen(&doors.state, &doors.router).await;
    let (cookie, _) = doors.session(account).await;
    let mut client = Client::connect(&server, &[("cookie", format!("{COOKIE}={cookie}"))]).await.expect("connects");
    client.subscribe("me", None).await;
    sqlx::query("delete from sessions").execute(&doors.world.db).await.expect("deletes");
    record(&doors.world, NewEvent::new(EventKind::SessionRevoked).account(account).data(json!({"all": true}))).await;
    assert_eq!(client.hear().await.expect("a word")["code"], "session_ended");
    assert!(client.hear().await.is_none(), "and it is closed");
}

/// A program that listens to what concerns its account.
async fn program(doors: &Doors, server: &Listening, account: AccountId, days: i64) -> (Client, TokenId) {
    let input = CreateToken { name: "Script".to_owned(), scopes: vec!["bookings:read".to_owned()], days };
    let made = account::create_token(&doors.world.ctx_as(account).await, input).await.expect("made");
    let mut client = Client::connect(server, &[("authorization", format!("Bearer {}", made.secret))]).await.expect("connects");
    assert_eq!(client.subscribe("me", None).await["op"], "subscribed");
    (client, made.token.id)
}

async fn assert_ended(client: &mut Client) {
    let (code, said) = client.farewell().await;
    let codes: Vec<Option<&str>> = said.iter().map(|frame| frame["code"].as_str()).collect();
    assert_eq!((code, codes), (Some(1008), vec![Some("session_ended")]));
}

async fn assert_alive(client: &mut Client) {
    client.say(json!({"op": "ping"})).await;
    assert_eq!(client.hear().await.expect("an answer")["op"], "pong");
}

#[sqlx::test(migrations = "./migrations")]
async fn a_revoked_token_closes_its_own_sockets(db: PgPool) {
    let doors = Doors::new(db);
    let account = doors.world.a_customer().await;
    let server = listen(&doors.state, &doors.router).await;
    let ((mut goes, id), (mut stays, _)) = (program(&doors, &server, account, 1).await, program(&doors, &server, account, 1).await);
    let (cookie, _) = doors.session(account).await;
    let mut person = Client::connect(&server, &[("cookie", format!("{COOKIE}={cookie}"))]).await.expect("connects");
    account::revoke_token(&doors.world.ctx_as(account).await, id).await.expect("revoked");
    assert_ended(&mut goes).await;
    assert_alive(&mut stays).await;
    assert_alive(&mut person).await;
    // A password that is set anew ends all that there is, but nobody else's.
    let (mut other, _) = program(&doors, &server, doors.world.a_customer().await, 1).await;
    let ctx = doors.world.visitor();
    let mut tx = ctx.begin().await.expect("begins");
    let email = json!({ "email": doors.world.email_of(account).await });
    let link = account::issue_link(&mut tx, &ctx, LinkPurpose::ResetPassword, Some(account), email, 60).await.expect("a link");
    ctx.commit(tx).await.expect("commits");
    account::reset_password(&ctx, &link, &Password("kettle-moss-49".to_owned())).await.expect("set");
    assert_ended(&mut stays).await;
    assert_ended(&mut person).await;
    assert_alive(&mut other).await;
}

#[sqlx::test(migrations = "./migrations")]
async fn an_expired_token_closes_its_own_sockets(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_LIVE_HEARTBEAT_S", "1")]);
    let account = doors.world.a_customer().await;
    let server = listen(&doors.state, &doors.router).await;
    let ((mut goes, _), (mut stays, _)) = (program(&doors, &server, account, 1).await, program(&doors, &server, account, 2).await);
    doors.world.pass_days(1);
    assert_ended(&mut goes).await;
    assert_alive(&mut stays).await;
}

#[sqlx::test(migrations = "./migrations")]
async fn sockets_have_limits(db: PgPool) {
    let doors = Doors::new(db);
    let server = listen(&doors.state, &doors.router).await;
    let mut client = Client::connect(&server, &[]).await.expect("connects");
    for _ in 0..50 {
        client.subscribe(&format!("availability:{}", doors.world.new_id::<ProviderId>()), None).await;
        tokio::time::sleep(Duration::from_millis(55)).await;
    }
    let answer = client.subscribe(&format!("availability:{}", doors.world.new_id::<ProviderId>()), None).await;
    assert_eq!(answer["code"], "too_many_topics");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    client.say(json!("not an object")).await;
    assert_eq!(client.hear().await.expect("an answer")["code"], "malformed");
    for _ in 0..30 {
        client.say(json!({"op": "ping"})).await;
    }
    let mut last = Value::Null;
    while let Some(frame) = client.hear().await {
        last = frame;
    }
    assert_eq!(last["code"], "too_many_frames");
    let mut client = Client::connect(&server, &[]).await.expect("connects");
    client.0.send(Message::text("x".repeat(70_000))).await.expect("sends");
    assert_eq!(client.farewell().await, (Some(1009), Vec::new()), "a frame over 64 KiB ends it");
}
