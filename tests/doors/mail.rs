//! Letters on every bad day of the mail server: each arrives in the end, those that come twice can be told to be one, and nothing else waits for it.

use super::harness::{Browser, Doors, config, open};
use super::line::{Line, Weather, until};
use domain::notify::port::{MailFailure, OutgoingMail};
use domain::world::{SomePerson, World};
use fettle::adapters::email;
use fettle::adapters::email::smtp::Smtp;
use fettle::worker;
use http::Method;
use sandbox::mail::Mail;
use sandbox::{Options, Sandbox};
use serde_json::json;
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use Weather::*;

const BAD: [Weather; 9] = [Refused, Stalled, Frozen, Status(421), Status(554), Page, Noise, Half, Lost];

/// Answers come at once or not at all, so little is enough; but a machine that is busy with other tests takes its time.
const PATIENCE: Duration = Duration::from_secs(1);
/// Nothing that is waited for with it comes about by it.
const ENDLESS: Duration = Duration::from_secs(3_600);

/// A house whose mail server is the sandbox, spoken to by the production adapter over a line that may break.
struct PostOffice {
    doors: Doors,
    sandbox: Sandbox,
    line: Line,
}

impl PostOffice {
    async fn open(db: PgPool, patience: Duration) -> Self {
        let _ = any_spawner::Executor::init_tokio();
        let sandbox = Sandbox::start(Options::default()).await.expect("free ports");
        let line = Line::of_letters(sandbox.smtp).await;
        let smtp = Smtp::with_patience(&format!("smtp://{}", line.address), "Fettle <no-reply@fettle.test>", patience);
        let mut world = World::new(db.clone());
        let mut house = Arc::into_inner(world.another_house(db)).expect("ours alone");
        house.mail = Arc::new(smtp.expect("an address"));
        world.house = Arc::new(house);
        let (state, router) = open(world.house.clone(), config(&[("FETTLE_LIMIT_SENSITIVE", "1000000")]));
        Self { doors: Doors { world, state, router }, sandbox, line }
    }

    fn world(&self) -> &World {
        &self.doors.world
    }

    /// Someone has forgotten their password, and is answered at once.
    async fn is_asked_for(&self, to: &str) {
        let answer = self.doors.browser().post("/forgot-password", &[("email", to)]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    fn arrived(&self, to: &str) -> Vec<Mail> {
        self.sandbox.hub.mails().into_iter().filter(|mail| mail.to.iter().any(|one| one == to)).collect()
    }

    async fn bad_day(&self, weather: Weather) {
        let world = self.world();
        let to = world.email_of(world.a_customer().await).await;
        self.line.set(weather).await;
        self.is_asked_for(&to).await;
        world.run_jobs().await;
        let waiting: Vec<(String, i32)> =
            sqlx::query_as("select kind, attempts from jobs where finished_at is null and dead_at is null and last_error is not null")
                .fetch_all(&world.db)
                .await
                .expect("jobs");
        assert_eq!(waiting, [("notify.send".to_owned(), 1)], "{weather:?}: it is tried again");
        assert_eq!(world.count("select count(*) from mails where status = 'queued'").await, 1, "{weather:?}");

        self.line.set(Fine).await;
        world.pass_minutes(1);
        world.run_jobs().await;
        assert_eq!(world.count("select count(*) from mails where status <> 'sent'").await, 0, "{weather:?}: it has left");
        let arrived = self.arrived(&to);
        // Nobody can know of a letter whether it was taken in when the answer to its last line is missing.
        let most = if matches!(weather, Half | Lost) { 2 } else { 1 };
        assert_eq!(arrived.len(), most, "{weather:?}");
        assert!(arrived.iter().all(|mail| mail.plain.as_deref().is_some_and(|text| text.contains("/reset-password/"))), "{weather:?}");
        let ids: BTreeSet<&str> = arrived.iter().map(message_id).collect();
        assert_eq!(ids.len(), 1, "{weather:?}: whoever gets it twice can tell, {ids:?}");
    }
}

/// By which mail programs know a letter again (RFC 5322 section 3.6.4).
fn message_id(mail: &Mail) -> &str {
    let header = mail.raw.lines().find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("message-id")));
    header.expect("a Message-ID").1.trim()
}

#[sqlx::test(migrations = "./migrations")]
async fn every_letter_arrives_after_a_bad_day(db: PgPool) {
    let office = PostOffice::open(db, PATIENCE).await;
    for weather in BAD {
        office.bad_day(weather).await;
    }
    let all = office.sandbox.hub.mails();
    let ids: BTreeSet<&str> = all.iter().map(message_id).collect();
    assert_eq!(ids.len(), BAD.len(), "two letters never look like one");
    office.doors.close().await;
}

