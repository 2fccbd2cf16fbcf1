//! People and things of one business and two of its customers, one of whom has no account.

use super::programs::BLOCK;
use crate::harness::{Browser, Doors};
use axum::body::Body;
use domain::ctx::StaffRole;
use domain::id::{AccountId, Id, ReviewId};
use domain::world::{SomePerson as Person, SomeProvider};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Things = BTreeMap<&'static str, String>;

/// A picture of one pixel.
const PNG: &str = "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c636064620600000e0007d76fe478000000\
                   0049454e44ae426082";
pub const FORM_WITH_PHOTO: &str = "multipart/form-data; boundary=----edge";

pub struct Scene {
    /// In the order of [`super::ROLES`].
    people: Vec<Who>,
    /// By the name that parameters and bodies have for them.
    things: Things,
    /// Of these the guest has their own.
    of_guest: Things,
}

enum Who {
    Nobody,
    /// A browser that has booked.
    Guest(Browser),
    Account(AccountId),
}

impl Scene {
    pub async fn of(doors: &Doors) -> Self {
        let world = &doors.world;
        let provider = world.a_provider().await;
        let other = world.a_provider().await;
        let (member, manager) = (world.a_customer().await, world.a_customer().await);
        world.add_member(provider.id, member, StaffRole::Member).await;
        world.add_member(provider.id, manager, StaffRole::Manager).await;
        let party = world.a_customer().await;
        let support = world.an_account(Person { is_support: true, ..Person::default() }).await;
        let mut guest = doors.browser();
        let mut things = BTreeMap::from([
            ("provider", provider.id.to_string()),
            ("service", provider.service.to_string()),
            ("category", provider.category.to_string()),
            ("resource", provider.person.to_string()),
            ("member", member.to_string()),
            ("person", world.a_customer().await.to_string()),
            ("step", "business".to_owned()),
            ("provider_slug", word(doors, "select slug from providers where id = $1", provider.id.as_u128()).await),
            ("category_slug", word(doors, "select slug from categories where id = $1", provider.category.as_u128()).await),
        ]);
        let mut of_guest = Things::new();
        book(doors, &provider, &mut guest, "2026-06-10T14:00:00Z", &mut of_guest).await;
        let mut browser = doors.signed_in(party).await;
        book(doors, &provider, &mut browser, "2026-06-10T10:00:00Z", &mut things).await;
        own(doors, &mut browser, party, &mut things).await;
        furnish(doors, &provider, &mut things).await;
        let accounts = [world.a_customer().await, party, other.owner, member, manager, provider.owner, support, world.an_admin().await];
        let people = [Who::Nobody, Who::Guest(guest)].into_iter().chain(accounts.map(Who::Account)).collect();
        Self { people, things, of_guest }
    }

    /// A browser of this role, signed in anew: some calls end sessions.
    pub async fn browser(&self, doors: &Doors, role: usize) -> Browser {
        match &self.people[role] {
            Who::Nobody => doors.browser(),
            Who::Guest(browser) => browser.clone(),
            Who::Account(account) => doors.signed_in(*account).await,
        }
    }

    pub fn thing(&self, role: usize, name: &str) -> Option<&String> {
        let own = self.of_guest.get(name).filter(|_| matches!(self.people[role], Who::Guest(_)));
        own.or_else(|| self.things.get(name))
    }

    /// Every `{thing}` in a body in its place.
    pub fn fill(&self, role: usize, body: &str, absent: Option<&str>) -> String {
        self.things.keys().fold(body.to_owned(), |body, name| {
            let value = absent.or_else(|| self.thing(role, name).map(String::as_str)).unwrap_or_default();
            body.replace(&format!("{{{name}}}"), value)
        })
    }
}

async fn word(doors: &Doors, sql: &'static str, id: u128) -> String {
    sqlx::query_scalar(sql).bind(uuid::Uuid::from_u128(id)).fetch_one(&doors.world.db).await.expect("a word")
}

