//! A running house: database, sandbox and server, wired to each other.

use crate::children::Running;
use crate::house::House;
use crate::postgres::Database;
use crate::step::{loud, quiet, step};
use crate::system;
use anyhow::Result;
use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Where everything listens.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    pub server: SocketAddr,
    pub sandbox: u16,
    pub mail: u16,
}

impl Ports {
    /// 3000 for people, 4010 and 4025 for the sandbox, unless the environment says otherwise.
    pub fn usual() -> Result<Self> {
        let server = env::var("FETTLE_LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
        let server =
            server.parse().map_err(|_| anyhow::anyhow!("FETTLE_LISTEN is not an address and port such as 127.0.0.1:3000: {server}"))?;
        let port = |name: &str, usual: u16| env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
        Ok(Self { server, sandbox: port("SANDBOX_PORT", 4010), mail: port("SANDBOX_SMTP_PORT", 4025) })
    }

    /// Whatever is free.
    pub fn free() -> Result<Self> {
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, system::free_port()?));
        Ok(Self { server, sandbox: system::free_port()?, mail: system::free_port()? })
    }

    /// Refuses with a sentence when one is taken.
    pub fn want(&self) -> Result<()> {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let elsewhere = SocketAddr::new(self.server.ip(), self.server.port().wrapping_add(100));
        system::want_port(self.server, "the server", &format!("FETTLE_LISTEN={elsewhere} cargo xtask start"))?;
        system::want_port(local(self.sandbox), "the sandbox", "SANDBOX_PORT=4110 cargo xtask start")?;
        system::want_port(local(self.mail), "the sandbox's mail server", "SANDBOX_SMTP_PORT=4125 cargo xtask start")
    }

    pub fn sandbox_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.sandbox)
    }
}

/// Programs of one build, and how they are told about each other.
pub struct Stage<'a> {
    pub house: &'a House,
    /// "debug" or "release".
    pub profile: &'static str,
    pub ports: Ports,
    pub database_url: String,
    /// Where logs and the sandbox's memory go.
    pub folder: PathBuf,
    /// What the server is told besides.
    pub settings: Vec<(&'static str, String)>,
}

/// Builds server, sandbox and what drives them. For development the same command and flags as the tests, so that nothing is compiled twice;
/// for production without the tools of the developer, which are most of the work.
pub fn compile(house: &House, profile: &str) -> Result<()> {
    let mut cargo = house.cargo();
    if profile == "release" {
        cargo.args(["build", "--release", "-p", "fettle", "-p", "sandbox", "-p", "drill", "-p", "peer-askama", "--bins"]);
    } else {
        cargo.args(["build", "--workspace", "--exclude", "frontend", "--bins"]);
    }
    loud("building the server", &mut cargo)
}

impl Stage<'_> {
    /// The server's program with the environment it needs. What the person has set wins.
    pub fn fettle(&self) -> Command {
        let mut command = Command::new(self.house.program(self.profile, "fettle"));
        command.current_dir(&self.house.root);
        let sandbox = self.ports.sandbox_url();
        let base_url = format!("http://{}", self.ports.server);
        let listen = self.ports.server.to_string();
        let site = self.house.site().to_string_lossy().into_owned();
        let settings = [
            ("FETTLE_LISTEN", listen),
            ("FETTLE_BASE_URL", base_url),
            ("FETTLE_MODE", "development".to_owned()),
            ("FETTLE_SITE_DIR", site),
            ("FETTLE_LOG", "info,sqlx=warn".to_owned()),
            ("SMTP_URL", format!("smtp://127.0.0.1:{}", self.ports.mail)),
            ("STRIPE_SECRET_KEY", "sk_test_sandbox".to_owned()),
            ("STRIPE_PUBLISHABLE_KEY", "pk_test_sandbox".to_owned()),
            ("STRIPE_WEBHOOK_SECRET", "whsec_sandbox".to_owned()),
            ("STRIPE_API_URL", format!("{sandbox}/")),
            ("STRIPE_SCRIPT_URL", format!("{sandbox}/v3/")),
            ("FETTLE_CHECKOUT_ORIGINS", sandbox),
        ];
        for (name, value) in settings {
            if env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        for (name, value) in &self.settings {
            command.env(name, value);
        }
        // An error is told in a sentence; where it came from is in the log of those who ask for it.
        command.env("DATABASE_URL", &self.database_url).env("RUST_BACKTRACE", "0");
        command
    }

    fn sandbox(&self) -> Command {
        let mut command = Command::new(self.house.program(self.profile, "sandbox"));
        command
            .current_dir(&self.house.root)
            .env("SANDBOX_PORT", self.ports.sandbox.to_string())
            .env("SANDBOX_SMTP_PORT", self.ports.mail.to_string())
            .env("SANDBOX_WEBHOOK_URL", format!("http://{}/api/v1/webhooks/stripe", self.ports.server))
            .env("SANDBOX_WEBHOOK_SECRET", "whsec_sandbox")
            .env("SANDBOX_STATE", self.folder.join("sandbox.json"));
        if env::var_os("RUST_LOG").is_none() {
            command.env("RUST_LOG", "info");
        }
        command
    }

    /// Brings the schema up to date and fills an empty database with the demo town. Answers what the seed said.
    pub fn prepare(&self) -> Result<String> {
        quiet("bringing the database up to date", self.fettle().arg("migrate").env("FETTLE_LOG", "warn"))?;
        quiet("filling it with the town of Merrow", self.fettle().arg("seed").env("FETTLE_LOG", "warn"))
    }

    /// Starts sandbox and server and waits until both answer.
    pub fn play(&self) -> Result<Vec<Running>> {
        let sandbox = self.open_sandbox(true)?;
        let server = self.serve()?;
        Ok(vec![server, sandbox])
    }

    /// Starts the sandbox alone; it remembers over restarts what happened if `is_kept`.
    pub fn open_sandbox(&self, is_kept: bool) -> Result<Running> {
        std::fs::create_dir_all(&self.folder)?;
        let sandbox_at = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.sandbox));
        let mut command = self.sandbox();
        if !is_kept {
            command.env_remove("SANDBOX_STATE").env("RUST_LOG", "warn");
        }
        let mut sandbox = Running::start("the sandbox", command, Some(&self.folder.join("sandbox.log")))?;
        step("starting the sandbox", || sandbox.wait_for(sandbox_at, "/healthz", Duration::from_secs(20)))?;
        Ok(sandbox)
    }

    /// Starts the server alone.
    pub fn serve(&self) -> Result<Running> {
        let mut command = self.fettle();
        command.arg("serve");
        let mut server = Running::start("the server", command, Some(&self.folder.join("server.log")))?;
        step("starting the server", || server.wait_for(self.ports.server, "/readyz", Duration::from_secs(60)))?;
        Ok(server)
    }
}

/// A stage of its own for tests: free ports and a database that is thrown away.
pub fn for_tests<'a>(house: &'a House, database: &Database, name: &str) -> Result<Stage<'a>> {
    Ok(Stage {
        house,
        profile: "debug",
        ports: Ports::free()?,
        database_url: database.fresh(name)?,
        folder: house.target.join("stage").join(name),
        settings: Vec::new(),
    })
}
