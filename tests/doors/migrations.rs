//! The schema is brought up to date while people are at work, and older nodes go on.

use super::harness::Doors;
use super::line::until;
use fettle::migrations::MIGRATOR;
use sqlx::PgPool;

/// The one after this keeps out who writes allocations, and then wants out who reads them.
const BEFORE: i64 = 21;
/// Whoever migrates waits here once the writers are kept out.
const BETWEEN: &str = "
    create function wait() returns event_trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(1); end $$;
    create event trigger between on ddl_command_end when tag in ('CREATE INDEX') execute function wait()";

#[sqlx::test(migrations = false)]
async fn a_migration_that_gets_in_the_way_of_people_at_work_is_tried_again(db: PgPool) {
    MIGRATOR.run_to(BEFORE, &db).await.expect("the schema of then");
    sqlx::raw_sql(BETWEEN).execute(&db).await.expect("a place to wait at");
    let mut gate = db.begin().await.expect("begun");
    sqlx::query("select pg_advisory_xact_lock(1)").execute(&mut *gate).await.expect("shut");
    let mut writer = db.begin().await.expect("begun");
    sqlx::query("select from allocations").execute(&mut *writer).await.expect("read");
    let waiting = async |count: i64| {
        let asked = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        sqlx::query_scalar::<_, i64>(asked).fetch_one(&db).await.expect("an answer") == count
    };
    let at_work = async {
        until("whoever migrates waits", async || waiting(1).await).await;
        let write = async { sqlx::query("delete from allocations").execute(&mut *writer).await };
        let open = async {
            until("the writer waits for the migration", async || waiting(2).await).await;
            gate.commit().await.expect("open");
        };
        let (written, ()) = tokio::join!(write, open);
        written.expect("nobody at work is sent away");
        writer.commit().await.expect("committed");
    };
    let (outcome, ()) = tokio::join!(fettle::boot::migrate(&db), at_work);
    outcome.expect("migrated");
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
