//! Beginning to pay, or going on where it was left.
//!
//! The row is written first, then the gateway is asked outside of any transaction, then its answer is noted. Whoever comes in between
//! (a second tab, a double click, a repeated call) finds the row and asks with the same key. Much may happen while the gateway is asked, up to the end of the
//! booking and the return of the money, so each try is begun only after another look at the booking, which then stands still.

use super::model::{AttemptStatus, PaymentRefusal, PaymentStatus, PaymentView};
use super::port::{Capture, GatewayError, Intent, IntentStatus, NewIntent};
use super::store::{self, AttemptRow, NewPayment, PaymentRow};
use super::{jobs, policy, service};
use crate::crash::{Point, passing};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::{AccountId, AttemptId, BookingId};
use crate::money::Money;
use crate::outbox;
use crate::queue;
use futures::future::BoxFuture;
use std::time::Duration;
use tokio::time::timeout;

/// Rounds of asking until the open attempt is the wanted one: give up another, take up an unknown, set the amount, look whether it is set.
const ROUNDS: usize = 6;
/// For all of them: whoever waits hears how it stands before their request takes too long.
const PATIENCE: Duration = Duration::from_secs(25);

/// What is to be collected, and how the payer comes back.
#[derive(Debug, Clone)]
pub struct StartPayment {
    pub booking: BookingId,
    /// Everything together, the tip included.
    pub amount: Money,
    pub tip_minor: i64,
    pub capture: Capture,
    pub payer: Option<AccountId>,
    pub email: Option<String>,
    /// For the payer's bank statement and the gateway's page: what it is for.
    pub description: String,
    /// Absolute.
    pub return_url: String,
    /// Absolute.
    pub cancel_url: String,
    /// On the gateway's own page instead of a form in ours.
    pub is_hosted: bool,
    /// Programs that bring a payment method confirm in the same call.
    pub payment_method: Option<String>,
}

/// Locks a booking until commit, and says why no other try may begin for it, if so. What it is for is not known here.
pub type Lock = for<'a> fn(&'a Ctx, &'a mut Tx, BookingId) -> BoxFuture<'a, Result<Result<()>>>;

enum Round {
    /// Nothing to ask: settled, or the open attempt is the wanted one.
    Done,
    /// Written down but not answered yet.
    Ask(AttemptRow),
    /// Answered, but not just now: another amount may have been set there.
    Look(AttemptRow),
    SetAmount(AttemptRow),
    GiveUp(AttemptRow),
}

/// Starts or continues the payment of a booking. The view's `next` says what the payer does.
pub async fn start(ctx: &Ctx, input: StartPayment, lock: Lock) -> Result<PaymentView> {
    let minimum = ctx.house().payments.minimum(input.amount.currency);
    if input.amount.minor < minimum.minor {
        return Err(PaymentRefusal::TooSmall { minimum }.into());
    }
    // whatever it was at when time ran out is found by the next try
    timeout(PATIENCE, go_on(ctx, &input, lock)).await.unwrap_or_else(|_| Err(PaymentRefusal::NoAnswer.into()))
}

async fn go_on(ctx: &Ctx, input: &StartPayment, lock: Lock) -> Result<PaymentView> {
    let mut known = None;
    for _ in 0..ROUNDS {
        match prepare(ctx, input, lock, known).await? {
            Round::Done => return service::find_for_payer(ctx, input.booking).await?.ok_or(Error::NotFound),
            Round::Ask(attempt) => known = ask(ctx, &attempt).await?.then_some(attempt.id),
            Round::Look(attempt) if is_as_wanted(ctx, input, &attempt).await? => known = Some(attempt.id),
            Round::Look(attempt) | Round::SetAmount(attempt) => {
                set_amount(ctx, input, &attempt).await?;
                known = None;
            }
            Round::GiveUp(attempt) => give_up(ctx, &attempt).await?,
        }
    }
    Err(PaymentRefusal::BeingProcessed.into())
}

