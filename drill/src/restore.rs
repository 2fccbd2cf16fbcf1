//! A backup, more writes, and a restore to a chosen second: ledger and bookings are what they were then, and a server on it is ready.

use crate::house::{Gateway, House};
use crate::load::Load;
use crate::report::Report;
use crate::stage::{self, Stage};
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Context, Result, anyhow, bail, ensure};
use sqlx::PgPool;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// In short it is given up after this, while there is time to tidy up.
const SHORT: Duration = Duration::from_secs(150);
const PEOPLE: usize = 6;
/// What has been written is in the archive after this.
const ARCHIVED: Duration = Duration::from_secs(30);
/// A server that is ready has seen by then that its database was restored.
const RECOGNISED: Duration = Duration::from_secs(10);

/// Everything that must be as it was, each as one fingerprint. When an attempt was last asked about is no news.
const FINGERPRINTS: &[(&str, &str)] = &[
    (BOOKINGS, "select md5(coalesce(string_agg(b::text, '|' order by b.id), '')) from bookings b"),
    ("allocations", "select md5(coalesce(string_agg(a::text, '|' order by a.id), '')) from allocations a"),
    ("payments", "select md5(coalesce(string_agg(p::text, '|' order by p.id), '')) from payments p"),
    ("attempts", "select md5(coalesce(string_agg((to_jsonb(a) - 'checked_at')::text, '|' order by a.id), '')) from payment_attempts a"),
    ("refunds", "select md5(coalesce(string_agg(r::text, '|' order by r.id), '')) from refunds r"),
    ("ledger transactions", "select md5(coalesce(string_agg(t::text, '|' order by t.id), '')) from ledger_transactions t"),
    (ENTRIES, "select md5(coalesce(string_agg(e::text, '|' order by e.id), '')) from ledger_entries e"),
    ("events", "select md5(coalesce(string_agg(e::text, '|' order by e.id), '')) from events e"),
];
const BOOKINGS: &str = "bookings";
const ENTRIES: &str = "ledger entries";

type Fingerprints = Vec<(&'static str, String)>;

/// Beside the cluster.
struct Place {
    folder: PathBuf,
    archive: PathBuf,
    copy: PathBuf,
}

/// What was recorded at the chosen second.
struct Recorded {
    second: String,
    prints: Fingerprints,
}

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let folder = stage.postgres.data.with_extension("restore");
    let place = Place { archive: folder.join("archive"), copy: folder.join("copy"), folder };
    let at_most = if stage.is_full { Duration::MAX } else { SHORT };
    let drilled = tokio::select! {
        drilled = drill(stage, &place, report) => drilled,
        () = tokio::time::sleep(at_most) => Err(anyhow!("it was not over after {} s", SHORT.as_secs())),
        ended = told_to_end() => ended.and_then(|()| bail!("stopped")),
    };
    // Whatever became of it: other drills use the same cluster.
    let tidied = tidy_up(stage, &place).await;
    drilled.and(tidied)
}

/// By whoever runs it, or the keyboard.
async fn told_to_end() -> Result<()> {
    let mut signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = signals.0.recv() => {}
        _ = signals.1.recv() => {}
    }
    Ok(())
}

async fn drill(stage: &Stage, place: &Place, report: &mut Report) -> Result<()> {
    prepare(stage, place).await?;
    let recorded = record(stage, place, report).await?;
    let port = Stage::free_address()?.port();
    recover(stage, place, &recorded.second, port).await?;
    let name = stage.database_url.rsplit('/').next().context("a database has a name")?;
    let url = stage.postgres.url(port, name);
    let restored = stage::pool(&url).await?;
    compare(&restored, &recorded, report).await?;
    let epoch = epoch(&restored).await?;
    let address = Stage::free_address()?;
    match stage.serve_at(address, &[("DATABASE_URL", &url)]).await {
        Ok(_server) => begins_anew(&restored, epoch, report).await?,
        Err(cause) => report.broken(format!("no server is ready on what was restored: {cause:#}")),
    }
    restored.close().await;
    Ok(())
}

