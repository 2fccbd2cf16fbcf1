//! How often a page asks the database: a fixed number of times, however much there is to show.

use super::harness::{Browser, Doors};
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

/// Counts the statements that the pool's log tells of, those of this thread.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

/// Whether the event is about a statement that reads or writes; a transaction's frame is free.
#[derive(Default)]
struct Summary(bool);

impl Visit for Summary {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0 |= field.name() == "summary" && !["BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| value.to_uppercase().starts_with(word));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, format!("{value:?}").trim_matches('"'));
    }
}

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut summary = Summary::default();
        event.record(&mut summary);
        self.0.fetch_add(usize::from(summary.0), Ordering::Relaxed);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

async fn questions(browser: &mut Browser, path: &str) -> usize {
    let counter = Counter::default();
    let _listening = tracing::subscriber::set_default(counter.clone());
    let answer = browser.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    counter.0.load(Ordering::Relaxed)
}

enum Who {
    Visitor,
    Owner,
    Admin,
}

#[sqlx::test(migrations = "./migrations")]
async fn pages_ask_no_more_than_they_did(db: PgPool) {
    let doors = Doors::new(db);
    let admin = doors.world.an_admin().await;
    let provider = doors.world.a_provider().await;
    let slug: String = sqlx::query_scalar("select slug from providers").fetch_one(&doors.world.db).await.expect("a provider");
    let (page, desk) = (format!("/p/{slug}"), format!("/desk/{}", provider.id));
    // the page, who looks, and how many questions it may ask once its caches are warm
    let pages: &[(&str, Who, usize)] = &[
        ("/", Who::Visitor, 7),
        ("/search", Who::Visitor, 4),
        ("/search?q=provider&lat=38.72&lng=-9.14&free_on=2026-06-03", Who::Visitor, 6),
        // one question tells that the page that was drawn is still true
        (&page, Who::Visitor, 1),
        (&page, Who::Owner, 15),
        ("/bookings", Who::Owner, 4),
        (&desk, Who::Owner, 11),
        (&format!("{desk}/calendar"), Who::Owner, 16),
        ("/admin/bookings", Who::Admin, 7),
    ];
    let mut problems = Vec::new();
    for round in 0..2 {
        for (path, who, most) in pages {
            let mut browser = match who {
                Who::Visitor => doors.browser(),
                Who::Owner => doors.signed_in(provider.owner).await,
                Who::Admin => doors.signed_in(admin).await,
            };
            questions(&mut browser, path).await;
            let asked = questions(&mut browser, path).await;
            println!("{path}: {asked}");
            if asked > *most {
                problems.push(format!("{path} asks {asked} times, {most} is what it may (round {round})"));
            }
        }
        // more to show costs no more questions
        for _ in 0..5 {
            doors.world.a_provider().await;
        }
        doors.state.house.caches.forget_all();
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    doors.close().await;
}

/// Holding takes as many statements as it did: who asks, how often, and the one that writes.
#[sqlx::test(migrations = "./migrations")]
async fn a_hold_asks_no_more_than_it_did(db: PgPool) {
    let doors = Doors::new(db);
    let provider = doors.world.a_provider().await;
    let mut browser = doors.signed_in(doors.world.a_customer().await).await;
    let mut asked = Vec::new();
    for starts_at in ["2026-06-10T10:00:00Z", "2026-06-10T12:00:00Z"] {
        let counter = Counter::default();
        let _listening = tracing::subscriber::set_default(counter.clone());
        let slot = serde_json::json!({ "service_id": provider.service, "starts_at": starts_at });
        let answer = browser.call(http::Method::POST, "/api/v1/bookings", slot).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        asked.push(counter.0.load(Ordering::Relaxed));
    }
    assert!(asked[1] <= 4, "the second hold of a service asks {} times, 4 is what it may; the first {}", asked[1], asked[0]);
    doors.close().await;
}
