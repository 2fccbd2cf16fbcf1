//! What an open socket still hears once its person may less, and once someone else signs in over its session.

use super::harness::{COOKIE, Doors, Listening, listen};
use super::live::{Client, record};
use domain::account::{self, Grant, Role};
use domain::ctx::StaffRole;
use domain::event::{EventKind, NewEvent};
use domain::id::{AccountId, ProviderId};
use domain::provider::{self, model::TeamRole};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

async fn socket(doors: &Doors, server: &Listening, account: AccountId) -> Client {
    let (cookie, _) = doors.session(account).await;
    Client::connect(server, &[("cookie", format!("{COOKIE}={cookie}"))]).await.expect("connects")
}

fn refused(code: &str, topic: &str) -> Value {
    json!({ "op": "error", "code": code, "topic": topic })
}

/// Something that a provider's team and the operator hear of.
async fn something_happens(doors: &Doors, provider: ProviderId) {
    record(&doors.world, NewEvent::new(EventKind::ProviderSubmitted).provider(provider)).await;
}

#[sqlx::test(migrations = "./migrations")]
async fn who_leaves_a_team_hears_no_more_of_it(db: PgPool) {
    let doors = Doors::new(db);
    let (provider, member) = (doors.world.a_provider().await, doors.world.a_customer().await);
    doors.world.add_member(provider.id, member, StaffRole::Member).await;
    let server = listen(&doors.state, &doors.router).await;
    let (mut leaves, mut stays) = (socket(&doors, &server, member).await, socket(&doors, &server, provider.owner).await);
    let topic = format!("provider:{}", provider.id);
    for topic in ["me", topic.as_str()] {
        assert_eq!(leaves.subscribe(topic, None).await["op"], "subscribed");
    }
    assert_eq!(stays.subscribe(&topic, None).await["op"], "subscribed");
    let mut owner = doors.signed_in(provider.owner).await;
    let path = format!("/api/v1/providers/{}/team/members/{member}", provider.id);
    assert_eq!(owner.call(Method::PUT, &path, json!({ "role": "manager" })).await.status, StatusCode::NO_CONTENT);
    something_happens(&doors, provider.id).await;
    for client in [&mut leaves, &mut stays] {
        assert_eq!(client.hear().await.expect("still in the team")["type"], "provider-status-changed");
    }

    assert_eq!(owner.call(Method::DELETE, &path, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(leaves.hear().await.expect("a word"), refused("not_found", &topic));
    something_happens(&doors, provider.id).await;
    assert_eq!(stays.hear().await.expect("still in the team")["type"], "provider-status-changed");
    leaves.say(json!({ "op": "ping" })).await;
    assert_eq!(leaves.hear().await.expect("an answer")["op"], "pong", "and nothing before it");
    assert_eq!(leaves.subscribe(&topic, None).await, refused("not_found", &topic));
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn who_joins_a_team_hears_of_it_by_the_same_socket(db: PgPool) {
    let doors = Doors::new(db);
    let (provider, member) = (doors.world.a_provider().await, doors.world.a_customer().await);
    let server = listen(&doors.state, &doors.router).await;
    let mut client = socket(&doors, &server, member).await;
    let (topic, public) = (format!("provider:{}", provider.id), format!("availability:{}", provider.id));
    assert_eq!(client.subscribe(&topic, None).await, refused("not_found", &topic));
    assert_eq!(client.subscribe(&public, None).await["op"], "subscribed");
    let owner = doors.world.ctx_as(provider.owner).await;
    provider::invite(&owner, provider.id, "rui@example.com", TeamRole::Member).await.expect("invited");
    doors.world.run_jobs().await;
    let letter = doors.world.mails.to("rui@example.com").pop().expect("a letter");
    let (_, secret) = letter.plain.split_whitespace().find_map(|word| word.split_once("/invitations/")).expect("a link");
    provider::accept_invitation(&doors.world.ctx_as(member).await, secret).await.expect("joined");
    // What comes after it has been told too, so the socket has heard that its person changed.
    record(&doors.world, NewEvent::new(EventKind::AvailabilityChanged).provider(provider.id)).await;
    for _ in 0..2 {
        assert_eq!(client.hear().await.expect("news")["topic"], public.as_str());
    }
    assert_eq!(client.subscribe(&topic, None).await["op"], "subscribed");
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn who_is_no_admin_any_more_hears_no_more(db: PgPool) {
    let doors = Doors::new(db);
    let (admin, _other) = (doors.world.an_admin().await, doors.world.an_admin().await);
    let provider = doors.world.a_provider().await.id;
    let server = listen(&doors.state, &doors.router).await;
    let mut client = socket(&doors, &server, admin).await;
    assert_eq!(client.subscribe("admin", None).await["op"], "subscribed");
    something_happens(&doors, provider).await;
    assert_eq!(client.hear().await.expect("an admin's news")["topic"], "admin");
    let email = doors.world.email_of(admin).await;
    account::grant_role(&doors.world.system(), &email, Role::Admin, Grant::Taken).await.expect("taken");
    assert_eq!(client.hear().await.expect("a word"), refused("forbidden", "admin"));
    doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn signing_in_over_a_session_ends_its_sockets(db: PgPool) {
    let doors = Doors::new(db);
    let password = "kettle-moss-49";
    let mut browser = doors.browser();
    for email in ["ada@example.com", "eve@example.com"] {
        let form = [("name", "Ada Lovelace"), ("email", email), ("password", password)];
        assert_eq!(doors.browser().post("/register", &form).await.status, StatusCode::SEE_OTHER);
    }
    browser.post("/sign-in", &[("email", "ada@example.com"), ("password", password)]).await;
    let server = listen(&doors.state, &doors.router).await;
    let cookie = browser.cookie.clone().expect("a session");
    let mut adas = Client::connect(&server, &[("cookie", format!("{COOKIE}={cookie}"))]).await.expect("connects");
    assert_eq!(adas.subscribe("me", None).await["op"], "subscribed");
    let answer = browser.post("/sign-in", &[("email", "eve@example.com"), ("password", password)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(adas.hear().await.expect("a word")["code"], "session_ended");
    assert!(adas.hear().await.is_none(), "and it is closed");
    assert_eq!(browser.fetch("/api/v1/me").await.json()["email"], "eve@example.com");
    doors.close().await;
}
