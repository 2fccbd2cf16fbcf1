//! What must hold for every answer, and what must never be written down.

use super::harness::{Answer, Browser, Doors, hear};
use super::markup::refused;
use super::routes::{all, filled};
use axum::body::Body;
use http::Method;
use serde_json::json;
use sqlx::PgPool;
use std::io::Write;
use std::sync::{Arc, Mutex};

const ABSENT: &str = "0193a1c2-7f00-7abc-8def-0123456789ab";

/// Asserts it of any answer at all.
pub fn check(answer: &Answer, what: &str) {
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"),
        "{what}: {policy}"
    );
    let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap_or_default();
    assert!(!scripts.contains("unsafe-inline") && !scripts.contains("'unsafe-eval'") && !scripts.contains('*'), "{what}: {scripts}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {what}");
    }
    for name in ["cross-origin-opener-policy", "permissions-policy", "x-request-id", "cache-control"] {
        assert!(!answer.header(name).is_empty(), "{name} of {what}");
    }
    for name in ["server", "x-powered-by", "via", "access-control-allow-origin"] {
        assert_eq!(answer.header(name), "", "{name} of {what}");
    }
    let is_error = answer.status.is_client_error() || answer.status.is_server_error();
    let kept = answer.header("cache-control");
    assert!(!(is_error && (kept.contains("public") || kept.contains("immutable"))), "an error is kept: {what}: {kept}");
    if let Some(cookie) = answer.headers.get("set-cookie").and_then(|cookie| cookie.to_str().ok()) {
        assert!(!kept.contains("public"), "a cookie for everyone: {what}");
        assert!(cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{what}: {cookie}");
        assert!(cookie.contains("HttpOnly") || cookie.starts_with("theme="), "{what}: {cookie}");
    }
    if answer.header("content-type").starts_with("text/html") {
        assert_eq!(refused(policy, &answer.body), Vec::<String>::new(), "the policy refuses a part of {what}");
    }
    if is_error || answer.status.is_success() {
        assert!(answer.body.is_empty() || !answer.header("content-type").is_empty(), "a body without a type: {what}");
    }
}

/// Every route as a visitor and as an admin, in order and not, and what is no route.
#[sqlx::test(migrations = "./migrations")]
async fn every_answer_carries_its_headers(db: PgPool) {
    let doors = Doors::new(db);
    let admin = doors.world.an_admin().await;
    let provider = doors.world.a_provider().await.id.to_string();
    for is_admin in [false, true] {
        for route in all().iter().filter(|route| !route.path.contains("{*") && !route.path.ends_with("sign-out")) {
            let mut browser: Browser = if is_admin { doors.signed_in(admin).await } else { doors.browser() };
            let fill = if route.path.starts_with("/api/v1/providers/") { &provider } else { ABSENT };
            let path = filled(&route.path, |name| if name == "slug" { "provider-1".to_owned() } else { fill.to_owned() });
            let method: Method = route.method.parse().expect("a method");
            for (kind, body) in [("application/json", "{}"), ("application/x-www-form-urlencoded", "a=b"), ("text/plain", "x")] {
                let headers = [("content-type", kind), ("sec-fetch-site", "same-origin")];
                let answer = browser.send(method.clone(), &path, &headers, Body::from(body)).await;
                check(&answer, &format!("{method} {path} {kind}"));
            }
        }
    }
    let large = "x".repeat(1024 * 1024);
    for (method, path, headers, body) in [
        (Method::GET, "/nowhere", &[][..], ""),
        (Method::GET, "/api/v1/nowhere", &[], ""),
        (Method::GET, "/pkg/nothing.js", &[], ""),
        (Method::GET, "/pkg/../Cargo.toml", &[], ""),
        (Method::GET, "/robots.txt", &[], ""),
        (Method::GET, "/favicon.ico", &[], ""),
        (Method::GET, "/api/docs/", &[], ""),
        (Method::GET, "/api/v1/openapi.json", &[], ""),
        (Method::DELETE, "/search", &[], ""),
        (Method::PATCH, "/api/v1/search", &[], ""),
        (Method::POST, "/api/v1/auth/sign-in", &[("content-type", "application/json"), ("origin", "https://evil.example")], "{}"),
        (Method::POST, "/api/v1/auth/sign-in", &[("content-type", "application/json")], large.as_str()),
        (Method::POST, "/sign-in", &[("content-type", "application/x-www-form-urlencoded")], large.as_str()),
        (Method::GET, "/api/v1/me", &[("authorization", "Bearer nonsense")], ""),
        (Method::GET, "/api/v1/live", &[], ""),
        (Method::OPTIONS, "/api/v1/bookings", &[("origin", "https://evil.example")], ""),
        (Method::HEAD, "/", &[], ""),
    ] {
        let answer = doors.browser().send(method.clone(), path, headers, Body::from(body.to_owned())).await;
        check(&answer, &format!("{method} {path}"));
    }
}

