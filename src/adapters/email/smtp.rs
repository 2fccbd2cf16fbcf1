//! The mail port over SMTP (RFC 5321), with a pooled connection.

use anyhow::Context;
use async_trait::async_trait;
use domain::notify::port::{MailFailure, MailTransport, OutgoingMail};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// `url`: `smtp://host:port` or `smtps://user:password@host`.
    pub fn new(url: &str, from: &str) -> anyhow::Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).context("SMTP_URL is not an address of a mail server")?;
        let from = from.parse().context("MAIL_FROM is not a mail address")?;
        Ok(Self { transport: transport.timeout(Some(Duration::from_secs(15))).build(), from })
    }

    fn message(&self, mail: &OutgoingMail) -> Result<Message, MailFailure> {
        let refused = |error: &dyn std::fmt::Display| MailFailure::Refused(error.to_string());
        let to: Mailbox = mail.to.parse().map_err(|e: lettre::address::AddressError| refused(&e))?;
        let bodies = MultiPart::alternative_plain_html(mail.plain.clone(), mail.html.clone());
        let content = match &mail.calendar {
            None => bodies,
            Some(calendar) => {
                let kind = ContentType::parse("text/calendar; charset=utf-8; method=PUBLISH").map_err(|e| refused(&e))?;
                let file = lettre::message::Attachment::new("booking.ics".to_owned()).body(calendar.clone(), kind);
                MultiPart::mixed().multipart(bodies).singlepart(file as SinglePart)
            }
        };
        let domain = self.from.email.domain().to_owned();
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.clone())
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .multipart(content)
            .map_err(|e| refused(&e))
    }
}

#[async_trait]
impl MailTransport for Smtp {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailFailure> {
        let message = self.message(mail)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailFailure::Refused(error.to_string())),
            Err(error) => Err(MailFailure::Unavailable(error.to_string())),
        }
    }
}
