//! How often a page asks the database: a fixed number of times, however much there is to show.

use super::harness::{Browser, Doors, hear};
use super::roles::{Scene, address_of, looked_at, role};
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

/// Of the page, for someone: how often it asks once its caches are warm. Whoever adds a page finds the whole table, corrected, in what the
/// test below says.
const NUMBERS: &[(&str, &str, usize)] = &[
    ("/", "visitor", 8),
    ("/", "owner", 10),
    ("/search", "visitor", 4),
    ("/search", "owner", 6),
    ("/search?q=service&place=Baixa&free_on=2026-06-12", "visitor", 8),
    ("/c/{slug}", "owner", 2),
    ("/p/{slug}", "visitor", 1),
    ("/p/{slug}", "owner", 15),
    ("/p/{slug}/qr.svg", "owner", 4),
    ("/p/{slug}/why", "owner", 10),
    ("/robots.txt", "owner", 0),
    ("/sitemap.xml", "owner", 3),
    ("/help", "owner", 2),
    ("/help/cancelling", "owner", 2),
    ("/terms", "owner", 2),
    ("/privacy", "owner", 2),
    ("/offline", "owner", 2),
    ("/offer-your-services", "owner", 4),
    ("/healthz", "owner", 0),
    ("/readyz", "owner", 2),
    ("/sign-in", "owner", 2),
    ("/register", "owner", 2),
    ("/forgot-password", "owner", 2),
    ("/reset-password/{secret}", "owner", 4),
    ("/reset-password/{secret=reset}", "owner", 3),
    ("/confirm-email/{secret}", "owner", 4),
    ("/confirm-email/{secret=confirm}", "owner", 3),
    ("/change-email/{secret}", "owner", 4),
    ("/change-email/{secret=change}", "owner", 3),
    ("/claim/{secret}", "owner", 4),
    ("/claim/{secret=claim}", "owner", 5),
    ("/invitations/{secret}", "owner", 4),
    ("/invitations/{secret=invited}", "customer", 4),
    ("/settings", "owner", 4),
    ("/settings/security", "owner", 5),
    ("/settings/sessions", "owner", 3),
    ("/settings/tokens", "owner", 3),
    ("/favourites", "party", 6),
    ("/receipts", "party", 4),
    ("/checkout/{id}", "party", 6),
    ("/checkout/{id=held}", "party", 7),
    ("/checkout/{id}/return", "party", 8),
    ("/pay/{secret}", "owner", 2),
    ("/pay/{secret=pay_link}", "owner", 2),
    ("/bookings", "party", 4),
    ("/feeds/{secret}/calendar.ics", "owner", 4),
    ("/bookings/{id}", "party", 10),
    ("/bookings/{id}", "owner", 8),
    ("/bookings/{id}/confirmed", "party", 3),
    ("/bookings/{id}/cancel", "party", 6),
    ("/bookings/{id}/reschedule?starts_at=2026-06-11T10:00:00Z", "party", 6),
    ("/bookings/{id}/calendar.ics", "party", 3),
    ("/bookings/{id}/receipt", "party", 5),
    ("/bookings/{id=due}/no-show", "party", 6),
    ("/bookings/{id}/photos/{photo}", "party", 4),
    ("/bookings/{id=done}/review", "party", 4),
    ("/offer-your-services/apply", "owner", 3),
    ("/offer-your-services/apply/{provider}/{step}", "owner", 5),
    ("/desk/{provider}", "owner", 11),
    ("/desk/{provider}/requests", "owner", 10),
    ("/desk/{provider}/calendar", "owner", 16),
    ("/desk/{provider}/bookings/new", "owner", 13),
    ("/desk/{provider}/blocks/new", "owner", 7),
    ("/desk/{provider}/blocks/{block}", "owner", 8),
    ("/desk/{provider}/services", "owner", 10),
    ("/desk/{provider}/services/new", "owner", 6),
    ("/desk/{provider}/services/{service}", "owner", 12),
    ("/desk/{provider}/team", "owner", 7),
    ("/desk/{provider}/settings", "owner", 5),
    ("/desk/{provider}/availability", "owner", 16),
    ("/desk/{provider}/reviews", "owner", 7),
    ("/desk/{id}/money", "owner", 8),
    ("/admin", "admin", 13),
    ("/admin/bookings", "admin", 7),
    ("/admin/bookings.csv", "admin", 5),
    ("/admin/people", "admin", 5),
    ("/admin/people.csv", "admin", 3),
    ("/admin/people/{id}", "admin", 11),
    ("/admin/providers", "admin", 6),
    ("/admin/providers/{id}", "admin", 14),
    ("/admin/payments", "admin", 6),
    ("/admin/payments.csv", "admin", 4),
    ("/admin/payments/{id}", "admin", 10),
    ("/admin/categories", "admin", 4),
    ("/admin/settings", "admin", 3),
    ("/admin/audit", "admin", 6),
    ("/admin/audit.csv", "admin", 4),
    ("/admin/system", "admin", 12),
];

