//! What the gateway says of an attempt, applied once.

use super::ask::ask_soon;
use crate::booking::store as bookings;
use crate::booking::transition::{self, Arrived, MoneyOutcome};
use crate::crash::{Point, passing};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::AttemptId;
use crate::ledger::{self, Cause, Parts, Posting};
use crate::money::Money;
use crate::outbox;
use crate::payment::port::{Intent, IntentStatus};
use crate::payment::store::{self, AttemptRow, PaymentRow};
use crate::payment::{self, AttemptStatus, CardView, NewRefund, PaymentStatus, jobs, policy};
use crate::queue;

/// How far the word is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A message: what differs from our row is asked for at the gateway.
    Message,
    /// The gateway's own answer to our question, before which the attempt stood like this: what it says was charged was charged.
    Answer(AttemptStatus),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    Changed,
    /// Known already, or older than what is known.
    Nothing,
    /// Not about our attempt, or not the amount or currency of it.
    Differs(&'static str),
}

/// Applies the gateway's word in the caller's transaction. Locks the booking, then the payment, as the booking's own verbs do.
pub(super) async fn apply(tx: &mut Tx, ctx: &Ctx, id: AttemptId, intent: &Intent, source: Source) -> Result<Applied> {
    let Some(attempt) = store::find_attempt(&mut **tx, id).await? else { return Ok(Applied::Differs("an unknown attempt")) };
    let booking = store::get_booking_of(&mut **tx, attempt.payment).await?;
    bookings::lock(tx, booking).await?.ok_or(Error::NotFound)?;
    let payment = store::lock_payment(&mut **tx, attempt.payment).await?;
    // read again under the locks
    let attempt = store::find_attempt(&mut **tx, id).await?.ok_or(Error::NotFound)?;
    if let Some(what) = difference(&attempt, &payment, intent, source) {
        return Ok(Applied::Differs(what));
    }
    let status = match intent.status {
        IntentStatus::RequiresMethod => AttemptStatus::RequiresMethod,
        IntentStatus::RequiresAction => AttemptStatus::RequiresAction,
        IntentStatus::Processing => AttemptStatus::Processing,
        IntentStatus::Authorised => AttemptStatus::Authorised,
        IntentStatus::Succeeded => AttemptStatus::Succeeded,
        IntentStatus::Cancelled => AttemptStatus::Cancelled,
    };
    if status == AttemptStatus::Authorised && has_ended(attempt.status) {
        // It may be older than the end of the attempt: only the gateway knows whether the card is still reserved.
        match source {
            Source::Message => {
                store::note_reference(&mut **tx, id, &intent.reference).await?;
                ask_soon(tx, ctx, id).await?;
                return Ok(Applied::Nothing);
            }
            Source::Answer(before) if !has_ended(before) => return Err(Error::Unavailable { retry_after_s: 1 }),
            Source::Answer(_) => {}
        }
    }
    if status == attempt.status && intent.failure.as_ref().map(|f| &f.code) == attempt.failure_code.as_ref() {
        store::touch_attempt(&mut **tx, id, ctx.now()).await?;
        return Ok(Applied::Nothing);
    }
    if status != attempt.status && !policy::may_follow(attempt.status, status) {
        return Ok(Applied::Nothing);
    }
    store::note_intent(&mut **tx, id, status, intent, ctx.now()).await?;
    let payment = match status {
        AttemptStatus::Succeeded if payment.captured_minor > 0 => {
            store::set_apart(tx, &attempt, ctx.new_id(), ctx.now()).await?.unwrap_or(payment)
        }
        AttemptStatus::Authorised if is_paid_otherwise(tx, &payment, id).await? => {
            queue::enqueue(tx, ctx, jobs::release(id)).await?;
            return Ok(Applied::Changed);
        }
        _ => payment,
    };
    if let Some(card) = &intent.card {
        store::set_card(&mut **tx, payment.id, &CardView { brand: card.brand.clone(), last4: card.last4.clone() }).await?;
    }
    match status {
        AttemptStatus::Succeeded => captured(tx, ctx, &attempt, &payment, intent.captured_minor).await?,
        AttemptStatus::Authorised => authorised(tx, ctx, &attempt, &payment, intent).await?,
        AttemptStatus::Cancelled => ended(tx, ctx, &payment).await?,
        AttemptStatus::RequiresMethod if intent.failure.is_some() => failed(tx, ctx, &payment, intent).await?,
        _ => {}
    }
    Ok(Applied::Changed)
}

