//! The schema is brought up to date while people are at work, and older nodes go on.

use super::harness::Doors;
use super::line::until;
use fettle::migrations::MIGRATOR;
use sqlx::{AssertSqlSafe, PgPool};

/// Each is followed by one that makes an index of the table and drops another.
const BEFORE: [(i64, &str); 4] = [(14, "jobs"), (21, "allocations"), (22, "bookings"), (25, "jobs")];

#[sqlx::test(migrations = false)]
async fn a_migration_sends_nobody_away_who_is_at_work(db: PgPool) {
    for (version, table) in BEFORE {
        MIGRATOR.run_to(version, &db).await.expect("the schema of then");
        let mut writer = db.begin().await.expect("begun");
        sqlx::query(AssertSqlSafe(format!("select from {table}"))).execute(&mut *writer).await.expect("read");
        let waits = "select exists (select from pg_locks join pg_database d on d.oid = database and d.datname = current_database()
            where relation = to_regclass($1) and mode = 'AccessExclusiveLock' and not granted)";
        let at_work = async {
            until("the migration waits for who reads", async || {
                sqlx::query_scalar::<_, bool>(waits).bind(table).fetch_one(&db).await.expect("an answer")
            })
            .await;
            sqlx::query(AssertSqlSafe(format!("delete from {table}"))).execute(&mut *writer).await.expect("nobody is sent away");
            writer.commit().await.expect("committed");
        };
        let mut connection = db.acquire().await.expect("a connection");
        let migrating = until("the migration is done", async || MIGRATOR.run_to(version + 1, &mut *connection).await.is_ok());
        tokio::join!(migrating, at_work);
    }
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
