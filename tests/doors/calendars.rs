//! Other people's calendars on every bad day of their hosts: what was busy stays busy, the team reads what happened, the next reading mends it, and
//! nothing else waits for it.

use super::harness::{Browser, Doors, config, open};
use super::line::{Line, Weather, until};
use super::mail::{book_and_pay, money_is_settled};
use super::slow::served;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::IntoResponse;
use axum::routing::get;
use domain::id::CalendarId;
use domain::world::{SomeProvider, World};
use fettle::adapters::calendar::Web;
use fettle::worker;
use futures::{StreamExt, stream};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::io::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Answers come at once or not at all, so little is enough; but a machine that is busy with other tests takes its time.
const PATIENCE: Duration = Duration::from_secs(1);
/// Nothing that is waited for with it comes about by it.
const ENDLESS: Duration = Duration::from_secs(3_600);

const DENTIST: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A host//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260601T000000Z\r\n\
    DTSTART:20260610T120000Z\r\nDTEND:20260610T130000Z\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

async fn leads_to(place: &'static str) -> impl IntoResponse {
    (StatusCode::FOUND, [(header::LOCATION, place)])
}

/// A well-behaved file, and some that are not.
fn host() -> Router {
    let endless = || async { Body::from_stream(stream::repeat_with(|| Ok::<_, Error>(Bytes::from_static(&[b'x'; 65_536])))) };
    let drip = || async {
        let drops = stream::repeat_with(|| Ok::<_, Error>(Bytes::from_static(b"x"))).then(|one| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            one
        });
        Body::from_stream(drops)
    };
    Router::new()
        .route("/fine.ics", get(|| async { DENTIST }))
        .route("/endless.ics", get(endless))
        .route("/drip.ics", get(drip))
        .route("/bytes.ics", get(|| async { Bytes::from_static(b"BEGIN:VCALENDAR\xff\xfe") }))
        .route("/inward.ics", get(|| leads_to("https://10.0.0.1/a.ics")))
        .route("/cloud.ics", get(|| leads_to("http://169.254.169.254/latest/meta-data/")))
        .route("/disk.ics", get(|| leads_to("file:///etc/passwd")))
        .route("/round.ics", get(|| leads_to("/round.ics")))
        .route("/nowhere.ics", get(|| leads_to("https://")))
}

/// A provider whose calendar lies on such a host, read by the production adapter over a line that may break.
struct Scene {
    doors: Doors,
    line: Line,
    provider: SomeProvider,
    owner: Browser,
    calendar: CalendarId,
    _host: DropGuard,
}

impl Scene {
    async fn open(db: PgPool, patience: Duration) -> Self {
        let _ = any_spawner::Executor::init_tokio();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (address, host) = served(host()).await;
        let line = Line::to(address).await;
        let mut world = World::new(db.clone());
        let mut house = Arc::into_inner(world.another_house(db)).expect("ours alone");
        house.calendars = Arc::new(Web::with_patience(true, patience).expect("a client"));
        world.house = Arc::new(house);
        let (state, router) = open(world.house.clone(), config(&[("FETTLE_LIMIT_SENSITIVE", "1000000")]));
        let provider = world.a_provider().await;
        let calendar: CalendarId = world.new_id();
        // Whoever types an address may not give one of ours, so it is not typed.
        sqlx::query("insert into imported_calendars (id, provider_id, resource_id, url, created_at) values ($1, $2, $3, $4, $5)")
            .bind(calendar)
            .bind(provider.id)
            .bind(provider.person)
            .bind(format!("http://{}/fine.ics", line.address))
            .bind(world.now())
            .execute(&world.db)
            .await
            .expect("a calendar");
        let doors = Doors { world, state, router };
        let owner = doors.signed_in(provider.owner).await;
        Self { doors, line, provider, owner, calendar, _host: host }
    }

    fn world(&self) -> &World {
        &self.doors.world
    }

    /// Someone wants it read now, and is answered at once.
    async fn is_asked_for(&mut self) {
        let path = format!("/api/v1/providers/{}/imported-calendars/{}/refresh", self.provider.id, self.calendar);
        assert_eq!(self.owner.call(Method::POST, &path, json!({})).await.status, StatusCode::ACCEPTED);
    }

    /// As the team sees it.
    async fn seen(&mut self) -> Value {
        let path = format!("/api/v1/providers/{}/imported-calendars", self.provider.id);
        self.owner.fetch(&path).await.json()["items"][0].clone()
    }

    async fn is_well(&mut self, when: &str) {
        let seen = self.seen().await;
        assert_eq!((&seen["failure"], &seen["busy_count"]), (&Value::Null, &json!(1)), "{when}");
    }