/// `known`: the gateway has just said how this attempt stands.
async fn prepare(ctx: &Ctx, input: &StartPayment, lock: Lock, known: Option<AttemptId>) -> Result<Round> {
    let mut tx = ctx.begin().await?;
    store::lock_booking(&mut *tx, input.booking).await?;
    let may_begin = lock(ctx, &mut tx, input.booking).await?;
    let mut live = store::find_live(&mut *tx, input.booking).await?;
    if let Some(payment) = &live {
        // Its settlement ends before we look any further: read as pending here, and its attempts as answered, a card would be charged once more.
        store::lock_payment(&mut *tx, payment.id).await?;
        live = store::find_live(&mut *tx, input.booking).await?;
    }
    if live.as_ref().is_some_and(|payment| payment.status != PaymentStatus::Pending) {
        return Ok(Round::Done);
    }
    let open = match &live {
        Some(payment) => store::list_open_attempts(&mut *tx, payment.id).await?.into_iter().next(),
        None => None,
    };
    match open.map(|attempt| round_for(attempt, input, known)) {
        // it may never have arrived, so that asking again may be what begins it
        Some(Round::Ask(attempt)) => return may_begin.map(|()| Round::Ask(attempt)),
        Some(round) => return Ok(round),
        None => may_begin?,
    }
    let payment = match live {
        Some(payment) => {
            store::set_amount(&mut *tx, payment.id, input.amount.minor, input.tip_minor, input.payer, ctx.now()).await?;
            payment.id
        }
        None => {
            let new = NewPayment {
                id: ctx.new_id(),
                booking: input.booking,
                payer: input.payer,
                amount: input.amount,
                tip_minor: input.tip_minor,
                is_manual: input.capture == Capture::Manual,
            };
            store::insert_payment(&mut *tx, &new, ctx.now()).await?;
            new.id
        }
    };
    let request = NewIntent {
        attempt: ctx.new_id::<AttemptId>(),
        payment,
        booking: input.booking,
        amount: input.amount,
        capture: input.capture,
        description: input.description.clone(),
        receipt_email: input.email.clone(),
        return_url: input.return_url.clone(),
        cancel_url: input.cancel_url.clone(),
        payment_method: input.payment_method.clone(),
    };
    store::insert_attempt(&mut *tx, ctx.house().payments.name(), &request, input.is_hosted, ctx.now()).await?;
    let data = serde_json::json!({ "payment_id": payment, "amount": input.amount });
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::PaymentStarted).booking(input.booking).account(input.payer).data(data)).await?;
    let attempt = store::find_attempt(&mut *tx, request.attempt).await?.ok_or(Error::NotFound)?;
    ctx.commit(tx).await?;
    passing(Point::AttemptCommitted);
    Ok(Round::Ask(attempt))
}

fn round_for(attempt: AttemptRow, input: &StartPayment, known: Option<AttemptId>) -> Round {
    use AttemptStatus::*;
    let is_same_amount = attempt.amount_minor == input.amount.minor;
    let method = attempt.request["payment_method"].as_str();
    // a program that brings another card, or the same one again after a decline
    let is_other_method = input.payment_method.as_deref().is_some_and(|m| Some(m) != method || attempt.failure_code.is_some());
    match attempt.status {
        Created | Unknown => Round::Ask(attempt),
        Processing | Authorised => Round::Done,
        _ if attempt.is_hosted != input.is_hosted || is_other_method => Round::GiveUp(attempt),
        // a hosted page shows the amount it was made with
        _ if !is_same_amount && attempt.is_hosted => Round::GiveUp(attempt),
        _ if !is_same_amount => Round::SetAmount(attempt),
        _ if !attempt.is_hosted && known != Some(attempt.id) => Round::Look(attempt),
        _ => Round::Done,
    }
}