/// These two concern nobody in particular, and know their answer.
const ASKS_NOTHING: [&str; 2] = ["/healthz", "/robots.txt"];

/// Who looks, where the table does not say.
const USUALLY: [&str; 4] = ["owner", "party", "admin", "visitor"];

async fn questions(browser: &mut Browser, path: &str) -> usize {
    let counter = Counter::default();
    let _listening = hear(counter.clone());
    let answer = browser.get(path).await;
    // the links of letters are over
    let is_answered = answer.status.is_success() || answer.status.is_redirection() || answer.status == 410;
    assert!(is_answered, "{path}: {} {}", answer.status, answer.body);
    counter.0.load(Ordering::Relaxed)
}

/// The page alone, whatever it is asked for.
fn bare(address: &str) -> &str {
    address.split('?').next().unwrap_or_default()
}

/// Each page that somebody may look at, and whoever does; and what the table knows that is not there.
fn lookers() -> (Vec<(&'static str, &'static str)>, Vec<String>) {
    let pages = looked_at();
    let mut found = Vec::new();
    let is_there = |path: &str, who: &str| pages.iter().any(|(page, roles)| bare(page) == bare(path) && roles.contains(&who));
    let mut gone = Vec::new();
    for &(path, who, _) in NUMBERS {
        if is_there(path, who) {
            found.push((path, who));
        } else {
            gone.push(format!("{path} is not there for {who}"));
        }
    }
    for (page, roles) in &pages {
        let is_known = found.iter().any(|(known, _)| known == page);
        let usual = USUALLY.into_iter().find(|who| roles.contains(who)).filter(|_| !is_known);
        found.extend(usual.map(|who| (*page, who)));
    }
    (found, gone)
}

async fn count(doors: &Doors, scene: &mut Scene, lookers: &[(&'static str, &'static str)]) -> Vec<usize> {
    let mut counted = Vec::new();
    for &(page, who) in lookers {
        let path = address_of(doors, scene, role(who), page).await;
        let mut browser = scene.browser(doors, role(who)).await;
        questions(&mut browser, &path).await;
        counted.push(questions(&mut browser, &path).await);
    }
    counted
}

/// Search finds everyone there is: reactions, which see to that elsewhere, do not run here.
async fn let_all_be_found(doors: &Doors) {
    domain::search::refresh_all(&doors.world.system()).await.expect("documents");
}

/// The district in which everyone is.
async fn a_district(doors: &Doors) {
    sqlx::query(
        "insert into places (id, kind, district, town, words, lat, lng, end_lat, end_lng)
         values (gen_random_uuid(), 'district', 'Baixa', 'Lisboa', 'baixa lisboa', 38.7223, -9.1393, 38.7223, -9.1393)",
    )
    .execute(&doors.world.db)
    .await
    .expect("a district");
}

/// Every page, and again with more of everything that it lists.
#[sqlx::test(migrations = "./migrations")]
async fn pages_ask_as_often_as_they_did(db: PgPool) {
    let doors = Doors::new(db);
    let mut scene = Scene::of(&doors).await;
    a_district(&doors).await;
    let_all_be_found(&doors).await;
    let (lookers, mut problems) = lookers();
    let few = count(&doors, &mut scene, &lookers).await;
    scene.grow(&doors).await;
    let_all_be_found(&doors).await;
    doors.state.house.caches.forget_all();
    let many = count(&doors, &mut scene, &lookers).await;
    let mut table = String::new();
    for (&(page, who), (few, many)) in lookers.iter().zip(few.into_iter().zip(many)) {
        table.push_str(&format!("    ({page:?}, {who:?}, {few}),\n"));
        if few != many {
            problems.push(format!("{page} for {who} asks {few} times, and {many} times with more to show"));
        }
        if few == 0 && !ASKS_NOTHING.contains(&page) {
            problems.push(format!("{page} for {who} asks nothing: is the log listened to?"));
        }
        match NUMBERS.iter().find(|&&(path, known, _)| path == page && known == who) {
            Some(&(_, _, number)) if number == few => {}
            Some((_, _, number)) => problems.push(format!("{page} for {who} asks {few} times instead of {number}")),
            None => problems.push(format!("{page} for {who} has no number, and asks {few} times")),
        }
    }
    assert!(problems.is_empty(), "{}\n\nNUMBERS as they are now:\n{table}", problems.join("\n"));
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
        let _listening = hear(counter.clone());
        let slot = serde_json::json!({ "service_id": provider.service, "starts_at": starts_at });
        let answer = browser.call(http::Method::POST, "/api/v1/bookings", slot).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        asked.push(counter.0.load(Ordering::Relaxed));
    }
    assert!((1..=4).contains(&asked[1]), "the second hold of a service asks {} times, 4 is what it may; the first {}", asked[1], asked[0]);
    doors.close().await;
}
