//! Errors for programs: RFC 9457 problem details.

use crate::layers::request::current_id;
use axum::response::{IntoResponse, Response};
use domain::error::{Error, Field};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// What every failing call answers, as `application/problem+json`. Further members help: `alternatives`, `retry_after`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    /// An address that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// A sentence for people: what happened, and what to do.
    pub detail: String,
    /// Stable, for programs.
    #[schema(example = "slot_taken")]
    pub code: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    pub request_id: String,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    #[serde(flatten)]
    #[schema(ignore)]
    pub help: serde_json::Map<String, serde_json::Value>,
}

/// The error type of REST handlers; any verb's error turns into it by `?`.
#[derive(Debug, Clone)]
pub struct Problem(Box<ProblemBody>);

impl Problem {
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(ProblemBody {
            kind: format!("/api/docs#{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            fields: Vec::new(),
            request_id: current_id(),
            retry_after: None,
            help: serde_json::Map::new(),
        }))
    }
    /// For refusals that come from below our handlers.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::BAD_REQUEST => ("malformed", "The request could not be read."),
            StatusCode::NOT_FOUND => ("not_found", "There is nothing at this address."),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This address does not do that."),
            StatusCode::REQUEST_TIMEOUT => ("timeout", "The request took too long to arrive. Please try again."),
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "What was sent is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "Send application/json."),
            StatusCode::UNPROCESSABLE_ENTITY => ("invalid", "Some of what was sent needs another look."),
            s if s.is_client_error() => ("refused", "The request was refused."),
            _ => ("internal", "Something went wrong on our side."),
        };
        Self::new(status, code, detail)
    }
    pub fn fields(mut self, fields: Vec<Field>) -> Self {
        self.0.fields = fields;
        self
    }
    pub fn detail(&self) -> String {
        self.0.detail.clone()
    }
    pub fn status(&self) -> u16 {
        self.0.status
    }
    pub fn body(&self) -> &ProblemBody {
        &self.0
    }
}

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        let error = error.into();
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut problem = Self::new(status, error.code(), error.sentence());
        problem.0.retry_after = error.retry_after_s();
        match error {
            Error::Invalid(fields) => problem.0.fields = fields.0,
            Error::Refused(refusal) => problem.0.help = refusal.help.into_iter().map(|(name, value)| (member(name), value)).collect(),
            _ => {}
        }
        problem
    }
}

/// What helps never takes the place of a problem's own members: the `status` of a booking is told as `present_status`.
fn member(name: String) -> String {
    let is_taken = ["type", "title", "status", "detail", "code", "fields", "request_id", "retry_after"].contains(&name.as_str());
    if is_taken { format!("present_{name}") } else { name }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.0.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