const fn has_ended(status: AttemptStatus) -> bool {
    matches!(status, AttemptStatus::Cancelled | AttemptStatus::Failed)
}

fn difference(attempt: &AttemptRow, payment: &PaymentRow, intent: &Intent, source: Source) -> Option<&'static str> {
    if attempt.gateway_ref.as_ref().is_some_and(|known| *known != intent.reference) {
        return Some("another object");
    }
    if intent.attempt != Some(attempt.id) && (source == Source::Message || intent.attempt.is_some()) {
        return Some("another attempt");
    }
    if intent.amount.currency != payment.amount.currency {
        return Some("another currency");
    }
    let stated = if intent.status == IntentStatus::Succeeded { intent.captured_minor } else { intent.amount.minor };
    let matters = matches!(intent.status, IntentStatus::Succeeded | IntentStatus::Authorised);
    (source == Source::Message && matters && stated != attempt.amount_minor).then_some("another amount")
}

/// Sends back a charge that stands beside another one of its payment: an older release took it for the same news once more.
pub(super) async fn return_second(ctx: &Ctx, id: AttemptId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let attempt = store::find_attempt(&mut *tx, id).await?.ok_or(Error::NotFound)?;
    let booking = store::get_booking_of(&mut *tx, attempt.payment).await?;
    bookings::lock(&mut tx, booking).await?.ok_or(Error::NotFound)?;
    store::lock_payment(&mut *tx, attempt.payment).await?;
    let Some(payment) = store::set_apart(&mut tx, &attempt, ctx.new_id(), ctx.now()).await? else { return Ok(()) };
    captured(&mut tx, ctx, &attempt, &payment, attempt.amount_minor).await?;
    ctx.commit(tx).await
}

/// Another attempt of the payment has taken its money or set it aside.
async fn is_paid_otherwise(tx: &mut Tx, payment: &PaymentRow, attempt: AttemptId) -> Result<bool> {
    let open = store::list_open_attempts(&mut **tx, payment.id).await?;
    Ok(payment.captured_minor > 0 || open.iter().any(|other| other.id != attempt && other.status == AttemptStatus::Authorised))
}

