//! `cargo xtask doctor`: what is there, what is missing, and the line that installs it.

use crate::house::House;
use crate::stage::Ports;
use crate::system::{self, Need};
use anyhow::{Result, bail};
use std::process::Command;

pub fn doctor(house: &House) -> Result<()> {
    let mut missing = 0;
    for need in Need::ALL {
        match need.find() {
            Some(place) => println!("  ok       {} ({})", need.name(), place.display()),
            None => {
                missing += 1;
                println!("  missing  {}: {}", need.name(), need.line());
            }
        }
    }
    for (name, arguments, line) in [
        ("a C compiler", &["cc", "--version"][..], "sudo apt-get install --no-install-recommends -y build-essential"),
        ("rustup", &["rustup", "--version"], "see https://rustup.rs"),
    ] {
        let is_there = Command::new(arguments[0]).args(&arguments[1..]).output().is_ok_and(|output| output.status.success());
        missing += usize::from(!is_there);
        if is_there {
            println!("  ok       {name}");
        } else {
            println!("  missing  {name}: {line}");
        }
    }
    let nextest = system::find_program(&["cargo-nextest"]).is_some();
    println!(
        "  {}",
        if nextest {
            "ok       cargo-nextest"
        } else {
            "optional cargo-nextest: makes the Rust tests quicker; cargo install --locked cargo-nextest"
        }
    );
    println!(
        "  {}",
        if std::env::var_os("DATABASE_URL").is_some() {
            "note     DATABASE_URL is set and will be used"
        } else {
            "note     the database is a private cluster of this checkout"
        }
    );
    if let Err(problem) = Ports::usual().and_then(|ports| ports.want()) {
        println!("  note     {problem}");
    }
    if let Err(problem) = system::want_space(&house.root, 8000) {
        println!("  note     {problem}");
    }
    if missing > 0 {
        bail!("{missing} things are missing; start and test install what they may by themselves");
    }
    Ok(())
}
