//! `cargo xtask bench`: ours beside others', in turns; the table goes into `docs/BENCHMARKS.md`.

use crate::build::{self, Scope};
use crate::children;
use crate::drill;
use crate::house::House;
use crate::node;
use crate::postgres::Database;
use crate::stage::{self, Stage};
use crate::step::{loud, quiet, say};
use crate::system::Need;
use anyhow::{Result, ensure};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// memory, page, slots, holds, stampede, sockets, size, lighthouse, search; all of them without a name.
    pub rows: Vec<String>,
    /// A quick look: short, few, and no figures are kept.
    #[arg(long)]
    pub short: bool,
    /// With the programs of development, which only shows that everything runs.
    #[arg(long)]
    pub debug: bool,
    /// Take the programs and the site as they were built last.
    #[arg(long)]
    pub built: bool,
}

/// In the order in which they are measured: memory before there is more than the demo data.
const ROWS: [&str; 9] = ["memory", "page", "slots", "holds", "stampede", "sockets", "size", "lighthouse", "search"];
/// Providers among whom is searched.
const CROWD: &str = "100000";
const CROWD_AGE: Duration = Duration::from_secs(2 * 24 * 3600);
const NEXT: &str = "benches/peers/next";
/// What stands below the table.
const NOTES: &str = "What is compared with what:

- The provider's page: peers read the same content ready-made by one query and draw it each time, which is what the aims stand beside; ours keeps the page for those \
who are not signed in and asks the database by one query whether it is still true. *Kept and checked by one version query* is a peer doing the same: the bytes it has \
drawn, let out while the answer to that very query is the same, for ten seconds at most, as ours. *Drawn anew* is ours from its sources each time: free times \
computed, nothing kept. All show as many services, days, free times, reviews and refund steps as ours, under the same names, which is asserted; so is that \
askama's page has as many bytes as ours, give or take a tenth.
- A CPU second is one of the serving process and its children, from `/proc`; Postgres' own work is not in it.
- The resident memory is of a server that has just begun on the demo data, and of the same one when it has been asked for some pages; what its sandbox and \
Postgres use is not in it.
- Search asks from places near providers, drawn by chance, so that large towns are asked from more often. `like` and haversine have the same radius and a \
connection set up as ours are (no compiler, no parallel workers, generic plans), and ask for a third of the same searches, in between.
- Holds are scattered over all hours of 300 days of forty people of one provider, each hour of each person as likely as any other and none twice. That is one \
service where pgbench has twenty branches. Both are warmed for a quarter of a round, and begin rounds by turns. pgbench speaks the simple protocol, its own \
default.
- Sockets: one topic, everyone subscribed; one client hears both sides, on the same machine, each twice in turns. The clock runs from the commit, or from asking \
socket.io's server to tell everyone, to the frame in the client.
- Frames are counted with one commit at a time, where each is a call of the kernel for either side, and with twenty in a row, where what waits for a socket may \
go out together: ours are twenty commits, one after the other; socket.io is asked once, and emits twenty times before it answers. The aim \
is for the second, what a node can carry: of one frame at a time the kernel's part is nearly all, and the same for both.
- Memory of a socket: half of them are opened, then the other half. The first fill what a server has to spare, and where it \
has given back more meanwhile than they take, their figure is below zero; the aim stands beside the others.
- Code before the first interaction is what our own server sends, compressed by brotli; `next start` compresses by gzip. At checkout the script and the frame of \
the payment gateway are left out: they are the gateway's.
- Lighthouse: its mobile setting, the median of five.
- What is *broken* could not be measured when that was last tried.
";

impl Options {
    fn wants(&self, rows: &[&str]) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|row| rows.contains(&row.as_str()))
    }
}

pub fn bench(house: &House, options: &Options) -> Result<()> {
    children::listen_for_the_end()?;
    // before anything is built or measured, which takes long enough for somebody to go on writing
    let tree = tree(house);
    let profile = if options.debug { "debug" } else { "release" };
    let is_full = !(options.short || options.debug);
    if options.wants(&["sockets"]) {
        node::install(house, "benches/peers/socketio")?;
    }
    if options.wants(&["page", "size"]) {
        next(house)?;
    }
    if options.wants(&["size", "lighthouse"]) {
        Need::Chromium.have()?;
        node::install(house, "benches/browser")?;
    }
    if !options.built {
        build::build(house, Scope::Everything)?;
        stage::compile(house, profile)?;
    }
    // pages without styles and scripts would be measured, too
    ensure!(house.has_site(), "no site has been built yet, so leave --built out");
    let (database, controls) = drill::cluster(house)?;
    // Searches are measured among very many; everything else with the demo data.
    let rows = if options.rows.is_empty() { ROWS.map(str::to_owned).to_vec() } else { options.rows.clone() };
    let (searches, others): (Vec<String>, Vec<String>) = rows.into_iter().partition(|row| row == "search");
    let mut outcome = Ok(());
    for rows in [others, searches].iter().filter(|rows| !rows.is_empty()) {
        let mut stage = town(house, profile, &database, is_full && rows.iter().any(|row| row == "search"))?;
        stage.settings.push(("DRILL_TREE", tree.clone()));
        outcome = outcome.and(drill::run(&stage, controls.clone(), "bench", is_full, rows).map(drop));
    }
    if is_full {
        write(house)?;
    }
    outcome
}

