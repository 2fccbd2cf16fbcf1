//! What must never be written down. A story of everything secret that people and operators have, told to the program itself, which logs all that it
//! and its libraries have to say and sends its traces: neither knows any of it.

use super::harness::{Answer, Browser};
use super::line::until;
use super::program::{COLLECTOR_TOKEN, KEY, MAIL_PASSWORD, MESSAGE_KEY, METRICS_TOKEN, POSTMASTER, Program, ahead, secret};
use super::scans::said;
use super::slow::served;
use super::traces::collector;
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::id::CalendarId;
use domain::world::SomeProvider;
use http::Method;
use serde_json::json;
use sqlx::PgPool;

const CARD: &str = "4242424242424242";
const PASSWORD: &str = "canary-password-49";
const WRONG: &str = "canary-wrong-password";
const NEW: &str = "canary-next-password";
const CALENDAR: &str = "canary-calendar-address";

/// Someone comes in, fails, forgets, pays and writes down their card where it does not belong; a provider invites, books by hand and reads other calendars.
#[sqlx::test(migrations = "./migrations")]
async fn no_secret_reaches_a_log_or_a_trace(db: PgPool) {
    let (heard, endpoint) = collector().await;
    let program = Program::start(db, "trace", &endpoint).await;
    let provider = program.doors.world.a_provider().await;
    let known = [CARD, PASSWORD, WRONG, NEW, CALENDAR, KEY, MESSAGE_KEY, MAIL_PASSWORD, METRICS_TOKEN, COLLECTOR_TOKEN];
    let mut secrets = Vec::from(known.map(str::to_owned));
    // as it goes over the line (RFC 4616)
    secrets.push(STANDARD.encode(format!("\0{POSTMASTER}\0{MAIL_PASSWORD}")));
    secrets.extend(program.database_password.clone());
    let mut ada = program.browser();
    secrets.extend(come_in(&program, &mut ada).await);
    secrets.extend(prove(&program, &mut ada).await);
    secrets.push(forget(&program).await);
    secrets.extend(pay(&program, &provider).await);
    misplace_a_card(&program, &provider, &mut ada).await;
    mistype_a_card(&provider, &mut ada).await;
    secrets.extend(lead_a_team(&program, &provider).await);
    read_calendars(&program, &provider).await;
    measure(&program).await;
    let written = program.end().await;
    let traces = format!("{:?}", heard.lock().expect("nobody panics with it"));

    let places = ["/api/v1/bookings", "/reset-password/{secret}", "/settings/security/password", "unmatched", "_OTHER"];
    for spoken in places.iter().chain(&["sqlx::query", "stripe::hyper", "reqwest::connect", "tower_sessions", "TRACE"]) {
        assert!(written.contains(spoken), "the log was listened to: {spoken}");
    }
    for told in ["process payment.", "send mail", "GET calendar", "POST /payment_intents"] {
        assert!(traces.contains(told), "the traces were listened to: {told}");
    }
    for secret in secrets {
        assert!(secret.len() > 7, "{secret} stands everywhere");
        let place = written.lines().find(|line| line.contains(&secret));
        assert!(place.is_none(), "{secret} is in the log: {}", place.unwrap_or_default());
        assert!(!traces.contains(&secret), "{secret} is in a trace");
    }
    for someone in ["ada@example.com", "gus@example.com", "Gus Guest"] {
        assert!(!traces.contains(someone), "{someone} is in a trace");
    }
}

