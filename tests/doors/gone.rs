//! The database is gone, frozen or newer than we are: whoever asks is told, what needs none goes on, and when it is back so are we.

use super::harness::{Answer, Browser, Doors, config, listen, open};
use super::line::{Line, Weather, until};
use super::live::{Client, record, taken};
use super::routes::{all, filled};
use super::scans::check;
use axum::body::Body;
use domain::booking::{self, model::HoldSlot};
use domain::ctx::{Actor, Ctx, House};
use domain::error::Error;
use domain::world::World;
use fettle::layers::failure::{AGAIN_SPREAD_S, LEAST_AGAIN_S};
use fettle::web::is_static;
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;
use std::time::Duration;

/// What a page says that its browser asks for again.
const AGAIN: &str = "This page tries again by itself";

/// By itself, not before it is worth it, and not long after.
fn is_asked_again(answer: &Answer) -> bool {
    let seconds = |name| answer.header(name).parse::<u64>().ok();
    let (Some(again), Some(worth_it)) = (seconds("refresh"), seconds("retry-after")) else { return false };
    (worth_it..=worth_it.max(LEAST_AGAIN_S) + AGAIN_SPREAD_S).contains(&again)
}

/// The same house over a database that nobody answers for.
fn without_database(world: &World) -> Arc<House> {
    gone_at(world, "127.0.0.1:1")
}
fn gone_at(world: &World, address: &str) -> Arc<House> {
    let db = PgPoolOptions::new()
        // Whoever is refused asks again until then.
        .acquire_timeout(Duration::from_millis(20))
        .connect_lazy(&format!("postgres://postgres@{address}/gone"))
        .expect("an address");
    world.another_house(db)
}

/// Something that stands before it takes in whoever comes, and lets go of them at once.
#[sqlx::test(migrations = "./migrations")]
async fn a_database_may_be_gone_behind_something_that_is_there(db: PgPool) {
    let doors = Doors::new(db);
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = proxy.local_addr().expect("bound").to_string();
    let letting_go = tokio::spawn(async move { while proxy.accept().await.is_ok() {} });
    let (_, router) = open(gone_at(&doors.world, &address), config(&[]));
    let mut browser = Browser { router, ..doors.signed_in(doors.world.a_customer().await).await };
    for path in ["/search", "/bookings", "/api/v1/me", "/api/v1/search"] {
        let answer = browser.fetch(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "5"), "{path}: {}", answer.body);
    }
    letting_go.abort();
    doors.close().await;
}

/// All nodes share the jobs: turning people away from every one of them would help nobody.
#[sqlx::test(migrations = "./migrations")]
async fn late_jobs_are_told_and_turn_nobody_away(db: PgPool) {
    let doors = Doors::new(db);
    let mut told = Vec::new();
    for minutes in [-4, -6] {
        sqlx::query("insert into jobs (id, kind, run_at, created_at) values (gen_random_uuid(), 'spine.react', $1, $1)")
            .bind(doors.world.now().plus_minutes(minutes))
            .execute(&doors.world.db)
            .await
            .expect("is left for later");
        let answer = doors.browser().get("/readyz").await;
        told.push((answer.status.as_u16(), answer.json()["jobs"].as_str().map(str::to_owned)));
    }
    assert_eq!(told, [(200, Some("ok".to_owned())), (200, Some("late".to_owned()))]);
    sqlx::query("delete from jobs").execute(&doors.world.db).await.expect("are forgotten");
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn without_its_database_it_says_so_and_asks_to_come_back(db: PgPool) {
    let doors = Doors::new(db);
    let signed_in = doors.signed_in(doors.world.a_customer().await).await;
    let (_, router) = open(without_database(&doors.world), config(&[]));
    let mut browser = Browser { router, ..signed_in };
    for (path, status) in [("/healthz", 200), ("/readyz", 503), ("/bookings", 503), ("/api/v1/me", 503), ("/search", 503)] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        if status == 503 {
            assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{path}");
        }
    }
    let page = browser.get("/bookings").await;
    assert!(page.body.contains("Back in a moment") && page.body.contains("Nothing was lost"), "people are told: {}", page.body);
    assert!(is_asked_again(&page) && page.body.contains(AGAIN), "the browser asks again: {}", page.body);
    let sent = browser.post("/settings", &[("name", "Ada")]).await;
    assert_eq!((sent.status.as_u16(), sent.header("refresh"), sent.body.contains(AGAIN)), (503, "", false), "nothing is sent twice");
    let problem = browser.fetch("/api/v1/me").await;
    assert_eq!((problem.header("content-type"), &problem.json()["code"]), ("application/problem+json", &json!("unavailable")));
    doors.close().await;
}