/// Asks the gateway what was written down, and notes its answer; false if it came too late for that. Also the reconciler's way for attempts without one.
pub(crate) async fn ask(ctx: &Ctx, attempt: &AttemptRow) -> Result<bool> {
    let request = request_of(attempt)?;
    let gateway = &ctx.house().payments;
    let answer = if attempt.is_hosted {
        gateway.create_hosted_page(&request).await.map(Answer::Page)
    } else {
        gateway.create_intent(&request).await.map(Answer::Intent)
    };
    note(ctx, attempt, answer).await
}

/// The same for an attempt that is not wanted any more: one that never arrived is not carried out now.
pub(crate) async fn recover(ctx: &Ctx, attempt: &AttemptRow) -> Result<bool> {
    if attempt.is_hosted {
        // a page charges nobody who does not pay there
        return ask(ctx, attempt).await;
    }
    let answer = ctx.house().payments.recover_intent(&request_of(attempt)?).await.map(Answer::Intent);
    note(ctx, attempt, answer).await
}

fn request_of(attempt: &AttemptRow) -> Result<NewIntent> {
    serde_json::from_value(attempt.request.clone()).map_err(Error::internal)
}

async fn note(ctx: &Ctx, attempt: &AttemptRow, answer: std::result::Result<Answer, GatewayError>) -> Result<bool> {
    passing(Point::AttemptAnswered);
    let mut tx = ctx.begin().await?;
    // The job and the payer may ask side by side with the same key. What the first heard may have moved on since: a late answer says nothing newer. News of
    // the gateway's own may be just being written, which the row's lock waits for.
    store::lock_attempt(&mut *tx, attempt.id).await?;
    let current = store::find_attempt(&mut *tx, attempt.id).await?.ok_or(Error::NotFound)?;
    if !matches!(current.status, AttemptStatus::Created | AttemptStatus::Unknown) {
        return Ok(false);
    }
    let result = match answer {
        Ok(Answer::Page(page)) => {
            store::note_page(&mut *tx, attempt.id, &page.session_reference, &page.url, ctx.now()).await?;
            Ok(true)
        }
        Ok(Answer::Intent(intent)) => {
            // what is settled at once is applied by settlement, which asks again; until then it is being processed
            let status = match intent.status {
                IntentStatus::RequiresMethod => AttemptStatus::RequiresMethod,
                IntentStatus::RequiresAction => AttemptStatus::RequiresAction,
                IntentStatus::Cancelled => AttemptStatus::Cancelled,
                _ => AttemptStatus::Processing,
            };
            store::note_intent(&mut *tx, attempt.id, status, &intent, ctx.now()).await?;
            if status == AttemptStatus::Processing {
                queue::enqueue(&mut tx, ctx, jobs::settle(attempt.id)).await?;
            }
            Ok(true)
        }
        Err(GatewayError::Unknown(reason)) => {
            tracing::warn!(attempt = %attempt.id, reason, "the gateway did not answer");
            store::set_attempt_status(&mut *tx, attempt.id, AttemptStatus::Unknown, None, ctx.now()).await?;
            Err(PaymentRefusal::NoAnswer.into())
        }
        Err(GatewayError::Declined(decline)) => {
            store::set_attempt_status(&mut *tx, attempt.id, AttemptStatus::Failed, Some(&decline.code), ctx.now()).await?;
            Err(declined(&decline.code))
        }
        Err(GatewayError::Invalid(reason)) => {
            tracing::error!(attempt = %attempt.id, reason, "the gateway refused an attempt");
            store::set_attempt_status(&mut *tx, attempt.id, AttemptStatus::Failed, None, ctx.now()).await?;
            Err(PaymentRefusal::NotTaken.into())
        }
    };
    ctx.commit(tx).await?;
    passing(Point::AttemptNoted);
    result
}

enum Answer {
    Page(super::port::HostedPage),
    Intent(Intent),
}

