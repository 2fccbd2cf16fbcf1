//! A backup, more writes, and a restore to a chosen second: ledger and bookings are what they were then, and a server on it is ready.

use crate::house::{Gateway, House};
use crate::load::Load;
use crate::report::Report;
use crate::stage::{self, Stage};
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Context, Result, ensure};
use sqlx::PgPool;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Everything that must be as it was, each as one fingerprint.
const FINGERPRINTS: &[(&str, &str)] = &[
    ("bookings", "select md5(coalesce(string_agg(b::text, '|' order by b.id), '')) from bookings b"),
    ("allocations", "select md5(coalesce(string_agg(a::text, '|' order by a.id), '')) from allocations a"),
    ("payments", "select md5(coalesce(string_agg(p::text, '|' order by p.id), '')) from payments p"),
    ("refunds", "select md5(coalesce(string_agg(r::text, '|' order by r.id), '')) from refunds r"),
    ("ledger", "select md5(coalesce(string_agg(e::text, '|' order by e.id), '')) from ledger_entries e"),
    ("events", "select md5(coalesce(string_agg(e::text, '|' order by e.id), '')) from events e"),
];

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let busy = Duration::from_secs(if stage.is_full { 120 } else { 10 });
    let folder = stage.postgres.data.with_extension("restore");
    let archive = folder.join("archive");
    let copy = folder.join("copy");
    prepare(stage, &folder, &archive).await?;
    let db = stage::pool(&stage.database_url).await?;
    let town = Arc::new(Town::build(&db, 40, 2_000).await?);
    let gateway = Gateway::at(&stage.sandbox);
    let server = stage.serve().await?;

    let load = Load::new(House::at(stage.address), gateway.clone(), town);
    let people = load.start(6);
    tokio::time::sleep(busy).await;
    backup(stage, &copy).await?;
    tokio::time::sleep(busy).await;
    // a second in which nothing changes, so that what was recorded is what is restored
    load.pause(true);
    if let Err(left) = money::converges(&db, &gateway).await? {
        left.into_iter().take(5).for_each(|problem| report.broken(problem));
    }
    let (wanted, second) = still(&db).await?;
    load.pause(false);
    tokio::time::sleep(busy).await;
    load.end();
    futures::future::join_all(people).await;
    drop(server);
    let later = fingerprints(&db).await?;
    report.expect(later != wanted, || "nothing was written after the chosen second".to_owned());
    sqlx::query("select pg_switch_wal()").execute(&db).await?;
    db.close().await;

    let port = Stage::free_address()?.port();
    recover(stage, &copy, &archive, &second, port).await?;
    let name = stage.database_url.rsplit('/').next().context("a database has a name")?.to_owned();
    let url = stage.postgres.url(port, &name);
    let restored = stage::pool(&url).await?;
    let found = fingerprints(&restored).await?;
    for ((what, wanted), (_, found)) in wanted.iter().zip(&found) {
        report.expect(wanted == found, || format!("{what} are not what they were at {second}"));
    }
    let bookings: i64 = sqlx::query_scalar("select count(*) from bookings").fetch_one(&restored).await?;
    report.figure("restored to", format!("{second}, {bookings} bookings"));
    invariants::check(&restored, report).await?;
    let address = Stage::free_address()?;
    let server = stage.serve_at(address, &[("DATABASE_URL", &url)]).await;
    report.expect(server.is_ok(), || "no server is ready on what was restored".to_owned());
    drop(server);
    restored.close().await;
    stage.postgres.stop_other(&copy).await?;
    tidy_up(stage, &folder).await
}

/// Archiving on, which takes a restart.
async fn prepare(stage: &Stage, folder: &Path, archive: &Path) -> Result<()> {
    let _ = std::fs::remove_dir_all(folder);
    let mut make = tokio::process::Command::new("mkdir");
    make.arg("-p").arg(archive);
    ensure!(make.status().await?.success(), "{} cannot be made", archive.display());
    give(stage, folder)?;
    give(stage, archive)?;
    let db = stage::pool(&stage.database_url).await?;
    for (name, value) in [
        ("archive_mode", "on".to_owned()),
        ("wal_level", "replica".to_owned()),
        ("archive_command", format!("cp %p {}/%f", archive.display())),
    ] {
        // a setting takes no parameters; these values are ours
        let statement = format!("alter system set {name} = '{value}'");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&db).await?;
    }
    db.close().await;
    stage.postgres.stop_other(&stage.postgres.data).await?;
    stage.postgres.start().await
}

/// To whom the cluster belongs.
fn give(stage: &Stage, folder: &Path) -> Result<()> {
    let metadata = std::fs::metadata(&stage.postgres.data)?;
    let (user, group) = (std::os::unix::fs::MetadataExt::uid(&metadata), std::os::unix::fs::MetadataExt::gid(&metadata));
    std::os::unix::fs::chown(folder, Some(user), Some(group)).with_context(|| format!("{} cannot be given away", folder.display()))
}

async fn backup(stage: &Stage, copy: &Path) -> Result<()> {
    let mut command = stage.postgres.tool("pg_basebackup");
    command
        .args(["-h", "127.0.0.1", "-U", &stage.postgres.user, "-p", &stage.postgres.port.to_string(), "-c", "fast", "-X", "none", "-D"])
        .arg(copy);
    let output = command.output().await.context("pg_basebackup could not be started")?;
    ensure!(output.status.success(), "pg_basebackup failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Waits until nothing changes for two seconds; what it looks like, and a moment in between.
async fn still(db: &PgPool) -> Result<(Vec<(&'static str, String)>, String)> {
    for _ in 0..20 {
        let before = fingerprints(db).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let moment: String = sqlx::query_scalar("select clock_timestamp()::text").fetch_one(db).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        if fingerprints(db).await? == before {
            return Ok((before, moment));
        }
    }
    anyhow::bail!("the house never came to rest")
}

async fn fingerprints(db: &PgPool) -> Result<Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    for (what, sql) in FINGERPRINTS {
        found.push((*what, sqlx::query_scalar(*sql).fetch_one(db).await?));
    }
    Ok(found)
}

async fn recover(stage: &Stage, copy: &Path, archive: &Path, second: &str, port: u16) -> Result<()> {
    let settings = format!(
        "restore_command = 'cp {}/%f %p'\nrecovery_target_time = '{second}'\nrecovery_target_action = 'promote'\narchive_mode = 'off'\n",
        archive.display()
    );
    let auto: PathBuf = copy.join("postgresql.auto.conf");
    let mut text = std::fs::read_to_string(&auto).unwrap_or_default();
    text.push_str(&settings);
    std::fs::write(&auto, text)?;
    std::fs::write(copy.join("recovery.signal"), "")?;
    give(stage, &copy.join("recovery.signal"))?;
    stage.postgres.start_other(copy, port).await?;
    let db = stage::pool(&stage.postgres.url(port, "postgres")).await?;
    for _ in 0..300 {
        let is_recovering: bool = sqlx::query_scalar("select pg_is_in_recovery()").fetch_one(&db).await?;
        if !is_recovering {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    anyhow::bail!("the restored cluster did not finish its recovery within a minute")
}

async fn tidy_up(stage: &Stage, folder: &Path) -> Result<()> {
    let db = stage::pool(&stage.database_url).await?;
    for name in ["archive_mode", "archive_command"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("alter system reset {name}"))).execute(&db).await?;
    }
    db.close().await;
    stage.postgres.stop_other(&stage.postgres.data).await?;
    stage.postgres.start().await?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
