//! The port through which other people's calendars are read; `src/adapters/calendar` implements it.

use async_trait::async_trait;

#[derive(Debug, Clone)]
pub enum Fetched {
    /// Same as the entity tag we sent.
    Unchanged,
    Calendar {
        body: String,
        etag: Option<String>,
    },
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchFailure {
    #[error("the address may not be fetched: {0}")]
    Refused(String),
    #[error("the calendar did not answer: {0}")]
    Unavailable(String),
}

#[async_trait]
pub trait CalendarSource: Send + Sync {
    /// Reads an iCalendar file of at most 2 MiB from a public https address; private ranges are refused after resolving.
    async fn fetch(&self, url: &str, etag: Option<&str>) -> Result<Fetched, FetchFailure>;
}
