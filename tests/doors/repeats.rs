use super::harness::Doors;
use axum::body::Body;
use http::Method;
use sqlx::PgPool;

const KEYED: &[(&str, &str)] = &[("content-type", "application/json"), ("idempotency-key", "one")];

#[sqlx::test(migrations = "./migrations")]
async fn the_same_key_gets_the_first_answer(db: PgPool) {
    let doors = Doors::new(db);
    let mut browser = doors.signed_in(doors.world.a_customer().await).await;
    let body = r#"{"name": "my script", "scopes": ["bookings:read"], "days": 30}"#;
    let first = browser.send(Method::POST, "/api/v1/tokens", KEYED, Body::from(body)).await;
    assert!(first.status.is_success(), "{}", first.body);
    let second = browser.send(Method::POST, "/api/v1/tokens", KEYED, Body::from(body)).await;
    assert_eq!((second.status, &second.body), (first.status, &first.body));
    assert_eq!(second.header("content-type"), first.header("content-type"));
    assert_eq!(doors.world.count("select count(*) from api_tokens").await, 1);
    let other = browser.send(Method::POST, "/api/v1/tokens", KEYED, Body::from(r#"{"name": "another"}"#)).await;
    assert_eq!((other.status.as_u16(), other.json()["code"].as_str()), (422, Some("idempotency_key_reused")));
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn twins_at_the_same_moment_are_one(db: PgPool) {
    let doors = Doors::new(db);
    let browser = doors.signed_in(doors.world.a_customer().await).await;
    let send = || {
        let mut browser = browser.clone();
        async move {
            browser
                .send(Method::POST, "/api/v1/tokens", KEYED, Body::from(r#"{"name": "t", "scopes": ["bookings:read"], "days": 30}"#))
                .await
        }
    };
    let (one, two, three) = tokio::join!(send(), send(), send());
    assert_eq!((&one.body, &one.body), (&two.body, &three.body));
    assert_eq!(doors.world.count("select count(*) from api_tokens").await, 1);
    doors.close().await;
}
