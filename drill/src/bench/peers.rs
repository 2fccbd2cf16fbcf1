//! The same page by others, started as their makers say: Next.js, and a small server with askama.

use crate::house::House;
use crate::stage::{Stage, cpu_of_all};
use anyhow::{Context, Result, bail};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub struct Peer {
    child: Child,
    pub house: House,
}

impl Peer {
    pub async fn next(stage: &Stage) -> Result<Self> {
        let port = Stage::free_address()?.port();
        let mut command = Command::new("node");
        command.args(["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p", &port.to_string()]);
        command.current_dir("benches/peers/next").env("NODE_ENV", "production").env("NEXT_TELEMETRY_DISABLED", "1");
        Self::start(command.stdout(Stdio::null()), stage, Some(port)).await
    }

    pub async fn askama(stage: &Stage) -> Result<Self> {
        let mut command = Command::new(stage.beside("peer-askama"));
        Self::start(command.stdout(Stdio::piped()), stage, None).await
    }

    /// Without a port it is read from the first line.
    async fn start(command: &mut Command, stage: &Stage, port: Option<u16>) -> Result<Self> {
        command.stdin(Stdio::null()).env("DATABASE_URL", &stage.database_url).kill_on_drop(true);
        let mut child = command.spawn().context("the peer could not be started")?;
        let port = match (port, child.stdout.take()) {
            (Some(port), _) => port,
            (None, Some(out)) => BufReader::new(out).lines().next_line().await?.context("the peer ended")?.parse()?,
            (None, None) => bail!("the peer has no output"),
        };
        let house = House::at(format!("127.0.0.1:{port}"));
        for _ in 0..300 {
            if house.fetch("/nothing-here").await != 0 {
                return Ok(Self { child, house });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the peer did not answer within 30 s")
    }

    /// Processor time of it and everything it started.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of_all(self.child.id().context("the peer has ended")?)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn peers_who_keep_a_page_ask_what_ours_asks() {
        let [ours, askama, next] = [
            include_str!("../../../domain/src/search/store/showcase.rs"),
            include_str!("../../../benches/peers/askama/src/main.rs"),
            include_str!("../../../benches/peers/next/app/kept/[slug]/route.js"),
        ]
        .map(|text| {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let (_, latest) = words.split_once("p.updated_at").expect("the version's question");
            let (_, latest) = latest.split_once("select ").expect("what is latest");
            latest.split_once(" ) as ").expect("its end").0.to_owned()
        });
        assert!(ours.contains("from events"), "{ours}");
        assert_eq!((&askama, &next), (&ours, &ours));
    }
}
