use super::harness::Doors;
use http::Method;
use sqlx::PgPool;

#[sqlx::test(migrations = "./migrations")]
async fn looking_stores_nothing(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.browser();
    for path in ["/", "/healthz", "/nowhere"] {
        browser.get(path).await;
    }
    assert_eq!(browser.cookie, None);
    assert_eq!(doors.world.count("select count(*) from sessions").await, 0);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn forged_and_ended_cookies_are_nobody(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.browser();
    for forged in ["x", "AAAAAAAAAAAAAAAAAAAAAA", "'; drop table sessions; --"] {
        browser.cookie = Some(forged.to_owned());
        assert!(browser.get("/").await.status.as_u16() < 500, "{forged}");
    }
    let account = doors.world.a_customer().await;
    let mut browser = doors.signed_in(account).await;
    let signed_in = browser.fetch("/api/v1/me").await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    sqlx::query("delete from sessions").execute(&doors.world.db).await.expect("deletes");
    assert_eq!(browser.fetch("/api/v1/me").await.status, 401);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn other_sites_change_nothing(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.signed_in(doors.world.a_customer().await).await;
    for headers in [
        &[("origin", "https://evil.example"), ("content-type", "application/json")][..],
        &[("sec-fetch-site", "cross-site"), ("content-type", "application/json")],
        &[("origin", "null"), ("content-type", "application/json")],
    ] {
        let answer = browser.send(Method::PATCH, "/api/v1/me", headers, "{}".into()).await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn every_answer_is_guarded(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.browser();
    for path in ["/", "/nowhere", "/api/v1/nowhere", "/healthz", "/api/v1/openapi.json", "/api/docs/", "/search"] {
        let answer = browser.get(path).await;
        for name in
            ["content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options", "x-request-id", "cache-control"]
        {
            assert!(!answer.header(name).is_empty(), "{name} on {path}");
        }
        assert!(!answer.header("content-security-policy").contains("script-src 'self' 'unsafe"), "{path}");
    }
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn sensitive_requests_are_counted_and_refused_with_a_sentence(db: PgPool) {
    let doors = Doors::with(db, &[]);
    let mut browser = doors.browser();
    let mut refused = None;
    for _ in 0..12 {
        let answer = browser
            .call(Method::POST, "/api/v1/auth/sign-in", serde_json::json!({"email": "a@b.test", "password": "wrong password"}))
            .await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the eleventh is refused");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|s| (1..=60).contains(&s)));
    assert_eq!(refused.json()["code"], "too_many_requests");
    let mut other = doors.browser();
    other.address = "203.0.113.9".to_owned();
    let answer =
        other.call(Method::POST, "/api/v1/auth/sign-in", serde_json::json!({"email": "a@b.test", "password": "wrong password"})).await;
    assert_ne!(answer.status, 429, "another address counts for itself");
    doors.close().await;
}
