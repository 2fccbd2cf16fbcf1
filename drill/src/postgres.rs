//! The private cluster, stopped and started at will.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

#[derive(Debug, Clone, Deserialize)]
pub struct Postgres {
    bin: PathBuf,
    pub data: PathBuf,
    pub port: u16,
    pub user: String,
    pub password: String,
    /// The account it runs as when we are root.
    owner: Option<(u32, u32)>,
}

impl Postgres {
    /// A program of its distribution, run as the cluster's owner.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.current_dir("/").stdin(Stdio::null()).env("PGPASSWORD", &self.password);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// Pulls the plug: nothing is finished, nothing is flushed that was not.
    pub async fn stop_at_once(&self) -> Result<()> {
        let status = self.pg_ctl(&self.data, &["stop", "-m", "immediate", "-w"]).await?;
        if status { Ok(()) } else { bail!("Postgres could not be stopped") }
    }

    pub async fn start(&self) -> Result<()> {
        self.start_other(&self.data, self.port).await
    }

    /// Another cluster of the same owner.
    pub async fn start_other(&self, data: &Path, port: u16) -> Result<()> {
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300");
        let log = data.join("log.txt");
        let log = log.to_string_lossy();
        if self.pg_ctl(data, &["start", "-w", "-t", "60", "-l", &log, "-o", &options]).await? {
            return Ok(());
        }
        let text = std::fs::read_to_string(data.join("log.txt")).unwrap_or_default();
        bail!("Postgres did not start: {}", text.lines().rev().take(5).collect::<Vec<_>>().join(" | "))
    }

    /// In order. One that does not run is left alone.
    pub async fn stop_other(&self, data: &Path) -> Result<()> {
        if !self.is_running(data).await? || self.pg_ctl(data, &["stop", "-m", "fast", "-w", "-t", "60"]).await? {
            return Ok(());
        }
        bail!("the cluster in {} could not be stopped", data.display())
    }

    pub async fn is_running(&self, data: &Path) -> Result<bool> {
        self.pg_ctl(data, &["status"]).await
    }

    async fn pg_ctl(&self, data: &Path, arguments: &[&str]) -> Result<bool> {
        let mut command = self.tool("pg_ctl");
        // Its output would keep a pipe open as long as the server lives.
        command.args(arguments).arg("-D").arg(data).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command.status().await.context("pg_ctl could not be started")?.success())
    }

    /// `postgres://…` of a database on `port`.
    pub fn url(&self, port: u16, name: &str) -> String {
        format!("postgres://{}:{}@127.0.0.1:{port}/{name}", self.user, self.password)
    }
}
