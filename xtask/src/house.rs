//! Where things are: the checkout, its build folder, its ignored corner.

use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One checkout.
#[derive(Debug, Clone)]
pub struct House {
    pub root: PathBuf,
    /// Cargo's build folder.
    pub target: PathBuf,
}

impl House {
    /// The checkout around the present folder, or the one this program was built from.
    pub fn find() -> Result<Self> {
        let here = env::current_dir().context("the present folder cannot be read")?;
        let built_from = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here
            .ancestors()
            .chain(built_from.ancestors())
            .find(|folder| folder.join("xtask/Cargo.toml").exists() && folder.join("Cargo.lock").exists())
            .map(Path::to_path_buf);
        let Some(root) = root else { bail!("this is not inside a checkout of Fettle") };
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
        Ok(Self { root, target })
    }

    /// What the server hands out: hashed files under `pkg`, addresses that must not change under `root`.
    pub fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    /// Whether there is a site to hand out, of whatever age.
    pub fn has_site(&self) -> bool {
        self.site().join("assets.json").exists()
    }

    /// Ignored by git: data, logs, settings of this checkout.
    pub fn corner(&self) -> PathBuf {
        self.root.join(".fettle")
    }

    /// A program of this workspace, built with `profile` ("debug" or "release").
    pub fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(name)
    }

    /// Lets cargo compile the crates of these sources again, whatever it has made of them: it goes by their time alone, and takes what another checkout
    /// or other queries led to for fresh.
    pub fn touch(&self, sources: &[&str]) -> Result<()> {
        let mark = self.target.join("touched");
        std::fs::write(&mark, "")?;
        let now = std::fs::metadata(&mark)?.modified()?;
        for source in sources {
            std::fs::File::options().append(true).open(self.root.join(source))?.set_modified(now)?;
        }
        Ok(())
    }

    /// Cargo, run in this checkout. Queries are checked against the committed cache, not a database.
    pub fn cargo(&self) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        self.command(cargo)
    }

    /// A program of the nightly toolchain, where rustup knows one.
    pub fn nightly(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.command("rustup");
        // what names the toolchain of this checkout would win over the one that is asked for
        command.args(["run", "nightly"]).arg(program).env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC");
        command
    }

    /// Tools of other makers that are installed for this checkout alone.
    pub fn tools(&self) -> PathBuf {
        self.corner().join("tools")
    }

    /// Any program of the toolchain, run in this checkout.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("SQLX_OFFLINE", "true");
        // Set by the cargo that runs this program; passed on, they would make crates look changed.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" || name == "CARGO_MANIFEST_PATH" {
                command.env_remove(name);
            }
        }
        command
    }
}
