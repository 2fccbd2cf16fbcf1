//! Coming in and looking after one's account, through the doors.

use crate::harness::{Browser, Doors};
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

const PASSWORD: &str = "kettle-moss-49";

async fn register(browser: &mut Browser, email: &str) {
    let answer =
        browser.post("/register", &[("name", "Ada Lovelace"), ("email", email), ("password", PASSWORD), ("next", "/settings")]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/settings"));
}

#[sqlx::test(migrations = "./migrations")]
async fn one_registers_signs_out_and_comes_back_to_where_one_was(db: PgPool) {
    let doors = Doors::new(db);
    let mut ada = doors.browser();
    register(&mut ada, "ada@example.com").await;
    assert!(ada.get("/settings").await.body.contains("Confirm your address"));
    assert_eq!(ada.get("/sign-in?next=/settings/tokens").await.location(), "/settings/tokens");
    let answer = ada.post("/sign-out", &[]).await;
    assert_eq!((answer.status, ada.cookie.clone()), (StatusCode::SEE_OTHER, None));
    assert_eq!(ada.get("/settings/security").await.location(), "/sign-in?next=%2Fsettings%2Fsecurity");

    let wrong = ada.post("/sign-in", &[("email", "ada@example.com"), ("password", "not-this-one"), ("next", "/settings/security")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("ada@example.com") && wrong.body.contains("/settings/security") && !wrong.body.contains("not-this-one"));
    let right = ada.post("/sign-in", &[("email", "ada@example.com"), ("password", PASSWORD), ("next", "/settings/security")]).await;
    assert_eq!((right.status, right.location()), (StatusCode::SEE_OTHER, "/settings/security"));
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let mut browser = doors.browser();
        let answer = browser.post("/sign-in", &[("email", "ada@example.com"), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!(answer.location(), "/", "{next}");
    }
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn signing_in_renews_the_session(db: PgPool) {
    let doors = Doors::new(db);
    let mut ada = doors.browser();
    register(&mut ada, "ada@example.com").await;
    let before = ada.cookie.clone();
    ada.post("/sign-in", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    assert_ne!(ada.cookie, before);
    let mut thief = doors.browser();
    thief.cookie = before;
    assert_eq!(thief.get("/settings").await.status, StatusCode::SEE_OTHER);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn programs_cannot_tell_a_known_address_from_a_new_one(db: PgPool) {
    let doors = Doors::new(db);
    let form = |email: &str| json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" });
    let mut answers = Vec::new();
    for email in ["known@example.com", "known@example.com", "fresh@example.com"] {
        let answer = doors.browser().call(Method::POST, "/api/v1/auth/register", form(email)).await;
        let keys: Vec<String> = answer.json().as_object().expect("an object").keys().cloned().collect();
        answers.push((answer.status, keys, answer.json()["is_email_confirmed"].clone()));
    }
    assert_eq!(answers[0].0, StatusCode::CREATED);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let refusals = ["known@example.com", "nobody@example.com"].map(|email| json!({ "email": email, "password": "not-this-one" }));
    let mut codes = Vec::new();
    for body in refusals {
        let answer = doors.browser().call(Method::POST, "/api/v1/auth/sign-in", body).await;
        codes.push((answer.status, answer.json()["code"].clone(), answer.json()["detail"].clone()));
    }
    assert_eq!(codes[0], codes[1]);
    assert_eq!(codes[0].0, StatusCode::UNPROCESSABLE_ENTITY);
    for email in ["known@example.com", "nobody@example.com"] {
        let answer = doors.browser().call(Method::POST, "/api/v1/auth/password-reset", json!({ "email": email })).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::ACCEPTED, ""));
    }
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_token_opens_what_it_was_given_and_no_page(db: PgPool) {
    let doors = Doors::new(db);
    let account = doors.world.a_customer().await;
    let mut session = doors.signed_in(account).await;
    let made = session.call(Method::POST, "/api/v1/tokens", json!({ "name": "Script", "scopes": ["profile:read"], "days": 1 })).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let mut program = doors.browser();
    program.token = Some(made.json()["secret"].as_str().expect("a secret").to_owned());
    assert_eq!(program.fetch("/api/v1/me").await.status, StatusCode::OK);
    for (method, path) in [
        (Method::PATCH, "/api/v1/me"),
        (Method::GET, "/api/v1/sessions"),
        (Method::GET, "/api/v1/tokens"),
        (Method::POST, "/api/v1/auth/password"),
        (Method::GET, "/api/v1/admin/overview"),
        (Method::GET, "/settings"),
    ] {
        assert_eq!(program.call(method.clone(), path, json!({})).await.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    let id = made.json()["token"]["id"].as_str().expect("an id").to_owned();
    let mut eve = doors.signed_in(doors.world.a_customer().await).await;
    assert_eq!(eve.call(Method::DELETE, &format!("/api/v1/tokens/{id}"), json!({})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(session.call(Method::DELETE, &format!("/api/v1/tokens/{id}"), json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(program.fetch("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_session_is_ended_by_its_owner_alone(db: PgPool) {
    let doors = Doors::new(db);
    let ada = doors.world.a_customer().await;
    let mut here = doors.signed_in(ada).await;
    let (cookie, there) = doors.session(ada).await;
    let mut other = doors.browser();
    other.cookie = Some(cookie);
    assert_eq!(other.get("/settings").await.status, StatusCode::OK);
    let mut eve = doors.signed_in(doors.world.a_customer().await).await;
    assert_eq!(eve.post("/settings/sessions", &[("id", &there.to_string())]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(here.post("/settings/sessions", &[("id", "nonsense")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(here.post("/settings/sessions", &[("id", &there.to_string())]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(other.get("/settings").await.status, StatusCode::SEE_OTHER);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn dead_links_say_so_and_looking_uses_nothing_up(db: PgPool) {
    let doors = Doors::new(db);
    for path in ["/reset-password/x", "/confirm-email/x", "/change-email/x", "/claim/x"] {
        assert_eq!(doors.browser().get(path).await.status, StatusCode::GONE, "{path}");
        assert_eq!(doors.browser().post(path, &[("password", PASSWORD)]).await.status, StatusCode::GONE, "{path}");
    }
    let ctx = doors.world.visitor();
    let mut tx = ctx.begin().await.expect("begun");
    let guest = domain::account::create_guest(&mut tx, &ctx, "Gus Guest", "gus@example.com", "").await.expect("made");
    tx.commit().await.expect("committed");
    let path = domain::account::jobs::claim_path(&ctx, guest, "gus@example.com").await.expect("made").expect("a path");
    for _ in 0..2 {
        assert_eq!(doors.browser().get(&path).await.status, StatusCode::OK);
    }
    let mut gus = doors.browser();
    let short = gus.post(&path, &[("password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let claimed = gus.post(&path, &[("password", PASSWORD)]).await;
    assert_eq!((claimed.status, claimed.location()), (StatusCode::SEE_OTHER, "/bookings"));
    assert_eq!(gus.get("/settings").await.status, StatusCode::OK);
    assert_eq!(doors.browser().get(&path).await.status, StatusCode::GONE);
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_suspended_account_is_out_with_the_next_request(db: PgPool) {
    let doors = Doors::new(db);
    let account = doors.world.a_customer().await;
    let mut browser = doors.signed_in(account).await;
    let mut admin = doors.signed_in(doors.world.an_admin().await).await;
    let path = format!("/admin/people/{account}");
    assert_eq!(browser.post(&path, &[("act", "suspend"), ("reason", "Because")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.post(&path, &[("act", "suspend"), ("reason", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(admin.post(&path, &[("act", "suspend"), ("reason", "Spam in reviews")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/settings").await.location(), "/sign-in?next=%2Fsettings");
    assert_eq!(admin.post(&path, &[("act", "reinstate"), ("reason", "A mistake")]).await.status, StatusCode::SEE_OTHER);
    doors.close().await;
}
