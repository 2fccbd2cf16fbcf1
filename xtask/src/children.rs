//! Programs we start, and end.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

static STOPPED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, a closed terminal or a polite kill ends the loops below instead of this process.
pub fn listen_for_the_end() -> Result<()> {
    ctrlc::set_handler(|| {
        if STOPPED.swap(true, Ordering::SeqCst) {
            // The second time, someone means it.
            std::process::exit(130);
        }
    })
    .context("signals cannot be caught")
}

pub fn is_stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// A program under our care. Ended when dropped.
pub struct Running {
    pub name: String,
    child: Child,
    log: Option<std::path::PathBuf>,
}

impl Running {
    /// Starts `command`; its output goes to `log`, or to the terminal without one.
    pub fn start(name: &str, command: Command, log: Option<&Path>) -> Result<Self> {
        let mut command = bound_to_us(command);
        if let Some(path) = log {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
            command.stdout(file.try_clone()?).stderr(file);
        }
        let child = command.stdin(Stdio::null()).spawn().with_context(|| format!("{name} could not be started"))?;
        Ok(Self { name: name.to_owned(), child, log: log.map(Path::to_path_buf) })
    }

    /// Whether it has ended, with a sentence about it.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        let last = self.log.as_deref().map(last_lines).unwrap_or_default();
        Some(format!("{} has ended with {status}{last}", self.name))
    }

    /// How it ended, if it has: with success or without.
    pub fn is_well(&mut self) -> Option<bool> {
        self.child.try_wait().ok().flatten().map(|status| status.success())
    }

    /// Waits until `address` answers `path` with a success.
    pub fn wait_for(&mut self, address: SocketAddr, path: &str, at_most: Duration) -> Result<()> {
        let began = Instant::now();
        loop {
            if let Some(sentence) = self.ended() {
                bail!("{sentence}");
            }
            if get(address, path).is_ok_and(|status| (200..300).contains(&status)) {
                return Ok(());
            }
            if is_stopped() {
                bail!("stopped");
            }
            if began.elapsed() > at_most {
                let last = self.log.as_deref().map(last_lines).unwrap_or_default();
                bail!("{} does not answer on http://{address}{path} after {} s{last}", self.name, at_most.as_secs());
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn stop(&mut self) {
        end(&mut self.child);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Asks it to end, and waits up to ten seconds before insisting.
pub fn end(child: &mut Child) {
    if child.try_wait().ok().flatten().is_some() {
        return;
    }
    let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).stderr(Stdio::null()).status();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        if child.try_wait().ok().flatten().is_some() {
            return;
        }
        thread::sleep(Duration::from_millis(30));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Ends with us even when we are killed, where the system has a way to say so.
pub fn bound_to_us(command: Command) -> Command {
    if crate::system::find_program(&["setpriv"]).is_none() {
        return command;
    }
    let mut bound = Command::new("setpriv");
    bound.args(["--pdeathsig", "TERM", "--"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bound.env(name, value),
            None => bound.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        bound.current_dir(folder);
    }
    bound
}

/// Status of a plain GET.
pub fn get(address: SocketAddr, path: &str) -> Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut head = [0_u8; 12];
    stream.read_exact(&mut head)?;
    std::str::from_utf8(&head[9..12])?.parse().context("no status")
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let kept = lines[lines.len().saturating_sub(12)..].join("\n  ");
    format!("; the end of {}:\n  {kept}", log.display())
}
