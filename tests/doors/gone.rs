use super::harness::{Browser, Doors, config, open};
use domain::ctx::House;
use domain::world::World;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
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