/// People pay before the backup, after it, and after the chosen second.
async fn record(stage: &Stage, place: &Place, report: &mut Report) -> Result<Recorded> {
    let busy = Duration::from_secs(if stage.is_full { 120 } else { 10 });
    let db = stage::pool(&stage.database_url).await?;
    let town = Arc::new(Town::build(&db, 40, 2_000).await?);
    let gateway = Gateway::at(&stage.sandbox);
    let server = stage.serve().await?;
    let load = Load::new(House::at(stage.address), gateway.clone(), town);
    let people = load.start(PEOPLE);
    tokio::time::sleep(busy).await;
    backup(stage, place).await?;
    let in_backup = fingerprints(&db).await?;
    tokio::time::sleep(busy).await;
    // a second in which nothing changes, so that what was recorded is what is restored
    load.pause(true);
    agree(&db, &gateway, report).await?;
    let recorded = still(&db).await?;
    load.pause(false);
    tokio::time::sleep(busy).await;
    load.end();
    futures::future::join_all(people).await;
    agree(&db, &gateway, report).await?;
    money::check_promises(&db, &load, report).await?;
    load.with_memory(std::mem::take).judge(&[], report);
    money::check_charges(&db, report).await?;
    invariants::check(&db, report).await?;
    drop(server);
    expect_writes(&in_backup, &recorded.prints, "between the backup and the chosen second", report);
    expect_writes(&recorded.prints, &fingerprints(&db).await?, "after the chosen second", report);
    archived(&db).await?;
    db.close().await;
    Ok(recorded)
}

async fn agree(db: &PgPool, gateway: &Gateway, report: &mut Report) -> Result<()> {
    if let Err(left) = money::converges(db, gateway, Instant::now()).await? {
        left.into_iter().take(5).for_each(|problem| report.broken(problem));
    }
    Ok(())
}

/// Without them the backup alone, or all that was ever written, would do.
fn expect_writes(before: &Fingerprints, after: &Fingerprints, when: &str, report: &mut Report) {
    for ((what, before), (_, after)) in before.iter().zip(after).filter(|((what, _), _)| [BOOKINGS, ENTRIES].contains(what)) {
        report.expect(before != after, || format!("nothing was written to {what} {when}"));
    }
}

async fn compare(restored: &PgPool, recorded: &Recorded, report: &mut Report) -> Result<()> {
    let second = &recorded.second;
    for ((what, wanted), (_, found)) in recorded.prints.iter().zip(&fingerprints(restored).await?) {
        report.expect(wanted == found, || format!("{what} are not what they were at {second}"));
    }
    let (bookings, entries): (i64, i64) =
        sqlx::query_as("select (select count(*) from bookings), (select count(*) from ledger_entries)").fetch_one(restored).await?;
    report.figure("restored to", format!("{second}, {bookings} bookings, {entries} entries of the ledger"));
    report.expect(bookings > 0 && entries > 0, || "there was nothing to restore".to_owned());
    invariants::check(restored, report).await
}

async fn epoch(db: &PgPool) -> Result<i32> {
    Ok(sqlx::query_scalar("select epoch from spine").fetch_one(db).await?)
}

