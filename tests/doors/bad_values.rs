//! Values that are well formed and wrong: each has its status, its code or field, and a sentence.

use super::harness::{Browser, Doors};
use domain::world::SomeProvider;
use http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

async fn refused(browser: &mut Browser, method: Method, path: &str, body: Value, status: u16, word: &str) {
    let answer = browser.call(method.clone(), &format!("/api/v1{path}"), body.clone()).await;
    let what = format!("{method} {path} {body}: {} {}", answer.status, answer.body);
    assert_eq!(answer.status.as_u16(), status, "{what}");
    let problem = answer.json();
    let fields: Vec<&str> = problem["fields"].as_array().into_iter().flatten().filter_map(|field| field["name"].as_str()).collect();
    assert!(problem["code"] == word || fields.contains(&word), "{what}: not {word}");
    assert!(problem["detail"].as_str().is_some_and(|sentence| sentence.ends_with(['.', '?', ')'])), "{what}");
    assert_eq!(problem["request_id"].as_str(), Some(answer.header("x-request-id")), "{what}");
}

fn slot(provider: &SomeProvider, starts_at: &str) -> Value {
    json!({ "service_id": provider.service, "starts_at": starts_at })
}

#[sqlx::test(migrations = "./migrations")]
async fn a_time_that_cannot_be_is_refused_with_what_can(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut ada = doors.signed_in(doors.world.a_customer().await).await;
    for at in [
        "2020-01-06T10:00:00Z",
        "2026-06-09T08:30:00Z",
        "2026-06-10T03:00:00Z",
        "2026-06-10T10:07:00Z",
        "2026-06-14T10:00:00Z",
        "2028-06-10T10:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ] {
        refused(&mut ada, Method::POST, "/bookings", slot(&provider, at), 422, "not_available").await;
    }
    for (at, field) in [
        ("yesterday", "starts_at"),
        ("2026-02-30T10:00:00Z", "starts_at"),
        ("2026-06-10T10:00:00", "starts_at"),
        ("+275760-09-13T00:00:00Z", "starts_at"),
    ] {
        refused(&mut ada, Method::POST, "/bookings", slot(&provider, at), 422, field).await;
    }
    let answer = ada.call(Method::POST, "/api/v1/bookings", slot(&provider, "2026-06-10T03:00:00Z")).await;
    assert!(answer.json()["alternatives"].as_array().is_some_and(|list| !list.is_empty()), "{}", answer.body);
}

