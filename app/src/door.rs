//! What server functions begin and end with: who asks, and an error that carries its true status.

use domain::error::Field;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// A verb's error on its way to an island.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoorError {
    /// Stable, such as `slot_taken`; `offline` when the server was not reached.
    pub code: String,
    pub status: u16,
    /// For the person.
    pub sentence: String,
    pub fields: Vec<Field>,
    /// What helps, such as `alternatives`.
    pub help: serde_json::Map<String, serde_json::Value>,
}

impl DoorError {
    pub fn problem(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|f| f.name == field).map(|f| f.problem.as_str())
    }
}

impl std::fmt::Display for DoorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl FromServerFnError for DoorError {
    type Encoder = JsonEncoding;
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (code, status, sentence) = match error {
            ServerFnErrorErr::Request(_) => ("offline", 503, OFFLINE),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                ("malformed", 400, "The request could not be read. Reload the page and try again.")
            }
            _ => ("internal", 500, "Something went wrong on our side. Please try again."),
        };
        #[cfg(feature = "ssr")]
        server::set_status(status, None);
        Self { code: code.to_owned(), status, sentence: sentence.to_owned(), fields: Vec::new(), help: serde_json::Map::new() }
    }
}

/// What is said when the server was not reached.
pub const OFFLINE: &str = "We could not reach Fettle. Check your connection and try again.";

/// What server functions return.
pub type Door<T> = Result<T, DoorError>;

#[cfg(feature = "ssr")]
pub use server::{ctx, parts};

#[cfg(feature = "ssr")]
mod server {
    use super::DoorError;
    use domain::ctx::Ctx;
    use domain::error::Error;
    use http::{HeaderValue, StatusCode, header};
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    /// The request's context.
    pub fn ctx() -> Result<Ctx, DoorError> {
        parts().and_then(|parts| parts.extensions.get::<Ctx>().cloned()).ok_or_else(|| Error::Unauthenticated.into())
    }

    /// The request's head, for headers and extensions.
    pub fn parts() -> Option<http::request::Parts> {
        use_context::<http::request::Parts>()
    }

    /// The answer's status; server functions would all say 500 otherwise.
    pub(super) fn set_status(status: u16, retry_after_s: Option<u64>) {
        let Some(options) = use_context::<ResponseOptions>() else { return };
        options.set_status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        if let Some(seconds) = retry_after_s {
            options.insert_header(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }

    impl<E: Into<Error>> From<E> for DoorError {
        fn from(error: E) -> Self {
            let error = error.into();
            set_status(error.status(), error.retry_after_s());
            let (code, status, sentence) = (error.code().to_owned(), error.status(), error.sentence());
            let (fields, help) = match error {
                Error::Invalid(fields) => (fields.0, serde_json::Map::new()),
                Error::Refused(refusal) => (Vec::new(), refusal.help),
                _ => (Vec::new(), serde_json::Map::new()),
            };
            Self { code, status, sentence, fields, help }
        }
    }
}
