//! What a token opens: each call with its scope and without, and how often; and the one for figures.

use super::harness::{Browser, Doors};
use super::routes::{Route, all, filled};
use axum::body::Body;
use domain::account::SCOPES;
use domain::id::AccountId;
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

/// The scope a call needs, by how its address begins below `/api/v1`; the first that fits decides. `-`: any token. `x`: none at all.
const NEEDED: &[(&str, &str, &str)] = &[
    ("GET", "/categories", "-"),
    ("GET", "/search", "-"),
    ("GET", "/providers/{id}/availability", "-"),
    ("GET", "/providers/{id}/services", "-"),
    ("GET", "/providers/{id}/reviews", "-"),
    ("GET", "/providers/{id}/", "provider"),
    ("GET", "/providers/{id}", "-"),
    ("*", "/auth/", "x"),
    ("*", "/sessions", "x"),
    ("*", "/tokens", "x"),
    ("*", "/webhooks/", "x"),
    ("*", "/admin/", "admin"),
    ("*", "/blocks/", "provider"),
    ("*", "/bookings/{id}/payment", "payments"),
    ("*", "/bookings", "bookings"),
    ("*", "/favourites", "profile"),
    ("*", "/invitations/", "provider"),
    ("*", "/me", "profile"),
    ("*", "/payments", "payments"),
    ("*", "/provider-applications", "provider"),
    ("*", "/providers/", "provider"),
    ("*", "/reviews/", "bookings"),
    ("*", "/services/", "provider"),
];

/// `bookings:read` for looking, `bookings:write` for the rest.
fn needed(route: &Route) -> String {
    let path = route.path.strip_prefix("/api/v1").expect("a call");
    let row = NEEDED.iter().find(|(method, start, _)| (*method == "*" || *method == route.method) && path.starts_with(start));
    let (_, _, kind) = row.unwrap_or_else(|| panic!("say in tests/doors/tokens.rs which scope {} {path} needs", route.method));
    match *kind {
        "-" | "x" => (*kind).to_owned(),
        kind => format!("{kind}:{}", if route.method == "GET" { "read" } else { "write" }),
    }
}

