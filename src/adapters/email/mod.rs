//! E-mail by SMTP.

pub mod smtp;

use crate::config::Config;
use async_trait::async_trait;
use domain::notify::port::{MailFailure, MailTransport, OutgoingMail};
use std::sync::Arc;

/// The configured server; without one, mails wait in the queue until there is.
pub fn from_config(config: &Config) -> anyhow::Result<Arc<dyn MailTransport>> {
    match &config.smtp_url {
        Some(url) => Ok(Arc::new(smtp::Smtp::new(url, &config.mail_from)?)),
        None => Ok(Arc::new(Absent)),
    }
}

struct Absent;

#[async_trait]
impl MailTransport for Absent {
    async fn send(&self, _: &OutgoingMail) -> Result<(), MailFailure> {
        Err(MailFailure::Unavailable("SMTP_URL is not set".to_owned()))
    }
}