/// Every page and every call, of a stranger and of someone who was signed in.
#[sqlx::test(migrations = "./migrations")]
async fn nothing_breaks_without_a_database(db: PgPool) {
    let doors = Doors::new(db);
    let signed_in = doors.signed_in(doors.world.a_customer().await).await;
    let (_, router) = open(without_database(&doors.world), config(&[]));
    for (is_known, browser) in [(true, signed_in), (false, doors.browser())] {
        let mut browser = Browser { router: router.clone(), ..browser };
        for route in all().iter().filter(|route| !route.path.contains("{*")) {
            let path = filled(&route.path, |_| "0193a1c2-7f00-7abc-8def-0123456789ab".to_owned());
            let method: Method = route.method.parse().expect("a method");
            let is_page = !path.starts_with("/api/") && !path.starts_with("/do/");
            let (kind, body) = if is_page { ("application/x-www-form-urlencoded", "a=b") } else { ("application/json", "{}") };
            let headers =
                [("content-type", kind), ("accept", if is_page { "text/html" } else { "*/*" }), ("sec-fetch-site", "same-origin")];
            let answer = browser.send(method.clone(), &path, &headers, Body::from(body)).await;
            let what = format!("{method} {path}, known: {is_known}");
            check(&answer, &what);
            assert!(answer.status == 503 || !answer.status.is_server_error(), "{what}: {} {}", answer.status, answer.body);
            assert!(answer.status != 503 || answer.header("retry-after").parse::<u64>().is_ok(), "{what}");
            let is_looked_at = answer.status == 503 && method == Method::GET && answer.header("content-type").starts_with("text/html");
            assert_eq!((is_asked_again(&answer), answer.header("refresh").is_empty()), (is_looked_at, !is_looked_at), "{what}");
            // Who has a session cannot be known without one.
            let is_for_all = is_static(&path) || path == "/metrics";
            assert!(!is_known || is_for_all || answer.status == 503, "{what}: {}", answer.status);
        }
    }
    doors.close().await;
}

/// Files are on this machine: pages that are open go on with what they have.
#[sqlx::test(migrations = "./migrations")]
async fn files_need_no_database(db: PgPool) {
    let doors = Doors::new(db);
    let site = std::env::temp_dir().join(format!("fettle-site-{}", std::process::id()));
    for (folder, file) in [("pkg", "loader.js"), ("root", "sw.js")] {
        std::fs::create_dir_all(site.join(folder)).expect("a folder");
        std::fs::write(site.join(folder).join(file), "export {}").expect("a file");
    }
    let house = without_database(&doors.world);
    let (_, router) = open(house, config(&[("FETTLE_SITE_DIR", site.to_str().expect("a path"))]));
    let mut browser = Browser { router, ..doors.signed_in(doors.world.a_customer().await).await };
    for path in ["/pkg/loader.js", "/sw.js", "/robots.txt", "/healthz"] {
        let answer = browser.fetch(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        check(&answer, path);
    }
    std::fs::remove_dir_all(&site).expect("is removed");
    doors.close().await;
}

/// The database's address, over a line that may break, and the house behind it.
async fn over_a_line(doors: &Doors, connections: u32) -> (Line, PgPool, Arc<House>) {
    let known = doors.world.db.connect_options();
    let there = tokio::net::lookup_host((known.get_host(), known.get_port())).await.expect("an address").next().expect("an address");
    let line = Line::to(there).await;
    let options = PgConnectOptions::clone(&known).host("127.0.0.1").port(line.address.port());
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(8));
    let pool = pool.connect_with(options).await.expect("connects");
    let house = doors.world.another_house(pool.clone());
    (line, pool, house)
}

