//! Two servers on one database behave as one: with Postgres alone, and with Redis.

use super::harness::{Doors, Listening, config, listen_with, open};
use super::live::{Client, record, taken};
use domain::cache::{Caches, Family};
use domain::ctx::House;
use domain::event::{EventKind, NewEvent};
use fettle::layers::limits::Limits;
use fettle::layers::limits::shared::{PgShared, RedisShared, Shared};
use fettle::realtime::fanout::{Fanout, PgFanout, RedisFanout};
use fettle::state::AppState;
use sqlx::PgPool;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

struct Node {
    state: AppState,
    router: axum::Router,
    server: Listening,
}

async fn second_node(doors: &Doors, fanout: Arc<dyn Fanout>, shared: Arc<dyn Shared>) -> Node {
    let house = doors.world.another_house(doors.world.db.clone());
    let (mut state, _) = open(house, config(&[]));
    state.limits = Arc::new(Limits::new(shared));
    let router = fettle::router::router(&state);
    let server = listen_with(&state, &router, fanout).await;
    Node { state, router, server }
}

async fn behave_as_one(doors: &Doors, node: &Node, first_fanout: Arc<dyn Fanout>) {
    let _first = listen_with(&doors.state, &doors.router, first_fanout).await;
    let provider = doors.world.a_provider().await.id;
    // Events: committed on the first, heard on the second.
    let mut client = Client::connect(&node.server, &[]).await.expect("connects");
    client.subscribe(&format!("availability:{provider}"), None).await;
    record(&doors.world, taken(provider, 1)).await;
    assert_eq!(client.hear().await.expect("a frame")["type"], "availability-updated");
    // Caches: kept on the second, forgotten there after a change on the first.
    let key = || Caches::provider_key(provider, "page");
    let read = |value: u32| async move { Ok(value) };
    let caches = &node.state.house.caches;
    assert_eq!(*caches.get_or_load(Family::Providers, key(), read(1)).await.expect("reads"), 1);
    assert_eq!(*caches.get_or_load(Family::Providers, key(), read(2)).await.expect("reads"), 1);
    record(&doors.world, NewEvent::new(EventKind::ProviderChanged).provider(provider)).await;
    for round in 0.. {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if *caches.get_or_load(Family::Providers, key(), read(3)).await.expect("reads") == 3 {
            break;
        }
        assert!(round < 100, "the other node's cache is still old");
    }
}

/// Ten sensitive requests a minute are ten, however they are spread.
async fn count_together(doors: &Doors, node: &Node) {
    let mut here = doors.browser();
    let mut there =
        Doors { world: domain::world::World::new(doors.world.db.clone()), state: node.state.clone(), router: node.router.clone() }
            .browser();
    let mut answers = Vec::new();
    for at in 0..12 {
        let browser = if at % 2 == 0 { &mut here } else { &mut there };
        let body = serde_json::json!({"email": "a@b.test", "password": "wrong password"});
        answers.push(browser.call(http::Method::POST, "/api/v1/auth/sign-in", body).await.status.as_u16());
    }
    assert!(answers[..10].iter().all(|status| *status != 429) && answers[10..] == [429, 429], "{answers:?}");
}

#[sqlx::test(migrations = "./migrations")]
async fn by_postgres_alone(db: PgPool) {
    let doors = Doors::with(db.clone(), &[]);
    let node = second_node(&doors, Arc::new(PgFanout::new(db.clone())), Arc::new(PgShared::new(db.clone()))).await;
    behave_as_one(&doors, &node, Arc::new(PgFanout::new(db))).await;
    count_together(&doors, &node).await;
}

/// Another commit happens while the other nodes are being rung, and none after it.
struct Interrupted {
    house: Arc<House>,
    rings: AtomicUsize,
}

#[async_trait::async_trait]
impl Fanout for Interrupted {
    async fn ring(&self) -> Result<(), String> {
        if self.rings.fetch_add(1, Ordering::SeqCst) == 0 {
            self.house.committed.notify_waiters();
        }
        Ok(())
    }
    async fn listen(&self, _: &Notify) -> Result<(), String> {
        std::future::pending().await
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_commit_during_a_ring_is_rung_for_too(db: PgPool) {
    let doors = Doors::new(db);
    let fanout = Arc::new(Interrupted { house: doors.state.house.clone(), rings: AtomicUsize::new(0) });
    let _server = listen_with(&doors.state, &doors.router, fanout.clone()).await;
    let rings = || fanout.rings.load(Ordering::SeqCst);
    // until the relay listens
    while rings() == 0 {
        doors.state.house.committed.notify_waiters();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..500 {
        if rings() > 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the second commit was not rung for");
}

/// However many come at once, on both nodes, each of them is counted by itself.
#[sqlx::test(migrations = "./migrations")]
async fn those_who_come_at_once_are_counted_one_by_one(db: PgPool) {
    let nodes = [Arc::new(PgShared::new(db.clone())), Arc::new(PgShared::new(db))];
    let askers = (0..200).map(|at| {
        let node = nodes[at % 2].clone();
        let key = ["ada", "bob"][at / 2 % 2];
        tokio::spawn(async move { (key, node.count(&[key.to_owned()], 60_000).await.expect("counts")[0]) })
    });
    let mut counts: std::collections::BTreeMap<&str, Vec<u64>> = std::collections::BTreeMap::new();
    for asker in askers.collect::<Vec<_>>() {
        let (key, count) = asker.await.expect("no panic");
        counts.entry(key).or_default().push(count);
    }
    for (key, mut counts) in counts {
        counts.sort_unstable();
        assert_eq!(counts, (1..=100).collect::<Vec<_>>(), "{key}");
    }
}

struct RedisServer {
    child: Child,
    url: String,
}

impl RedisServer {
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed: cargo xtask doctor says how");
        Self { child, url: format!("redis://127.0.0.1:{port}") }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn by_redis(db: PgPool) {
    let redis = RedisServer::start();
    let mut fanout = RedisFanout::connect(&redis.url).await;
    for _ in 0..50 {
        if fanout.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        fanout = RedisFanout::connect(&redis.url).await;
    }
    let fanout = Arc::new(fanout.expect("Redis answers"));
    // each node has its own, since nobody hears their own rings
    let first_fanout = Arc::new(RedisFanout::connect(&redis.url).await.expect("Redis answers"));
    let shared: Arc<dyn Shared> = Arc::new(RedisShared::connect(&redis.url).await.expect("Redis answers"));
    let mut doors = Doors::with(db, &[]);
    doors.state.limits = Arc::new(Limits::new(shared.clone()));
    doors.router = fettle::router::router(&doors.state);
    let node = second_node(&doors, fanout, shared).await;
    behave_as_one(&doors, &node, first_fanout).await;
    count_together(&doors, &node).await;
    assert_eq!(doors.world.count("select count(*) from rate_windows").await, 0, "Redis counts instead");
}
