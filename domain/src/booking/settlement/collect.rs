//! Charging what was set aside for an accepted request.

use super::apply::{Source, apply};
use crate::booking::model::{BookingRefusal, Status};
use crate::crash::{Point, passing};
use crate::ctx::Ctx;
use crate::error::{Error, Refuse, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::{AttemptId, BookingId};
use crate::outbox;
use crate::payment::port::GatewayError;
use crate::payment::{AttemptStatus, PaymentRefusal, PaymentStatus, store};

/// Why an accepted request is not confirmed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCollected {
    /// The customer was asked for another card.
    CardFailed,
    NothingSetAside,
}

impl Refuse for NotCollected {
    fn code(&self) -> &'static str {
        match self {
            Self::CardFailed => "capture_failed",
            Self::NothingSetAside => "nothing_authorised",
        }
    }
    fn sentence(&self) -> String {
        match self {
            Self::CardFailed => {
                "The customer's card could not be charged. We have asked them for another one; accept again once they have given it.".into()
            }
            Self::NothingSetAside => "The customer has not given a working card yet. Accept again once they have.".into(),
        }
    }
}

/// Captures the authorised payment of a booking; the money then confirms it as any money does. Safe to repeat. A card that fails leaves the request open and
/// asks the customer for another; without an answer nothing is decided.
pub async fn collect(ctx: &Ctx, booking: BookingId) -> Result<()> {
    let Some(payment) = store::find_live(ctx.db(), booking).await? else { return Err(NotCollected::NothingSetAside.into()) };
    if payment.captured_minor > 0 {
        return Ok(());
    }
    let attempts = store::list_open_attempts(ctx.db(), payment.id).await?;
    let Some(attempt) = attempts.into_iter().find(|a| a.status == AttemptStatus::Authorised) else {
        // settled between the two readings, it is charged
        let is_charged = store::find_live(ctx.db(), booking).await?.is_some_and(|payment| payment.captured_minor > 0);
        return if is_charged { Ok(()) } else { Err(NotCollected::NothingSetAside.into()) };
    };
    let reference = attempt.gateway_ref.as_deref().ok_or(NotCollected::NothingSetAside)?;
    // A key for each call, as for its end. Whoever captures twice is told so, and finds it captured.
    let key = format!("capture-{}-{}", attempt.id, ctx.new_id::<AttemptId>());
    match ctx.house().payments.capture(reference, payment.amount, &key).await {
        Ok(intent) => {
            passing(Point::CaptureAnswered);
            let mut tx = ctx.begin().await?;
            apply(&mut tx, ctx, attempt.id, &intent, Source::Answer(attempt.status)).await?;
            ctx.commit(tx).await
        }
        Err(GatewayError::Unknown(_)) => {
            // it may be charged, and its message lost with the answer
            let mut tx = ctx.begin().await?;
            super::ask::ask_soon(&mut tx, ctx, attempt.id).await?;
            ctx.commit(tx).await?;
            Err(PaymentRefusal::NoAnswer.into())
        }
        Err(error) => {
            let code = match &error {
                GatewayError::Declined(decline) => decline.code.clone(),
                _ => "capture_failed".to_owned(),
            };
            tracing::warn!(%booking, %error, "an authorised payment could not be captured");
            let mut tx = ctx.begin().await?;
            let locked = crate::booking::store::lock(&mut tx, booking).await?.ok_or(Error::NotFound)?;
            let status = locked.status();
            // Withdrawn, declined or charged while the gateway was asked: then the card has not failed.
            if status != Status::Requested {
                return Err(BookingRefusal::WrongStatus { status }.into());
            }
            if store::lock_payment(&mut *tx, payment.id).await?.status != PaymentStatus::Authorised {
                return Err(NotCollected::NothingSetAside.into());
            }
            store::set_attempt_status(&mut *tx, attempt.id, AttemptStatus::Failed, Some(&code), ctx.now()).await?;
            store::set_payment_status(&mut *tx, payment.id, PaymentStatus::Failed, ctx.now()).await?;
            let data = serde_json::json!({ "payment_id": payment.id, "amount": payment.amount, "code": code, "stage": "capture" });
            let event = NewEvent::new(EventKind::PaymentFailed).booking(booking).provider(locked.provider_id).account(locked.customer_id);
            outbox::record(&mut tx, ctx, event.data(data)).await?;
            ctx.commit(tx).await?;
            Err(NotCollected::CardFailed.into())
        }
    }
}