async fn program(doors: &Doors, account: AccountId, scopes: &[&str]) -> Browser {
    let mut session = doors.signed_in(account).await;
    let made = session.call(Method::POST, "/api/v1/tokens", json!({ "name": "Script", "scopes": scopes, "days": 1 })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let mut program = doors.browser();
    program.token = Some(made.json()["secret"].as_str().expect("a secret").to_owned());
    program
}

/// With every scope but the one it needs a call is refused; with that one alone it is not. An admin stands behind, so nothing else is missing.
#[sqlx::test(migrations = "./migrations")]
async fn every_call_asks_for_its_own_scope(db: PgPool) {
    let doors = Doors::new(db);
    let admin = doors.world.an_admin().await;
    for (scope, _) in SCOPES {
        let others: Vec<&str> = SCOPES.iter().map(|(name, _)| *name).filter(|name| name != scope).collect();
        let (mut with, mut without) = (program(&doors, admin, &[scope]).await, program(&doors, admin, &others).await);
        // neither asks who it is: the one judges topics, the other is the same for everyone
        let is_call = |path: &str| path.starts_with("/api/v1/") && !matches!(path, "/api/v1/live" | "/api/v1/openapi.json");
        for route in all().iter().filter(|route| is_call(&route.path)) {
            let needed = needed(route);
            let path = filled(&route.path, |_| "0193a1c2-7f00-7abc-8def-0123456789ab".to_owned());
            let method: Method = route.method.parse().expect("a method");
            let send = async |browser: &mut Browser| {
                let answer = browser.send(method.clone(), &path, &[("content-type", "application/json")], Body::from("{}")).await;
                (answer.status.as_u16(), answer.json_or_null()["code"] == "forbidden")
            };
            let (given, refused) = (send(&mut with).await, send(&mut without).await);
            let what = format!("{method} {path} with {scope}, needs {needed}: {given:?}; without: {refused:?}");
            match needed.as_str() {
                "x" => assert!(given == (403, true) && refused == (403, true), "{what}"),
                "-" => assert!(given.0 != 403 && refused.0 != 403, "{what}"),
                needed if needed == *scope => assert!(given.0 != 403 && given.0 != 401 && refused == (403, true), "{what}"),
                _ => assert!(given == (403, true), "{what}"),
            }
        }
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_token_is_given_no_more_than_its_owner_has(db: PgPool) {
    let doors = Doors::new(db);
    let mut session = doors.signed_in(doors.world.a_customer().await).await;
    for (body, field) in [
        (json!({ "name": "x", "scopes": ["admin:read"], "days": 1 }), "scopes"),
        (json!({ "name": "x", "scopes": ["everything"], "days": 1 }), "scopes"),
        (json!({ "name": "x", "scopes": [], "days": 1 }), "scopes"),
        (json!({ "name": "x", "scopes": ["profile:read"], "days": 0 }), "days"),
        (json!({ "name": "x", "scopes": ["profile:read"], "days": 366 }), "days"),
        (json!({ "name": "", "scopes": ["profile:read"], "days": 1 }), "name"),
    ] {
        let answer = session.call(Method::POST, "/api/v1/tokens", body).await;
        assert_eq!((answer.status.as_u16(), answer.json()["fields"][0]["name"].as_str()), (422, Some(field)), "{}", answer.body);
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn an_expired_token_is_nobody_and_its_secret_is_kept_as_a_hash(db: PgPool) {
    let doors = Doors::new(db);
    let account = doors.world.a_customer().await;
    let mut program = self::program(&doors, account, &["profile:read"]).await;
    assert_eq!(program.fetch("/api/v1/me").await.status, StatusCode::OK);
    let secret = program.token.clone().expect("a secret");
    let shown: i64 = sqlx::query_scalar("select count(*) from api_tokens t where t::text like '%' || $1 || '%'")
        .bind(&secret)
        .fetch_one(&doors.world.db)
        .await
        .expect("a count");
    assert_eq!(shown, 0);
    doors.world.pass_days(1);
    doors.world.pass_minutes(1);
    let answer = program.fetch("/api/v1/me").await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer"));
    // An ended token is not taken for a visitor, even where visitors may come.
    assert_eq!(program.fetch("/api/v1/categories").await.status, StatusCode::UNAUTHORIZED);
}

/// How many requests are answered before one is refused for their number.
async fn until_refused(program: &mut Browser) -> usize {
    for answered in 0..100 {
        let answer = program.fetch("/api/v1/me").await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
            assert_eq!(answer.json()["retry_after"].as_u64(), answer.header("retry-after").parse().ok());
            assert!(answer.json()["detail"].as_str().is_some_and(|sentence| sentence.ends_with('.')), "{}", answer.body);
            return answered;
        }
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    panic!("it is never refused");
}

/// Each token has its own share, and all of them together have what their account may: another address or another token gives no more.
#[sqlx::test(migrations = "./migrations")]
async fn programs_are_counted_by_account(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_LIMIT_GENERAL", "20"), ("FETTLE_LIMIT_TOKEN", "8"), ("FETTLE_LIMIT_SENSITIVE", "1000")]);
    let account = doors.world.a_customer().await;
    let mut session = doors.signed_in(account).await;
    let mut one = program(&doors, account, &["profile:read"]).await;
    let mut two = program(&doors, account, &["profile:read"]).await;
    let mut three = program(&doors, account, &["profile:read"]).await;
    three.address = "203.0.113.9".to_owned();
    // a limiter gives something back while it counts, never less
    let had = until_refused(&mut one).await;
    assert!((8..20).contains(&had), "{had}");
    assert_eq!(two.fetch("/api/v1/me").await.status, StatusCode::OK, "another token goes on");
    assert_eq!(session.fetch("/api/v1/me").await.status, StatusCode::OK, "and so does the person");
    until_refused(&mut two).await;
    let had = until_refused(&mut three).await;
    assert!(had < 8, "{had}: the account was not asked");
    until_refused(&mut session).await;
    let mut other = program(&doors, doors.world.a_customer().await, &["profile:read"]).await;
    assert_eq!(other.fetch("/api/v1/me").await.status, StatusCode::OK);
}

/// Unless told otherwise a token takes half of everything its account may.
#[sqlx::test(migrations = "./migrations")]
async fn a_token_takes_half_by_itself(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_LIMIT_GENERAL", "20"), ("FETTLE_LIMIT_SENSITIVE", "1000")]);
    let mut program = program(&doors, doors.world.a_customer().await, &["profile:read"]).await;
    let had = until_refused(&mut program).await;
    assert!((10..20).contains(&had), "{had}");
}

#[sqlx::test(migrations = "./migrations")]
async fn figures_are_opened_by_a_token_of_their_own(db: PgPool) {
    let doors = Doors::with(db, &[("FETTLE_METRICS_TOKEN", "figures-for-us")]);
    let of_an_account = program(&doors, doors.world.an_admin().await, &["admin:read"]).await.token;
    for (token, status) in [
        (Some("figures-for-us".to_owned()), StatusCode::OK),
        (Some("figures-for-them".to_owned()), StatusCode::NOT_FOUND),
        (of_an_account, StatusCode::NOT_FOUND),
        (None, StatusCode::NOT_FOUND),
    ] {
        let mut scraper = doors.browser();
        scraper.token = token.clone();
        assert_eq!(scraper.fetch("/metrics").await.status, status, "{token:?}");
        // What opens the figures opens nothing else.
        if status == StatusCode::OK {
            assert_eq!(scraper.fetch("/api/v1/categories").await.status, StatusCode::UNAUTHORIZED);
        }
    }
}