    /// Read in vain; what the team is told.
    async fn fails(&mut self, when: &str) -> String {
        self.is_asked_for().await;
        self.world().run_jobs().await;
        let seen = self.seen().await;
        assert_eq!(seen["busy_count"], 1, "{when}: what was busy stays busy");
        let sentence = seen["failure"].as_str().unwrap_or_else(|| panic!("{when}: nothing is said")).to_owned();
        assert!(sentence.ends_with('.') && !sentence.contains('\n') && sentence.len() < 200, "{when}: {sentence}");
        sentence
    }

    /// Nobody asks; the house itself tries again.
    async fn is_read_again(&mut self, when: &str) {
        self.world().pass_minutes(16);
        self.world().run_duty("scheduling.refresh_calendars").await;
        self.world().run_jobs().await;
        self.is_well(when).await;
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn a_calendar_is_read_again_after_a_bad_day(db: PgPool) {
    use Weather::*;
    let mut scene = Scene::open(db, PATIENCE).await;
    scene.is_asked_for().await;
    scene.world().run_jobs().await;
    scene.is_well("at first").await;
    for (weather, told) in [
        (Refused, "The calendar did not answer: "),
        (Stalled, "The calendar did not answer: it took too long."),
        (Frozen, "The calendar did not answer: it took too long."),
        (Status(500), "The calendar did not answer: it answered 500."),
        (Status(404), "The calendar did not answer: it answered 404."),
        (Page, "What this address gives is not a calendar file."),
        (Noise, "The calendar did not answer: "),
        (Half, "The calendar did not answer: it took too long."),
        (Lost, "The calendar did not answer: "),
    ] {
        let when = format!("{weather:?}");
        scene.line.set(weather).await;
        let sentence = scene.fails(&when).await;
        assert!(sentence.starts_with(told), "{when}: {sentence}");
        scene.line.set(Fine).await;
        scene.is_read_again(&when).await;
    }
    scene.doors.close().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_host_that_means_harm_gets_nothing_for_it(db: PgPool) {
    let mut scene = Scene::open(db, PATIENCE).await;
    scene.is_asked_for().await;
    scene.world().run_jobs().await;
    let base = format!("http://{}", scene.line.address);
    for (file, told) in [
        ("endless.ics", "The address may not be read: it is larger than 2 MiB."),
        ("drip.ics", "The calendar did not answer: it took too long."),
        ("bytes.ics", "The address may not be read: it is not text."),
        ("inward.ics", "The address may not be read: it points into a private network."),
        ("cloud.ics", "The address may not be read: it points into a private network."),
        ("disk.ics", "The address may not be read: it must begin with https://."),
        ("round.ics", "The calendar did not answer: it redirects too often."),
        ("nowhere.ics", "The calendar did not answer: it redirects nowhere."),
    ] {
        let calendar = scene.calendar;
        scene.world().set("imported_calendars", calendar, "url", &format!("'{base}/{file}'")).await;
        assert_eq!(scene.fails(file).await, told, "{file}");
    }
    let calendar = scene.calendar;
    scene.world().set("imported_calendars", calendar, "url", &format!("'{base}/fine.ics'")).await;
    scene.is_read_again("at last").await;
    scene.doors.close().await;
}

/// By a worker that does one thing at a time in each of its lanes, while a calendar does not answer.
#[sqlx::test(migrations = "./migrations")]
async fn nothing_waits_for_a_calendar(db: PgPool) {
    let mut scene = Scene::open(db, ENDLESS).await;
    scene.line.set(Weather::Stalled).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(worker::run(scene.world().house.clone(), "one".to_owned(), 1, stop.clone()));
    scene.is_asked_for().await;
    until("the calendar is asked", async || scene.line.calls() == 1).await;
    book_and_pay(scene.world(), &mut scene.doors.browser(), "gus@example.test").await;
    money_is_settled(scene.world()).await;
    until("a letter", async || !scene.world().mails.to("gus@example.test").is_empty()).await;
    let hanging = "select count(*) from jobs where kind = 'scheduling.import_calendar' and leased_until is not null";
    assert_eq!(scene.world().count(hanging).await, 1, "all this while the calendar hung");

    scene.line.set(Weather::Fine).await;
    until("the calendar is given up", async || scene.world().count(hanging).await == 0).await;
    assert!(scene.seen().await["failure"].is_string());
    stop.cancel();
    working.await.expect("no panic");
    scene.is_read_again("after it").await;
    scene.doors.close().await;
}
