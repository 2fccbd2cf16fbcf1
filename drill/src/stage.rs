//! Where the house stands that is drilled: handed over by `cargo xtask drill` in the environment.

use crate::postgres::Postgres;
use anyhow::{Context, Result, bail, ensure};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::env;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};
use tokio::net::TcpSocket;
use tokio::process::{Child, Command};

pub struct Stage {
    /// Our own connections, beside the server's.
    pub db: PgPool,
    pub database_url: String,
    pub postgres: Postgres,
    /// Where the sandbox sends its webhooks: the server, or what stands before several.
    pub address: SocketAddr,
    /// Without a slash at the end.
    pub sandbox: String,
    /// The full drill instead of the short one.
    pub is_full: bool,
    /// For logs of this run.
    pub folder: PathBuf,
    /// Where a long drill notes how far it has come.
    pub corner: PathBuf,
    /// Tells one build of the server from another.
    pub build: String,
    server: PathBuf,
}

pub fn var(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is missing: start drills by `cargo xtask drill NAME`"))
}

impl Stage {
    pub async fn open(is_full: bool) -> Result<Self> {
        let database_url = var("DATABASE_URL")?;
        let db = pool(&database_url).await?;
        let postgres = serde_json::from_str(&var("DRILL_POSTGRES")?).context("DRILL_POSTGRES")?;
        let server = PathBuf::from(var("DRILL_SERVER")?);
        Ok(Self {
            db,
            database_url,
            postgres,
            address: var("FETTLE_LISTEN")?.parse().context("FETTLE_LISTEN")?,
            sandbox: var("DRILL_SANDBOX")?,
            is_full,
            folder: var("DRILL_FOLDER")?.into(),
            corner: var("DRILL_CORNER")?.into(),
            build: build_of(&server)?,
            server,
        })
    }

    /// The server at the address the sandbox knows.
    pub async fn serve(&self) -> Result<Server> {
        self.serve_at(self.address, &[]).await
    }

    /// A server elsewhere, or with more settings. Waits until it is ready.
    pub async fn serve_at(&self, address: SocketAddr, settings: &[(&str, &str)]) -> Result<Server> {
        Self::vacated(address).await;
        let mut server = self.launch(address, settings)?;
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// Waits until nobody is at the address: who was let go a moment ago may not be gone yet.
    pub async fn vacated(address: SocketAddr) {
        for _ in 0..100 {
            if is_vacant(address) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts without waiting.
    pub fn launch(&self, address: SocketAddr, settings: &[(&str, &str)]) -> Result<Server> {
        self.launch_program(&self.server, address, settings)
    }

    /// The server of another release.
    pub fn launch_program(&self, program: &Path, address: SocketAddr, settings: &[(&str, &str)]) -> Result<Server> {
        let path = self.folder.join(format!("server-{}.log", address.port()));
        let log = File::options().create(true).append(true).open(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        // Ends with us even when we are killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).arg("serve");
        command.env("FETTLE_LISTEN", address.to_string()).env("FETTLE_BASE_URL", format!("http://{}", self.address));
        command.envs(settings.iter().copied());
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true).spawn()?;
        Ok(Server { child, address })
    }

    /// Brings the schema to the one of this release.
    pub async fn migrate(&self) -> Result<()> {
        let output = Command::new(&self.server).arg("migrate").stdin(Stdio::null()).output().await.context("the server's program")?;
        ensure!(output.status.success(), "the migration failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(())
    }

    /// Another program of the same build.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.server.with_file_name(name)
    }

    /// An address of this machine that nobody uses.
    pub fn free_address() -> Result<SocketAddr> {
        Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
    }
}

/// Nobody listens there. Nor do we who look: whoever tries the address meanwhile is refused and goes elsewhere, instead of being taken and let go.
fn is_vacant(address: SocketAddr) -> bool {
    let bound = TcpSocket::new_v4().and_then(|socket| {
        socket.set_reuseaddr(true)?;
        socket.bind(address)
    });
    bound.is_ok()
}

/// By its size and the moment in which it was made.
fn build_of(program: &Path) -> Result<String> {
    let file = std::fs::metadata(program).with_context(|| format!("{} is missing", program.display()))?;
    Ok(format!("{}-{}", file.len(), file.modified()?.duration_since(UNIX_EPOCH)?.as_nanos()))
}

/// Few connections, so that ours are not what fills the database.
pub async fn pool(url: &str) -> Result<PgPool> {
    PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(20)).connect(url).await.context("the drill's database")
}

/// One process of the server.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    pub async fn wait_until_ready(&mut self) -> Result<()> {
        let began = Instant::now();
        let http = crate::house::client();
        let url = format!("http://{}/readyz", self.address);
        while began.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.ended() {
                bail!("the server ended with {status} before it was ready");
            }
            if http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server was not ready after 60 s");
    }

    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// As `kill -9` does.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("the server could not be killed")
    }

    /// Tells it to end as an operator does, and waits until it has; None if it has not within `at_most`.
    pub async fn end(&mut self, at_most: Duration) -> Result<Option<ExitStatus>> {
        let pid = self.child.id().context("the server has ended already")?;
        Command::new("kill").args(["-TERM", &pid.to_string()]).status().await.context("kill")?;
        match tokio::time::timeout(at_most, self.child.wait()).await {
            Ok(status) => Ok(Some(status?)),
            Err(_) => Ok(None),
        }
    }

    /// Waits until it has ended by itself; how it did, or None if it has not within `at_most`.
    pub async fn dies(&mut self, at_most: Duration) -> Result<Option<ExitStatus>> {
        match tokio::time::timeout(at_most, self.child.wait()).await {
            Ok(status) => Ok(Some(status?)),
            Err(_) => Ok(None),
        }
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> Result<u64> {
        resident_of(self.child.id().context("the server has ended")?)
    }

    /// A part of it, as `RssAnon`, in bytes.
    pub fn resident_part(&self, part: &str) -> Result<u64> {
        resident_part_of(self.child.id().context("the server has ended")?, part)
    }

    /// Processor time used so far.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(self.child.id().context("the server has ended")?)
    }
}

/// User and system time of a process, from its `stat` (proc(5)), which counts hundredths of seconds.
pub fn cpu_of(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    Ok(Duration::from_millis((ticks(11) + ticks(12)) * 10))
}

/// The same of a process and everything it has started.
pub fn cpu_of_all(root: u32) -> Result<Duration> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)).and_then(|text| text.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (pid, parent)));
    }
    let mut family = vec![root];
    let mut at = 0;
    while let Some(&member) = family.get(at) {
        family.extend(parents.iter().filter(|(_, parent)| *parent == member).map(|(pid, _)| *pid));
        at += 1;
    }
    // whoever ends meanwhile has no time to add
    Ok(family.into_iter().filter_map(|pid| cpu_of(pid).ok()).sum())
}

/// Resident memory of a process, in bytes.
pub fn resident_of(pid: u32) -> Result<u64> {
    resident_part_of(pid, "VmRSS")
}

/// By the name it has in its `status` (proc(5)).
fn resident_part_of(pid: u32, part: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(part)?.strip_prefix(':')).with_context(|| format!("no {part}"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}
