//! Two hundred people want one slot, over real connections: one gets it, the rest are told so with alternatives.

use super::harness::{COOKIE, Doors, listen};
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::Barrier;

const PEOPLE: usize = 200;
const START: &str = "2026-06-10T10:00:00Z";

struct Told {
    status: u16,
    location: String,
    body: String,
}

#[sqlx::test(migrations = "./migrations")]
async fn two_hundred_people_want_one_slot(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let server = listen(&doors.state, &doors.router).await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
    let barrier = Arc::new(Barrier::new(PEOPLE));
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let (session, _) = doors.session(doors.world.a_customer().await).await;
        // Half of them by the page, half by a program.
        let is_page = number % 2 == 0;
        let path = if is_page { "/book" } else { "/api/v1/bookings" };
        let request = client.post(format!("http://{}{path}", server.address));
        let request = request.header("cookie", format!("{COOKIE}={session}")).header("sec-fetch-site", "same-origin");
        let request = if is_page {
            let form = serde_urlencoded::to_string([("service_id", provider.service.to_string()), ("starts_at", START.into())]);
            request.header("content-type", "application/x-www-form-urlencoded").header("accept", "text/html").body(form.expect("a form"))
        } else {
            let body = serde_json::json!({ "service_id": provider.service, "starts_at": START });
            request.header("content-type", "application/json").body(body.to_string())
        };
        let barrier = barrier.clone();
        people.push(tokio::spawn(async move {
            barrier.wait().await;
            let answer = request.send().await.expect("an answer");
            let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            Told { status: answer.status().as_u16(), location, body: answer.text().await.expect("a body") }
        }));
    }
    let mut winners = 0;
    for (number, person) in people.into_iter().enumerate() {
        let told = person.await.expect("a person");
        match (told.status, number % 2 == 0) {
            (303, true) => {
                assert!(told.location.starts_with("/checkout/"), "{}", told.location);
                winners += 1;
            }
            (201, false) => winners += 1,
            (409, true) => assert!(told.body.contains("That time was just taken") && told.body.contains("class=\"slot\""), "{}", told.body),
            (409, false) => {
                let problem: serde_json::Value = serde_json::from_str(&told.body).expect("JSON");
                assert_eq!(problem["code"], "slot_taken", "{problem}");
                assert!(problem["alternatives"].as_array().is_some_and(|slots| !slots.is_empty()), "{problem}");
            }
            (status, _) => panic!("{status}: {}", told.body),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(doors.world.count("select count(*) from bookings").await, 1);
    assert_eq!(doors.world.count("select count(*) from allocations").await, 1);
}
