//! `cargo xtask start`: from a clean clone to an address to open.

use crate::build::{self, Scope};
use crate::children::{self, Running};
use crate::house::House;
use crate::postgres::{self, Database, Kind};
use crate::stage::{self, Ports, Stage};
use crate::step::say;
use crate::system::{self, Need};
use anyhow::{Result, bail};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

#[derive(clap::Args, Debug, Clone, Copy)]
pub struct Options {
    /// Build as for production: slower to build, faster to use.
    #[arg(long)]
    pub release: bool,
    /// Throw the demo data away and begin anew.
    #[arg(long)]
    pub fresh: bool,
}

pub fn start(house: &House, options: Options) -> Result<()> {
    let began = Instant::now();
    children::listen_for_the_end()?;
    let ports = Ports::usual()?;
    ports.want()?;
    let is_first = !house.has_site();
    system::want_space(&house.root, if is_first { 8000 } else { 500 })?;
    Need::Node.have()?;
    let profile = if options.release { "release" } else { "debug" };
    build::build(house, Scope::Everything)?;
    stage::compile(house, profile)?;
    let database = open_database(house, options.fresh)?;
    let stage =
        Stage { house, profile, ports, database_url: database.url.clone(), folder: house.corner().to_path_buf(), settings: Vec::new() };
    let sign_ins = stage.prepare()?;
    let mut running = stage.play()?;
    greet(&stage, &sign_ins, began);
    attend(&mut running)
}

pub fn open_database(house: &House, is_fresh: bool) -> Result<Database> {
    let is_private = std::env::var_os("DATABASE_URL").is_none();
    if is_fresh && is_private {
        say("throwing the demo data away");
        postgres::forget(house)?;
        let _ = std::fs::remove_file(house.corner().join("sandbox.json"));
    }
    let database = Database::open(house, Kind::Kept)?;
    if is_fresh && !is_private {
        bail!("--fresh would empty the database of DATABASE_URL. `cargo xtask db reset` does that, and asks first.");
    }
    Ok(database)
}

fn greet(stage: &Stage, sign_ins: &str, began: Instant) {
    let here = Path::new(&stage.folder).display().to_string();
    println!();
    println!("  Fettle is open at        http://{}", stage.ports.server);
    println!("  Payments and mail        {} (card 4242 4242 4242 4242, any date ahead, any code)", stage.ports.sandbox_url());
    println!("  Logs                     {here}/server.log, {here}/sandbox.log");
    println!();
    for line in sign_ins.lines() {
        println!("  {line}");
    }
    println!();
    println!("  Skipped: real payments and real mail. Both go to the sandbox until keys are set; see docs/DEPLOY.md.");
    println!("  Ready after {} s. Ctrl-C ends everything.", began.elapsed().as_secs());
}

/// Stays until someone ends it or one of the programs does.
pub fn attend(running: &mut [Running]) -> Result<()> {
    while !children::is_stopped() {
        for program in running.iter_mut() {
            // Ctrl-C reaches the whole group; give our own handler the first word.
            if let Some(sentence) = program.ended() {
                thread::sleep(Duration::from_millis(200));
                if children::is_stopped() {
                    break;
                }
                bail!("{sentence}");
            }
        }
        thread::sleep(Duration::from_millis(200));
    }
    println!();
    say("ending");
    Ok(())
}