/// Money is with us. It confirms the booking, or goes back whole.
async fn captured(tx: &mut Tx, ctx: &Ctx, attempt: &AttemptRow, payment: &PaymentRow, captured_minor: i64) -> Result<()> {
    if payment.captured_minor > 0 {
        return Ok(());
    }
    let amount = Money::new(captured_minor, payment.amount.currency);
    // by a payment that stands, or that has been given back since
    let is_paid_for = store::has_other_money(&mut **tx, payment.booking, payment.id, false).await?
        || bookings::lock(tx, payment.booking).await?.ok_or(Error::NotFound)?.is_paid;
    let outcome = if is_paid_for {
        MoneyOutcome::ReturnIt { reason: "The booking was paid for already, so this second payment goes back.".to_owned() }
    } else {
        transition::money_arrived(tx, ctx, payment.booking, Arrived { amount, is_authorised_only: false }).await?
    };
    passing(Point::MoneyArrived);
    // the tip may have been set by the amount
    let booking = bookings::lock(tx, payment.booking).await?.ok_or(Error::NotFound)?;
    let price = booking.price();
    let parts = Parts {
        service_minor: price.base(),
        tax_minor: price.tax_minor,
        tip_minor: price.tip_minor,
        commission_minor: price.commission_minor,
    };
    store::set_captured(&mut **tx, payment.id, amount.minor, price.tip_minor, ctx.now()).await?;
    queue::enqueue(tx, ctx, jobs::fee(attempt.id)).await?;
    let event = |kind| {
        let data = serde_json::json!({ "payment_id": payment.id, "amount": amount });
        NewEvent::new(kind).booking(payment.booking).provider(booking.provider_id).account(booking.customer_id).data(data)
    };
    let reason = match outcome {
        MoneyOutcome::ReturnIt { reason } => reason,
        _ if parts.total() != amount.minor => "The amount was not what the booking costs.".to_owned(),
        _ => {
            let cause = Cause::Captured { payment: payment.id, provider: booking.provider_id, parts };
            ledger::post(tx, ctx, &Posting { booking: payment.booking, currency: amount.currency, cause }).await?;
            passing(Point::MoneyPosted);
            return outbox::record(tx, ctx, event(EventKind::PaymentPaid)).await;
        }
    };
    let cause = Cause::Unexpected { payment: payment.id, amount_minor: amount.minor };
    ledger::post(tx, ctx, &Posting { booking: payment.booking, currency: amount.currency, cause }).await?;
    let back = NewRefund {
        booking: payment.booking,
        payment: Some(payment.id),
        service_minor: amount.minor,
        tax_minor: 0,
        tip_minor: 0,
        commission_minor: 0,
        reason,
        by: "system".to_owned(),
        key: None,
    };
    payment::return_whole(tx, ctx, payment.id, back, amount).await
}

/// Set aside on the card. It makes the request, or is released.
async fn authorised(tx: &mut Tx, ctx: &Ctx, attempt: &AttemptRow, payment: &PaymentRow, intent: &Intent) -> Result<()> {
    let outcome = if store::has_other_money(&mut **tx, payment.booking, payment.id, true).await? {
        MoneyOutcome::ReturnIt { reason: "The booking was paid for already.".to_owned() }
    } else {
        transition::money_arrived(tx, ctx, payment.booking, Arrived { amount: intent.amount, is_authorised_only: true }).await?
    };
    let booking = bookings::lock(tx, payment.booking).await?.ok_or(Error::NotFound)?;
    let mut data = serde_json::json!({ "payment_id": payment.id, "amount": intent.amount });
    let kind = match outcome {
        MoneyOutcome::ReturnIt { reason } => {
            store::set_payment_status(&mut **tx, payment.id, PaymentStatus::Voided, ctx.now()).await?;
            queue::enqueue(tx, ctx, jobs::release(attempt.id)).await?;
            data["reason"] = reason.into();
            EventKind::PaymentVoided
        }
        _ => {
            store::set_amount_authorised(&mut **tx, payment.id, intent.amount.minor, booking.tip_minor, ctx.now()).await?;
            EventKind::PaymentAuthorised
        }
    };
    let event = NewEvent::new(kind).booking(payment.booking).provider(booking.provider_id).account(booking.customer_id);
    outbox::record(tx, ctx, event.data(data)).await
}

/// Nothing more can come of the attempt. A payment without another one is over.
async fn ended(tx: &mut Tx, ctx: &Ctx, payment: &PaymentRow) -> Result<()> {
    if matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Authorised)
        && store::list_open_attempts(&mut **tx, payment.id).await?.is_empty()
    {
        let status = if payment.status == PaymentStatus::Authorised { PaymentStatus::Voided } else { PaymentStatus::Failed };
        store::set_payment_status(&mut **tx, payment.id, status, ctx.now()).await?;
    }
    Ok(())
}

/// A card was refused; the same attempt may go on with another one.
async fn failed(tx: &mut Tx, ctx: &Ctx, payment: &PaymentRow, intent: &Intent) -> Result<()> {
    let code = intent.failure.as_ref().map(|f| f.code.clone()).unwrap_or_default();
    let data = serde_json::json!({ "payment_id": payment.id, "amount": intent.amount, "code": code, "stage": "card" });
    outbox::record(tx, ctx, NewEvent::new(EventKind::PaymentFailed).booking(payment.booking).account(payment.payer).data(data)).await
}
