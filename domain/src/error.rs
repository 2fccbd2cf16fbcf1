//! The one error type at the doors.

use serde::{Deserialize, Serialize};
use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a verb did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    #[error("sign in first")]
    Unauthenticated,
    #[error("you may not do this")]
    Forbidden,
    /// Also for what belongs to someone else.
    #[error("not found")]
    NotFound,
    #[error("some fields need another look")]
    Invalid(Fields),
    #[error("{}", .0.sentence)]
    Refused(Refusal),
    #[error("too many requests")]
    TooMany { retry_after_s: u64 },
    #[error("unavailable for a moment")]
    Unavailable { retry_after_s: u64 },
    /// Logged once, where it was made, under this reference.
    #[error("something went wrong on our side (reference {reference})")]
    Internal { reference: String },
}

/// What is wrong with which field, in sentences for the person who filled it in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields(pub Vec<Field>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Field {
    /// The field's name in the form or JSON body; dots lead into nested ones.
    pub name: String,
    pub problem: String,
}

impl Fields {
    pub fn none() -> Self {
        Self::default()
    }
    pub fn one(name: &str, problem: impl Into<String>) -> Self {
        let mut fields = Self::none();
        fields.add(name, problem);
        fields
    }
    pub fn add(&mut self, name: &str, problem: impl Into<String>) {
        self.0.push(Field { name: name.to_owned(), problem: problem.into() });
    }
    /// Adds the problem unless `holds`.
    pub fn check(&mut self, holds: bool, name: &str, problem: &str) {
        if !holds {
            self.add(name, problem);
        }
    }
    pub fn problem(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|f| f.name == name).map(|f| f.problem.as_str())
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Err(Invalid) if anything was added.
    pub fn finish(self) -> Result<()> {
        if self.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }
}

impl From<Fields> for Error {
    fn from(fields: Fields) -> Self {
        Self::Invalid(fields)
    }
}

/// A business "no" as it leaves through a door: a stable code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: String,
    pub sentence: String,
    /// 409: conflicts with the present state. Otherwise 422: understood, but refused.
    pub is_conflict: bool,
    /// After so long the same request may be answered otherwise. Where it conflicts with nothing, that is all that is wrong with it: 503.
    #[serde(default)]
    pub retry_after_s: Option<u64>,
    /// What helps, as further members of the problem (RFC 9457 section 3.2), such as `alternatives`.
    #[serde(default)]
    pub help: serde_json::Map<String, serde_json::Value>,
}

/// A room's own enum of refusals implements this, and `?` turns it into [`Error::Refused`].
pub trait Refuse: fmt::Debug {
    /// Stable, `snake_case`.
    fn code(&self) -> &'static str;
    /// What happened and what to do, second person.
    fn sentence(&self) -> String;
    fn is_conflict(&self) -> bool {
        true
    }
    /// Some where time alone may help; without a conflict the answer is then 503.
    fn retry_after_s(&self) -> Option<u64> {
        None
    }
    fn help(&self) -> serde_json::Map<String, serde_json::Value> {
        serde_json::Map::new()
    }
}

impl<R: Refuse> From<R> for Error {
    fn from(refusal: R) -> Self {
        Self::Refused(Refusal {
            code: refusal.code().to_owned(),
            sentence: refusal.sentence(),
            is_conflict: refusal.is_conflict(),
            retry_after_s: refusal.retry_after_s(),
            help: refusal.help(),
        })
    }
}

impl Error {
    /// The stable code, for programs and tests.
    pub fn code(&self) -> &str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Invalid(_) => "invalid",
            Self::Refused(refusal) => &refusal.code,
            Self::TooMany { .. } => "too_many_requests",
            Self::Unavailable { .. } => "unavailable",
            Self::Internal { .. } => "internal",
        }
    }
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Invalid(_) => 422,
            Self::Refused(refusal) if refusal.is_conflict => 409,
            Self::Refused(refusal) if refusal.retry_after_s.is_some() => 503,
            Self::Refused(_) => 422,
            Self::TooMany { .. } => 429,
            Self::Unavailable { .. } => 503,
            Self::Internal { .. } => 500,
        }
    }
    /// After how many seconds the same request may be answered otherwise, where time alone helps.
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooMany { retry_after_s } | Self::Unavailable { retry_after_s } => Some(*retry_after_s),
            Self::Refused(refusal) => refusal.retry_after_s,
            _ => None,
        }
    }
    /// One sentence for the person.
    pub fn sentence(&self) -> String {
        match self {
            Self::Unauthenticated => "Please sign in first.".into(),
            Self::Forbidden => "You may not do this.".into(),
            Self::NotFound => "We could not find that. It may have been removed, or the address is mistyped.".into(),
            Self::Invalid(_) => "Some of what you entered needs another look.".into(),
            Self::Refused(refusal) => refusal.sentence.clone(),
            Self::TooMany { retry_after_s } => format!("That was a lot at once. Please wait {retry_after_s} seconds and try again."),
            Self::Unavailable { .. } => "This is not available for a moment. Nothing was lost; please try again shortly.".into(),
            Self::Internal { reference } => format!("Something went wrong on our side. Nothing you typed is lost. Reference {reference}."),
        }
    }
}

#[cfg(feature = "server")]
mod server {
    use super::Error;
    use rand::Rng;

    impl Error {
        /// Logs the source under a fresh reference that the person can quote.
        pub fn internal(source: impl std::fmt::Display) -> Self {
            let reference = format!("{:08x}", rand::rng().random::<u32>());
            tracing::error!(%reference, source = %source, "internal error");
            Self::Internal { reference }
        }
    }

    impl From<sqlx::Error> for Error {
        fn from(source: sqlx::Error) -> Self {
            match &source {
                sqlx::Error::RowNotFound => Self::NotFound,
                sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                // a line that ends at its first words is read as wrong words
                | sqlx::Error::Protocol(_)
                | sqlx::Error::WorkerCrashed => {
                    tracing::warn!(%source, "database unavailable");
                    Self::Unavailable { retry_after_s: 5 }
                }
                sqlx::Error::Database(db) => match db.code().as_deref() {
                    Some("53100") => {
                        tracing::error!(%source, "the database's disk is full");
                        Self::Unavailable { retry_after_s: 60 }
                    }
                    // admin shutdown, crash shutdown, cannot connect now, too many connections
                    Some("57P01" | "57P02" | "57P03" | "53300") => {
                        tracing::warn!(%source, "database unavailable");
                        Self::Unavailable { retry_after_s: 5 }
                    }
                    // serialisation failure, deadlock, lock timeout, statement timeout: worth another try
                    Some("40001" | "40P01" | "55P03" | "57014") => {
                        tracing::warn!(%source, "database contention");
                        Self::Unavailable { retry_after_s: 1 }
                    }
                    // text that Postgres cannot keep, such as a NUL: no row can have it
                    Some("22021" | "22P05") => Self::NotFound,
                    _ => Self::internal(source),
                },
                _ => Self::internal(source),
            }
        }
    }
}

/// The database's disk is full (`disk_full`, PostgreSQL's error 53100).
#[cfg(feature = "server")]
pub fn is_full(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code == "53100")
}

/// The name of the violated constraint, if that is what went wrong.
#[cfg(feature = "server")]
pub fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|e| e.constraint())
}
