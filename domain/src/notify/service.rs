//! From facts to letters, and from letters to the mail port.

use super::letter::Letter;
use super::letters;
use super::model::Template;
use super::port::{MailFailure, OutgoingMail};
use super::store::{self, NewMail, Recipient};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::event::{Event, EventKind};
use crate::id::{AccountId, BookingId, MailId, ProviderId};
use crate::queue::{self, NewJob};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A letter about an account: most carry a link with a secret, handed over by the verb that issued it.
#[derive(Debug, Clone)]
pub struct LinkMail {
    pub template: Template,
    pub account: Option<AccountId>,
    pub to: String,
    /// How to greet; may be empty.
    pub name: String,
    /// What it is about where that is not the account: a business's name.
    pub subject: String,
    pub url: String,
    pub valid_hours: i64,
}

/// Writes the letter in the verb's own transaction and sends it after the commit. Its text is erased once it has left, if it is a secret.
pub async fn mail_link(tx: &mut Tx, ctx: &Ctx, mail: &LinkMail) -> Result<()> {
    let letter = letters::about_link(mail).ok_or_else(|| Error::internal(format!("{:?} is not about an account", mail.template)))?;
    let id: MailId = ctx.new_id();
    let to = Recipient { account: mail.account, address: mail.to.clone(), is_guest: false };
    keep(tx, ctx, id, &format!("{}:{id}", mail.template.as_str()), mail.template, &to, &letter, None).await?;
    Ok(())
}

/// What a job is asked to write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Telling {
    pub template: String,
    pub booking: Option<BookingId>,
    pub provider: Option<ProviderId>,
    /// Together with the template and the recipient: the cause.
    pub subject: String,
}

/// Enqueues the letters that this fact asks for.
pub async fn react(tx: &mut Tx, ctx: &Ctx, event: &Event) -> Result<()> {
    let late = |minutes: i64| Some(ctx.now().plus_minutes(minutes));
    for (template, run_at) in templates(event).iter().map(|t| (*t, if *t == Template::ReviewRequest { late(60) } else { None })) {
        let telling = Telling {
            template: template.as_str().to_owned(),
            booking: event.booking,
            provider: event.provider,
            subject: event.cursor.id.to_string(),
        };
        let kind = if event.booking.is_some() { super::jobs::BOOKING } else { super::jobs::PROVIDER };
        let mut job = NewJob::new(kind, json!(telling)).once(format!("{}:{}", telling.template, telling.subject));
        job.run_at = run_at;
        queue::enqueue(tx, ctx, job).await?;
    }
    Ok(())
}

/// Which letters a fact asks for. `data.by` says whose act it was, `data.from` the status before.
fn templates(event: &Event) -> &'static [Template] {
    let said = |key: &str| event.data.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    match event.kind {
        EventKind::BookingConfirmed if said("from") == "requested" => &[Template::BookingAccepted],
        EventKind::BookingConfirmed => &[Template::BookingConfirmed, Template::ProviderNewBooking],
        EventKind::BookingRequested => &[Template::BookingRequested, Template::ProviderNewRequest],
        EventKind::BookingDeclined => &[Template::BookingDeclined],
        EventKind::BookingExpired if said("from") == "requested" => &[Template::BookingLapsed],
        EventKind::BookingCancelled => match said("from") {
            // nobody was told of a hold
            "held" => &[],
            _ => &[Template::BookingCancelled, Template::ProviderBookingCancelled],
        },
        EventKind::BookingNoShow if said("absent") == "customer" => &[Template::CustomerAbsent],
        EventKind::BookingNoShow => &[Template::ProviderAbsent, Template::ProviderSaidAbsent],
        EventKind::BookingRescheduled => &[Template::BookingChanged, Template::ProviderBookingChanged],
        EventKind::RescheduleProposed if said("by") == "provider" => &[Template::ChangeProposed],
        EventKind::RescheduleProposed => &[Template::ProviderNewRequest],
        EventKind::BookingCompleted => &[Template::ReviewRequest],
        EventKind::PaymentFailed if said("stage") == "capture" => &[Template::PaymentFailed],
        EventKind::ProviderSubmitted => &[Template::ApplicationReceived],
        EventKind::ProviderApproved => &[Template::ApplicationApproved],
        EventKind::ProviderRejected => &[Template::ApplicationRejected],
        EventKind::ProviderSuspended => &[Template::ProviderSuspended],
        EventKind::ProviderReinstated => &[Template::ProviderReinstated],
        _ => &[],
    }
}

/// The guest whose booking this is, and the address that letters about it go to: they carry a link that claims the account, if it is the guest's own.
pub async fn find_guest(ctx: &Ctx, booking: BookingId) -> Result<Option<(AccountId, String)>> {
    Ok(store::find_customer(ctx.db(), booking).await?.filter(|r| r.is_guest).and_then(|r| Some((r.account?, r.address))))
}