/// A paid booking with a photo.
async fn book(doors: &Doors, provider: &SomeProvider, customer: &mut Browser, starts_at: &str, things: &mut Things) {
    let held = made(customer, "/bookings", json!({ "service_id": provider.service, "starts_at": starts_at })).await;
    let id = held["id"].as_str().expect("an id").to_owned();
    let contact = json!({ "name": "Ana Sousa", "email": "ana@example.test", "phone": "+351 912 345 678" });
    let pay = json!({ "tender": "card", "payment_method": "pm_card_visa", "contact": contact });
    let paid = customer.call(Method::POST, &format!("/api/v1/bookings/{id}/payment"), pay).await;
    assert!(paid.status.is_success(), "{}", paid.body);
    let mut body =
        b"------edge\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"sink.png\"\r\nContent-Type: image/png\r\n\r\n".to_vec();
    body.extend(hex::decode(PNG).expect("a picture"));
    body.extend(b"\r\n------edge--\r\n");
    let headers = [("content-type", FORM_WITH_PHOTO), ("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    let added = customer.send(Method::POST, &format!("/bookings/{id}/photos"), &headers, Body::from(body)).await;
    assert!(added.status.is_redirection(), "no photo: {}", added.status);
    let booking: uuid::Uuid = id.parse().expect("an id");
    let photo: uuid::Uuid = sqlx::query_scalar("select id from booking_photos where booking_id = $1")
        .bind(booking)
        .fetch_one(&doors.world.db)
        .await
        .expect("a photo");
    let payment: uuid::Uuid = sqlx::query_scalar("select id from payments where booking_id = $1")
        .bind(booking)
        .fetch_one(&doors.world.db)
        .await
        .expect("a payment");
    things.insert("booking", id);
    things.insert("photo", photo.to_string());
    things.insert("payment", payment.to_string());
}

/// What a customer has for themselves: a published review, a session, a token, a calendar feed.
async fn own(doors: &Doors, browser: &mut Browser, party: AccountId, things: &mut Things) {
    let world = &doors.world;
    let review: ReviewId = world.new_id();
    sqlx::query(
        "insert into reviews (id, booking_id, provider_id, side, author_id, author_name, rating, created_at, published_at, due_at)
         values ($1, $2, $3, 'customer', $4, 'Ana', 5, $5, $5, $5)",
    )
    .bind(uuid::Uuid::from_u128(review.as_u128()))
    .bind(things["booking"].parse::<uuid::Uuid>().expect("an id"))
    .bind(things["provider"].parse::<uuid::Uuid>().expect("an id"))
    .bind(party)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a review");
    things.insert("review", review.to_string());
    things.insert("session", doors.session(party).await.1.to_string());
    let token = made(browser, "/tokens", json!({ "name": "x", "scopes": ["profile:read"], "days": 1 })).await;
    things.insert("token", token["token"]["id"].as_str().expect("an id").to_owned());
    let page = browser.post("/bookings/feed", &[]).await.body;
    let feed = page.split("/feeds/").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    things.insert("feed", feed.to_owned());
}

/// What a team keeps besides.
async fn furnish(doors: &Doors, provider: &SomeProvider, things: &mut Things) {
    let at = |rest: &str| format!("/providers/{}/{rest}", provider.id);
    let block = BLOCK.replace("{resource}", &provider.person.to_string()).replace("06-20", "06-27");
    let calendar = json!({ "resource_id": provider.person, "url": "https://calendar.example/a.ics" });
    let mut owner = doors.signed_in(provider.owner).await;
    for (thing, path, body, id) in [
        ("time_off", at("time-off"), json!({ "from_date": "2026-06-26" }), "id"),
        ("block", at("blocks"), serde_json::from_str(&block).expect("a body"), "id"),
        ("calendar", at("imported-calendars"), calendar, "id"),
        ("invitation", at("team/invitations"), json!({ "email": "someone@example.test", "role": "member" }), "invitation_id"),
    ] {
        let answer = made(&mut owner, &path, body).await;
        things.insert(thing, answer[id].as_str().unwrap_or_else(|| panic!("{path}: {answer}")).to_owned());
    }
}

async fn made(browser: &mut Browser, path: &str, body: Value) -> Value {
    let answer = browser.call(Method::POST, &format!("/api/v1{path}"), body).await;
    assert_eq!(answer.status.as_u16(), 201, "{path}: {}", answer.body);
    answer.json()
}