#[sqlx::test(migrations = "./migrations")]
async fn what_belongs_elsewhere_is_not_there(db: PgPool) {
    let doors = Doors::new(db);
    let (provider, other) = (doors.world.a_provider().await, doors.world.a_provider().await);
    let mut ada = doors.signed_in(doors.world.a_customer().await).await;
    let mut eve = doors.signed_in(doors.world.a_customer().await).await;
    let mut body = slot(&provider, "2026-06-10T10:00:00Z");
    body["resource_id"] = json!(other.person);
    refused(&mut ada, Method::POST, "/bookings", body, 409, "not_bookable").await;
    refused(
        &mut ada,
        Method::POST,
        "/bookings",
        json!({ "service_id": provider.id, "starts_at": "2026-06-10T10:00:00Z" }),
        404,
        "not_found",
    )
    .await;
    let held = ada.call(Method::POST, "/api/v1/bookings", slot(&provider, "2026-06-10T10:00:00Z")).await;
    let id = held.json()["id"].as_str().expect("an id").to_owned();
    refused(&mut eve, Method::DELETE, &format!("/bookings/{id}/hold"), json!({}), 404, "not_found").await;
    refused(&mut eve, Method::POST, &format!("/bookings/{id}/payment"), json!({ "tender": "card" }), 404, "not_found").await;
    let mut owner = doors.signed_in(other.owner).await;
    let block =
        json!({ "resource_id": provider.person, "during": { "starts_at": "2026-06-11T10:00:00Z", "ends_at": "2026-06-11T11:00:00Z" } });
    refused(&mut owner, Method::POST, &format!("/providers/{}/blocks", other.id), block, 404, "not_found").await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_hold_that_has_expired_is_told_as_such(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut ada = doors.signed_in(doors.world.a_customer().await).await;
    let held = ada.call(Method::POST, "/api/v1/bookings", slot(&provider, "2026-06-10T10:00:00Z")).await;
    let path = format!("/bookings/{}/payment", held.json()["id"].as_str().expect("an id"));
    for (body, status, word) in [
        (json!({ "tender": "pearls" }), 422, "tender"),
        (json!({ "tender": "card", "tip_minor": -1, "contact": contact() }), 422, "tip_minor"),
        (json!({ "tender": "card", "tip_minor": 10_001, "contact": contact() }), 422, "tip_minor"),
        (json!({ "tender": "card", "tip_minor": i64::MAX, "contact": contact() }), 422, "tip_minor"),
    ] {
        refused(&mut ada, Method::POST, &path, body, status, word).await;
    }
    doors.world.pass_minutes(16);
    refused(&mut ada, Method::POST, &path, json!({ "tender": "card", "contact": contact() }), 409, "hold_expired").await;
}

fn contact() -> Value {
    json!({ "name": "Ada Lovelace", "email": "ada@example.test", "phone": "+351 912 345 678" })
}

#[sqlx::test(migrations = "./migrations")]
async fn unknown_zones_currencies_and_absurd_numbers_name_their_field(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut owner = doors.signed_in(provider.owner).await;
    let profile = |name: &str, value: Value| {
        let mut body = json!({ "name": "Brook & Sons", "zone": "Europe/Lisbon", "currency": "EUR", "country": "PT" });
        body[name] = value;
        body
    };
    for (name, value) in [
        ("zone", json!("Mars/Base")),
        ("zone", json!("")),
        ("currency", json!("EURO")),
        ("currency", json!("XQQ")),
        ("tax_bp", json!(-1)),
        ("tax_bp", json!(1_000_000)),
        ("lat", json!(91)),
        ("name", json!("")),
        ("name", json!("x".repeat(500))),
        ("email", json!("a@b\r\nBcc: x@y.test")),
        ("website", json!("javascript:alert(1)")),
        ("cover_tone", json!(99)),
        ("category_id", json!("0193a1c2-7f00-7abc-8def-0123456789ab")),
    ] {
        refused(&mut owner, Method::POST, "/provider-applications", profile(name, value), 422, name).await;
    }
    let extra = json!({ "id": "0193a1c2-7f00-7abc-8def-0123456789ab", "name": "Seal", "price_minor": 100 });
    for (name, value) in [
        ("price_minor", json!(-1)),
        ("price_minor", json!(i64::MAX)),
        ("price_minor", json!(1.5)),
        ("price_minor", json!("100")),
        ("duration_min", json!(0)),
        ("duration_min", json!(1_000_000)),
        ("buffer_before_min", json!(-5)),
        ("mode", json!("by_post")),
        ("category_id", json!("0193a1c2-7f00-7abc-8def-0123456789ab")),
        ("add_ons", json!([extra, extra])),
    ] {
        let mut body = json!({ "name": "Tap", "category_id": provider.category, "mode": "at_provider", "duration_min": 60, "price_minor": 5000, "assignment": "first_free", "people": [{ "resource_id": provider.person }] });
        body[name] = value;
        refused(&mut owner, Method::POST, &format!("/providers/{}/services", provider.id), body, 422, name).await;
    }
    let days = |query: &str| format!("/providers/{}/availability?service_id={}&{query}", provider.id, provider.service);
    for (query, field) in [
        ("from=2026-06-10&to=2026-06-11&tz=Mars/Base", "tz"),
        ("from=2026-06-10&to=2027-06-11", "to"),
        ("from=2026-06-11&to=2026-06-10", "to"),
        ("from=2026-02-30&to=2026-06-10", "from"),
        ("from=2026-06-10&to=2026-06-11&extra_min=-1", "extra_min"),
        ("from=2026-06-10&to=2026-06-11&extra_min=9223372036854775807", "extra_min"),
        ("from=0001-01-01&to=0001-01-02", "from"),
        ("from=9999-12-30&to=9999-12-31", "from"),
    ] {
        let answer = owner.fetch(&format!("/api/v1{}", days(query))).await;
        let is_told = answer.status == 422 && answer.json()["fields"].to_string().contains(field);
        // A date far away is a question with an answer: nothing is free.
        let is_empty = query.contains("0001") || query.contains("9999");
        assert!(is_told || (is_empty && answer.status == 200), "{query}: {} {}", answer.status, answer.body);
    }
    for query in ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=99999999999999999999"] {
        for path in ["/bookings", "/payments", "/search"] {
            let answer = owner.fetch(&format!("/api/v1{path}?{query}")).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["fields"][0]["name"].as_str()),
                (422, Some("limit")),
                "{path}?{query}: {}",
                answer.body
            );
        }
    }
}

