//! The sandbox as a program.

use clap::Parser;
use sandbox::{Options, Sandbox};
use std::path::PathBuf;

/// Stand-ins for the payment gateway and the mail server, with a page to watch and disturb them.
#[derive(Parser)]
struct Flags {
    #[arg(long, env = "SANDBOX_PORT", default_value_t = 4010)]
    port: u16,
    #[arg(long, env = "SANDBOX_SMTP_PORT", default_value_t = 4025)]
    smtp_port: u16,
    /// Where browsers reach this program, if not at http://127.0.0.1:PORT.
    #[arg(long, env = "SANDBOX_PUBLIC_URL")]
    public_url: Option<String>,
    /// Where payment webhooks are sent.
    #[arg(long, env = "SANDBOX_WEBHOOK_URL", default_value = "http://127.0.0.1:3000/api/v1/webhooks/stripe")]
    webhook_url: String,
    #[arg(long, env = "SANDBOX_WEBHOOK_SECRET", default_value = "whsec_sandbox")]
    webhook_secret: String,
    /// Keeps objects and mails over restarts.
    #[arg(long, env = "SANDBOX_STATE")]
    state: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let flags = Flags::parse();
    let sandbox = Sandbox::start(Options {
        port: flags.port,
        smtp_port: flags.smtp_port,
        public_url: flags.public_url,
        webhook_url: Some(flags.webhook_url),
        webhook_secret: flags.webhook_secret,
        state: flags.state,
    })
    .await?;
    println!("sandbox: {} (mail on port {})", sandbox.base_url(), sandbox.smtp.port());
    wait_for_end().await?;
    Ok(())
}

async fn wait_for_end() -> anyhow::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
