//! Clocks that jump, forward and back, at the doors: sessions, limits, repeated requests and open pages.

use super::harness::{Doors, listen};
use super::live::{Client, record, taken};
use axum::body::Body;
use domain::time::{DAY, HOUR};
use domain::world::JUMPS;
use http::Method;
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "./migrations")]
async fn a_session_that_came_too_late_stays_over(db: PgPool) {
    let doors = Doors::new(db);
    for by in [31 * DAY, 365 * DAY] {
        let mut browser = doors.signed_in(doors.world.a_customer().await).await;
        let cookie = browser.cookie.clone();
        assert_eq!(browser.fetch("/api/v1/me").await.status, 200);
        doors.world.jump(by);
        assert_eq!(browser.fetch("/api/v1/me").await.status, 401);
        doors.world.jump(-by);
        browser.cookie = cookie;
        assert_eq!(browser.fetch("/api/v1/me").await.status, 401, "after {by} ms");
    }
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_session_outlives_small_jumps(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.signed_in(doors.world.a_customer().await).await;
    for by in [HOUR, -HOUR, DAY, -DAY, -365 * DAY] {
        doors.world.jump(by);
        assert_eq!(browser.fetch("/api/v1/me").await.status, 200, "after {by} ms");
    }
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn nobody_waits_for_a_clock_to_come_round_again(db: PgPool) {
    let doors = Doors::with(db, &[]);
    // As worth guessing at as a password, and quicker to refuse.
    const PATH: &str = "/api/v1/auth/password-reset/confirm";
    for by in JUMPS {
        let mut browser = doors.browser();
        let mut refused = None;
        for _ in 0..12 {
            let answer = browser.call(Method::POST, PATH, json!({})).await;
            refused = (answer.status == 429).then_some(answer).or(refused);
        }
        let wait = refused.expect("over the limit").header("retry-after").parse::<u64>().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        doors.world.jump(by);
        let answer = browser.call(Method::POST, PATH, json!({})).await;
        assert!(answer.status != 429 || answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait <= 60), "after {by} ms");
        doors.world.pass_minutes(2);
        let answer = browser.call(Method::POST, PATH, json!({})).await;
        assert_ne!(answer.status, 429, "after {by} ms");
    }
}

/// The same request with the same key is done once, and one that was cut off may be tried again.
#[sqlx::test(migrations = "./migrations")]
async fn a_key_means_the_same_whatever_the_clock_says(db: PgPool) {
    let doors = Doors::new(db);
    let headers = |key: &'static str| [("content-type", "application/json"), ("idempotency-key", key)];
    let body = || Body::from(r#"{"name": "my script", "scopes": ["bookings:read"], "days": 30}"#);
    for by in [HOUR, -HOUR, -DAY, -365 * DAY] {
        let mut browser = doors.signed_in(doors.world.a_customer().await).await;
        let first = browser.send(Method::POST, "/api/v1/tokens", &headers("one"), body()).await;
        assert_eq!(first.status, 201, "{}", first.body);
        let before = doors.world.count("select count(*) from api_tokens").await;
        sqlx::query("insert into idempotency_keys select scope, 'two', request_hash, null, null, created_at from idempotency_keys order by created_at desc limit 1")
            .execute(&doors.world.db)
            .await
            .expect("a request that was cut off");
        doors.world.jump(by);
        let again = browser.send(Method::POST, "/api/v1/tokens", &headers("one"), body()).await;
        assert_eq!((again.status.as_u16(), again.json()["code"].as_str()), (409, Some("answer_shown_once")), "after {by} ms");
        assert_eq!(doors.world.count("select count(*) from api_tokens").await, before, "after {by} ms");
        domain::queue::catch_up(&doors.world.system()).await.expect("catches up");
        doors.world.pass_minutes(2);
        let resumed = browser.send(Method::POST, "/api/v1/tokens", &headers("two"), body()).await;
        assert_eq!(resumed.status, 201, "after {by} ms: {}", resumed.body);
        sqlx::query("delete from idempotency_keys").execute(&doors.world.db).await.expect("deletes");
    }
}

/// Events have an order of their own: what the clock says of them moves nothing.
#[sqlx::test(migrations = "./migrations")]
async fn open_pages_hear_everything_in_order(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await.id;
    let server = listen(&doors.state, &doors.router).await;
    let topic = format!("availability:{provider}");
    let mut client = Client::connect(&server, &[]).await.expect("connects");
    let start = client.subscribe(&topic, None).await["cursor"].as_str().map(str::to_owned);
    let mut heard = Vec::new();
    for by in JUMPS {
        doors.world.jump(by);
        record(&doors.world, taken(provider, 1)).await;
        heard.push(client.hear().await.expect("a frame")["cursor"].as_str().expect("a cursor").to_owned());
    }
    assert!(heard.is_sorted() && heard.len() == JUMPS.len(), "{heard:?}");
    // Whoever comes back hears the same once more.
    let mut client = Client::connect(&server, &[]).await.expect("connects");
    client.say(json!({"op": "subscribe", "topic": topic, "after": start})).await;
    for cursor in &heard {
        assert_eq!(client.hear().await.expect("a frame")["cursor"].as_str(), Some(cursor.as_str()));
    }
    doors.world.run_jobs().await;
    assert_eq!(doors.world.count("select count(*) from jobs where last_error is not null").await, 0);
}
