//! Beginning to pay for a booking, and asking how it stands.

use crate::booking::model::{Action, BookingRefusal, Status, ViewerRole};
use crate::booking::policy;
use crate::booking::store::{self, BookingRow};
use crate::booking::transition;
use crate::crash::{Point, passing};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Fields, Result};
use crate::id::BookingId;
use crate::money::Money;
use crate::payment::port::Capture;
use crate::payment::store::AttemptRow;
use crate::payment::{self, AttemptStatus, PaymentStatus, PaymentView, StartPayment};
use futures::future::BoxFuture;

/// How one wants to pay.
#[derive(Debug, Clone, Default)]
pub struct Pay {
    /// On the gateway's own page, which needs no script in ours.
    pub is_hosted: bool,
    /// Programs bring a payment method of the gateway and confirm at once.
    pub payment_method: Option<String>,
}

/// Starts or continues the payment of a hold (or of a request whose card failed). Its details must have been given by checking out. The hold lasts longer
/// from the first attempt on. For the customer only.
pub async fn pay(ctx: &Ctx, id: BookingId, how: Pay) -> Result<PaymentView> {
    let mut tx = ctx.begin().await?;
    let (row, role) = transition::lock(&mut tx, ctx, id).await?;
    if role != ViewerRole::Customer {
        return Err(Error::Forbidden);
    }
    if how.payment_method.as_deref().is_some_and(|method| !payment::policy::may_be_method(method)) {
        return Err(Fields::one("payment_method", "This is none of the gateway. A card's number belongs into its form alone.").into());
    }
    let is_settled = row.is_paid || row.is_authorised;
    match row.status() {
        // sent twice, or in two tabs: the first one has settled it
        Status::Requested | Status::Confirmed | Status::InProgress | Status::Completed if is_settled => {
            // Its connection goes back before the next one is asked for.
            drop(tx);
            return payment::find_for_booking(ctx, id).await?.ok_or(Error::NotFound);
        }
        _ => may_begin(ctx, &row)?,
    }
    if row.customer_email.is_empty() {
        return Err(Fields::one("email", "Tell us who you are before you pay.").into());
    }
    transition::extend_hold_for_payment(&mut tx, ctx, &row).await?;
    ctx.commit(tx).await?;
    passing(Point::PayExtended);
    let view = payment::start(ctx, request(ctx, &row, how), lock_booking).await?;
    match (view.attempt, view.attempt_id) {
        // a program's card was charged in the same call
        (Some(AttemptStatus::Processing), Some(attempt)) => {
            super::settle(ctx, attempt).await?;
            payment::find_for_payer(ctx, id).await?.ok_or(Error::NotFound)
        }
        _ => Ok(view),
    }
}

/// Whether another try to collect money for it may begin; why not, otherwise.
fn may_begin(ctx: &Ctx, row: &BookingRow) -> Result<()> {
    match row.status() {
        _ if policy::may(Action::Pay, ViewerRole::Customer, &row.facts(), ctx.now()) => Ok(()),
        Status::Held | Status::Expired => Err(BookingRefusal::HoldExpired.into()),
        status => Err(BookingRefusal::WrongStatus { status }.into()),
    }
}

/// Whether its booking still waits for money by such an attempt.
pub(super) async fn is_payable(ctx: &Ctx, attempt: &AttemptRow) -> Result<bool> {
    let booking = payment::store::get_booking_of(ctx.db(), attempt.payment).await?;
    let row = store::find(ctx.db(), booking).await?.ok_or(Error::NotFound)?;
    Ok(may_begin(ctx, &row).is_ok())
}

/// The payment room's look at the booking: see [`payment::Lock`].
fn lock_booking<'a>(ctx: &'a Ctx, tx: &'a mut Tx, id: BookingId) -> BoxFuture<'a, Result<Result<()>>> {
    Box::pin(async move {
        let row = store::lock(tx, id).await?.ok_or(Error::NotFound)?;
        Ok(may_begin(ctx, &row))
    })
}

fn request(ctx: &Ctx, row: &BookingRow, how: Pay) -> StartPayment {
    StartPayment {
        booking: row.id,
        amount: Money::new(row.price().total(), row.currency()),
        tip_minor: row.tip_minor,
        capture: if row.needs_approval { Capture::Manual } else { Capture::Automatic },
        payer: row.customer_id,
        email: Some(row.customer_email.clone()),
        description: format!("{} with {} ({})", row.service_name, row.provider_name, row.reference),
        return_url: ctx.url(&format!("/checkout/{}/return", row.id)),
        cancel_url: ctx.url(&format!("/checkout/{}", row.id)),
        is_hosted: how.is_hosted,
        payment_method: how.payment_method,
    }
}

/// How a payment stands, and whether the gateway was heard just now.
#[derive(Debug, Clone)]
pub struct Standing {
    pub payment: Option<PaymentView>,
    /// False: it was asked and did not answer, so the last try may have paid for all we know.
    pub is_certain: bool,
}

/// How the payment of a booking stands. While it is open the gateway is asked first, so that whoever comes back from it, or lost the line while paying, sees the
/// truth. For the customer; None when nothing was ever started.
pub async fn state(ctx: &Ctx, id: BookingId) -> Result<Option<PaymentView>> {
    Ok(look(ctx, id).await?.payment)
}

/// The same, telling whether the gateway has answered.
pub async fn look(ctx: &Ctx, id: BookingId) -> Result<Standing> {
    let booking = crate::booking::get(ctx, id).await?;
    let Some(view) = payment::find_for_payer(ctx, id).await? else { return Ok(Standing { payment: None, is_certain: true }) };
    let is_certain = match (view.status, view.attempt_id) {
        // no answer is no answer: the row stays as it is
        (PaymentStatus::Pending, Some(attempt)) => super::settle(ctx, attempt).await.is_ok(),
        _ => true,
    };
    let view = payment::find_for_payer(ctx, id).await?;
    let payment = if booking.viewer == ViewerRole::Customer { view } else { view.map(|view| PaymentView { next: None, ..view }) };
    Ok(Standing { payment, is_certain })
}