/// Registers, mistakes and changes the password, and lets a program in; tells its token and the session.
async fn come_in(program: &Program, ada: &mut Browser) -> [String; 2] {
    let form = |password: &str| json!({ "email": "ada@example.com", "password": password, "name": "Ada Lovelace" });
    said(ada.call(Method::POST, "/api/v1/auth/register", form(PASSWORD)).await, 201);
    said(ada.call(Method::POST, "/api/v1/auth/sign-in", form(WRONG)).await, 422);
    said(ada.call(Method::POST, "/api/v1/auth/sign-in", form(PASSWORD)).await, 200);
    said(ada.post("/sign-in", &[("email", "ada@example.com"), ("password", WRONG)]).await, 422);
    said(ada.post("/settings/security/password", &[("current_password", WRONG), ("password", NEW)]).await, 422);
    said(ada.post("/settings/security/password", &[("current_password", PASSWORD), ("password", NEW)]).await, 303);
    said(ada.post("/settings/security/email", &[("email", "ada@example.org"), ("email_password", WRONG)]).await, 422);
    let malformed = format!(r#"{{"email": "ada@example.com", "password": {{"{NEW}": 1}}}}"#);
    let json_headers = [("content-type", "application/json")];
    said(ada.send(Method::POST, "/api/v1/auth/sign-in", &json_headers, Body::from(malformed)).await, 422);
    let made = ada.call(Method::POST, "/api/v1/tokens", json!({ "name": "Script", "scopes": ["profile:read"], "days": 1 })).await;
    let token = said(made, 201).json()["secret"].as_str().expect("a secret").to_owned();
    let mut script = program.browser();
    script.token = Some(token.clone());
    said(script.fetch("/api/v1/me").await, 200);
    script.token = Some(format!("{token}x"));
    said(script.fetch("/api/v1/me").await, 401);
    [token, ada.cookie.clone().expect("a session")]
}

/// Confirms the address, and then another one; tells the secrets of both links.
async fn prove(program: &Program, ada: &mut Browser) -> [String; 2] {
    let confirm = program.letter("ada@example.com", "/confirm-email/").await;
    said(ada.get(&format!("/confirm-email/{confirm}")).await, 200);
    said(ada.post(&format!("/confirm-email/{confirm}"), &[]).await, 303);
    said(ada.post("/settings/security/email", &[("email", "countess@example.com"), ("email_password", NEW)]).await, 303);
    let change = program.letter("countess@example.com", "/change-email/").await;
    said(ada.get(&format!("/change-email/{change}")).await, 200);
    said(ada.post(&format!("/change-email/{change}"), &[]).await, 303);
    [confirm, change]
}

/// Asks for a new password and sets it by the link, mistyped at first, whose secret it tells.
async fn forget(program: &Program) -> String {
    let mut elsewhere = program.browser();
    said(elsewhere.call(Method::POST, "/api/v1/auth/password-reset", json!({ "email": "countess@example.com" })).await, 202);
    let link = program.letter("countess@example.com", "/reset-password/").await;
    said(elsewhere.get(&format!("/reset-password/{link}")).await, 200);
    for typed in ["//reset-password/", "/Reset-Password/", "/reset-password//", "/x/reset-password/"] {
        said(elsewhere.get(&format!("{typed}{link}")).await, 404);
    }
    said(elsewhere.get(&format!("/reset-password/{link}/")).await, 404);
    let evil = [("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")];
    said(elsewhere.send(Method::POST, &format!("/reset-password/{link}"), &evil, Body::from("a=b")).await, 403);
    said(elsewhere.post(&format!("/reset-password/{link}"), &[("password", NEW)]).await, 303);
    link
}

/// A guest pays by the form, with a true card, and claims the account; tells what their browser paid by and the link's secret.
async fn pay(program: &Program, provider: &SomeProvider) -> [String; 2] {
    let (_, client_secret) = program.booked_by_a_guest(provider.service, ahead(10), "gus@example.com").await;
    let claim = program.letter("gus@example.com", "/claim/").await;
    let mut gus = program.browser();
    said(gus.get(&format!("/claim/{claim}")).await, 200);
    said(gus.post(&format!("/claim/{claim}"), &[("password", "short")]).await, 422);
    said(gus.post(&format!("/claim/{claim}"), &[("password", PASSWORD)]).await, 303);
    [client_secret, claim]
}

/// Writes the card's number wherever something can be written: notes, ids, times, names of files and people.
async fn misplace_a_card(program: &Program, provider: &SomeProvider, ada: &mut Browser) {
    let slot = json!({ "service_id": provider.service, "starts_at": ahead(12).to_string(), "notes": CARD });
    let held = said(ada.call(Method::POST, "/api/v1/bookings", slot).await, 201);
    let id = held.json()["id"].as_str().expect("an id").to_owned();
    said(send_a_file(ada, &format!("/checkout/{id}/photos")).await, 422);
    let contact = json!({ "name": "Ada", "email": "countess@example.com", "phone": "+351 912 345 678" });
    let paying = json!({ "tender": "card", "payment_method": CARD, "notes": CARD, "contact": contact });
    said(ada.call(Method::POST, &format!("/api/v1/bookings/{id}/payment"), paying).await, 422);
    said(ada.post("/book", &[("service_id", CARD), ("starts_at", CARD), ("card", CARD)]).await, 404);
    said(ada.call(Method::POST, "/api/v1/bookings", json!({ "service_id": CARD, "starts_at": CARD })).await, 422);
    let mut owner = program.signed_in(provider.owner).await;
    said(owner.call(Method::PATCH, "/api/v1/me", json!({ "name": CARD })).await, 200);
    for query in ["from", "only", "view"] {
        let answer = owner.get(&format!("/desk/{}/calendar?{query}={CARD}", provider.id)).await;
        assert!(!answer.status.is_server_error(), "{query}: {}", answer.body);
    }
}

/// What is no picture, with the card's number as its name.
async fn send_a_file(browser: &mut Browser, path: &str) -> Answer {
    let head = format!("--cut\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"{CARD}.png\"\r\n\r\n");
    let headers = [("content-type", "multipart/form-data; boundary=cut"), ("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    browser.send(Method::POST, path, &headers, Body::from(format!("{head}{CARD}\r\n--cut--\r\n"))).await
}

/// Types the card's number into addresses, of which most lead nowhere, searches for it, and sends it as headers and as a method.
async fn mistype_a_card(provider: &SomeProvider, browser: &mut Browser) {
    let desk = format!("/desk/{}/", provider.id);
    let paths = ["/", "//", "/p/", "/P/", "/c/", "/bookings/", "/checkout/", "/pay/", "/pkg/", "/api/v1/", "/api/v1/providers/", &desk];
    let searches = ["/search?q=", "/search?place=", "/search?category=", "/api/v1/search?q=", "/api/v1/search?cursor=", "/sign-in?next=/"];
    for start in paths.iter().chain(&searches) {
        let answer = browser.get(&format!("{start}{CARD}")).await;
        assert!(!answer.status.is_server_error(), "{start}: {}", answer.body);
    }
    said(browser.post("/do/booking/suggest_places", &[("text", CARD)]).await, 200);
    let answer = browser.call(Method::POST, &format!("/do/{CARD}"), json!({})).await;
    assert!(answer.status.is_client_error(), "{}", answer.body);
    let headers = [("user-agent", CARD), ("referer", CARD), ("accept-language", CARD)];
    said(browser.send(Method::GET, "/help", &headers, Body::empty()).await, 200);
    let method = Method::from_bytes(CARD.as_bytes()).expect("a method");
    said(browser.send(method, "/help", &[], Body::empty()).await, 405);
}

/// Invites somebody, books for somebody by hand, and takes the bookings into a calendar; tells the secrets of all three addresses.
async fn lead_a_team(program: &Program, provider: &SomeProvider) -> [String; 3] {
    let (mut owner, mut stranger) = (program.signed_in(provider.owner).await, program.browser());
    let desk = format!("/desk/{}", provider.id);
    said(owner.post(&format!("{desk}/team"), &[("act", "invite"), ("email", "rui@example.com"), ("role", "manager")]).await, 303);
    let invitation = program.letter("rui@example.com", "/invitations/").await;
    said(stranger.get(&format!("/invitations/{invitation}")).await, 200);
    let way_in = said(stranger.post(&format!("/invitations/{invitation}"), &[]).await, 303).location().to_owned();
    assert!(way_in.contains(&invitation), "{way_in}");
    said(stranger.get(&way_in).await, 200);

    let (service, day) = (provider.service.to_string(), ahead(10).utc_date().to_string());
    let by_phone = [
        ("service", service.as_str()),
        ("date", day.as_str()),
        ("time", "15:00"),
        ("customer_name", CARD),
        ("customer_email", "maud@example.com"),
        ("way", "link"),
    ];
    said(owner.post(&format!("{desk}/bookings/new"), &by_phone).await, 303);
    let pay = program.letter("maud@example.com", "/pay/").await;
    said(stranger.get(&format!("/pay/{pay}")).await, 200);
    said(stranger.post(&format!("/pay/{pay}"), &[]).await, 303);

    let shown = said(owner.post("/bookings/feed", &[]).await, 200);
    let feed = secret(shown.body.split_once("/feeds/").expect("an address").1).to_owned();
    said(stranger.get(&format!("/feeds/{feed}/calendar.ics")).await, 200);
    [invitation, pay, feed]
}

/// Two calendars at private addresses, of which one is there.
async fn read_calendars(program: &Program, provider: &SomeProvider) {
    let world = &program.doors.world;
    let file = get(|| async { "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" });
    let (host, _host) = served(Router::new().route(&format!("/{CALENDAR}.ics"), file)).await;
    let mut owner = program.signed_in(provider.owner).await;
    for file in [format!("{CALENDAR}.ics"), format!("{CALENDAR}/gone.ics")] {
        let calendar: CalendarId = world.new_id();
        // Whoever types an address may not give one of ours, so it is not typed.
        sqlx::query("insert into imported_calendars (id, provider_id, resource_id, url, created_at) values ($1, $2, $3, $4, $5)")
            .bind(calendar)
            .bind(provider.id)
            .bind(provider.person)
            .bind(format!("http://{host}/{file}"))
            .bind(world.now())
            .execute(&world.db)
            .await
            .expect("a calendar");
        let path = format!("/api/v1/providers/{}/imported-calendars/{calendar}/refresh", provider.id);
        said(owner.call(Method::POST, &path, json!({})).await, 202);
    }
    let unread = "select count(*) from jobs where kind = 'scheduling.import_calendar' and finished_at is null";
    until("both are read", async || world.count(unread).await == 0).await;
}

async fn measure(program: &Program) {
    let mut figures = program.browser();
    figures.token = Some(METRICS_TOKEN.to_owned());
    said(figures.fetch("/metrics").await, 200);
    figures.token = Some(format!("{METRICS_TOKEN}x"));
    said(figures.fetch("/metrics").await, 404);
}
