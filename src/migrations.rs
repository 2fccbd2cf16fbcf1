//! The schema this release was built with.

use sqlx::migrate::{Migration, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::sync::LazyLock;

/// Each of these makes an index of the table, which keeps out who writes, and then drops one, which keeps out who reads: with a reader who means to
/// write it would wait in a circle, and Postgres would send one of the two away. What was released is never changed, so these find the lock taken.
const LOCKED_BEFORE: [(i64, &str); 4] = [(15, "jobs"), (22, "allocations"), (23, "bookings"), (26, "jobs")];

/// What a newer release has added to the schema beside is none of our business: while nodes are replaced one after another, an older one may be started again.
pub static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let written = sqlx::migrate!("./migrations");
    let mut migrator = Migrator::with_migrations(written.iter().cloned().map(with_lock).collect());
    migrator.set_ignore_missing(true);
    migrator
});

/// Its checksum stays that of what was written.
fn with_lock(migration: Migration) -> Migration {
    let Some((_, table)) = LOCKED_BEFORE.iter().find(|(version, _)| *version == migration.version) else { return migration };
    let lock = format!("set local lock_timeout = '100ms'; lock table {table} in access exclusive mode;");
    Migration { sql: AssertSqlSafe(format!("{lock}\n{}", migration.sql.as_str())).into_sql_str(), ..migration }
}
