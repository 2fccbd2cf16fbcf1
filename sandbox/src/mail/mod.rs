//! A mail server that keeps what it is given, and a mailbox to look into.

pub mod mime;
mod pages;
pub mod smtp;

use crate::hub::Hub;
use axum::Router;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A message as it was received, taken apart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Mail {
    pub id: u64,
    /// Seconds since 1970.
    pub at: i64,
    pub from: String,
    /// Of the envelope, which is where it really went.
    pub to: Vec<String>,
    pub subject: String,
    pub html: Option<String>,
    pub plain: Option<String>,
    pub attachments: Vec<Attachment>,
    pub raw: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attachment {
    pub name: String,
    pub kind: String,
    pub bytes: Vec<u8>,
}

pub fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/mail", get(pages::list).post(pages::clear))
        .route("/mail.json", get(pages::list_json).delete(pages::clear_json))
        .route("/mail/{id}", get(pages::show))
        .route("/mail/{id}/html", get(pages::html_body))
        .route("/mail/{id}/raw", get(pages::raw))
        .route("/mail/{id}/attachments/{number}", get(pages::attachment))
}
