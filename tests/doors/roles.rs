//! Call by call: each role × what is there and what is not. A call without a row fails, and so does a row without a call.

use super::harness::{Answer, Doors};
use super::routes::{Route, all, filled};
use axum::body::Body;
use domain::booking;
use domain::booking::model::{CheckoutDetails, HoldSlot};
use domain::booking::settlement::{self, Pay};
use domain::ctx::StaffRole;
use domain::id::{AccountId, Id, ReviewId};
use domain::world::{SomePerson as Person, SomeProvider};
use http::Method;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};

/// One letter a role in this order: **i**n, **a**sked to sign in (401), **s**hut (403), **n**othing there (404).
/// Of what is absent everyone signed in is told 404, unless the room is shut to them as a whole.
const ROLES: [&str; 9] = ["visitor", "customer", "party", "other owner", "member", "manager", "owner", "support", "admin"];

const EVERYONE: &str = "iiiiiiiii";
const SIGNED_IN: &str = "aiiiiiiii";
const ADMIN: &str = "asssssssi";
/// The team; support and admins look on.
const SEEN_BY_TEAM: &str = "annniiiii";
const TEAM: &str = "annniiinn";
const MANAGERS: &str = "annnsiinn";
const OWNER: &str = "annnssinn";
/// The two sides; support and admins look on.
const SEEN_BY_PARTIES: &str = "nniniiiii";
/// Both sides and admins act; support may only look.
const PARTIES: &str = "nniniiisi";
const STAFF_SIDE: &str = "ansniiisi";
const TOLD: &str = "aniniiisi";

/// Method, address below `/api/v1`, who, and a body that is in order.
type Row = (&'static str, &'static str, &'static str, &'static str);

const PROFILE: &str = r#"{"name": "Brook & Sons", "zone": "Europe/Lisbon", "currency": "EUR", "country": "PT"}"#;
const SERVICE: &str = r#"{"name": "Tap", "category_id": "{category}", "mode": "at_provider", "duration_min": 60, "price_minor": 5000, "assignment": "first_free", "people": [{"resource_id": "{resource}"}]}"#;
const REASON: &str = r#"{"reason": "Papers have run out"}"#;
const BLOCK: &str = r#"{"resource_id": "{resource}", "during": {"starts_at": "2026-06-20T09:00:00Z", "ends_at": "2026-06-20T10:00:00Z"}}"#;

