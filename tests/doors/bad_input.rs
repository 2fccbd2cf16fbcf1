//! Whatever is sent, the answer is a sentence and a status below 500.

use super::harness::{Answer, Browser, Doors};
use super::routes::{all, filled};
use axum::body::Body;
use http::Method;
use sqlx::PgPool;

const SOME_ID: &str = "0193a1c2-7f00-7abc-8def-0123456789ab";

fn check(answer: &Answer, what: &str) {
    assert!(answer.status.as_u16() < 500, "{what}: {} {}", answer.status, answer.body);
    let is_error = answer.status.is_client_error();
    if is_error && what.contains("/api/v1") {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}: {}", answer.body);
        assert!(answer.json()["code"].is_string() && answer.json()["detail"].is_string(), "{what}");
    }
}

async fn everyone(doors: &Doors) -> Vec<(&'static str, Browser)> {
    let provider = doors.world.a_provider().await;
    vec![
        ("visitor", doors.browser()),
        ("customer", doors.signed_in(doors.world.a_customer().await).await),
        ("owner", doors.signed_in(provider.owner).await),
        ("admin", doors.signed_in(doors.world.an_admin().await).await),
    ]
}

/// A socket's upgrade and files are asked for otherwise.
fn is_plain(path: &str) -> bool {
    path != "/api/v1/live" && !path.contains("{*")
}

#[sqlx::test(migrations = "./migrations")]
async fn strange_addresses_lead_nowhere(db: PgPool) {
    let doors = Doors::new(db);
    for (who, mut browser) in everyone(&doors).await {
        for route in all().iter().filter(|route| route.method == "GET" && is_plain(&route.path)) {
            for fill in [SOME_ID, "x", "%00", "..%2f..%2fetc%2fpasswd", "%27%20or%201%3D1", "99999999999999999999", "%F0%9F%92%A9"] {
                let path = filled(&route.path, |_| fill.to_owned());
                let strange = "from=0000-00-00&to=9999-99-99&at=x&limit=-1&cursor=%00x&lat=NaN&lng=1e999&radius_km=-5&zone=Mars%2FBase&tz=%00&currency=XXXX&q=%00%27%22%3Cscript%3E&free_on=2026-02-30&free_at=25:61&service_id=x&starts_at=now&page=-1&status=%00&as=nobody";
                for query in ["", strange] {
                    let answer = browser.get(&format!("{path}?{query}")).await;
                    check(&answer, &format!("{who} GET {path}?{query}"));
                }
            }
        }
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn strange_bodies_are_refused(db: PgPool) {
    let doors = Doors::new(db);
    let bodies: &[&str] = &[
        "",
        "{",
        "null",
        "[]",
        "\"text\"",
        "{\"a\": \"\\u0000\"}",
        r#"{"starts_at": "2026-13-45T99:99:99Z", "service_id": 5, "email": [], "minor": 1e400, "name": {"a": 1}}"#,
        r#"{"starts_at": "-999999-01-01T00:00:00Z", "service_id": "x", "price_minor": 99999999999999999999, "duration_min": -1}"#,
        r#"{"service_id": "0193a1c2-7f00-7abc-8def-0123456789ab", "starts_at": "9999-12-31T23:59:59Z", "email": "a@b\r\nBcc: x@y.test", "password": "passwordpassword", "name": "<script>alert(1)</script>", "zone": "Mars/Base", "currency": "XXX", "reason": "\u0007"}"#,
    ];
    for (who, mut browser) in everyone(&doors).await {
        for route in all().iter().filter(|route| route.method != "GET" && is_plain(&route.path)) {
            // Signing out would make everyone a visitor for the rest.
            if route.path.ends_with("/sign-out") {
                continue;
            }
            let method: Method = route.method.parse().expect("a method");
            let path = filled(&route.path, |_| SOME_ID.to_owned());
            for body in bodies {
                let what = format!("{who} {method} {path} {body}");
                let answer = browser.send(method.clone(), &path, &[("content-type", "application/json")], Body::from(*body)).await;
                check(&answer, &what);
                let form = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
                let answer = browser
                    .send(
                        method.clone(),
                        &path,
                        &form,
                        Body::from("a=%00&starts_at=x&service_id=%FF&price=1e99&email=a%0d%0ab&name=%07&a=b&a=c"),
                    )
                    .await;
                check(&answer, &what);
            }
        }
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn large_bodies_are_refused(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.signed_in(doors.world.a_customer().await).await;
    let large = "x".repeat(10 * 1024 * 1024);
    for route in all().iter().filter(|route| route.method == "POST" && is_plain(&route.path)) {
        if route.path.ends_with("/sign-out") {
            continue;
        }
        let path = filled(&route.path, |_| SOME_ID.to_owned());
        for kind in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
            let answer = browser.send(Method::POST, &path, &[("content-type", kind)], Body::from(large.clone())).await;
            check(&answer, &format!("POST {path} {kind}"));
        }
    }
}
