//! The port through which mail leaves; `src/adapters/email` implements it.

use async_trait::async_trait;

/// A finished message.
#[derive(Debug, Clone)]
pub struct OutgoingMail {
    /// Becomes the Message-ID, so a repeated hand-over can be recognised.
    pub id: crate::id::MailId,
    pub to: String,
    pub subject: String,
    pub html: String,
    pub plain: String,
    /// A calendar file (RFC 5545) to attach.
    pub calendar: Option<String>,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum MailFailure {
    /// Worth another try.
    #[error("the mail server did not answer: {0}")]
    Unavailable(String),
    /// The address or message was refused for good.
    #[error("the mail server refused the message: {0}")]
    Refused(String),
}

#[async_trait]
pub trait MailTransport: Send + Sync {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailFailure>;
}
