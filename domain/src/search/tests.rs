//! Search on a real database.

use super::model::{Point, SearchQuery, SearchView, Sort};
use crate::ctx::Ctx;
use crate::id::{ProviderId, ServiceId};
use crate::world::{SomeProvider, World};
use sqlx::PgPool;
use std::collections::HashSet;

const HERE: Point = Point { lat: 38.7223, lng: -9.1393 };

/// A provider with this name and service, so many kilometres north of [`HERE`], found at once.
async fn a_named(world: &World, name: &str, service: &str, km: f64) -> SomeProvider {
    let provider = world.a_provider().await;
    world.set("providers", provider.id, "name", &format!("$${name}$$")).await;
    world.set("providers", provider.id, "lat", &format!("{}", HERE.lat + km / 111.195)).await;
    world.set("services", provider.service, "name", &format!("$${service}$$")).await;
    refresh(world, provider.id).await;
    provider
}

async fn refresh(world: &World, provider: ProviderId) {
    let ctx = world.system();
    let mut tx = ctx.begin().await.expect("a transaction");
    super::refresh(&mut tx, &ctx, &[provider]).await.expect("a document");
    ctx.commit(tx).await.expect("committed");
}

async fn search(ctx: &Ctx, query: SearchQuery) -> SearchView {
    super::find(ctx, &query).await.expect("an answer")
}

