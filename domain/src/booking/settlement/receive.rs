//! A message of the gateway, its signature checked at the door. Each is applied at most once, and quickly: whatever needs a question is left to a job.

use super::apply::{Applied, Source, apply};
use super::ask::ask_soon;
use crate::crash::{Point, passing};
use crate::ctx::{Ctx, Tx};
use crate::error::Result;
use crate::id::AttemptId;
use crate::payment::port::{GatewayMessage, GatewayRefund, HostedPage, Intent, IntentStatus, MessageObject};
use crate::payment::{self, store};

/// Notes the message and what it changes, in one transaction. A message seen before changes nothing.
pub async fn receive(ctx: &Ctx, message: GatewayMessage) -> Result<()> {
    let gateway = ctx.house().payments.name();
    let reference = match &message.about {
        MessageObject::Intent(intent) => Some(intent.reference.as_str()),
        MessageObject::HostedPage(page) => Some(page.session_reference.as_str()),
        MessageObject::Refund(refund) => Some(refund.reference.as_str()),
        MessageObject::Other => None,
    };
    let mut tx = ctx.begin().await?;
    if !store::insert_message(&mut *tx, gateway, &message.id, &message.kind, reference, &message.payload, ctx.now()).await? {
        return Ok(());
    }
    passing(Point::MessageInserted);
    let outcome = match &message.about {
        MessageObject::Intent(intent) => about_intent(&mut tx, ctx, gateway, intent).await?,
        MessageObject::HostedPage(page) => about_page(&mut tx, ctx, gateway, page).await?,
        MessageObject::Refund(refund) => about_refund(&mut tx, ctx, refund).await?,
        MessageObject::Other => "not for us",
    };
    store::note_message(&mut *tx, gateway, &message.id, outcome, ctx.now()).await?;
    passing(Point::MessageApplied);
    ctx.commit(tx).await?;
    passing(Point::MessageCommitted);
    Ok(())
}

/// An attempt that a message is about.
struct Named {
    id: AttemptId,
    /// Of one that is paid on the gateway's page: only the gateway can say which intent that has made.
    is_unsure: bool,
}

/// The attempt that the gateway's object is, by its name at the gateway, else by ours in its metadata.
async fn attempt_of(tx: &mut Tx, gateway: &str, reference: &str, ours: Option<AttemptId>) -> Result<Option<Named>> {
    if let Some(id) = store::find_attempt_by_ref(&mut **tx, gateway, reference).await? {
        return Ok(Some(Named { id, is_unsure: false }));
    }
    let Some(ours) = ours else { return Ok(None) };
    let unnamed = store::find_attempt(&mut **tx, ours).await?.filter(|a| a.gateway_ref.is_none());
    Ok(unnamed.map(|a| Named { id: a.id, is_unsure: a.session_ref.is_some() }))
}

async fn about_intent(tx: &mut Tx, ctx: &Ctx, gateway: &str, intent: &Intent) -> Result<&'static str> {
    let named = attempt_of(tx, gateway, &intent.reference, intent.attempt).await?;
    let Some(Named { id, is_unsure }) = named else {
        if let (Some(ours), IntentStatus::Succeeded | IntentStatus::Authorised) = (intent.attempt, intent.status) {
            tracing::error!(attempt = %ours, "money of an attempt that stands by another intent");
        }
        return Ok("an unknown object");
    };
    // Messages come in any order. What settles an attempt is final and applied at once; of everything else only the gateway knows whether it still holds.
    if is_unsure || !matches!(intent.status, IntentStatus::Succeeded | IntentStatus::Authorised) {
        ask_soon(tx, ctx, id).await?;
        return Ok("asked");
    }
    match apply(tx, ctx, id, intent, Source::Message).await? {
        Applied::Changed => Ok("applied"),
        Applied::Nothing => Ok("known"),
        Applied::Differs(what) => {
            tracing::error!(attempt = %id, what, "a message differs from our row");
            ask_soon(tx, ctx, id).await?;
            Ok(what)
        }
    }
}

async fn about_page(tx: &mut Tx, ctx: &Ctx, gateway: &str, page: &HostedPage) -> Result<&'static str> {
    match attempt_of(tx, gateway, &page.session_reference, page.attempt).await? {
        Some(named) => {
            ask_soon(tx, ctx, named.id).await?;
            Ok("asked")
        }
        None => Ok("an unknown object"),
    }
}

async fn about_refund(tx: &mut Tx, ctx: &Ctx, refund: &GatewayRefund) -> Result<&'static str> {
    let known = store::find_refund_by_ref(&mut **tx, &refund.reference).await?;
    match known.or(refund.refund) {
        Some(id) if payment::note_refund(tx, ctx, id, refund).await? => Ok("applied"),
        Some(_) => Ok("another object"),
        None => Ok("an unknown object"),
    }
}