/// It goes and comes back while pages are open: their sockets stay, and hear what was committed meanwhile.
#[sqlx::test(migrations = "./migrations")]
async fn a_database_that_comes_back_is_all_it_takes(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await.id;
    let (line, pool, house) = over_a_line(&doors, 4).await;
    let (state, router) = open(house, config(&[("FETTLE_LIVE_HEARTBEAT_S", "300"), ("FETTLE_LIVE_SILENCE_S", "900")]));
    let server = listen(&state, &router).await;
    let mut client = Client::connect(&server, &[]).await.expect("connects");
    assert_eq!(client.subscribe(&format!("availability:{provider}"), None).await["op"], "subscribed");
    let mut browser = Browser { router, ..doors.signed_in(doors.world.a_customer().await).await };
    assert_eq!(browser.fetch("/api/v1/me").await.status, 200);

    line.set(Weather::Refused).await;
    // Runs on by itself while all wait.
    tokio::time::pause();
    for path in ["/bookings", "/api/v1/me", "/search", "/readyz"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{path}");
        check(&answer, path);
    }
    tokio::time::resume();
    client.say(json!({ "op": "ping" })).await;
    assert_eq!(client.hear().await.expect("the socket is open")["op"], "pong");
    record(&doors.world, taken(provider, 1)).await;

    line.set(Weather::Fine).await;
    assert_eq!(client.hear().await.expect("the same socket")["type"], "availability-updated");
    until("pages are there again", async || browser.get("/bookings").await.status == 200).await;
    drop(server);
    pool.close().await;
}

/// Turned away for coming too often, people and programs get answers in order too.
#[sqlx::test(migrations = "./migrations")]
async fn who_comes_too_often_is_told_when_to_come_back(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_LIMIT_SENSITIVE", "1"), ("FETTLE_LIMIT_GENERAL", "1")]);
    let form = [("email", "ada@example.com"), ("password", "wrong password")];
    let body = json!({ "email": "ada@example.com", "password": "wrong password" });
    let mut browser = doors.browser();
    assert_ne!(browser.post("/sign-in", &form).await.status, StatusCode::TOO_MANY_REQUESTS);
    let mut refused = vec![browser.post("/sign-in", &form).await, browser.call(Method::POST, "/api/v1/auth/sign-in", body).await];
    // Strangers share addresses, so they may look more often.
    for _ in 0..10 {
        let seen = browser.get("/help").await;
        if seen.status != StatusCode::OK {
            refused.push(seen);
        }
    }
    for answer in &refused {
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.body);
        assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{:?}", answer.headers);
        check(answer, "one too many");
    }
    assert!(refused.len() > 2, "looking is refused too");
}

/// Nobody answers and nobody hangs up: Postgres is stopped, as by a debugger or a machine that swaps. Whoever has a connection in hand is told in time,
/// whoever waits for one sooner, and when it goes on so do we.
#[sqlx::test(migrations = "./migrations")]
async fn a_frozen_database_is_told_in_time(db: PgPool) {
    let doors = Doors::new(db);
    let (line, pool, house) = over_a_line(&doors, 2).await;
    let (_, router) = open(house, config(&[]));
    let mut browser = Browser { router, ..doors.signed_in(doors.world.a_customer().await).await };
    assert_eq!(browser.fetch("/api/v1/me").await.status, 200);
    line.set(Weather::Frozen).await;
    // Runs on by itself while all wait.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    for path in ["/bookings", "/api/v1/me", "/search", "/readyz", "/bookings"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{path}");
        check(&answer, path);
    }
    assert!(began.elapsed() <= 5 * fettle::layers::request::TIME_LIMIT);
    assert_eq!(browser.get("/healthz").await.status, 200);
    tokio::time::resume();
    line.set(Weather::Fine).await;
    until("pages are there again", async || browser.fetch("/api/v1/me").await.status == 200).await;
    pool.close().await;
}

/// Holds are written by few for all: whoever is in a statement that does not answer is told, and those who come later do not stand behind it.
#[sqlx::test(migrations = "./migrations")]
async fn holds_do_not_wait_for_what_is_frozen(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let (line, pool, house) = over_a_line(&doors, 2).await;
    let hold = async |hour: u8| {
        let visitor = Ctx::new(house.clone(), Actor::Visitor { visitor: doors.world.new_id() }, "test".to_owned(), None);
        let starts_at = format!("2026-06-10T{hour:02}:00:00Z").parse().expect("an instant");
        let slot =
            HoldSlot { service_id: provider.service, starts_at, resource_id: None, add_ons: vec![], notes: String::new(), address: None };
        booking::hold(&visitor, slot).await
    };
    hold(9).await.expect("held");
    line.set(Weather::Frozen).await;
    // Runs on by itself while all wait.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let refused = hold(11).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    assert!(began.elapsed() < fettle::layers::request::TIME_LIMIT);
    tokio::time::resume();
    line.set(Weather::Fine).await;
    until("times can be held again", async || hold(13).await.is_ok()).await;
    pool.close().await;
}
