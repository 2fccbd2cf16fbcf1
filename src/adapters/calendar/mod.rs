//! Other people's calendars over https, without letting anyone point us at our own network.

mod guard;

use crate::config::Config;
use crate::telemetry::traces;
use anyhow::Context;
use async_trait::async_trait;
use domain::scheduling::port::{CalendarSource, FetchFailure, Fetched};
use domain::trace;
use futures::StreamExt;
use http::header;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

const MOST_BYTES: usize = 2 * 1024 * 1024;
const MOST_REDIRECTS: usize = 3;
/// For a whole reading, wherever it leads: a host that lets its file drip, or sends us round, keeps a worker no longer.
const PATIENCE: Duration = Duration::from_secs(15);

pub fn from_config(config: &Config) -> anyhow::Result<Arc<dyn CalendarSource>> {
    Ok(Arc::new(Web::new(config.is_development)?))
}

/// In development also plain http and loopback, so that tests and the sandbox can serve calendars.
pub struct Web {
    client: reqwest::Client,
    is_loopback_allowed: bool,
    patience: Duration,
}

impl Web {
    pub fn new(is_loopback_allowed: bool) -> anyhow::Result<Self> {
        Self::with_patience(is_loopback_allowed, PATIENCE)
    }

    /// For tests, which have less.
    pub fn with_patience(is_loopback_allowed: bool, patience: Duration) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            // Resolved once, checked, and then connected to what was checked.
            .dns_resolver(Arc::new(guard::PublicOnly { is_loopback_allowed }))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .no_proxy()
            .user_agent("Fettle calendar import")
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self { client, is_loopback_allowed, patience })
    }

    async fn get(&self, url: &str, etag: Option<&str>) -> Result<reqwest::Response, FetchFailure> {
        let mut url = guard::check(url, self.is_loopback_allowed).map_err(FetchFailure::Refused)?;
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self.client.get(url.clone()).header(header::ACCEPT, "text/calendar");
            if let Some(etag) = etag {
                request = request.header(header::IF_NONE_MATCH, etag);
            }
            let response = request.send().await.map_err(|error| FetchFailure::Unavailable(reason(&error)))?;
            if !response.status().is_redirection() || response.status() == http::StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            let target = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("");
            let target = url.join(target).map_err(|_| FetchFailure::Unavailable("it redirects nowhere".to_owned()))?;
            url = guard::check(target.as_str(), self.is_loopback_allowed).map_err(FetchFailure::Refused)?;
        }
        Err(FetchFailure::Unavailable("it redirects too often".to_owned()))
    }

    async fn read(&self, url: &str, etag: Option<&str>) -> Result<Fetched, FetchFailure> {
        let response = self.get(url, etag).await?;
        if response.status() == http::StatusCode::NOT_MODIFIED {
            return Ok(Fetched::Unchanged);
        }
        if !response.status().is_success() {
            return Err(FetchFailure::Unavailable(format!("it answered {}", response.status().as_u16())));
        }
        let etag = response.headers().get(header::ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk.map_err(|error| FetchFailure::Unavailable(reason(&error)))?);
            if body.len() > MOST_BYTES {
                return Err(FetchFailure::Refused("it is larger than 2 MiB".to_owned()));
            }
        }
        let body = String::from_utf8(body).map_err(|_| FetchFailure::Refused("it is not text".to_owned()))?;
        Ok(Fetched::Calendar { body, etag })
    }
}

#[async_trait]
impl CalendarSource for Web {
    async fn fetch(&self, url: &str, etag: Option<&str>) -> Result<Fetched, FetchFailure> {
        // Whose host it is, is nobody else's business.
        let span = traces::call(|| ("GET", "calendar".to_owned()));
        let read = tokio::time::timeout(self.patience, self.read(url, etag).instrument(span.clone())).await;
        let read = read.unwrap_or_else(|_| Err(FetchFailure::Unavailable("it took too long".to_owned())));
        if let Err(failure) = &read {
            let kind = if matches!(failure, FetchFailure::Refused(_)) { "refused" } else { "no_answer" };
            trace::failed(&span, kind);
        }
        read
    }
}

/// The innermost cause; the outer ones repeat the address.
fn reason(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}
