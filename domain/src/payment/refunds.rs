//! Money going back: a row in the business's own transaction, and a job that brings it to the gateway.

use super::jobs;
use super::model::{PaymentRefusal, RefundState};
use super::policy::{self, Left};
use super::port::{GatewayError, GatewayRefund, RefundStatus};
use super::store::{self, NewRefundRow, RefundRow};
use crate::audit::{self, Entry};
use crate::crash::{Point, passing};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::{BookingId, PaymentId, ProviderId, RefundId};
use crate::ledger::{self, Cause, Parts, Posting};
use crate::money::Money;
use crate::outbox;
use crate::queue;

/// What goes back of a booking's payment, by parts. The commission is given back to the provider's side of the ledger, not to the customer.
#[derive(Debug, Clone)]
pub struct NewRefund {
    pub booking: BookingId,
    /// None: the one of which most is left.
    pub payment: Option<PaymentId>,
    pub service_minor: i64,
    pub tax_minor: i64,
    pub tip_minor: i64,
    pub commission_minor: i64,
    /// A sentence for the customer.
    pub reason: String,
    /// `customer`, `provider`, `operator` or `system`.
    pub by: String,
    /// The same key is the same refund; whoever gives one looks for it first.
    pub key: Option<String>,
}

impl NewRefund {
    const fn parts(&self) -> Left {
        Left {
            service_minor: self.service_minor,
            tax_minor: self.tax_minor,
            tip_minor: self.tip_minor,
            commission_minor: self.commission_minor,
        }
    }
}

/// Records the refund, posts it and queues its way to the gateway, all in the caller's transaction. Nothing to give back is nothing to do.
pub async fn refund(tx: &mut Tx, ctx: &Ctx, new: NewRefund) -> Result<()> {
    let parts = new.parts();
    if parts.total() == 0 {
        return Ok(());
    }
    let refundable = store::lock_refundable(&mut **tx, new.booking).await?;
    let wanted = refundable.into_iter().find(|(payment, _)| new.payment.is_none_or(|wanted| wanted == *payment));
    let (payment, left) = wanted.ok_or(PaymentRefusal::NothingToRefund)?;
    if parts.total() > left.minor {
        return Err(PaymentRefusal::RefundTooLarge { left }.into());
    }
    let provider = store::get_provider(&mut **tx, new.booking).await?;
    let id = record(tx, ctx, payment, provider, &new, left, false).await?;
    let cause = Cause::Refunded { refund: id, payment, provider, parts: posted(parts) };
    ledger::post(tx, ctx, &Posting { booking: new.booking, currency: left.currency, cause }).await?;
    Ok(())
}

/// Sends back whole what came for something it cannot pay any more. The payment is captured and posted as unexpected.
pub(crate) async fn return_whole(tx: &mut Tx, ctx: &Ctx, payment: PaymentId, new: NewRefund, amount: Money) -> Result<()> {
    let new = NewRefund { service_minor: amount.minor, tax_minor: 0, tip_minor: 0, commission_minor: 0, ..new };
    let provider = store::get_provider(&mut **tx, new.booking).await?;
    let id = record(tx, ctx, payment, provider, &new, amount, true).await?;
    let cause = Cause::Returned { refund: id, payment, amount_minor: amount.minor };
    ledger::post(tx, ctx, &Posting { booking: new.booking, currency: amount.currency, cause }).await?;
    Ok(())
}

const fn posted(parts: Left) -> Parts {
    Parts {
        service_minor: parts.service_minor,
        tax_minor: parts.tax_minor,
        tip_minor: parts.tip_minor,
        commission_minor: parts.commission_minor,
    }
}

async fn record(
    tx: &mut Tx,
    ctx: &Ctx,
    payment: PaymentId,
    provider: ProviderId,
    new: &NewRefund,
    left: Money,
    is_return: bool,
) -> Result<RefundId> {
    let id: RefundId = ctx.new_id();
    let parts = new.parts();
    let row = NewRefundRow {
        id,
        payment,
        booking: new.booking,
        currency: left.currency.code(),
        parts,
        is_return,
        reason: &new.reason,
        by: &new.by,
        actor: ctx.account_id(),
        key: new.key.as_deref(),
    };
    store::insert_refund(&mut **tx, &row, ctx.now()).await?;
    let before = store::lock_payment(&mut **tx, payment).await?;
    let status = policy::status_after(before.captured_minor, before.refunded_minor + parts.total());
    store::add_refunded(&mut **tx, payment, parts.total(), status, ctx.now()).await?;
    queue::enqueue(tx, ctx, jobs::send_refund(id)).await?;
    let data = serde_json::json!({
        "refund_id": id, "payment_id": payment, "amount": Money::new(parts.total(), left.currency), "reason": new.reason, "is_return": is_return,
    });
    let event = NewEvent::new(EventKind::RefundCreated).booking(new.booking).provider(provider).account(before.payer).data(data.clone());
    outbox::record(tx, ctx, event).await?;
    audit::record(tx, ctx, Entry::new("payment.refund", "refund", id).provider(provider).reason(&new.reason).data(data)).await?;
    passing(Point::RefundRecorded);
    Ok(id)
}