fn declined(code: &str) -> Error {
    Error::Refused(crate::error::Refusal {
        code: if code == "card_declined" { code.to_owned() } else { format!("card_declined_{code}") },
        sentence: policy::decline_sentence(code).to_owned(),
        is_conflict: false,
        retry_after_s: None,
        help: serde_json::Map::new(),
    })
}

/// A tip was chosen: the intent gets the new amount, then our row.
async fn set_amount(ctx: &Ctx, input: &StartPayment, attempt: &AttemptRow) -> Result<()> {
    let Some(reference) = &attempt.gateway_ref else { return Ok(()) };
    // Setting an amount twice changes nothing, so each setting has a key of its own: A, then B, then A again must not replay the first.
    let key = format!("amount-{}-{}", attempt.id, ctx.new_id::<AttemptId>());
    match ctx.house().payments.update_amount(reference, input.amount, &key).await {
        Ok(_) => {}
        Err(GatewayError::Unknown(_)) => return Err(PaymentRefusal::NoAnswer.into()),
        // confirmed in another tab meanwhile
        Err(_) => return being_processed(ctx, attempt.id).await,
    }
    let mut tx = ctx.begin().await?;
    let PaymentRow { id, .. } = store::lock_payment(&mut *tx, attempt.payment).await?;
    store::set_amount(&mut *tx, id, input.amount.minor, input.tip_minor, input.payer, ctx.now()).await?;
    store::set_attempt_amount(&mut *tx, attempt.id, input.amount.minor, ctx.now()).await?;
    ctx.commit(tx).await
}

/// Whether the gateway will take what our row says. Two tabs may come to it in one order and to our row in the other, and an amount whose answer was lost may
/// have been set.
async fn is_as_wanted(ctx: &Ctx, input: &StartPayment, attempt: &AttemptRow) -> Result<bool> {
    let Some(reference) = &attempt.gateway_ref else { return Ok(true) };
    match ctx.house().payments.get_intent(reference).await {
        // the bank's question was not answered well, and our row does not know yet
        Ok(Intent { status: IntentStatus::RequiresMethod, .. }) if attempt.status == AttemptStatus::RequiresAction => {
            being_processed(ctx, attempt.id).await.map(|()| false)
        }
        Ok(Intent { status: IntentStatus::RequiresMethod | IntentStatus::RequiresAction, amount, .. }) => Ok(amount == input.amount),
        Err(GatewayError::Unknown(_)) => Err(PaymentRefusal::NoAnswer.into()),
        _ => being_processed(ctx, attempt.id).await.map(|()| false),
    }
}

/// Ends an attempt at the gateway, so that it can take no money any more, before another begins.
pub(crate) async fn give_up(ctx: &Ctx, attempt: &AttemptRow) -> Result<()> {
    match service::end_at_gateway(ctx, attempt).await {
        Ok(()) => {
            let mut tx = ctx.begin().await?;
            store::lock_payment(&mut *tx, attempt.payment).await?;
            let current = store::find_attempt(&mut *tx, attempt.id).await?.ok_or(Error::NotFound)?;
            if current.status == AttemptStatus::Authorised {
                // reserved right before its end: more than the attempt stands by that, and settlement undoes it all
                drop(tx);
                return being_processed(ctx, attempt.id).await;
            }
            store::set_attempt_status(&mut *tx, attempt.id, AttemptStatus::Cancelled, None, ctx.now()).await?;
            ctx.commit(tx).await
        }
        Err(GatewayError::Unknown(_)) => Err(PaymentRefusal::NoAnswer.into()),
        // paid there just now
        Err(_) => being_processed(ctx, attempt.id).await,
    }
}

async fn being_processed(ctx: &Ctx, attempt: AttemptId) -> Result<()> {
    let mut tx = ctx.begin().await?;
    queue::enqueue(&mut tx, ctx, jobs::settle(attempt)).await?;
    ctx.commit(tx).await?;
    Err(PaymentRefusal::BeingProcessed.into())
}