/// Writes one letter about a booking to whom it concerns. `claim_url` is where a guest's button leads; `calendar` is attached to letters that fix a time.
pub(super) async fn tell_of_booking(ctx: &Ctx, telling: &Telling, claim_url: Option<String>, calendar: Option<String>) -> Result<()> {
    let (Some(template), Some(booking)) = (Template::parse(&telling.template), telling.booking) else {
        return Err(Error::internal("a letter without template or booking"));
    };
    let Some(mut facts) = store::find_booking(ctx.db(), booking).await? else { return Ok(()) };
    let to = if template.is_for_provider() {
        match telling.provider {
            Some(provider) => store::list_staff(ctx.db(), provider, Some(booking)).await?,
            None => Vec::new(),
        }
    } else {
        store::find_customer(ctx.db(), booking).await?.into_iter().collect()
    };
    let path = if template == Template::ReviewRequest { format!("/bookings/{booking}/review") } else { format!("/bookings/{booking}") };
    facts.address = ctx.url(&path);
    if let (Some(url), false) = (claim_url, template.is_for_provider()) {
        facts.address = url;
        facts.is_guest = true;
    }
    let Some(letter) = letters::about_booking(template, &facts) else { return Ok(()) };
    let calendar = calendar.filter(|_| {
        matches!(template, Template::BookingConfirmed | Template::BookingAccepted | Template::BookingChanged | Template::BookingCancelled)
    });
    write(ctx, template, &telling.subject, &to, &letter, calendar.as_deref()).await
}

pub(super) async fn tell_of_provider(ctx: &Ctx, telling: &Telling) -> Result<()> {
    let (Some(template), Some(provider)) = (Template::parse(&telling.template), telling.provider) else {
        return Err(Error::internal("a letter without template or provider"));
    };
    let Some(mut facts) = store::find_provider(ctx.db(), provider).await? else { return Ok(()) };
    let is_application = matches!(template, Template::ApplicationReceived | Template::ApplicationRejected);
    let path = if is_application { format!("/offer-your-services/apply/{provider}/review") } else { format!("/desk/{provider}") };
    facts.address = ctx.url(&path);
    let Some(letter) = letters::about_provider(template, &facts) else { return Ok(()) };
    let to = store::list_staff(ctx.db(), provider, None).await?;
    write(ctx, template, &telling.subject, &to, &letter, None).await
}

async fn write(ctx: &Ctx, template: Template, subject: &str, to: &[Recipient], letter: &Letter, calendar: Option<&str>) -> Result<()> {
    let mut tx = ctx.begin().await?;
    for recipient in to {
        let cause = match template {
            Template::BookingReminder => subject.to_owned(),
            _ => format!("{}:{subject}:{}", template.as_str(), recipient.address),
        };
        keep(&mut tx, ctx, ctx.new_id(), &cause, template, recipient, letter, calendar).await?;
    }
    ctx.commit(tx).await
}

async fn keep(
    tx: &mut Tx,
    ctx: &Ctx,
    id: MailId,
    cause: &str,
    template: Template,
    to: &Recipient,
    letter: &Letter,
    calendar: Option<&str>,
) -> Result<()> {
    let mail = NewMail {
        id,
        cause,
        template,
        account: to.account,
        to: &to.address,
        subject: &letter.subject,
        html: &letter.html()?,
        plain: &letter.plain()?,
        calendar,
    };
    if store::insert(&mut **tx, &mail, ctx.now()).await? {
        queue::enqueue(tx, ctx, NewJob::new(super::jobs::SEND, json!({ "mail": id })).once(id)).await?;
    }
    Ok(())
}

/// Hands one letter to the mail server. A server that does not answer is an error, so that the queue tries again; a refused letter is kept as failed.
pub(super) async fn send(ctx: &Ctx, id: MailId) -> Result<()> {
    let Some(mail) = store::find_queued(ctx.db(), id).await? else { return Ok(()) };
    let is_secret = Template::parse(&mail.template).is_some_and(Template::is_secret);
    let outgoing = OutgoingMail { id, to: mail.to, subject: mail.subject, html: mail.html, plain: mail.plain, calendar: mail.calendar };
    match ctx.house().mail.send(&outgoing).await {
        Ok(()) => store::mark_sent(ctx.db(), id, is_secret, ctx.now()).await,
        Err(MailFailure::Refused(why)) => {
            tracing::warn!(mail = %id, %why, "a letter was refused");
            store::mark_failed(ctx.db(), id, &why).await
        }
        Err(MailFailure::Unavailable(why)) => {
            tracing::warn!(mail = %id, %why, "the mail server did not answer");
            Err(Error::Unavailable { retry_after_s: 30 })
        }
    }
}

/// Enqueues the letters of the day before. Run every few minutes; the cause keeps each start to one letter.
pub async fn remind(ctx: &Ctx) -> Result<()> {
    let due = store::list_to_remind(ctx.db(), ctx.now(), 500).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = ctx.begin().await?;
    for (booking, cause) in due {
        let telling = Telling {
            template: Template::BookingReminder.as_str().to_owned(),
            booking: Some(booking),
            provider: None,
            subject: cause.clone(),
        };
        queue::enqueue(&mut tx, ctx, NewJob::new(super::jobs::BOOKING, json!(telling)).once(cause)).await?;
    }
    ctx.commit(tx).await
}