const ROWS: &[Row] = &[
    ("GET", "/admin/audit", ADMIN, ""),
    ("GET", "/admin/bookings", ADMIN, ""),
    ("GET", "/admin/categories", ADMIN, ""),
    ("POST", "/admin/categories", ADMIN, r#"{"name": "Bees", "slug": "bees", "icon": "flower", "tone": 1}"#),
    ("POST", "/admin/jobs/{id}/retry", "asssssssn", ""),
    ("POST", "/admin/mails/{id}/retry", "asssssssn", ""),
    ("GET", "/admin/overview", ADMIN, ""),
    ("GET", "/admin/payments", ADMIN, ""),
    ("GET", "/admin/payments/{id}", ADMIN, ""),
    ("GET", "/admin/payments/{id}/refund?amount_minor=1", ADMIN, ""),
    ("GET", "/admin/people", ADMIN, ""),
    ("GET", "/admin/people/{id}", ADMIN, ""),
    ("POST", "/admin/people/{id}/reinstatement", ADMIN, REASON),
    ("POST", "/admin/people/{id}/suspension", ADMIN, REASON),
    ("GET", "/admin/providers", ADMIN, ""),
    ("POST", "/admin/providers/{id}/approval", ADMIN, r#"{"is_approved": true}"#),
    ("POST", "/admin/providers/{id}/reinstatement", ADMIN, REASON),
    ("POST", "/admin/providers/{id}/suspension", ADMIN, REASON),
    ("GET", "/admin/settings", ADMIN, ""),
    ("PATCH", "/admin/settings", ADMIN, r#"{"hold_min": 20}"#),
    ("GET", "/admin/system", ADMIN, ""),
    ("POST", "/auth/claim", EVERYONE, r#"{"secret": "x"}"#),
    ("POST", "/auth/email/change", SIGNED_IN, r#"{"email": "new@example.test", "password": "not-this-one"}"#),
    ("POST", "/auth/email/change/confirm", EVERYONE, r#"{"secret": "x"}"#),
    ("POST", "/auth/email/confirm", EVERYONE, r#"{"secret": "x"}"#),
    ("POST", "/auth/email/confirmation", SIGNED_IN, ""),
    ("POST", "/auth/password", SIGNED_IN, r#"{"current": "not-this-one", "password": "kettle-moss-49"}"#),
    ("POST", "/auth/password-reset", EVERYONE, r#"{"email": "new@example.test"}"#),
    ("POST", "/auth/password-reset/confirm", EVERYONE, r#"{"secret": "x", "password": "kettle-moss-49"}"#),
    ("POST", "/auth/register", EVERYONE, r#"{"email": "x", "password": "short", "name": "Ada"}"#),
    ("POST", "/auth/sign-in", EVERYONE, r#"{"email": "new@example.test", "password": "not-this-one"}"#),
    ("POST", "/auth/sign-out", EVERYONE, ""),
    ("POST", "/auth/sign-out-everywhere", SIGNED_IN, ""),
    ("PUT", "/blocks/{id}", MANAGERS, BLOCK),
    ("DELETE", "/blocks/{id}", MANAGERS, ""),
    ("GET", "/bookings", EVERYONE, ""),
    ("POST", "/bookings", EVERYONE, r#"{"service_id": "{service}", "starts_at": "2026-06-12T10:00:00Z"}"#),
    ("POST", "/bookings/by-hand", TEAM, r#"{"service_id": "{service}", "starts_at": "2026-06-13T10:00:00Z", "customer_name": "Rui"}"#),
    ("GET", "/bookings/{id}", SEEN_BY_PARTIES, ""),
    // To the customer an answered request is only told.
    ("POST", "/bookings/{id}/approval", TOLD, ""),
    ("GET", "/bookings/{id}/calendar.ics", SEEN_BY_PARTIES, ""),
    ("GET", "/bookings/{id}/cancellation", SEEN_BY_PARTIES, ""),
    ("POST", "/bookings/{id}/cancellation", PARTIES, "{}"),
    ("POST", "/bookings/{id}/completion", TOLD, ""),
    ("POST", "/bookings/{id}/decline", TOLD, "{}"),
    ("POST", "/bookings/{id}/delay", STAFF_SIDE, r#"{"minutes": 10}"#),
    ("DELETE", "/bookings/{id}/hold", PARTIES, ""),
    ("POST", "/bookings/{id}/no-show", PARTIES, "{}"),
    ("POST", "/bookings/{id}/on-the-way", STAFF_SIDE, ""),
    ("GET", "/bookings/{id}/payment", SEEN_BY_PARTIES, ""),
    ("POST", "/bookings/{id}/payment", "nninsssss", r#"{"tender": "card"}"#),
    ("GET", "/bookings/{id}/reschedule?starts_at=2026-06-11T10:00:00Z", SEEN_BY_PARTIES, ""),
    ("POST", "/bookings/{id}/reschedule", PARTIES, r#"{"starts_at": "2026-06-11T10:00:00Z"}"#),
    ("POST", "/bookings/{id}/reschedule/answer", PARTIES, r#"{"answer": "accept"}"#),
    ("GET", "/bookings/{id}/review", "anin iiinn", ""),
    ("POST", "/bookings/{id}/review", "anin iiinn", r#"{"rating": 5}"#),
    ("POST", "/bookings/{id}/start", STAFF_SIDE, ""),
    ("GET", "/bookings/{id}/timeline", SEEN_BY_PARTIES, ""),
    ("GET", "/categories", EVERYONE, ""),
    ("GET", "/favourites", SIGNED_IN, ""),
    ("PUT", "/favourites/{provider_id}", SIGNED_IN, ""),
    ("DELETE", "/favourites/{provider_id}", SIGNED_IN, ""),
    ("GET", "/me", SIGNED_IN, ""),
    ("PATCH", "/me", SIGNED_IN, r#"{"name": "Ada Lovelace"}"#),
    ("GET", "/payments", SIGNED_IN, ""),
    ("GET", "/payments/{id}", "anin nnnii", ""),
    ("POST", "/payments/{id}/refunds", ADMIN, r#"{"amount_minor": 100, "reason": "A leak came back"}"#),
    ("POST", "/provider-applications", SIGNED_IN, PROFILE),
    ("POST", "/provider-applications/{id}/submission", OWNER, ""),
    ("GET", "/providers/{id}", EVERYONE, ""),
    ("GET", "/providers/{id}/availability?service_id={service}&from=2026-06-10&to=2026-06-11", EVERYONE, ""),
    ("GET", "/providers/{id}/availability/explain?service_id={service}&at=2026-06-10T10:00:00Z", EVERYONE, ""),
    ("POST", "/providers/{id}/blocks", MANAGERS, BLOCK),
    ("GET", "/providers/{id}/earnings", "annnsiini", ""),
    ("GET", "/providers/{id}/imported-calendars", SEEN_BY_TEAM, ""),
    ("POST", "/providers/{id}/imported-calendars", MANAGERS, r#"{"resource_id": "{resource}", "url": "https://calendar.example/b.ics"}"#),
    ("DELETE", "/providers/{id}/imported-calendars/{calendar_id}", MANAGERS, ""),
    ("POST", "/providers/{id}/imported-calendars/{calendar_id}/refresh", MANAGERS, ""),
    ("GET", "/providers/{id}/resources", SEEN_BY_TEAM, ""),
    ("POST", "/providers/{id}/resources", MANAGERS, r#"{"kind": "room", "name": "Back room"}"#),
    ("PUT", "/providers/{id}/resources/{resource_id}", MANAGERS, r#"{"kind": "person", "name": "Rita"}"#),
    ("DELETE", "/providers/{id}/resources/{resource_id}", MANAGERS, ""),
    ("GET", "/providers/{id}/reviews", EVERYONE, ""),
    ("PUT", "/providers/{id}/schedule-overrides", MANAGERS, r#"{"date": "2026-06-18", "ranges": []}"#),
    ("DELETE", "/providers/{id}/schedule-overrides?date=2026-06-18", MANAGERS, ""),
    ("GET", "/providers/{id}/schedules", SEEN_BY_TEAM, ""),
    ("PUT", "/providers/{id}/schedules", MANAGERS, r#"{"hours": [{"weekday": 1, "from_min": 540, "to_min": 1080}]}"#),
    ("DELETE", "/providers/{id}/schedules/{resource_id}", MANAGERS, ""),
    ("GET", "/providers/{id}/services", EVERYONE, ""),
    ("POST", "/providers/{id}/services", OWNER, SERVICE),
    ("GET", "/providers/{id}/settings", TEAM, ""),
    (
        "PATCH",
        "/providers/{id}/settings",
        OWNER,
        r#"{"policy": {"horizon_days": 60, "min_notice_min": 60, "slot_step_min": 30, "hold_min": 15, "cancel_tiers": [{"before_min": 0, "refund_bp": 5000}]}}"#,
    ),
    ("GET", "/providers/{id}/team", SEEN_BY_TEAM, ""),
    ("POST", "/providers/{id}/team/invitations", OWNER, r#"{"email": "new@example.test", "role": "member"}"#),
    ("DELETE", "/providers/{id}/team/invitations/{invitation_id}", OWNER, ""),
    ("PUT", "/providers/{id}/team/members/{account_id}", OWNER, r#"{"role": "manager"}"#),
    // The one in the row is the member, who may leave.
    ("DELETE", "/providers/{id}/team/members/{account_id}", "annnisinn", ""),
    ("GET", "/providers/{id}/time-off", SEEN_BY_TEAM, ""),
    ("POST", "/providers/{id}/time-off", MANAGERS, r#"{"from_date": "2026-06-25"}"#),
    ("DELETE", "/providers/{id}/time-off/{time_off_id}", MANAGERS, ""),
    ("POST", "/reviews/{id}/reply", MANAGERS, r#"{"reply": "Thank you"}"#),
    ("GET", "/search", EVERYONE, ""),
    ("DELETE", "/services/{id}", MANAGERS, ""),
    ("PUT", "/services/{id}", OWNER, SERVICE),
    ("GET", "/sessions", SIGNED_IN, ""),
    ("DELETE", "/sessions/{id}", "aninnnnnn", ""),
    ("GET", "/tokens", SIGNED_IN, ""),
    ("POST", "/tokens", SIGNED_IN, r#"{"name": "script", "scopes": ["profile:read"], "days": 1}"#),
    ("DELETE", "/tokens/{id}", "aninnnnnn", ""),
];

/// What is not a question of who one is: the socket, and what has a signature.
const ELSEWHERE: [&str; 2] = ["/api/v1/live", "/api/v1/webhooks/stripe"];

fn route_of(row: &Row) -> Route {
    let path = row.1.split('?').next().unwrap_or_default();
    Route {
        method: ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|m| *m == row.0).expect("a method"),
        path: format!("/api/v1{path}"),
    }
}

#[test]
fn every_call_has_a_row_and_every_row_a_call() {
    let calls: BTreeSet<Route> =
        all().into_iter().filter(|route| route.path.starts_with("/api/v1/") && !ELSEWHERE.contains(&route.path.as_str())).collect();
    let rows: BTreeSet<Route> = ROWS.iter().map(route_of).collect();
    assert_eq!(calls.difference(&rows).collect::<Vec<_>>(), Vec::<&Route>::new(), "say in tests/doors/roles.rs who may");
    assert_eq!(rows.difference(&calls).collect::<Vec<_>>(), Vec::<&Route>::new(), "these are gone");
    assert_eq!(rows.len(), ROWS.len(), "one row a call");
}

/// People and things of one business and one of its customers.
struct Scene {
    people: [Option<AccountId>; 9],
    /// By the name that parameters and bodies have for them.
    things: BTreeMap<&'static str, String>,
}

async fn scene(doors: &Doors) -> Scene {
    let world = &doors.world;
    let provider = world.a_provider().await;
    let other = world.a_provider().await;
    let (member, manager) = (world.a_customer().await, world.a_customer().await);
    world.add_member(provider.id, member, StaffRole::Member).await;
    world.add_member(provider.id, manager, StaffRole::Manager).await;
    let party = world.a_customer().await;
    let support = world.an_account(Person { is_support: true, ..Person::default() }).await;
    let people = [
        None,
        Some(world.a_customer().await),
        Some(party),
        Some(other.owner),
        Some(member),
        Some(manager),
        Some(provider.owner),
        Some(support),
        Some(world.an_admin().await),
    ];
    let mut things = BTreeMap::from([
        ("provider", provider.id.to_string()),
        ("provider_id", provider.id.to_string()),
        ("service", provider.service.to_string()),
        ("category", provider.category.to_string()),
        ("resource", provider.person.to_string()),
        ("resource_id", provider.person.to_string()),
        ("account_id", member.to_string()),
        ("person", world.a_customer().await.to_string()),
    ]);
    book(doors, &provider, party, &mut things).await;
    furnish(doors, &provider, &mut things).await;
    Scene { people, things }
}

/// A paid booking with a published review, and what its customer has for themselves.
async fn book(doors: &Doors, provider: &SomeProvider, party: AccountId, things: &mut BTreeMap<&'static str, String>) {
    let world = &doors.world;
    let ctx = world.ctx_as(party).await;
    let slot = HoldSlot {
        service_id: provider.service,
        starts_at: "2026-06-10T10:00:00Z".parse().expect("an instant"),
        resource_id: None,
        add_ons: Vec::new(),
        notes: String::new(),
        address: None,
    };
    let booking = booking::hold(&ctx, slot).await.expect("held").id;
    let details = CheckoutDetails {
        name: "Ana Sousa".into(),
        email: "ana@example.test".into(),
        phone: "+351 912 345 678".into(),
        ..CheckoutDetails::default()
    };
    booking::check_out(&ctx, booking, details).await.expect("details saved");
    let how = Pay { is_hosted: false, payment_method: Some("pm_card_visa".into()) };
    let payment = settlement::pay(&ctx, booking, how).await.expect("paid");
    let review: ReviewId = world.new_id();
    sqlx::query(
        "insert into reviews (id, booking_id, provider_id, side, author_id, author_name, rating, created_at, published_at, due_at)
         values ($1, $2, $3, 'customer', $4, 'Ana', 5, $5, $5, $5)",
    )
    .bind(uuid::Uuid::from_u128(review.as_u128()))
    .bind(booking)
    .bind(provider.id)
    .bind(party)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a review");
    things.insert("booking", booking.to_string());
    things.insert("payment", payment.id.to_string());
    things.insert("review", review.to_string());
    things.insert("session", doors.session(party).await.1.to_string());
    let made = made(doors, party, "/tokens", r#"{"name": "x", "scopes": ["profile:read"], "days": 1}"#).await;
    things.insert("token", made["token"]["id"].as_str().expect("an id").to_owned());
}

/// What a team keeps besides.
async fn furnish(doors: &Doors, provider: &SomeProvider, things: &mut BTreeMap<&'static str, String>) {
    let at = |rest: &str| format!("/providers/{}/{rest}", provider.id);
    let calendar = format!(r#"{{"resource_id": "{}", "url": "https://calendar.example/a.ics"}}"#, provider.person);
    let block = BLOCK.replace("{resource}", &provider.person.to_string()).replace("06-20", "06-27");
    for (thing, path, body, id) in [
        ("time_off_id", at("time-off"), r#"{"from_date": "2026-06-26"}"#.to_owned(), "id"),
        ("block", at("blocks"), block, "id"),
        ("calendar_id", at("imported-calendars"), calendar, "id"),
        ("invitation_id", at("team/invitations"), r#"{"email": "someone@example.test", "role": "member"}"#.to_owned(), "invitation_id"),
    ] {
        let answer = made(doors, provider.owner, &path, &body).await;
        things.insert(thing, answer[id].as_str().unwrap_or_else(|| panic!("{path}: {answer}")).to_owned());
    }
}

async fn made(doors: &Doors, who: AccountId, path: &str, body: &str) -> serde_json::Value {
    let mut browser = doors.signed_in(who).await;
    let body = serde_json::from_str(body).expect("a body");
    let answer = browser.call(Method::POST, &format!("/api/v1{path}"), body).await;
    assert_eq!(answer.status.as_u16(), 201, "{path}: {}", answer.body);
    answer.json()
}

/// Whose id `{id}` is.
fn thing(path: &str, name: &str) -> &'static str {
    const BY_PATH: &[(&str, &str)] = &[
        ("/admin/payments", "payment"),
        ("/admin/people", "person"),
        ("/admin/providers", "provider"),
        ("/admin/", "absent"),
        ("/blocks", "block"),
        ("/bookings", "booking"),
        ("/payments", "payment"),
        ("/provider", "provider"),
        ("/reviews", "review"),
        ("/services", "service"),
        ("/sessions", "session"),
        ("/tokens", "token"),
    ];
    const BY_NAME: &[&str] =
        &["provider_id", "resource_id", "account_id", "invitation_id", "time_off_id", "calendar_id", "service", "resource", "category"];
    match BY_NAME.iter().find(|known| **known == name) {
        Some(known) => known,
        None => BY_PATH.iter().find(|(start, _)| path.starts_with(start)).map_or("absent", |(_, thing)| thing),
    }
}

const ABSENT: &str = "0193a1c2-7f00-7abc-8def-0123456789ab";

async fn ask(doors: &Doors, row: &Row, scene: &Scene, role: usize, is_absent: bool) -> Answer {
    let mut browser = match scene.people[role] {
        Some(account) => doors.signed_in(account).await,
        None => doors.browser(),
    };
    // Of an absent thing in a present house the last one is meant.
    let last = row.1.split('?').next().unwrap_or_default().rmatch_indices('{').next().map(|(at, _)| at);
    let value = |name: &str| scene.things.get(thing(row.1, name)).cloned().unwrap_or_else(|| ABSENT.to_owned());
    let path = match last.filter(|_| is_absent) {
        Some(at) => {
            let (before, after) = row.1.split_at(at);
            let after = after.split_once('}').map_or("", |(_, rest)| rest);
            format!("{}{ABSENT}{}", filled(before, value), filled(after, value))
        }
        None => filled(row.1, value),
    };
    let body = scene.things.iter().fold(row.3.to_owned(), |body, (name, id)| body.replace(&format!("{{{name}}}"), id));
    let kind: &[(&str, &str)] = if row.0 == "GET" { &[] } else { &[("content-type", "application/json")] };
    browser.send(row.0.parse().expect("a method"), &format!("/api/v1{path}"), kind, Body::from(body)).await
}

fn letter(answer: &Answer) -> char {
    match answer.status.as_u16() {
        401 => 'a',
        403 => 's',
        404 => 'n',
        500.. => '!',
        _ => 'i',
    }
}

/// What is said of the absent.
fn of_absent(row: &Row, letter: char, role: &str) -> char {
    // Members keep their own calendars, so there they are told that nothing is there; the rest is shut to them.
    let is_part_of_a_house = row.1.contains("/resources/{") || (row.1.contains("/team/") && row.1.matches('{').count() > 1);
    let is_shut_as_a_whole = row.1.starts_with("/admin/") || row.1.ends_with("/refunds") || is_part_of_a_house;
    match letter {
        // A member may take out only themselves.
        'i' | 's' if row.0 == "DELETE" && row.1.contains("/members/") && role != "owner" => 's',
        // Forgetting what was never there is no mistake.
        'i' if row.0 == "DELETE" && row.1.starts_with("/favourites") => 'i',
        's' if is_shut_as_a_whole => 's',
        'i' | 's' => 'n',
        other => other,
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn every_role_meets_what_its_cell_says(db: PgPool) {
    let doors = Doors::new(db);
    let mut wrong = Vec::new();
    let mut here = scene(&doors).await;
    for row in ROWS {
        let wanted: Vec<char> = row.2.chars().filter(|c| *c != ' ').collect();
        assert_eq!(wanted.len(), ROLES.len(), "{} {}", row.0, row.1);
        let (mut present, mut absent) = (String::new(), String::new());
        for (role, wanted) in wanted.iter().enumerate() {
            if row.1.contains('{') && row.1.split('?').next().is_some_and(|path| path.contains('{')) {
                let answer = ask(&doors, row, &here, role, true).await;
                absent.push(letter(&answer));
                if letter(&answer) != of_absent(row, *wanted, ROLES[role]) {
                    wrong.push(format!("{} {} {} absent: {} {}", ROLES[role], row.0, row.1, answer.status, answer.body));
                }
            }
            let answer = ask(&doors, row, &here, role, false).await;
            present.push(letter(&answer));
            // Whoever got in may have changed what the next one finds.
            if row.0 != "GET" && row.1.contains('{') && letter(&answer) == 'i' {
                here = scene(&doors).await;
            }
            if letter(&answer) != *wanted {
                wrong.push(format!("{} {} {}: {} instead of {wanted}: {}", ROLES[role], row.0, row.1, answer.status, answer.body));
            }
        }
        if !absent.is_empty() || !present.is_empty() {
            println!("{:<6} {:<60} {present} {absent}", row.0, row.1);
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}