async fn names(ctx: &Ctx, q: &str) -> Vec<String> {
    let view = search(ctx, SearchQuery { q: q.into(), ..SearchQuery::default() }).await;
    view.items.into_iter().map(|item| item.provider.name).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn words_are_understood_with_typos_prefixes_and_accents(db: PgPool) {
    let world = World::new(db);
    a_named(&world, "Café Tolliver", "Leak repair visit", 1.0).await;
    a_named(&world, "Lark Piano Studio", "First lesson", 1.0).await;
    let ctx = world.visitor();
    for (typed, expected) in [
        ("leaking", "Café Tolliver"),
        ("leakign repare", "Café Tolliver"),
        ("tol", "Café Tolliver"),
        ("tolivver", "Café Tolliver"),
        ("cafe", "Café Tolliver"),
        ("CAFÉ", "Café Tolliver"),
        ("piano lessons", "Lark Piano Studio"),
        ("pianno", "Lark Piano Studio"),
    ] {
        assert_eq!(names(&ctx, typed).await, [expected], "{typed}");
    }
    assert!(names(&ctx, "submarine").await.is_empty());
    assert_eq!(names(&ctx, "").await.len(), 2);
    for odd in ["'; drop table providers; --", "& | ! ( )", "a:* <-> b", "🦀", "%_%"] {
        names(&ctx, odd).await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn place_and_radius_limit_and_sort(db: PgPool) {
    let world = World::new(db);
    for (name, km) in [("Near", 0.5), ("Middle", 4.0), ("Far", 40.0)] {
        a_named(&world, name, "Leak repair", km).await;
    }
    let ctx = world.visitor();
    let near = SearchQuery { at: Some(HERE), sort: Sort::Nearest, ..SearchQuery::default() };
    let view = search(&ctx, near.clone()).await;
    let found: Vec<_> = view.items.iter().map(|i| i.provider.name.as_str()).collect();
    assert_eq!(found, ["Near", "Middle"]);
    assert!((view.items[0].distance_m.expect("a distance") - 500).abs() < 5);
    assert_eq!(search(&ctx, SearchQuery { radius_km: Some(50.0), ..near }).await.total, 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn every_result_shows_its_next_free_times(db: PgPool) {
    let world = World::new(db);
    a_named(&world, "Near", "Leak repair", 0.5).await;
    let view = search(&world.visitor(), SearchQuery::default()).await;
    let times = &view.items[0].next_free;
    assert_eq!(times.len(), 3);
    assert!(times.iter().all(|time| time.starts_at > world.now()));
    let date = times[0].date;
    let on = search(&world.visitor(), SearchQuery { free_on: Some(date), ..SearchQuery::default() }).await;
    assert!(on.items[0].next_free.iter().all(|time| time.date == date));
    // nobody works on Sundays
    let sunday = (0..7).map(|d| date.plus_days(d)).find(|d| d.weekday() == 7).expect("a Sunday");
    assert_eq!(search(&world.visitor(), SearchQuery { free_on: Some(sunday), ..SearchQuery::default() }).await.total, 0);
    // and nobody at night
    let night = SearchQuery { free_on: Some(date.plus_days(8)), free_at: Some(3 * 60), ..SearchQuery::default() };
    assert_eq!(search(&world.visitor(), night).await.total, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn filters_count_what_they_would_leave(db: PgPool) {
    let world = World::new(db);
    let cheap = a_named(&world, "Cheap", "Leak repair", 1.0).await;
    let dear = a_named(&world, "Dear", "Leak repair", 1.0).await;
    let asks = a_named(&world, "Asks first", "Leak repair", 1.0).await;
    world.set("services", cheap.service, "price_minor", "4000").await;
    world.set("services", dear.service, "price_minor", "30000").await;
    world.set("services", asks.service, "needs_approval", "true").await;
    world.set("providers", dear.id, "languages", "'{en,pt}'").await;
    world.set("providers", dear.id, "rating_sum", "95").await;
    world.set("providers", dear.id, "rating_count", "20").await;
    for id in [cheap.id, dear.id, asks.id] {
        refresh(&world, id).await;
    }
    let ctx = world.visitor();
    let query = SearchQuery { currency: "EUR".parse().ok(), ..SearchQuery::default() };
    let all = search(&ctx, query.clone()).await;
    assert_eq!((all.total, all.facets.instant), (3, 2));
    let count = |view: &SearchView, value: &str| {
        let facets = &view.facets;
        let lists = [&facets.prices, &facets.languages, &facets.ratings, &facets.modes];
        lists.into_iter().flatten().find(|f| f.value == value).map(|f| f.count)
    };
    assert_eq!(count(&all, "5000"), Some(1));
    assert_eq!(count(&all, "12000"), Some(2));
    assert_eq!(count(&all, "pt"), Some(1));
    assert_eq!(count(&all, "4.5"), Some(1));
    assert_eq!(count(&all, "at_provider"), Some(3));
    assert_eq!(count(&all, "online"), Some(0));
    // a filter counts with the others on, itself aside
    let instant = search(&ctx, SearchQuery { is_instant: true, ..query.clone() }).await;
    assert_eq!((instant.total, count(&instant, "12000")), (2, Some(1)));
    for (changed, expected) in [
        (SearchQuery { price_max_minor: Some(5000), ..query.clone() }, 1),
        (SearchQuery { language: Some("pt".into()), ..query.clone() }, 1),
        (SearchQuery { rating_min: Some(450), ..query.clone() }, 1),
        (SearchQuery { price_max_minor: Some(5000), language: Some("pt".into()), ..query.clone() }, 0),
    ] {
        let view = search(&ctx, changed.clone()).await;
        assert_eq!((view.total, view.items.len() as i64), (expected, expected), "{changed:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_neither_repeat_nor_skip_while_the_data_changes(db: PgPool) {
    let world = World::new(db);
    let mut all = HashSet::new();
    for n in 0..25 {
        all.insert(a_named(&world, &format!("Number {n}"), "Leak repair", f64::from(n) * 0.3).await.id);
    }
    let ctx = world.visitor();
    let mut query = SearchQuery { at: Some(HERE), limit: Some(4), ..SearchQuery::default() };
    let mut seen: Vec<ProviderId> = Vec::new();
    loop {
        let view = search(&ctx, query.clone()).await;
        assert_eq!(view.offset as usize, seen.len());
        seen.extend(view.items.iter().map(|item| item.provider.id));
        let Some(cursor) = view.next_cursor else { break };
        query.cursor = Some(cursor);
        // the last one of the page becomes the best of all, the next-best the worst
        let last = *seen.last().expect("someone");
        world.set("providers", last, "rating_sum", "500").await;
        world.set("providers", last, "rating_count", "100").await;
        refresh(&world, last).await;
        world.pass_hours(3);
    }
    let distinct: HashSet<ProviderId> = seen.iter().copied().collect();
    assert_eq!(seen.len(), distinct.len(), "somebody came twice");
    assert_eq!(distinct, all, "somebody was skipped");
}

#[sqlx::test(migrations = "../migrations")]
async fn who_is_not_active_is_not_found(db: PgPool) {
    let world = World::new(db);
    let provider = a_named(&world, "Gone", "Leak repair", 1.0).await;
    world.set("providers", provider.id, "status", "'suspended'").await;
    // even before the document follows
    assert!(search(&world.visitor(), SearchQuery::default()).await.items.is_empty());
    refresh(&world, provider.id).await;
    assert_eq!(world.count("select count(*) from search_documents").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_service_that_answers_the_words_is_shown(db: PgPool) {
    let world = World::new(db);
    let provider = a_named(&world, "Both", "Boiler check", 1.0).await;
    let second: ServiceId = world.a_service(provider.id, provider.category, &[provider.person]).await;
    world.set("services", second, "name", "'Drain unblocking'").await;
    world.set("services", second, "position", "1").await;
    refresh(&world, provider.id).await;
    let view = search(&world.visitor(), SearchQuery { q: "drains".into(), ..SearchQuery::default() }).await;
    assert_eq!((view.items[0].service.name.as_str(), view.items[0].other_services), ("Drain unblocking", 1));
}

/// Two statements write as many holds at once as one may, and that with the higher numbers is committed first.
#[sqlx::test(migrations = "../migrations")]
async fn a_page_has_another_version_after_whatever_is_committed(db: PgPool) {
    let world = World::new(db);
    let provider = a_named(&world, "Busy", "Leak repair", 1.0).await;
    let slug: String = sqlx::query_scalar("select slug from providers").fetch_one(&world.db).await.expect("has one");
    let version = async || super::store::showcase::find_profile_version(&world.db, &slug).await.expect("looks").expect("is there");
    let many = "insert into events (at, kind, provider_id) select now(), 'booking.held', $1 from generate_series(1, 32)";
    let before = version().await;
    let mut lower = world.db.begin().await.expect("begins");
    sqlx::query(many).bind(uuid::Uuid::from(provider.id)).execute(&mut *lower).await.expect("is written");
    sqlx::query(many).bind(uuid::Uuid::from(provider.id)).execute(&world.db).await.expect("is written");
    let between = version().await;
    lower.commit().await.expect("commits");
    let after = version().await;
    assert_eq!(after, version().await);
    assert!(before != between && between != after && before != after);
}

#[sqlx::test(migrations = "../migrations")]
async fn cursors_that_are_not_ours_are_refused(db: PgPool) {
    let world = World::new(db);
    for cursor in ["x", "!!!", "AAAA"] {
        let query = SearchQuery { cursor: Some(cursor.into()), ..SearchQuery::default() };
        assert_eq!(super::find(&world.visitor(), &query).await.expect_err("refused").code(), "invalid");
    }
}
