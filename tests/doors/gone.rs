use super::harness::{Browser, Doors, config, open};
use super::line::{Line, Weather};
use domain::ctx::House;
use domain::world::World;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;
use std::time::Duration;

/// The same house over a database that nobody answers for.
fn without_database(world: &World) -> Arc<House> {
    let db = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(300))
        .connect_lazy("postgres://postgres@127.0.0.1:1/gone")
        .expect("an address");
    world.another_house(db)
}

#[sqlx::test(migrations = "./migrations")]
async fn without_its_database_it_says_so_and_asks_to_come_back(db: PgPool) {
    let doors = Doors::new(db);
    let signed_in = doors.signed_in(doors.world.a_customer().await).await;
    let (_, router) = open(without_database(&doors.world), config(&[]));
    let mut browser = Browser { router, ..signed_in };
    for (path, status) in [("/healthz", 200), ("/readyz", 503), ("/bookings", 503), ("/api/v1/me", 503), ("/search", 503)] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        if status == 503 {
            assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{path}");
        }
    }
    doors.close().await;
}

/// Nobody answers and nobody hangs up: Postgres is stopped, as by a debugger or a machine that swaps. Whoever has a connection in hand is told in time,
/// whoever waits for one sooner, and when it goes on so do we.
#[sqlx::test(migrations = "./migrations")]
async fn a_frozen_database_is_told_in_time(db: PgPool) {
    let doors = Doors::new(db.clone());
    let there = db.connect_options();
    let there = tokio::net::lookup_host((there.get_host(), there.get_port())).await.expect("an address").next().expect("an address");
    let line = Line::to(there).await;
    let options = PgConnectOptions::clone(&db.connect_options()).host("127.0.0.1").port(line.address.port());
    let pool =
        PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(8)).connect_with(options).await.expect("connects");
    let (_, router) = open(doors.world.another_house(pool.clone()), config(&[]));
    let mut browser = Browser { router, ..doors.signed_in(doors.world.a_customer().await).await };
    assert_eq!(browser.fetch("/api/v1/me").await.status, 200);
    line.set(Weather::Frozen).await;
    // Runs on by itself while all wait.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    for path in ["/bookings", "/api/v1/me", "/search", "/readyz", "/bookings"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{path}");
    }
    assert!(began.elapsed() <= 5 * fettle::layers::request::TIME_LIMIT);
    assert_eq!(browser.get("/healthz").await.status, 200);
    tokio::time::resume();
    line.set(Weather::Fine).await;
    let mut again = browser.fetch("/api/v1/me").await;
    for _ in 0..100 {
        if again.status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        again = browser.fetch("/api/v1/me").await;
    }
    assert_eq!(again.status, 200, "{}", again.body);
    pool.close().await;
}

/// While nodes are replaced one after another, an older one may end and be started again, migration and all.
#[sqlx::test(migrations = "./migrations")]
async fn an_older_release_starts_on_a_newer_schema(db: PgPool) {
    let newer =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'to come', true, '', 0)";
    sqlx::query(newer).execute(&db).await.expect("a migration of the next release");
    fettle::boot::migrate(&db).await.expect("migrates");
    let doors = Doors::new(db);
    assert_eq!(doors.browser().get("/readyz").await.status, 200);
    doors.close().await;
}
