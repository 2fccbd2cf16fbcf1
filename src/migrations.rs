//! The schema this release was built with.

use sqlx::migrate::Migrator;
use std::sync::LazyLock;

/// What a newer release has added to the schema beside is none of our business: while nodes are replaced one after another, an older one may be started again.
pub static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.set_ignore_missing(true);
    migrator
});
