//! People and things of one business and two of its customers, one of whom has no account, and what another business has.

use super::ROLES;
use super::programs::BLOCK;
use crate::harness::{Browser, Doors};
use axum::body::Body;
use domain::account::{LinkPurpose, issue_link};
use domain::ctx::StaffRole;
use domain::id::{AccountId, BookingId, Id, InvitationId, JobId, MailId, ProviderId, ResourceId, ReviewId, ServiceId, VisitorId};
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
    /// Of these the other owner has their own.
    of_other: Things,
    provider: SomeProvider,
    other: SomeProvider,
    party: AccountId,
    /// The account of the guest's booking, until somebody claims it.
    unclaimed: AccountId,
    customer: AccountId,
}

/// Bookings of the party at every point of their way, made when a row first asks for them.
const BOOKINGS: [&str; 6] = ["held", "requested", "started", "due", "proposed", "done"];
/// What else is made only then: what the operator mends, and the link to pay by.
const LATER: [&str; 3] = ["job", "mail", "pay_link"];
/// Secrets of letters that are used up by what they open: the party's password, address and new address, the guest's booking, the team.
pub const LINKS: [&str; 5] = ["reset", "confirm", "change", "claim", "invited"];

enum Who {
    Nobody,
    /// A browser that has booked.
    Guest(VisitorId),
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
        let (mut things, mut of_guest, mut of_other) = (Things::new(), Things::new(), Things::new());
        things.extend([
            ("member", member.to_string()),
            ("person", world.a_customer().await.to_string()),
            ("step", "business".to_owned()),
            ("docs_file", "swagger-ui.css".to_owned()),
            ("provider_slug", word(doors, "select slug from providers where id = $1", provider.id.as_u128()).await),
            ("category_slug", word(doors, "select slug from categories where id = $1", provider.category.as_u128()).await),
        ]);
        book(doors, &provider, &mut guest, "2026-06-10T14:00:00Z", &mut of_guest).await;
        add_photo(doors, &mut guest, &mut of_guest).await;
        let mut browser = doors.signed_in(party).await;
        book(doors, &provider, &mut browser, "2026-06-10T10:00:00Z", &mut things).await;
        add_photo(doors, &mut browser, &mut things).await;
        own(doors, &mut browser, party, provider.id, &mut things).await;
        furnish(doors, &provider, &mut things).await;
        furnish(doors, &other, &mut of_other).await;
        let (visitor, unclaimed): (VisitorId, AccountId) = sqlx::query_as("select visitor_id, customer_id from bookings where id = $1")
            .bind(of_guest["booking"].parse::<BookingId>().expect("an id"))
            .fetch_one(&world.db)
            .await
            .expect("a guest");
        let customer = world.a_customer().await;
        let accounts = [customer, party, other.owner, member, manager, provider.owner, support, world.an_admin().await];
        let people = [Who::Nobody, Who::Guest(visitor)].into_iter().chain(accounts.map(Who::Account)).collect();
        Self { people, things, of_guest, of_other, provider, other, party, unclaimed, customer }
    }

    /// Whether it is still to be made.
    pub fn lacks(&self, name: &str) -> bool {
        let is_later = BOOKINGS.contains(&name) || LATER.contains(&name) || LINKS.contains(&name);
        is_later && !self.things.contains_key(name)
    }

    /// Makes those of the things that are still to be made.
    pub async fn bring(&mut self, doors: &Doors, names: &[&'static str]) {
        for name in names.iter().copied() {
            if self.lacks(name) {
                let id = match name {
                    "job" => a_dead_job(doors).await,
                    "mail" => a_refused_mail(doors).await,
                    "pay_link" => self.a_link_to_pay(doors).await,
                    _ if LINKS.contains(&name) => self.a_link(doors, name).await,
                    _ => self.a_booking(doors, name).await,
                };
                self.things.insert(name, id);
            }
        }
        self.bring_others(doors, names).await;
    }

    /// A link that was used opens nothing: whoever comes next has a new one.
    pub async fn bring_again(&mut self, doors: &Doors, names: &[&'static str]) {
        self.things.retain(|name, _| !LINKS.contains(name) || !names.contains(name));
        self.bring(doors, names).await;
    }

    /// What another business and its customer have of the same kind.
    async fn bring_others(&mut self, doors: &Doors, names: &[&'static str]) {
        const OF_A_BOOKING: [&str; 4] = ["booking", "photo", "payment", "review"];
        let is_of_booking = |name: &&str| OF_A_BOOKING.contains(name) || BOOKINGS.contains(name);
        if names.iter().any(is_of_booking) && !self.of_other.contains_key("booking") {
            let customer = doors.world.a_customer().await;
            let mut browser = doors.signed_in(customer).await;
            book(doors, &self.other, &mut browser, "2026-06-10T10:00:00Z", &mut self.of_other).await;
            let review = a_review(doors, &self.of_other["booking"], self.other.id, customer).await;
            self.of_other.insert("review", review);
        }
        if names.contains(&"session") && !self.of_other.contains_key("session") {
            self.of_other.insert("session", doors.session(self.other.owner).await.1.to_string());
        }
        if names.contains(&"token") && !self.of_other.contains_key("token") {
            let token = a_token(&mut doors.signed_in(self.other.owner).await).await;
            self.of_other.insert("token", token);
        }
    }

    /// Who was sent the letter with this link.
    pub fn reader(&self, link: &str) -> AccountId {
        match link {
            "claim" => self.unclaimed,
            "invited" => self.customer,
            _ => self.party,
        }
    }

    /// The secret of a letter. Until the guest has used theirs they have claimed nothing, whoever has before.
    async fn a_link(&self, doors: &Doors, what: &str) -> String {
        let world = &doors.world;
        let purpose = match what {
            "reset" => LinkPurpose::ResetPassword,
            "confirm" => LinkPurpose::ConfirmEmail,
            "change" => LinkPurpose::ChangeEmail,
            "claim" => LinkPurpose::ClaimAccount,
            _ => LinkPurpose::TeamInvitation,
        };
        let account = Some(self.reader(what)).filter(|_| what != "invited");
        let email = match what {
            "change" => format!("moved{}@example.test", world.next()),
            _ => world.email_of(self.reader(what)).await,
        };
        let mut data = json!({ "email": email });
        if what == "claim" {
            sqlx::query("update accounts set is_guest = true, email_confirmed_at = null, password_hash = null where id = $1")
                .bind(self.unclaimed)
                .execute(&world.db)
                .await
                .expect("a guest");
        }
        if what == "invited" {
            data["invitation_id"] = json!(self.an_invitation(doors, &email).await);
        }
        let ctx = world.system();
        let mut tx = ctx.begin().await.expect("begun");
        let secret = issue_link(&mut tx, &ctx, purpose, account, data, 60).await.expect("a link");
        ctx.commit(tx).await.expect("committed");
        secret
    }

    async fn an_invitation(&self, doors: &Doors, email: &str) -> InvitationId {
        let world = &doors.world;
        let id: InvitationId = world.new_id();
        sqlx::query(
            "insert into provider_invitations (id, provider_id, email, role, invited_by, created_at, expires_at)
             values ($1, $2, $3, 'member', $4, $5, $6)",
        )
        .bind(id)
        .bind(self.provider.id)
        .bind(email)
        .bind(self.provider.owner)
        .bind(world.now())
        .bind(world.now().plus_days(1))
        .execute(&world.db)
        .await
        .expect("an invitation");
        id
    }

    /// Of a booking that the team took by phone.
    async fn a_link_to_pay(&self, doors: &Doors) -> String {
        let mut owner = doors.signed_in(self.provider.owner).await;
        let taken = json!({
            "service_id": self.provider.service,
            "starts_at": "2026-06-24T10:00:00Z",
            "customer_name": "Rui",
            "customer_email": "rui@example.test",
            "is_paid_by_link": true,
        });
        let booked = made(&mut owner, "/bookings/by-hand", taken).await;
        booked["pay_url"].as_str().and_then(|url| url.rsplit('/').next()).expect("a link").to_owned()
    }

    /// The party's booking on its way to `what`.
    async fn a_booking(&self, doors: &Doors, what: &str) -> String {
        let world = &doors.world;
        let (day, change) = match what {
            "requested" => (15, None),
            "started" => (16, Some("update bookings set status = 'in_progress', started_at = $2 where id = $1")),
            // it began a little while ago: staff may set out, be late and start, and either may miss the other
            "due" => (
                17,
                Some(
                    "update bookings
                     set during = tstzrange($2::timestamptz - interval '20 minutes', $2::timestamptz + interval '40 minutes')
                     where id = $1",
                ),
            ),
            "proposed" => (19, None),
            "done" => (22, Some("update bookings set status = 'completed', started_at = $2, completed_at = $2 where id = $1")),
            _ => (23, None),
        };
        let service = match what {
            "requested" => self.a_service_by_request(doors, self.provider.person).await,
            _ => self.provider.service,
        };
        let mut customer = doors.signed_in(self.party).await;
        let id = hold(&mut customer, service, &format!("2026-06-{day}T10:00:00Z")).await;
        if what != "held" {
            pay(&mut customer, &id).await;
        }
        if let Some(change) = change {
            let booking: BookingId = id.parse().expect("an id");
            sqlx::query(change).bind(booking).bind(world.now()).execute(&world.db).await.expect("a changed booking");
        }
        if what == "proposed" {
            let to = json!({ "starts_at": "2026-06-19T12:00:00Z" });
            let path = format!("/api/v1/bookings/{id}/reschedule");
            let asked = doors.signed_in(self.provider.owner).await.call(Method::POST, &path, to).await;
            assert!(asked.status.is_success() && asked.json()["proposal"].is_object(), "{}", asked.body);
        }
        id
    }

    /// The team says yes or no to each booking of it.
    async fn a_service_by_request(&self, doors: &Doors, person: ResourceId) -> ServiceId {
        let service = doors.world.a_service(self.provider.id, self.provider.category, &[person]).await;
        doors.world.set("services", service, "needs_approval", "true").await;
        service
    }

    /// More of everything that pages list: bookings with their payments, requests, services, people of the team, reviews, and traces of all that.
    pub async fn grow(&self, doors: &Doors) {
        let world = &doors.world;
        let mut customer = doors.signed_in(self.party).await;
        let mut owner = doors.signed_in(self.provider.owner).await;
        for round in 0..3 {
            let colleague = world.a_customer().await;
            world.add_member(self.provider.id, colleague, StaffRole::Member).await;
            let person = world.a_resource(self.provider.id, "person", Some(colleague)).await;
            world.a_schedule(self.provider.id, Some(person), 9 * 60, 18 * 60).await;
            let service = world.a_service(self.provider.id, self.provider.category, &[person]).await;
            for hour in [9, 11, 13] {
                let id = hold(&mut customer, service, &format!("2026-06-{}T{hour:02}:00:00Z", 10 + round)).await;
                pay(&mut customer, &id).await;
                if hour == 9 {
                    a_review(doors, &id, self.provider.id, self.party).await;
                }
            }
            let by_request = self.a_service_by_request(doors, person).await;
            let id = hold(&mut customer, by_request, &format!("2026-06-{}T15:00:00Z", 15 + round)).await;
            pay(&mut customer, &id).await;
            self.keep_more(&mut owner, person, round).await;
            let another = world.a_provider().await;
            let kept = customer.call(Method::PUT, &format!("/api/v1/favourites/{}", another.id), json!({})).await;
            assert!(kept.status.is_success(), "{}", kept.body);
            world.an_account(Person::default()).await;
        }
    }

    /// What the owner keeps for one more of the team.
    async fn keep_more(&self, owner: &mut Browser, person: ResourceId, round: usize) {
        let at = |rest: &str| format!("/providers/{}/{rest}", self.provider.id);
        let day = 24 + round;
        let calendar = json!({ "resource_id": person, "url": format!("https://calendar.example/{person}.ics") });
        let during = json!({ "starts_at": format!("2026-06-{day}T09:00:00Z"), "ends_at": format!("2026-06-{day}T10:00:00Z") });
        for (path, body) in [
            (at("time-off"), json!({ "resource_id": person, "from_date": format!("2026-07-0{}", round + 1) })),
            (at("blocks"), json!({ "resource_id": person, "during": during })),
            (at("imported-calendars"), calendar),
            (at("team/invitations"), json!({ "email": format!("more{round}@example.test"), "role": "member" })),
        ] {
            made(owner, &path, body).await;
        }
    }

    /// A browser of this role, with a new session: some calls end them.
    pub async fn browser(&self, doors: &Doors, role: usize) -> Browser {
        match &self.people[role] {
            Who::Nobody => doors.browser(),
            Who::Guest(visitor) => doors.visiting(*visitor).await,
            Who::Account(account) => doors.signed_in(*account).await,
        }
    }

    pub fn account(&self, role: usize) -> Option<AccountId> {
        match &self.people[role] {
            Who::Account(account) => Some(*account),
            Who::Nobody | Who::Guest(_) => None,
        }
    }

    pub fn thing(&self, role: usize, name: &str) -> Option<&String> {
        let own = self.of_guest.get(name).filter(|_| matches!(self.people[role], Who::Guest(_)));
        own.or_else(|| self.things.get(name))
    }

    /// What this role has for itself, to be used beside somebody else's.
    pub fn own(&self, role: usize) -> Option<&Things> {
        match ROLES[role] {
            "guest" => Some(&self.of_guest),
            "other owner" => Some(&self.of_other),
            _ => None,
        }
    }

    /// The same thing of somebody to whom this role, which has its own, is a stranger. Any booking will do: who asks is looked at before how it
    /// stands.
    pub fn others(&self, role: usize, name: &str) -> Option<&String> {
        let plain = if BOOKINGS.contains(&name) { "booking" } else { name };
        match ROLES[role] {
            "guest" if self.of_guest.contains_key(name) => self.things.get(name),
            "party" if matches!(name, "session" | "token") => self.of_other.get(name),
            "party" => self.of_guest.get(plain),
            "member" | "manager" | "owner" => self.of_other.get(plain),
            _ => None,
        }
    }

    /// The same thing of those whose scene it is.
    pub fn of_scene(&self, name: &str) -> Option<&String> {
        self.things.get(name)
    }
}

async fn word(doors: &Doors, sql: &'static str, id: u128) -> String {
    sqlx::query_scalar(sql).bind(uuid::Uuid::from_u128(id)).fetch_one(&doors.world.db).await.expect("a word")
}

async fn hold(customer: &mut Browser, service: ServiceId, starts_at: &str) -> String {
    let held = made(customer, "/bookings", json!({ "service_id": service, "starts_at": starts_at })).await;
    held["id"].as_str().expect("an id").to_owned()
}

async fn pay(customer: &mut Browser, id: &str) {
    // whoever claims a booking owns the address from then on, so each guest has another
    let contact = json!({ "name": "Ana Sousa", "email": format!("ana.{id}@example.test"), "phone": "+351 912 345 678" });
    let body = json!({ "tender": "card", "payment_method": "pm_card_visa", "contact": contact });
    let paid = customer.call(Method::POST, &format!("/api/v1/bookings/{id}/payment"), body).await;
    assert!(paid.status.is_success(), "{}", paid.body);
}

/// A paid booking.
async fn book(doors: &Doors, provider: &SomeProvider, customer: &mut Browser, starts_at: &str, things: &mut Things) {
    let id = hold(customer, provider.service, starts_at).await;
    pay(customer, &id).await;
    let payment: uuid::Uuid = sqlx::query_scalar("select id from payments where booking_id = $1")
        .bind(id.parse::<BookingId>().expect("an id"))
        .fetch_one(&doors.world.db)
        .await
        .expect("a payment");
    things.insert("booking", id);
    things.insert("payment", payment.to_string());
}

/// To the booking there is.
async fn add_photo(doors: &Doors, customer: &mut Browser, things: &mut Things) {
    let id = &things["booking"];
    let mut body =
        b"------edge\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"sink.png\"\r\nContent-Type: image/png\r\n\r\n".to_vec();
    body.extend(hex::decode(PNG).expect("a picture"));
    body.extend(b"\r\n------edge--\r\n");
    let headers = [("content-type", FORM_WITH_PHOTO), ("accept", "text/html"), ("sec-fetch-site", "same-origin")];
    let added = customer.send(Method::POST, &format!("/bookings/{id}/photos"), &headers, Body::from(body)).await;
    assert!(added.status.is_redirection(), "no photo: {}", added.status);
    let booking: BookingId = id.parse().expect("an id");
    let photo: uuid::Uuid = sqlx::query_scalar("select id from booking_photos where booking_id = $1")
        .bind(booking)
        .fetch_one(&doors.world.db)
        .await
        .expect("a photo");
    things.insert("photo", photo.to_string());
}

/// What a customer has for themselves: a published review, a session, a token, a calendar feed.
async fn own(doors: &Doors, browser: &mut Browser, party: AccountId, provider: ProviderId, things: &mut Things) {
    let kept = browser.call(Method::PUT, &format!("/api/v1/favourites/{provider}"), json!({})).await;
    assert!(kept.status.is_success(), "{}", kept.body);
    let review = a_review(doors, &things["booking"], provider, party).await;
    things.insert("review", review);
    things.insert("session", doors.session(party).await.1.to_string());
    things.insert("token", a_token(browser).await);
    let page = browser.post("/bookings/feed", &[]).await.body;
    let feed = page.split("/feeds/").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    things.insert("feed", feed.to_owned());
}

async fn a_token(browser: &mut Browser) -> String {
    let token = made(browser, "/tokens", json!({ "name": "x", "scopes": ["profile:read"], "days": 1 })).await;
    token["token"]["id"].as_str().expect("an id").to_owned()
}

/// Published, by the customer of the booking.
async fn a_review(doors: &Doors, booking: &str, provider: ProviderId, author: AccountId) -> String {
    let world = &doors.world;
    let review: ReviewId = world.new_id();
    sqlx::query(
        "insert into reviews (id, booking_id, provider_id, side, author_id, author_name, rating, created_at, published_at, due_at)
         values ($1, $2, $3, 'customer', $4, 'Ana', 5, $5, $5, $5)",
    )
    .bind(review)
    .bind(booking.parse::<BookingId>().expect("an id"))
    .bind(provider)
    .bind(author)
    .bind(world.now())
    .execute(&world.db)
    .await
    .expect("a review");
    review.to_string()
}

/// One that nobody knows how to do: it would be given up at once.
async fn a_dead_job(doors: &Doors) -> String {
    let id: JobId = doors.world.new_id();
    sqlx::query("insert into jobs (id, kind, run_at, created_at, dead_at) values ($1, 'nobody.knows', $2, $2, $2)")
        .bind(id)
        .bind(doors.world.now())
        .execute(&doors.world.db)
        .await
        .expect("a job");
    id.to_string()
}

async fn a_refused_mail(doors: &Doors) -> String {
    let id: MailId = doors.world.new_id();
    sqlx::query(
        "insert into mails (id, cause, template, to_address, subject, html, plain, status, failure, created_at)
         values ($1, $2, 'password_reset', 'someone@example.test', 'A letter', '', '', 'failed', 'refused', $3)",
    )
    .bind(id)
    .bind(format!("test:{id}"))
    .bind(doors.world.now())
    .execute(&doors.world.db)
    .await
    .expect("a letter");
    id.to_string()
}

/// What a business has, and what a team keeps besides.
async fn furnish(doors: &Doors, provider: &SomeProvider, things: &mut Things) {
    things.extend([
        ("provider", provider.id.to_string()),
        ("service", provider.service.to_string()),
        ("category", provider.category.to_string()),
        ("resource", provider.person.to_string()),
        ("room", doors.world.a_resource(provider.id, "room", None).await.to_string()),
    ]);
    let at = |rest: &str| format!("/providers/{}/{rest}", provider.id);
    let block = BLOCK.replace("{resource}", &provider.person.to_string()).replace("06-20", "06-27");
    let calendar = json!({ "resource_id": provider.person, "url": "https://calendar.example/a.ics" });
    let mut owner = doors.signed_in(provider.owner).await;
    for (thing, path, body, id) in [
        ("time_off", at("time-off"), json!({ "from_date": "2026-06-26" }), "id"),
        ("block", at("blocks"), serde_json::from_str(&block).expect("a body"), "id"),
        ("calendar", at("imported-calendars"), calendar, "id"),
        (
            "invitation",
            at("team/invitations"),
            json!({ "email": format!("someone.{}@example.test", provider.id), "role": "member" }),
            "invitation_id",
        ),
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
