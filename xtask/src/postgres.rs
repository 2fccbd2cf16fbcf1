//! A Postgres of our own: never as root, on its own port, with its data in the ignored corner of the tree.

use crate::house::House;
use crate::step::{quiet, say};
use crate::system::{self, Need};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Which of the clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Kept, durable.
    Kept,
    /// For tests: nothing is flushed to disk, so a crash may lose it all.
    Forgetful,
    /// For drills, which pull its plug: durable, with Postgres' own defaults.
    Drilled,
}

/// A database to work with. Stops the cluster when dropped, if it was started here.
pub struct Database {
    /// `postgres://user:password@host:port/name`
    pub url: String,
    cluster: Option<Cluster>,
}

struct Cluster {
    bin: PathBuf,
    data: PathBuf,
    port: u16,
    password: String,
    /// The account it runs as when we are root.
    owner: Option<(u32, u32)>,
    /// Locked by everyone who uses the cluster; the last one stops it.
    users: Option<fs::File>,
}

const NAME: &str = "fettle";

impl Database {
    /// `DATABASE_URL` when it is set, else the private cluster, started if need be.
    pub fn open(house: &House, kind: Kind) -> Result<Self> {
        if let Ok(url) = std::env::var("DATABASE_URL")
            && !url.is_empty()
        {
            say("using the database of DATABASE_URL");
            return Ok(Self { url, cluster: None });
        }
        let cluster = Cluster::start(house, kind)?;
        let url = cluster.url(NAME);
        let database = Self { url, cluster: Some(cluster) };
        database.create(NAME)?;
        Ok(database)
    }

    /// The same server with another database, made afresh.
    pub fn fresh(&self, name: &str) -> Result<String> {
        self.sql("postgres", &format!("drop database if exists {name} with (force)"))?;
        self.sql("postgres", &format!("create database {name}"))?;
        Ok(self.with_name(name))
    }

    /// The same, as it was left the last time.
    pub fn kept(&self, name: &str) -> Result<String> {
        self.create(name)?;
        Ok(self.with_name(name))
    }

    pub fn drop_database(&self, name: &str) -> Result<()> {
        self.sql("postgres", &format!("drop database if exists {name} with (force)"))
    }

    /// Empties the database itself.
    pub fn reset(&self) -> Result<()> {
        let name = self.url.rsplit('/').next().and_then(|rest| rest.split('?').next()).unwrap_or(NAME).to_owned();
        self.fresh(&name).map(drop)
    }

    fn create(&self, name: &str) -> Result<()> {
        let there = self.psql("postgres").args(["-tAc", &format!("select 1 from pg_database where datname = '{name}'")]).output()?;
        if String::from_utf8_lossy(&there.stdout).trim() == "1" {
            return Ok(());
        }
        self.sql("postgres", &format!("create database {name}"))
    }

    /// The address of database `name` on the same server.
    pub fn with_name(&self, name: &str) -> String {
        let (server, rest) = self.url.rsplit_once('/').unwrap_or((&self.url, ""));
        match rest.split_once('?') {
            Some((_, options)) => format!("{server}/{name}?{options}"),
            None => format!("{server}/{name}"),
        }
    }

    /// What a drill needs to stop and start the private cluster, as JSON. None with `DATABASE_URL`, which is not ours to break.
    pub fn controls(&self) -> Option<String> {
        let cluster = self.cluster.as_ref()?;
        let controls = serde_json::json!({
            "bin": cluster.bin, "data": cluster.data, "port": cluster.port, "user": NAME, "password": cluster.password, "owner": cluster.owner,
        });
        Some(controls.to_string())
    }

    /// psql, connected.
    pub fn psql(&self, name: &str) -> Command {
        let program = self.cluster.as_ref().map_or_else(|| PathBuf::from("psql"), |cluster| cluster.bin.join("psql"));
        let mut command = Command::new(program);
        command.arg(self.with_name(name)).args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]);
        command
    }

    fn sql(&self, name: &str, text: &str) -> Result<()> {
        let output = self.psql(name).args(["-c", text]).output().context("psql could not be started")?;
        if !output.status.success() {
            bail!("the database refused \"{text}\": {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(cluster) = &self.cluster
            && cluster.users.as_ref().is_some_and(|users| users.unlock().is_ok() && users.try_lock().is_ok())
        {
            let _ = cluster.tool("pg_ctl").args(["stop", "-m", "fast", "-w", "-D"]).arg(&cluster.data).output();
        }
    }
}

/// Deletes what the app at hand has kept. Tests and drills have clusters of their own, at which they may be at work.
pub fn forget(house: &House) -> Result<()> {
    let folder = place(house, Kind::Kept)?;
    if let Some(bin) = Need::Postgres.find()
        && folder.join("postmaster.pid").exists()
    {
        let cluster = Cluster { bin, data: folder.clone(), port: 0, password: String::new(), owner: owner(), users: None };
        let _ = cluster.tool("pg_ctl").args(["stop", "-m", "immediate", "-w", "-D"]).arg(&folder).output();
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} could not be removed", folder.display()))?;
    }
    Ok(())
}