/// What the server says of a letter is final, unlike what it says of us.
#[sqlx::test(migrations = "./migrations")]
async fn a_letter_that_is_refused_is_not_sent_again(db: PgPool) {
    let office = PostOffice::open(db, PATIENCE).await;
    let to = "refused@example.test";
    office.world().an_account(SomePerson { email: Some(to.to_owned()), ..SomePerson::default() }).await;
    office.is_asked_for(to).await;
    office.world().run_jobs().await;
    let kept = "select count(*) from mails where status = 'failed' and failure like '%No such mailbox%'";
    assert_eq!(office.world().count(kept).await, 1);
    assert_eq!(office.world().count("select count(*) from jobs where finished_at is null").await, 0);
    let calls = office.line.calls();
    office.world().pass_hours(2);
    office.world().run_jobs().await;
    assert_eq!(office.line.calls(), calls, "nobody is called about it");
    office.doors.close().await;
}

/// Holds a slot, pays for it, and hears that it is theirs: the booking.
pub async fn book_and_pay(world: &World, guest: &mut Browser, email: &str) -> String {
    let provider = world.a_provider().await;
    let slot = json!({ "service_id": provider.service, "starts_at": "2026-06-10T10:00:00Z" });
    let held = guest.call(Method::POST, "/api/v1/bookings", slot).await.json();
    let id = held["id"].as_str().unwrap_or_else(|| panic!("not held: {held}")).to_owned();
    let contact = json!({ "name": "Gus Guest", "email": email, "phone": "+351 912 345 678" });
    let pay = json!({ "tender": "card", "payment_method": "pm_card_visa", "contact": contact });
    let paid = guest.call(Method::POST, &format!("/api/v1/bookings/{id}/payment"), pay).await;
    assert_eq!(paid.status, 200, "{}", paid.body);
    assert_eq!(guest.fetch(&format!("/api/v1/bookings/{id}")).await.json()["status"], "confirmed");
    id
}

/// What is left of a booking's money is settled.
pub async fn money_is_settled(world: &World) {
    until("the money", async || {
        let left = "select count(*) from jobs where kind like 'payment.%' and finished_at is null";
        let done = "select count(*) from jobs where kind like 'payment.%' and finished_at is not null";
        world.count(left).await == 0 && world.count(done).await > 0
    })
    .await;
}

/// By a worker that does one thing at a time in each of its lanes, while a letter hangs in the air.
#[sqlx::test(migrations = "./migrations")]
async fn nothing_waits_for_the_mail_server_but_letters(db: PgPool) {
    let office = PostOffice::open(db, ENDLESS).await;
    let world = office.world();
    let to = world.email_of(world.a_customer().await).await;
    office.line.set(Stalled).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(worker::run(world.house.clone(), "one".to_owned(), 1, stop.clone()));
    office.is_asked_for(&to).await;
    until("the letter is on its way", async || office.line.calls() == 1).await;
    book_and_pay(world, &mut office.doors.browser(), "gus@example.test").await;
    money_is_settled(world).await;
    let hanging = "select count(*) from jobs where kind = 'notify.send' and finished_at is null and leased_until is not null";
    assert_eq!((world.count(hanging).await, office.line.calls()), (1, 1), "all this while the letter hung");

    office.line.set(Fine).await;
    until("the other letters", async || !office.arrived("gus@example.test").is_empty()).await;
    let put_off = "select count(*) from jobs where kind = 'notify.send' and last_error is not null and leased_until is null";
    until("the letter waits", async || world.count(put_off).await == 1).await;
    world.pass_minutes(1);
    until("the letter arrives", async || !office.arrived(&to).is_empty()).await;
    stop.cancel();
    working.await.expect("no panic");
    assert_eq!(office.arrived(&to).len(), 1);
    office.doors.close().await;
}

/// As the house is configured, without a test's patience: time runs on by itself while all wait.
#[sqlx::test(migrations = "./migrations")]
async fn a_delivery_that_never_ends_is_given_up(db: PgPool) {
    let world = World::new(db);
    let line = Line::of_letters(SocketAddr::from(([127, 0, 0, 1], 1))).await;
    line.set(Stalled).await;
    let url = format!("smtp://{}", line.address);
    let mail = email::from_config(&config(&[("SMTP_URL", &url)])).expect("a mail server");
    let letter = OutgoingMail {
        id: world.new_id(),
        to: "ana@example.test".to_owned(),
        subject: "Hello".to_owned(),
        html: "<p>Hello</p>".to_owned(),
        plain: "Hello".to_owned(),
        calendar: None,
    };
    tokio::time::pause();
    let outcome = tokio::time::timeout(ENDLESS, mail.send(&letter)).await;
    tokio::time::resume();
    assert!(matches!(outcome, Ok(Err(MailFailure::Unavailable(_)))), "{outcome:?}");
}
