//! The outside world in a box: stand-ins for the third parties, speaking their real protocols.
//!
//! - `stripe`: a payment gateway (REST, signed webhooks, Stripe.js with its card form, hosted pages)
//! - `mail`: an SMTP server with a mailbox to look into
//! - `control`: a page to watch and disturb them
//!
//! Runs as a program beside Fettle, or inside a test on free ports: [`Sandbox::start`].

pub mod control;
pub mod disturb;
pub mod hub;
pub mod mail;
pub mod page;
pub mod stripe;

use hub::Hub;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone)]
pub struct Options {
    /// 0 picks a free one.
    pub port: u16,
    /// 0 picks a free one.
    pub smtp_port: u16,
    /// Where browsers reach this program, if not at its own address.
    pub public_url: Option<String>,
    pub webhook_url: Option<String>,
    pub webhook_secret: String,
    /// Keeps objects and mails over restarts.
    pub state: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, smtp_port: 0, public_url: None, webhook_url: None, webhook_secret: "whsec_sandbox".into(), state: None }
    }
}

/// A running sandbox; ends when dropped.
pub struct Sandbox {
    pub hub: Arc<Hub>,
    pub http: SocketAddr,
    pub smtp: SocketAddr,
    stop: CancellationToken,
}

impl Sandbox {
    /// Binds both ports on loopback and serves until stopped.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        // Another part of the process may have chosen already; then that one serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = TcpListener::bind(("127.0.0.1", options.port)).await?;
        let smtp = TcpListener::bind(("127.0.0.1", options.smtp_port)).await?;
        let (http_at, smtp_at) = (http.local_addr()?, smtp.local_addr()?);
        let base_url = options.public_url.unwrap_or_else(|| format!("http://{http_at}"));
        let hub = Hub::new(base_url, options.webhook_url, options.webhook_secret, options.state)?;
        let stop = CancellationToken::new();

        let app = stripe::router().merge(mail::router()).merge(control::router()).merge(page::router()).with_state(hub.clone());
        let stopped = stop.clone();
        tokio::spawn(async move {
            let served = axum::serve(http, app).with_graceful_shutdown(async move { stopped.cancelled().await });
            if let Err(error) = served.await {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        tokio::spawn(stop.clone().run_until_cancelled_owned(mail::smtp::serve(smtp, hub.clone())));
        tokio::spawn(stop.clone().run_until_cancelled_owned(keep_going(hub.clone())));
        tokio::spawn(stop.clone().run_until_cancelled_owned(keep_saved(hub.clone())));
        Ok(Self { hub, http: http_at, smtp: smtp_at, stop })
    }

    pub fn base_url(&self) -> String {
        self.hub.base_url().to_owned()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.hub.close();
        self.stop.cancel();
        if let Err(error) = self.hub.save() {
            tracing::warn!(%error, "the sandbox could not save its state");
        }
    }
}

/// Slow banks answer, hosted pages expire.
async fn keep_going(hub: Arc<Hub>) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        hub.quietly(stripe::tick);
    }
}

async fn keep_saved(hub: Arc<Hub>) {
    loop {
        hub.changed.notified().await;
        // several changes, one write
        tokio::time::sleep(Duration::from_millis(300)).await;
        let saving = hub.clone();
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || saving.save()).await {
            tracing::warn!(%error, "the sandbox could not save its state");
        }
    }
}