/// The job: brings the refund to the gateway, or asks how it is doing. Safe to repeat: the refund's id is the key.
pub(crate) async fn send(ctx: &Ctx, id: RefundId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let row = store::lock_refund(&mut *tx, id).await?;
    tx.rollback().await?;
    let Some(row) = row.filter(|row| row.status == RefundState::Pending) else { return Ok(()) };
    let gateway = &ctx.house().payments;
    let answer = match (&row.gateway_ref, &row.intent_ref) {
        (Some(reference), _) => gateway.get_refund(reference).await,
        (None, Some(intent)) => gateway.refund(intent, row.amount, id).await,
        (None, None) => return Err(Error::internal(format!("refund {id} has no paid intent"))),
    };
    passing(Point::RefundAnswered);
    match answer {
        Ok(answer) => note(ctx, id, &answer).await,
        Err(GatewayError::Unknown(_)) => Err(Error::Unavailable { retry_after_s: 5 }),
        Err(GatewayError::Invalid(reason)) => fail(ctx, id, None, &reason).await,
        Err(GatewayError::Declined(decline)) => fail(ctx, id, None, &decline.code).await,
    }
}

/// What the gateway says of a refund, compared with our own row first. False if it is not about this refund.
pub(crate) async fn note(ctx: &Ctx, id: RefundId, answer: &GatewayRefund) -> Result<()> {
    let mut tx = ctx.begin().await?;
    note_in(&mut tx, ctx, id, answer).await?;
    ctx.commit(tx).await?;
    passing(Point::RefundNoted);
    Ok(())
}

/// The same in the caller's transaction. False if amount, currency or intent are not those of our row; then nothing changes.
pub(crate) async fn note_in(tx: &mut Tx, ctx: &Ctx, id: RefundId, answer: &GatewayRefund) -> Result<bool> {
    let Some(row) = store::lock_refund(&mut **tx, id).await? else { return Ok(false) };
    let is_ours = row.amount == answer.amount
        && row.gateway_ref.as_ref().is_none_or(|known| *known == answer.reference)
        && answer.intent_reference.as_ref().is_none_or(|intent| row.intent_ref.as_ref() == Some(intent));
    if !is_ours {
        tracing::error!(refund = %id, "a refund of the gateway is not the one we asked for");
        return Ok(false);
    }
    match (row.status, answer.status) {
        (RefundState::Failed, _) | (RefundState::Succeeded, RefundStatus::Succeeded | RefundStatus::Pending) => {}
        (RefundState::Pending, RefundStatus::Pending) => {
            store::set_refund(&mut **tx, id, RefundState::Pending, Some(&answer.reference), None, ctx.now()).await?;
        }
        (RefundState::Pending, RefundStatus::Succeeded) => {
            store::set_refund(&mut **tx, id, RefundState::Succeeded, Some(&answer.reference), None, ctx.now()).await?;
            tell(tx, ctx, &row, EventKind::RefundSettled).await?;
        }
        // banks may return a refund days after it was delivered
        (RefundState::Pending | RefundState::Succeeded, RefundStatus::Failed) => {
            undo(tx, ctx, &row, Some(&answer.reference), "the bank returned it").await?;
        }
    }
    Ok(true)
}

async fn fail(ctx: &Ctx, id: RefundId, reference: Option<&str>, reason: &str) -> Result<()> {
    tracing::error!(refund = %id, reason, "the gateway refused a refund");
    let mut tx = ctx.begin().await?;
    if let Some(row) = store::lock_refund(&mut *tx, id).await?.filter(|row| row.status == RefundState::Pending) {
        undo(&mut tx, ctx, &row, reference, reason).await?;
    }
    ctx.commit(tx).await
}

/// The money is with us again, and owed: an operator sees it among the payments and decides.
async fn undo(tx: &mut Tx, ctx: &Ctx, row: &RefundRow, reference: Option<&str>, reason: &str) -> Result<()> {
    store::set_refund(&mut **tx, row.id, RefundState::Failed, reference, Some(reason), ctx.now()).await?;
    let payment = store::lock_payment(&mut **tx, row.payment).await?;
    let status = policy::status_after(payment.captured_minor, payment.refunded_minor - row.amount.minor);
    store::add_refunded(&mut **tx, row.payment, -row.amount.minor, status, ctx.now()).await?;
    let provider = store::get_provider(&mut **tx, row.booking).await?;
    let cause = if row.is_return {
        Cause::ReturnFailed { refund: row.id, payment: row.payment, amount_minor: row.amount.minor }
    } else {
        Cause::RefundFailed { refund: row.id, payment: row.payment, provider, parts: posted(row.parts) }
    };
    ledger::post(tx, ctx, &Posting { booking: row.booking, currency: row.amount.currency, cause }).await?;
    tell(tx, ctx, row, EventKind::RefundFailed).await
}

async fn tell(tx: &mut Tx, ctx: &Ctx, row: &RefundRow, kind: EventKind) -> Result<()> {
    let payment = store::lock_payment(&mut **tx, row.payment).await?;
    let data = serde_json::json!({ "refund_id": row.id, "payment_id": row.payment, "amount": row.amount });
    outbox::record(tx, ctx, NewEvent::new(kind).booking(row.booking).account(payment.payer).data(data)).await
}
