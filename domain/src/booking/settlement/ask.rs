//! Asking the gateway: for one attempt, for everything without news, for what it kept, for refunds under way.

use super::apply::{Applied, Source, apply};
use crate::booking::store as bookings;
use crate::crash::{Point, passing};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::id::{AttemptId, BookingId, RefundId};
use crate::ledger::{self, Cause, Posting};
use crate::payment::port::{GatewayError, Intent};
use crate::payment::store::{self, AttemptRow};
use crate::payment::{self, AttemptStatus, CardView, PaymentStatus, jobs};
use crate::queue;
use crate::time::{CLOCKS_DIFFER, DAY};

/// Payments begun so long ago are looked at for charges that an older release left.
const SECOND_CHARGES_DAYS: i64 = 3;
/// How many of a kind one round of the reconciler takes.
const ROUND: i64 = 100;
/// So many questions in a row without an answer end a round: each waits as long as patience lasts, and a hundred of them would take half an hour.
const SILENCE: u32 = 3;

/// Asks how the attempt stands and applies the answer. Without an answer nothing changes, and the error says so.
pub async fn settle(ctx: &Ctx, id: AttemptId) -> Result<()> {
    let Some(mut attempt) = store::find_attempt(ctx.db(), id).await? else { return Ok(()) };
    if attempt.gateway_ref.is_none() && attempt.session_ref.is_none() {
        if !matches!(attempt.status, AttemptStatus::Created | AttemptStatus::Unknown) {
            return Ok(());
        }
        // Whoever waits for it may have it begun by this very question; for whom it is over nothing begins any more.
        match super::pay::is_payable(ctx, &attempt).await? {
            true => payment::ask(ctx, &attempt).await?,
            false => payment::recover(ctx, &attempt).await?,
        };
        attempt = store::find_attempt(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    }
    let Some(intent) = find_intent(ctx, &attempt).await? else { return Ok(()) };
    passing(Point::SettleAsked);
    let mut tx = ctx.begin().await?;
    if let Applied::Differs(what) = apply(&mut tx, ctx, id, &intent, Source::Answer(attempt.status)).await? {
        tracing::error!(attempt = %id, what, "the gateway's answer is not about our attempt");
        store::touch_attempt(&mut *tx, id, ctx.now()).await?;
    }
    passing(Point::SettleApplied);
    ctx.commit(tx).await?;
    passing(Point::SettleCommitted);
    Ok(())
}

/// The intent behind an attempt, which on a hosted page exists only once someone has paid there.
async fn find_intent(ctx: &Ctx, attempt: &AttemptRow) -> Result<Option<Intent>> {
    let gateway = &ctx.house().payments;
    let reference = match (&attempt.gateway_ref, &attempt.session_ref) {
        (Some(reference), _) => Some(reference.clone()),
        (None, Some(page)) => {
            let page = answered(gateway.get_hosted_page(page).await)?;
            if page.is_expired && page.intent_reference.is_none() {
                store::set_attempt_status(ctx.db(), attempt.id, AttemptStatus::Cancelled, None, ctx.now()).await?;
                return Ok(None);
            }
            page.intent_reference
        }
        (None, None) => None,
    };
    match reference {
        Some(reference) => answered(gateway.get_intent(&reference).await).map(Some),
        None => {
            store::touch_attempt(ctx.db(), attempt.id, ctx.now()).await?;
            Ok(None)
        }
    }
}

fn answered<T>(answer: Result<T, GatewayError>) -> Result<T> {
    answer.map_err(|error| match error {
        GatewayError::Unknown(_) => Error::Unavailable { retry_after_s: 5 },
        refused => Error::internal(refused),
    })
}

/// The job behind giving up. What was paid just before is settled instead, and goes back.
///
/// Settling may find that the card was reserved meanwhile and ask for this very job, which still runs and so counts as asked for: it runs again itself.
pub async fn release(ctx: &Ctx, id: AttemptId) -> Result<()> {
    end(ctx, id).await?;
    let Some(attempt) = store::find_attempt(ctx.db(), id).await? else { return Ok(()) };
    // What the bank is still working on cannot be ended; its end is applied when it comes.
    let may_end = attempt.status.is_open() && attempt.status != AttemptStatus::Processing;
    if may_end && store::is_given_up(ctx.db(), attempt.payment).await? {
        return Err(Error::Unavailable { retry_after_s: 1 });
    }
    Ok(())
}

async fn end(ctx: &Ctx, id: AttemptId) -> Result<()> {
    if payment::release(ctx, id).await? { Ok(()) } else { settle(ctx, id).await }
}

/// The job behind a refund.
pub async fn send_refund(ctx: &Ctx, id: RefundId) -> Result<()> {
    payment::send_refund(ctx, id).await
}

/// Posts what the gateway kept for a captured payment, once its balance transaction tells; after a day without one it is left out.
pub async fn book_fee(ctx: &Ctx, id: AttemptId) -> Result<()> {
    let Some(attempt) = store::find_attempt(ctx.db(), id).await? else { return Ok(()) };
    let Some(reference) = &attempt.gateway_ref else { return Ok(()) };
    let intent = answered(ctx.house().payments.get_intent(reference).await)?;
    passing(Point::FeeAsked);
    let mut tx = ctx.begin().await?;
    let payment = store::lock_payment(&mut *tx, attempt.payment).await?;
    if let Some(card) = &intent.card {
        store::set_card(&mut *tx, payment.id, &CardView { brand: card.brand.clone(), last4: card.last4.clone() }).await?;
    }
    match intent.fee {
        Some(fee) => {
            let cause = Cause::Fee { payment: payment.id, amount_minor: fee.minor };
            ledger::post(&mut tx, ctx, &Posting { booking: payment.booking, currency: fee.currency, cause }).await?;
        }
        None if ctx.now() - payment.created_at < DAY => return Err(Error::Unavailable { retry_after_s: 60 }),
        None => tracing::warn!(payment = %payment.id, "the gateway names no fee"),
    }
    ctx.commit(tx).await
}

/// Looks after what nobody has news of: open attempts, which end where their payment is given up, refunds under way, charges beside another, and payments
/// of bookings that are over. One that fails does not keep the others waiting; a gateway that is silent is left alone until the next round.
pub async fn reconcile(ctx: &Ctx) -> Result<()> {
    store::catch_up(ctx.db(), ctx.now(), ctx.now() + CLOCKS_DIFFER).await?;
    let mut silence = 0;
    for (attempt, is_given_up) in store::list_due_attempts(ctx.db(), ctx.now(), ROUND).await? {
        let outcome = if is_given_up { end(ctx, attempt).await } else { settle(ctx, attempt).await };
        silence = if is_unheard(&outcome) { silence + 1 } else { 0 };
        if let Err(error) = outcome {
            tracing::warn!(%attempt, %error, "an attempt could not be reconciled");
            store::touch_attempt(ctx.db(), attempt, ctx.now()).await?;
        }
        if silence >= SILENCE {
            break;
        }
    }
    for refund in store::list_due_refunds(ctx.db(), ctx.now(), ROUND).await? {
        if silence >= SILENCE {
            break;
        }
        let outcome = payment::send_refund(ctx, refund).await;
        silence = if is_unheard(&outcome) { silence + 1 } else { 0 };
        if let Err(error) = outcome {
            tracing::warn!(%refund, %error, "a refund could not be reconciled");
        }
        store::touch_refund(ctx.db(), refund, ctx.now()).await?;
    }
    for attempt in store::list_second_charges(ctx.db(), ctx.now().plus_days(-SECOND_CHARGES_DAYS), ROUND).await? {
        if let Err(error) = super::apply::return_second(ctx, attempt).await {
            tracing::error!(%attempt, %error, "a second charge could not be sent back");
        }
    }
    for booking in store::list_abandoned(ctx.db(), ctx.now(), ROUND).await? {
        abandon(ctx, booking).await?;
    }
    Ok(())
}

/// Gives up a payment that came to nothing, unless something has come of it just now.
async fn abandon(ctx: &Ctx, booking: BookingId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    bookings::lock(&mut tx, booking).await?.ok_or(Error::NotFound)?;
    if store::find_live(&mut *tx, booking).await?.is_some_and(|payment| payment.status == PaymentStatus::Pending) {
        payment::void(&mut tx, ctx, booking).await?;
    }
    ctx.commit(tx).await
}

/// Nobody answered, rather than somebody saying no.
fn is_unheard(outcome: &Result<()>) -> bool {
    outcome.as_ref().is_err_and(|error| error.status() == 503)
}

/// Lets an attempt be asked about soon.
pub(super) async fn ask_soon(tx: &mut crate::ctx::Tx, ctx: &Ctx, id: AttemptId) -> Result<()> {
    queue::enqueue(tx, ctx, jobs::settle(id)).await
}