/// Everything that is logged while it lives, down to the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const CARD: &str = "4242424242424242";
const PASSWORD: &str = "canary-password-49";
const WRONG: &str = "canary-wrong-password";
const NEW: &str = "canary-next-password";

/// Someone comes in, fails, forgets, pays and writes down their card where it does not belong: the log knows none of it.
#[sqlx::test(migrations = "./migrations")]
async fn no_secret_reaches_the_log(db: PgPool) {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).json().finish();
    let _listening = hear(lines);
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut secrets = vec![PASSWORD.to_owned(), WRONG.to_owned(), NEW.to_owned(), CARD.to_owned()];

    let mut ada = doors.browser();
    let form = |password: &str| json!({ "email": "ada@example.com", "password": password, "name": "Ada Lovelace" });
    ada.call(Method::POST, "/api/v1/auth/register", form(PASSWORD)).await;
    ada.call(Method::POST, "/api/v1/auth/sign-in", form(WRONG)).await;
    assert_eq!(ada.call(Method::POST, "/api/v1/auth/sign-in", form(PASSWORD)).await.status, 200);
    ada.post("/sign-in", &[("email", "ada@example.com"), ("password", WRONG)]).await;
    ada.post("/settings/security", &[("act", "password"), ("current", WRONG), ("password", NEW)]).await;
    let malformed = format!(r#"{{"email": "ada@example.com", "password": {{"{NEW}": 1}}}}"#);
    ada.send(Method::POST, "/api/v1/auth/sign-in", &[("content-type", "application/json")], Body::from(malformed)).await;
    let made = ada.call(Method::POST, "/api/v1/tokens", json!({ "name": "Script", "scopes": ["profile:read"], "days": 1 })).await;
    let secret = made.json()["secret"].as_str().expect("a secret").to_owned();
    let mut program = doors.browser();
    program.token = Some(secret.clone());
    assert_eq!(program.fetch("/api/v1/me").await.status, 200);
    program.token = Some(format!("{secret}x"));
    assert_eq!(program.fetch("/api/v1/me").await.status, 401);
    secrets.push(secret);
    secrets.push(ada.cookie.clone().expect("a session"));

    ada.call(Method::POST, "/api/v1/auth/password-reset", json!({ "email": "ada@example.com" })).await;
    doors.world.run_jobs().await;
    let link = reset_link(&doors).await;
    let mut elsewhere = doors.browser();
    elsewhere.get(&format!("/reset-password/{link}")).await;
    elsewhere.get(&format!("/reset-password/{link}/")).await;
    let evil = [("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")];
    elsewhere.send(Method::POST, &format!("/reset-password/{link}"), &evil, Body::from("a=b")).await;
    elsewhere.post(&format!("/reset-password/{link}"), &[("password", NEW)]).await;
    secrets.push(link);

    let held = ada
        .call(
            Method::POST,
            "/api/v1/bookings",
            json!({ "service_id": provider.service, "starts_at": "2026-06-10T10:00:00Z", "notes": CARD }),
        )
        .await;
    let id = held.json()["id"].as_str().unwrap_or(ABSENT).to_owned();
    let pay = json!({ "tender": "card", "payment_method": CARD, "notes": CARD, "contact": { "name": "Ada", "email": "ada@example.com", "phone": "+351 912 345 678" } });
    ada.call(Method::POST, &format!("/api/v1/bookings/{id}/payment"), pay).await;
    ada.post("/book", &[("service_id", CARD), ("starts_at", CARD), ("card", CARD)]).await;
    ada.call(Method::POST, "/api/v1/bookings", json!({ "service_id": CARD, "starts_at": CARD })).await;
    doors.world.run_jobs().await;

    let written = String::from_utf8_lossy(&log.0.lock().expect("nobody panics with it")).into_owned();
    assert!(written.contains("/api/v1/bookings") && written.contains("/reset-password/…"), "the log was listened to");
    for secret in secrets {
        let place = written.lines().find(|line| line.contains(&secret));
        assert!(place.is_none(), "{secret} is in the log: {}", place.unwrap_or_default());
    }
}

/// From the letter that was sent.
async fn reset_link(doors: &Doors) -> String {
    let bodies: Vec<String> = doors.world.mails.all().into_iter().map(|mail| mail.plain).collect();
    let body = bodies.iter().rev().find(|body| body.contains("/reset-password/")).unwrap_or_else(|| panic!("no letter: {bodies:?}"));
    let rest = body.split("/reset-password/").nth(1).expect("a link");
    rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next().expect("a secret").to_owned()
}

/// Addresses with a secret in them are those whose secret is left out of the log.
#[test]
fn every_secret_in_an_address_is_known_as_one() {
    for route in all().iter().filter(|route| route.path.contains("{secret}")) {
        let before = route.path.split("{secret}").next().unwrap_or_default();
        assert!(fettle::layers::request::SECRET_PATHS.contains(&before), "{}", route.path);
    }
}
