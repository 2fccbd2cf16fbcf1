//! The mail port over SMTP (RFC 5321), a connection for each letter.

use crate::telemetry::traces;
use anyhow::Context;
use async_trait::async_trait;
use domain::notify::port::{MailFailure, MailTransport, OutgoingMail};
use domain::trace;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;
use tracing::Instrument;

/// For a whole delivery. The library bounds nothing but connecting: a server that falls silent later would keep the letter's worker for ever.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// Its host, for traces.
    server: String,
    from: Mailbox,
    patience: Duration,
}

impl Smtp {
    /// `url`: `smtp://host:port` or `smtps://user:password@host`.
    pub fn new(url: &str, from: &str) -> anyhow::Result<Self> {
        Self::with_patience(url, from, PATIENCE)
    }

    /// For tests, which have less.
    pub fn with_patience(url: &str, from: &str, patience: Duration) -> anyhow::Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).context("SMTP_URL is not an address of a mail server")?;
        let server = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let from = from.parse().context("MAIL_FROM is not a mail address")?;
        // Half of it for each address that the server's name has.
        Ok(Self { transport: transport.timeout(Some(patience / 2)).build(), server, from, patience })
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

    async fn deliver(&self, message: Message) -> Result<(), MailFailure> {
        let Err(error) = self.transport.send(message).await else { return Ok(()) };
        // A server that lets nobody in, or not with our password, has not judged the letter.
        let is_judged = error.is_permanent() && matches!(self.transport.test_connection().await, Ok(true));
        Err(if is_judged { MailFailure::Refused(error.to_string()) } else { MailFailure::Unavailable(error.to_string()) })
    }
}

#[async_trait]
impl MailTransport for Smtp {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailFailure> {
        let message = self.message(mail)?;
        let span = traces::letter(&self.server);
        // It may have been taken in when we stop listening. The next try carries the same Message-ID, by which the two are known to be one.
        let delivered = tokio::time::timeout(self.patience, self.deliver(message).instrument(span.clone())).await;
        let delivered = delivered.unwrap_or_else(|_| Err(MailFailure::Unavailable("it took too long".to_owned())));
        if let Err(failure) = &delivered {
            let kind = if matches!(failure, MailFailure::Refused(_)) { "refused" } else { "no_answer" };
            trace::failed(&span, kind);
        }
        delivered
    }
}