/// Markup is text, control characters go, and what is shown is escaped.
#[sqlx::test(migrations = "./migrations")]
async fn markup_and_control_characters_do_no_harm(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut ada = doors.signed_in(doors.world.a_customer().await).await;
    let nasty = "</textarea><script>alert(1)</script>\u{7}\u{1b}[31m\u{202e}\r\nsecond line";
    let mut body = slot(&provider, "2026-06-10T10:00:00Z");
    body["notes"] = json!(nasty);
    let held = ada.call(Method::POST, "/api/v1/bookings", body.clone()).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let notes = held.json()["notes"].as_str().expect("notes").to_owned();
    assert!(notes.contains("<script>") && notes.contains('\n') && !notes.contains(['\u{7}', '\u{1b}', '\r']), "{notes:?}");
    let page = ada.get(&format!("/bookings/{}", held.json()["id"].as_str().expect("an id"))).await;
    assert!(!page.body.contains("<script>alert(1)"), "escaped on the page");
    let calendar = ada.fetch(&format!("/api/v1/bookings/{}/calendar.ics", held.json()["id"].as_str().expect("an id"))).await;
    assert!(calendar.body.lines().all(|line| !line.starts_with("second line")), "folded in the calendar file: {}", calendar.body);
    body["notes"] = json!("x".repeat(2_001));
    refused(&mut ada, Method::POST, "/bookings", body, 422, "notes").await;
    refused(&mut ada, Method::PATCH, "/me", json!({ "name": "Ada\u{7}" }), 422, "name").await;
    refused(&mut ada, Method::PATCH, "/me", json!({ "zone": "Mars/Base" }), 422, "zone").await;
    refused(&mut ada, Method::PATCH, "/me", json!({ "name": "Ada\u{0}" }), 422, "body").await;
}

#[sqlx::test(migrations = "./migrations")]
async fn sizes_and_kinds_have_their_status(db: PgPool) {
    let doors = Doors::new(db);
    let mut ada = doors.signed_in(doors.world.a_customer().await).await;
    let large = format!(r#"{{"name": "{}"}}"#, "x".repeat(10 * 1024 * 1024));
    for (kind, body, status, code) in [
        ("application/json", large.as_str(), 413, "too_large"),
        ("application/json", "{", 400, "malformed"),
        ("application/json", "{} {}", 400, "malformed"),
        ("application/json", "\u{feff}{}", 400, "malformed"),
        ("text/plain", "{}", 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "name=x", 415, "unsupported_media_type"),
        ("application/json", "[]", 422, "invalid"),
        ("application/json", "null", 422, "invalid"),
        ("application/json", r#"{"name": 5}"#, 422, "invalid"),
    ] {
        for keyed in [false, true] {
            let mut headers = vec![("content-type", kind)];
            if keyed {
                headers.push(("idempotency-key", body.get(..12).unwrap_or("short")));
            }
            let answer = ada.send(Method::PATCH, "/api/v1/me", &headers, body.to_owned().into()).await;
            let what = format!("{kind} {} {}", body.chars().take(20).collect::<String>(), answer.body);
            assert!(
                answer.status.as_u16() == status || (keyed && answer.status == 422) || (keyed && answer.status == 400),
                "{what}: {}",
                answer.status
            );
            assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
            assert!(keyed || answer.json()["code"] == code, "{what}");
        }
    }
    for key in ["", &"x".repeat(256), "é"] {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let answer = ada.send(Method::PATCH, "/api/v1/me", &headers, "{}".into()).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (400, Some("malformed")), "{key}");
    }
}
