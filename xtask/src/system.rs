//! The machine: what is installed, what is missing, and the line that installs it.

use crate::house::House;
use crate::step::{loud, quiet, say};
use anyhow::{Context, Result, bail};
use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Something the house needs from the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Postgres,
    Chromium,
    Node,
    /// For the tests of several nodes.
    Redis,
    /// For the tests of the API.
    Python,
    /// For the drill `flood`.
    SlowHttpTest,
}

impl Need {
    pub const ALL: [Self; 6] = [Self::Postgres, Self::Node, Self::Chromium, Self::Redis, Self::Python, Self::SlowHttpTest];

    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL 15 or later",
            Self::Chromium => "Chromium (for the browser tests)",
            Self::Node => "Node 20 or later with npm",
            Self::Redis => "Redis (for the tests of several nodes)",
            Self::Python => "Python 3.10 or later with venv (for the tests of the API)",
            Self::SlowHttpTest => "slowhttptest (for the drill flood)",
        }
    }

    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgresql", "postgresql-contrib"],
            Self::Chromium => &["chromium"],
            Self::Node => &["nodejs", "npm"],
            Self::Redis => &["redis-server"],
            Self::Python => &["python3", "python3-venv"],
            Self::SlowHttpTest => &["slowhttptest"],
        }
    }

    /// Where it is.
    pub fn find(self) -> Option<PathBuf> {
        match self {
            Self::Postgres => postgres_folder(),
            Self::Chromium => env::var_os("CHROMIUM")
                .map(PathBuf::from)
                .filter(|file| file.is_file())
                .or_else(|| find_program(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])),
            Self::Node => find_program(&["npm"]).and_then(|_| find_program(&["node"])).filter(|node| is_node_new_enough(node)),
            Self::Redis => find_program(&["redis-server"]),
            Self::Python => find_program(&["python3"]).filter(|python| is_python_whole(python)),
            Self::SlowHttpTest => find_program(&["slowhttptest"]),
        }
    }

    /// The line a person types to install it.
    pub fn line(self) -> String {
        format!("sudo apt-get install --no-install-recommends -y {}", self.packages().join(" "))
    }

    /// Finds it, or installs it with the system's package manager where that is allowed.
    pub fn have(self) -> Result<PathBuf> {
        if let Some(found) = self.find() {
            return Ok(found);
        }
        let Some(mut install) = package_manager() else {
            bail!("{} is missing. This line installs it: {}", self.name(), self.line());
        };
        say(&format!("{} is missing; installing it with the system's package manager", self.name()));
        let _ = Command::new(install.get_program())
            .args(install.get_args().take_while(|a| *a != "install"))
            .arg("update")
            .stdout(Stdio::null())
            .status();
        install.args(self.packages()).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        loud(&format!("apt-get install {}", self.packages().join(" ")), &mut install)?;
        match self.find() {
            Some(found) => Ok(found),
            None => bail!("{} is still missing after installing it. Please look at: {}", self.name(), self.line()),
        }
    }
}

/// apt-get, as root or by a sudo that does not ask.
fn package_manager() -> Option<Command> {
    find_program(&["apt-get"])?;
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        let may = Command::new("sudo").args(["-n", "true"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !may.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "apt-get"]);
        sudo
    };
    command.args(["install", "--no-install-recommends", "-y", "-qq"]);
    Some(command)
}

/// What islands are compiled for.
pub const BROWSER: &str = "wasm32-unknown-unknown";

/// Lets the compiler of this checkout know the browser. rustup sees to it by `rust-toolchain.toml`, unless it was told to install nothing unasked.
pub fn want_browser_target(house: &House) -> Result<()> {
    let output = house.command("rustc").args(["--print", "target-libdir", "--target", BROWSER]).output().context("rustc")?;
    if output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    quiet("installing the compiler's library for the browser", house.command("rustup").args(["target", "add", BROWSER]))?;
    Ok(())
}

/// The folder with `initdb` and `pg_ctl`, the newest where there are several.
fn postgres_folder() -> Option<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(major, folder)| *major >= 15 && folder.join("initdb").is_file())
        .collect();
    folders.sort();
    let on_path =
        || find_program(&["initdb"]).and_then(|file| file.canonicalize().ok()).and_then(|file| file.parent().map(Path::to_path_buf));
    folders.pop().map(|(_, folder)| folder).or_else(on_path)
}

fn is_node_new_enough(node: &Path) -> bool {
    let Ok(output) = Command::new(node).arg("--version").output() else { return false };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 20)
}

/// Debian leaves out of Python what makes environments.
fn is_python_whole(python: &Path) -> bool {
    let question = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    Command::new(python).args(["-c", question]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The first of `names` on the path.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = env::split_paths(&path).collect();
    names.iter().flat_map(|name| places.iter().map(move |place| place.join(name))).find(|file| file.is_file())
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// User and group numbers of an account of this machine.
pub fn account(name: &str) -> Option<(u32, u32)> {
    let lines = fs::read_to_string("/etc/passwd").ok()?;
    let line = lines.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut parts = line.split(':').skip(2);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Refuses with a sentence when less than `needed` MiB are free where `folder` is.
pub fn want_space(folder: &Path, needed: u64) -> Result<()> {
    let output = Command::new("df").args(["-Pm"]).arg(folder).output();
    let Ok(output) = output else { return Ok(()) };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).and_then(|word| word.parse::<u64>().ok());
    if let Some(free) = free
        && free < needed
    {
        bail!("only {free} MB are free on the disk of {}; this needs about {needed} MB", folder.display());
    }
    Ok(())
}

/// Refuses with a sentence when something else listens on `address`.
pub fn want_port(address: SocketAddr, what: &str, how_else: &str) -> Result<()> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::AddrInUse => {
            bail!(
                "port {} is in use by another program, and {what} wants it. Stop that program, or choose another: {how_else}",
                address.port()
            )
        }
        Err(cause) => bail!("{what} cannot listen on {address}: {cause}"),
    }
}

/// A port that nothing uses at the moment.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