/// Who runs Postgres when we are root: the system's own account for it, else nobody.
fn owner() -> Option<(u32, u32)> {
    if !system::is_root() {
        return None;
    }
    system::account("postgres").or_else(|| system::account("nobody"))
}

/// `.fettle/postgres`, or a folder under `/var/tmp` when that account cannot reach the checkout.
fn place(house: &House, kind: Kind) -> Result<PathBuf> {
    let name = match kind {
        Kind::Kept => "postgres",
        Kind::Forgetful => "postgres-test",
        Kind::Drilled => "postgres-drill",
    };
    let corner = house.corner();
    fs::create_dir_all(&corner).with_context(|| format!("{} cannot be made", corner.display()))?;
    let Some((user, group)) = owner() else { return Ok(corner.join(name)) };
    let can_reach = Command::new("/bin/sh")
        .args(["-c", "cd \"$0\""])
        .arg(&corner)
        .uid(user)
        .gid(group)
        .current_dir("/")
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if can_reach {
        return Ok(corner.join(name));
    }
    let key = hex::encode(Sha256::digest(house.root.to_string_lossy().as_bytes()));
    let folder = PathBuf::from(format!("/var/tmp/fettle-{}", &key[..12]));
    fs::create_dir_all(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o711))?;
    Ok(folder.join(name))
}

impl Cluster {
    fn start(house: &House, kind: Kind) -> Result<Self> {
        let bin = Need::Postgres.have()?;
        let data = place(house, kind)?;
        let owner = owner();
        let password_file = data.with_extension("password");
        let port_file = data.with_extension("port");
        if !data.join("PG_VERSION").exists() {
            make(&bin, &data, owner, &password_file, kind)?;
        }
        let password =
            fs::read_to_string(&password_file).with_context(|| format!("{} is missing; --fresh starts anew", password_file.display()))?;
        let known = fs::read_to_string(&port_file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let users = fs::File::create(data.with_extension("users"))?;
        users.lock_shared()?;
        let mut cluster = Self { bin, data, port: known, password: password.trim().to_owned(), owner, users: Some(users) };
        if cluster.is_running() {
            return Ok(cluster);
        }
        if known == 0 || std::net::TcpListener::bind(("127.0.0.1", known)).is_err() {
            cluster.port = system::free_port()?;
            fs::write(&port_file, cluster.port.to_string())?;
        }
        cluster.run(kind)?;
        Ok(cluster)
    }

    fn url(&self, name: &str) -> String {
        format!("postgres://{NAME}:{}@127.0.0.1:{}/{name}", self.password, self.port)
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.current_dir("/").stdin(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn is_running(&self) -> bool {
        self.port != 0 && self.tool("pg_ctl").args(["status", "-D"]).arg(&self.data).output().is_ok_and(|output| output.status.success())
    }

    fn run(&self, kind: Kind) -> Result<()> {
        let log = self.data.join("log.txt");
        let common = format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300", self.port);
        let options = match kind {
            Kind::Kept | Kind::Drilled => common,
            Kind::Forgetful => format!("{common} -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"),
        };
        let mut start = self.tool("pg_ctl");
        start.args(["start", "-w", "-t", "60", "-D"]).arg(&self.data).arg("-l").arg(&log).args(["-o", &options]);
        // Its output would keep our pipe open as long as the server lives.
        let status = start.stdout(Stdio::null()).stderr(Stdio::null()).status().context("pg_ctl could not be started")?;
        if !status.success() {
            let reason = fs::read_to_string(&log).unwrap_or_default();
            let last = reason.lines().rev().find(|line| line.contains("FATAL") || line.contains("PANIC")).unwrap_or("no reason given");
            bail!("Postgres did not start: {last} (its log is {}; --fresh starts anew)", log.display());
        }
        Ok(())
    }
}

/// initdb, with a password of its own so that other people on this machine stay out.
fn make(bin: &Path, data: &Path, owner: Option<(u32, u32)>, password_file: &Path, kind: Kind) -> Result<()> {
    if data.exists() {
        fs::remove_dir_all(data)?;
    }
    fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    fs::set_permissions(data, fs::Permissions::from_mode(0o700))?;
    let mut noise = [0_u8; 18];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut noise)?;
    fs::write(password_file, hex::encode(noise))?;
    fs::set_permissions(password_file, fs::Permissions::from_mode(0o600))?;
    let mut initdb = Command::new(bin.join("initdb"));
    if let Some((user, group)) = owner {
        chown(data, Some(user), Some(group))?;
        chown(password_file, Some(user), Some(group))?;
        initdb.uid(user).gid(group);
    }
    // A drill makes its server connect anew all the time, and SCRAM takes a client without optimisation most of a second; on the loopback of
    // this machine a plain password is as good.
    let auth = if kind == Kind::Drilled { "--auth=password" } else { "--auth=scram-sha-256" };
    initdb.current_dir("/").args(["--encoding=UTF8", "--locale=C.UTF-8", auth, "--username", NAME]);
    if kind == Kind::Forgetful {
        initdb.arg("--no-sync");
    }
    initdb.arg("--pwfile").arg(password_file).arg("-D").arg(data);
    quiet("making a private Postgres cluster", &mut initdb)?;
    Ok(())
}