/// The commit that is measured; with a mark if the files differ from it, of which the papers are not measured.
fn tree(house: &House) -> String {
    let git = |arguments: &[&str]| Command::new("git").args(arguments).current_dir(&house.root).output();
    let commit = git(&["rev-parse", "--short", "HEAD"]).map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let is_same = git(&["diff", "--quiet", "HEAD", "--", ":/", ":(exclude,top)docs"]).is_ok_and(|output| output.status.success());
    format!("{}{}", commit.unwrap_or_default(), if is_same { "" } else { "-dirty" })
}

/// The demo town, fresh; for searching with very many providers around it, which are kept from one run to the next, because filling takes minutes.
fn town<'a>(house: &'a House, profile: &'static str, database: &Database, is_crowded: bool) -> Result<Stage<'a>> {
    let name = if is_crowded { "bench_crowd" } else { "bench_town" };
    let filled = house.corner().join("bench_crowd.filled");
    let url = if is_crowded && is_recent(&filled) { database.kept(name)? } else { database.fresh(name)? };
    let mut stage = drill::stage(house, profile, "bench", url)?;
    let migrate = |stage: &Stage| quiet("bringing the database up to date", stage.fettle().arg("migrate").env("FETTLE_LOG", "warn"));
    if migrate(&stage).is_err() {
        say("its schema is another one: it is filled anew");
        stage.database_url = database.fresh(name)?;
        migrate(&stage)?;
    }
    quiet("filling it with the town of Merrow", stage.fettle().arg("seed").env("FETTLE_LOG", "warn"))?;
    if is_crowded {
        let mut seed = stage.fettle();
        loud(&format!("adding providers until there are {CROWD}"), seed.args(["seed", "--providers", CROWD]).env("FETTLE_LOG", "warn"))?;
        if !is_recent(&filled) {
            // What filling left to do is not to be done while something is measured.
            quiet("putting it in order", database.psql(name).args(["-c", "vacuum analyze"]))?;
            fs::write(&filled, "")?;
        }
    }
    Ok(stage)
}

/// The crowd's diaries are full in the two weeks after it was filled; later a search would meet empty ones.
fn is_recent(filled: &Path) -> bool {
    let age = fs::metadata(filled).and_then(|file| file.modified()).ok().and_then(|at| at.elapsed().ok());
    age.is_some_and(|age| age < CROWD_AGE)
}

/// Builds the peer as its makers say, unless it is built already.
fn next(house: &House) -> Result<()> {
    node::install(house, NEXT)?;
    let folder = house.root.join(NEXT);
    let mut hash = Sha256::new();
    for path in build::files_below(&folder.join("app"))? {
        hash.update(fs::read(folder.join("app").join(path))?);
    }
    hash.update(fs::read(folder.join("package-lock.json"))?);
    hash.update(fs::read(folder.join("next.config.mjs"))?);
    let hash = hex::encode(hash.finalize());
    let mark = folder.join(".next/.built");
    if fs::read_to_string(&mark).is_ok_and(|built| built == hash) {
        return Ok(());
    }
    let mut command = Command::new("node");
    command.args(["node_modules/next/dist/bin/next", "build"]).current_dir(&folder).env("NEXT_TELEMETRY_DISABLED", "1");
    quiet("building the page by Next.js", &mut command)?;
    fs::write(mark, hash)?;
    Ok(())
}

fn write(house: &House) -> Result<()> {
    let Ok(table) = fs::read_to_string(house.corner().join("benchmarks.md")) else { return Ok(()) };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let gib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).map_or(0, |kib| kib.div_ceil(1 << 20));
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        processors.lines().find_map(|line| line.strip_prefix("model name")).map_or("", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let page = format!(
        "# Benchmarks\n\nTaken by `cargo xtask bench`, in each row ours and the peer's in turns within one run, on {cores} cores ({model}, {gib} GiB) that \
         database, load and server share. Postgres has its default durability. Peers come from the lock files in `benches/`.\n\n{table}\n{NOTES}"
    );
    fs::write(house.root.join("docs/BENCHMARKS.md"), page)?;
    say("docs/BENCHMARKS.md is written");
    Ok(())
}
