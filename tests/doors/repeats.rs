use super::harness::{Browser, Doors};
use axum::body::Body;
use http::Method;
use serde_json::Value;
use sqlx::PgPool;

const KEYED: &[(&str, &str)] = &[("content-type", "application/json"), ("idempotency-key", "one")];
const TOKEN: &str = r#"{"name": "my script", "scopes": ["bookings:read"], "days": 30}"#;
const PROFILE: &str = r#"{"name": "Brook & Sons", "zone": "Europe/Lisbon", "currency": "EUR", "country": "PT"}"#;

async fn apply(browser: &mut Browser, body: &'static str) -> super::harness::Answer {
    browser.send(Method::POST, "/api/v1/provider-applications", KEYED, Body::from(body)).await
}

#[sqlx::test(migrations = "./migrations")]
async fn the_same_key_gets_the_first_answer(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.signed_in(doors.world.a_customer().await).await;
    let first = apply(&mut browser, PROFILE).await;
    assert!(first.status.is_success(), "{}", first.body);
    let second = apply(&mut browser, PROFILE).await;
    assert_eq!((second.status, &second.body), (first.status, &first.body));
    assert_eq!(second.header("content-type"), first.header("content-type"));
    assert_eq!(doors.world.count("select count(*) from providers").await, 1);
    let other = apply(&mut browser, r#"{"name": "another"}"#).await;
    assert_eq!((other.status.as_u16(), other.json()["code"].as_str()), (422, Some("idempotency_key_reused")));
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn twins_at_the_same_moment_are_one(db: PgPool) {
    let doors = Doors::new(db);
    let browser = doors.signed_in(doors.world.a_customer().await).await;
    let send = || {
        let mut browser = browser.clone();
        async move { apply(&mut browser, PROFILE).await }
    };
    let (one, two, three) = tokio::join!(send(), send(), send());
    assert!(one.status.is_success(), "{}", one.body);
    assert_eq!((&one.body, &one.body), (&two.body, &three.body));
    assert_eq!(doors.world.count("select count(*) from providers").await, 1);
    doors.close().await;
}

/// What has begun goes on without whoever asked for it, and they find its answer.
#[sqlx::test(migrations = "./migrations")]
async fn who_loses_the_line_finds_the_answer(db: PgPool) {
    let doors = Doors::new(db.clone());
    let mut browser = doors.signed_in(doors.world.a_customer().await).await;
    let mut keeping = db.begin().await.expect("begins");
    sqlx::query("lock table providers in share mode").execute(&mut *keeping).await.expect("locks");
    let asking = tokio::spawn({
        let mut browser = browser.clone();
        async move { apply(&mut browser, PROFILE).await }
    });
    doors.world.until_it_waits(&asking).await;
    asking.abort();
    assert!(asking.await.is_err_and(|cause| cause.is_cancelled()));
    keeping.rollback().await.expect("lets go");
    let answer = apply(&mut browser, PROFILE).await;
    assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (201, "true"), "{}", answer.body);
    assert_eq!(doors.world.count("select count(*) from providers").await, 1);
    doors.close().await;
}

/// Whoever reads the database, or a copy of it, finds no token in it and no password's hash that is quick to guess.
#[sqlx::test(migrations = "./migrations")]
async fn no_secret_is_kept_for_a_repetition(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.signed_in(doors.world.a_customer().await).await;
    let first = browser.send(Method::POST, "/api/v1/tokens", KEYED, Body::from(TOKEN)).await;
    let secret = first.json()["secret"].as_str().expect("a secret").to_owned();
    let kept: Vec<String> = sqlx::query_scalar("select k::text from idempotency_keys k").fetch_all(&doors.world.db).await.expect("kept");
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].contains(&secret), "{kept:?}");
    let second = browser.send(Method::POST, "/api/v1/tokens", KEYED, Body::from(TOKEN)).await;
    assert_eq!((second.status.as_u16(), second.json()["code"].as_str()), (409, Some("answer_shown_once")));
    assert_eq!(doors.world.count("select count(*) from api_tokens").await, 1);

    let sign_in = r#"{"email": "ada@example.com", "password": "kettle-moss-49"}"#;
    let mut visitor = doors.browser();
    for path in ["register", "sign-in", "password-reset/confirm", "claim"] {
        visitor.send(Method::POST, &format!("/api/v1/auth/{path}"), KEYED, Body::from(sign_in)).await;
    }
    assert_eq!(doors.world.count("select count(*) from idempotency_keys").await, 1);
    doors.close().await;
}

/// A new call that answers a secret says so by `ShownOnce`, and is tested above.
#[test]
fn every_answer_with_a_secret_is_known() {
    let (_, api) = fettle::api::openapi::assemble();
    let document = fettle::api::openapi::document(&api);
    let mut found = Vec::new();
    for (path, calls) in document["paths"].as_object().expect("paths") {
        for (method, call) in calls.as_object().expect("calls").iter().filter(|(method, _)| *method != "get") {
            let mut answers = call["responses"].as_object().expect("responses").iter().filter(|(status, _)| status.starts_with('2'));
            if answers.any(|(_, answer)| has_secret(&document, answer, 0)) {
                found.push(format!("{method} {path}"));
            }
        }
    }
    // What a payment's answer has for the gateway's form is kept with the payment as well, and opens nothing but that form.
    assert_eq!(found, ["post /api/v1/bookings/{id}/payment", "post /api/v1/payments/{id}/refunds", "post /api/v1/tokens"]);
}

fn has_secret(document: &Value, part: &Value, depth: usize) -> bool {
    match part {
        Value::Object(members) => members.iter().any(|(name, value)| match (name.as_str(), value.as_str()) {
            ("$ref", Some(target)) => {
                let target = document.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null);
                depth < 12 && has_secret(document, target, depth + 1)
            }
            ("description" | "required" | "example", _) => false,
            _ => name.contains("secret") || has_secret(document, value, depth),
        }),
        Value::Array(items) => items.iter().any(|item| has_secret(document, item, depth)),
        _ => false,
    }
}
