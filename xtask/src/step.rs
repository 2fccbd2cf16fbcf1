//! Saying what is going on: one line per step, and a sign of life when it takes longer than two seconds.

use crate::children::{end, is_stopped};
use anyhow::{Context, Result, bail};
use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Runs `work` under a line that names it; the line counts seconds when the work is slow.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let ticker = Ticker::start(name);
    let began = Instant::now();
    let outcome = work();
    ticker.stop();
    let seconds = began.elapsed().as_secs_f32();
    match &outcome {
        Ok(_) if seconds >= 2.0 => say(&format!("{name}: done in {seconds:.0} s")),
        Ok(_) => {}
        Err(_) => say(&format!("{name}: failed after {seconds:.0} s")),
    }
    outcome
}

/// Runs a program quietly; its output is shown only when it fails.
pub fn quiet(name: &str, command: &mut Command) -> Result<String> {
    step(name, || {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = command.stdin(Stdio::null()).output().with_context(|| format!("{program} could not be started"))?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let err = String::from_utf8_lossy(&output.stderr);
            eprintln!("{}{}", tail(&out, 40), tail(&err, 40));
            bail!("{name} failed: {program} ended with {}", output.status);
        }
        Ok(out)
    })
}

/// Runs a program whose own output is the progress (cargo, npm, a drill). When we are asked to end, it is.
pub fn loud(name: &str, command: &mut Command) -> Result<()> {
    say(name);
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| format!("{program} could not be started"))?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if is_stopped() {
            end(&mut child);
            bail!("{name}: stopped");
        }
        thread::sleep(Duration::from_millis(50));
    };
    if !status.success() {
        bail!("{name} failed: {program} ended with {status}");
    }
    Ok(())
}

/// One line for the person at the terminal.
pub fn say(line: &str) {
    eprintln!("· {line}");
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let mut kept = all[all.len().saturating_sub(lines)..].join("\n");
    if !kept.is_empty() {
        kept.push('\n');
    }
    kept
}

struct Ticker {
    is_over: Arc<AtomicBool>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Ticker {
    fn start(name: &str) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        let name = name.to_owned();
        let handle = thread::spawn(move || tick(&name, &over));
        Self { is_over, thread: Mutex::new(Some(handle)) }
    }

    fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Ok(mut slot) = self.thread.lock()
            && let Some(handle) = slot.take()
        {
            let _ = handle.join();
        }
    }
}

/// On a terminal the line counts in place; in a log it speaks up now and then.
fn tick(name: &str, over: &AtomicBool) {
    let began = Instant::now();
    let is_terminal = std::io::stderr().is_terminal();
    let mut next = Duration::from_secs(2);
    let mut has_drawn = false;
    while !over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(50));
        let elapsed = began.elapsed();
        if elapsed < next {
            continue;
        }
        if is_terminal {
            eprint!("\r· {name} … {} s ", elapsed.as_secs());
            let _ = std::io::stderr().flush();
            has_drawn = true;
            next = elapsed + Duration::from_millis(500);
        } else {
            eprintln!("· {name} … {} s", elapsed.as_secs());
            next = elapsed + Duration::from_secs(15);
        }
    }
    if has_drawn {
        eprint!("\r\x1b[K");
    }
}