/// Whoever looked on after the chosen second has seen what is not there any more, and is told to fetch everything anew.
async fn begins_anew(db: &PgPool, before: i32, report: &mut Report) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < RECOGNISED {
        if epoch(db).await? > before {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    report.broken("pages that were open before go on as if nothing were missing".to_owned());
    Ok(())
}

/// Archiving on, and nothing left of a run that was cut off.
async fn prepare(stage: &Stage, place: &Place) -> Result<()> {
    clear(stage, place).await?;
    std::fs::create_dir_all(&place.archive).with_context(|| format!("{} cannot be made", place.archive.display()))?;
    give(stage, &place.folder)?;
    give(stage, &place.archive)?;
    let archive = place.archive.display();
    // What is in the archive under its name is whole.
    let command = format!("cp \"%p\" \"{archive}/%f.part\" && mv \"{archive}/%f.part\" \"{archive}/%f\"");
    let settings = [("archive_mode", "on"), ("wal_level", "replica"), ("archive_command", command.as_str())];
    configure(stage, settings.map(|(name, value)| format!("alter system set {name} = '{value}'"))).await
}

/// The copy stopped, and its folder gone.
async fn clear(stage: &Stage, place: &Place) -> Result<()> {
    stage.postgres.stop_other(&place.copy).await?;
    if place.folder.exists() {
        std::fs::remove_dir_all(&place.folder).with_context(|| format!("{} cannot be removed", place.folder.display()))?;
    }
    Ok(())
}

async fn tidy_up(stage: &Stage, place: &Place) -> Result<()> {
    if !stage.postgres.is_running(&stage.postgres.data).await? {
        stage.postgres.start().await?;
    }
    configure(stage, ["archive_mode", "wal_level", "archive_command"].map(|name| format!("alter system reset {name}"))).await?;
    clear(stage, place).await
}

/// Settings that take a restart.
async fn configure(stage: &Stage, statements: [String; 3]) -> Result<()> {
    let db = stage::pool(&stage.database_url).await?;
    for statement in statements {
        // a setting takes no parameters; these values are ours
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

async fn backup(stage: &Stage, place: &Place) -> Result<()> {
    let mut command = stage.postgres.tool("pg_basebackup");
    command
        .args(["-h", "127.0.0.1", "-U", &stage.postgres.user, "-p", &stage.postgres.port.to_string(), "-c", "fast", "-X", "none", "-D"])
        .arg(&place.copy);
    let output = command.output().await.context("pg_basebackup could not be started")?;
    ensure!(output.status.success(), "pg_basebackup failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Waits until nothing changes for two seconds; what it looks like, and a moment in between.
async fn still(db: &PgPool) -> Result<Recorded> {
    for _ in 0..20 {
        let prints = fingerprints(db).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let second: String = sqlx::query_scalar("select clock_timestamp()::text").fetch_one(db).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        if fingerprints(db).await? == prints {
            return Ok(Recorded { second, prints });
        }
    }
    bail!("the house never came to rest")
}

async fn fingerprints(db: &PgPool) -> Result<Fingerprints> {
    let mut found = Vec::new();
    for (what, sql) in FINGERPRINTS {
        found.push((*what, sqlx::query_scalar(*sql).fetch_one(db).await?));
    }
    Ok(found)
}

/// Until the last of what was written is in the archive.
async fn archived(db: &PgPool) -> Result<()> {
    let last: String = sqlx::query_scalar("select pg_walfile_name(pg_switch_wal())").fetch_one(db).await?;
    let began = Instant::now();
    while began.elapsed() < ARCHIVED {
        let is_there: bool = sqlx::query_scalar("select coalesce(last_archived_wal collate \"C\" >= $1, false) from pg_stat_archiver")
            .bind(&last)
            .fetch_one(db)
            .await?;
        if is_there {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bail!("{last} was not in the archive after {} s", ARCHIVED.as_secs())
}

async fn recover(stage: &Stage, place: &Place, second: &str, port: u16) -> Result<()> {
    let settings = format!(
        "restore_command = 'cp \"{}/%f\" \"%p\"'\nrecovery_target_time = '{second}'\nrecovery_target_action = 'promote'\narchive_mode = 'off'\n",
        place.archive.display()
    );
    let auto = place.copy.join("postgresql.auto.conf");
    let mut text = std::fs::read_to_string(&auto)?;
    text.push_str(&settings);
    std::fs::write(&auto, text)?;
    let signal = place.copy.join("recovery.signal");
    std::fs::write(&signal, "")?;
    give(stage, &signal)?;
    stage.postgres.start_other(&place.copy, port).await?;
    let db = stage::pool(&stage.postgres.url(port, "postgres")).await?;
    for _ in 0..600 {
        let is_recovering: bool = sqlx::query_scalar("select pg_is_in_recovery()").fetch_one(&db).await?;
        if !is_recovering {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bail!("the restored cluster did not finish its recovery within two minutes")
}
