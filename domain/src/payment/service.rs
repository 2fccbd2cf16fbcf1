//! Reading payments, and giving up what is not charged yet.

use super::jobs;
use super::model::{AttemptStatus, PaymentQuery, PaymentStatus, PaymentView};
use super::port::GatewayError;
use super::store::{self, AttemptRow, Wanted};
use crate::audit::{self, Entry};
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::{AttemptId, BookingId, PaymentId};
use crate::outbox;
use crate::page::{Page, PageQuery};
use crate::queue;
use crate::time::Instant;

/// The payment of a booking that matters most: the live one, else the newest. For callers who have made sure that the viewer may see the booking;
/// without the payer's next step.
pub async fn find_for_booking(ctx: &Ctx, booking: BookingId) -> Result<Option<PaymentView>> {
    Ok(find_for_payer(ctx, booking).await?.map(without_next))
}

/// The same with the next step, whose client secret is for the payer alone: the caller has made sure that it is they who ask.
pub async fn find_for_payer(ctx: &Ctx, booking: BookingId) -> Result<Option<PaymentView>> {
    let wanted = Wanted { booking: Some(booking), ..Wanted::default() };
    let mut views = store::list_views(ctx.db(), ctx.house().payments.as_ref(), &wanted, 20).await?;
    let weight = |view: &PaymentView| match view.status {
        PaymentStatus::Paid | PaymentStatus::PartlyRefunded => 3,
        PaymentStatus::Authorised => 2,
        PaymentStatus::Pending => 1,
        _ => 0,
    };
    // newest first, and the sort is stable
    views.sort_by_key(|view| std::cmp::Reverse(weight(view)));
    Ok(views.into_iter().next())
}

fn without_next(view: PaymentView) -> PaymentView {
    PaymentView { next: None, ..view }
}

/// Of the payer themselves, or any for support and admins.
pub async fn get(ctx: &Ctx, id: PaymentId) -> Result<PaymentView> {
    let payer = if ctx.is_support() || ctx.is_system() { None } else { Some(ctx.person()?.id) };
    let wanted = Wanted { id: Some(id), payer, ..Wanted::default() };
    let views = store::list_views(ctx.db(), ctx.house().payments.as_ref(), &wanted, 1).await?;
    views.into_iter().next().map(without_next).ok_or(Error::NotFound)
}

/// One's own payments; all of them for support and admins.
pub async fn list(ctx: &Ctx, query: &PaymentQuery) -> Result<Page<PaymentView>> {
    let is_operator = ctx.is_support();
    let wanted = Wanted {
        payer: if is_operator { None } else { Some(ctx.person()?.id) },
        booking: query.booking,
        status: query.status,
        text: query.text.as_deref().map(str::trim).filter(|text| is_operator && !text.is_empty()).map(str::to_owned),
        ..Wanted::default()
    };
    page(ctx, wanted, &query.page).await
}

/// What one has paid, for the list of receipts; operators too see only their own here.
pub async fn list_receipts(ctx: &Ctx, query: &PageQuery) -> Result<Page<PaymentView>> {
    let wanted = Wanted { payer: Some(ctx.person()?.id), is_captured_only: true, ..Wanted::default() };
    page(ctx, wanted, query).await
}

async fn page(ctx: &Ctx, wanted: Wanted, query: &PageQuery) -> Result<Page<PaymentView>> {
    let limit = query.limit();
    let wanted = Wanted { before: query.after::<(Instant, PaymentId)>(), ..wanted };
    let views = store::list_views(ctx.db(), ctx.house().payments.as_ref(), &wanted, limit + 1).await?;
    Ok(Page::from_rows(views, limit, |view| (view.created_at, view.id)).map(without_next))
}

/// Gives up what is not charged yet, in the caller's transaction; the gateway hears of it by a job. What was charged just before goes back by settlement.
pub async fn void(tx: &mut Tx, ctx: &Ctx, booking: BookingId) -> Result<()> {
    let Some(payment) = store::find_live(&mut **tx, booking).await? else { return Ok(()) };
    let payment = store::lock_payment(&mut **tx, payment.id).await?;
    if !matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Authorised) {
        return Ok(());
    }
    store::set_payment_status(&mut **tx, payment.id, PaymentStatus::Voided, ctx.now()).await?;
    for attempt in store::list_open_attempts(&mut **tx, payment.id).await? {
        queue::enqueue(tx, ctx, jobs::release(attempt.id)).await?;
    }
    if payment.status == PaymentStatus::Authorised {
        let data = serde_json::json!({ "payment_id": payment.id, "amount": payment.amount });
        let event = NewEvent::new(EventKind::PaymentVoided).booking(booking).account(payment.payer).data(data);
        outbox::record(tx, ctx, event).await?;
        audit::record(tx, ctx, Entry::new("payment.void", "payment", payment.id)).await?;
    }
    Ok(())
}

/// The job behind [`void`]: ends the attempt at the gateway; false if settlement has to look at it first. What was paid just before is left to settlement.
pub(crate) async fn release(ctx: &Ctx, attempt: AttemptId) -> Result<bool> {
    let Some(attempt) = store::find_attempt(ctx.db(), attempt).await? else { return Ok(true) };
    if !attempt.status.is_open() {
        return Ok(true);
    }
    if attempt.session_ref.is_none() && attempt.gateway_ref.is_none() {
        // never answered: ask, to have something to end
        super::start::recover(ctx, &attempt).await?;
        return Ok(false);
    }
    if store::is_sole_reservation(ctx.db(), attempt.id).await? {
        // given up, and confirmed by its payer before this came round: a request stands by it
        return Ok(true);
    }
    match end_at_gateway(ctx, &attempt).await {
        Ok(()) => {
            let mut tx = ctx.begin().await?;
            let payment = store::lock_payment(&mut *tx, attempt.payment).await?;
            let is_open_again = store::find_attempt(&mut *tx, attempt.id).await?.is_some_and(|now| now.status == AttemptStatus::Authorised)
                && payment.status == PaymentStatus::Authorised;
            if is_open_again {
                // reserved right before its end: a request stands by it, which settlement tells
                return Ok(false);
            }
            store::set_attempt_status(&mut *tx, attempt.id, AttemptStatus::Cancelled, None, ctx.now()).await?;
            ctx.commit(tx).await?;
            Ok(true)
        }
        Err(GatewayError::Unknown(_)) => Err(Error::Unavailable { retry_after_s: 5 }),
        Err(_) => Ok(false),
    }
}

/// Tells the gateway that nothing may come of the attempt any more; one it never heard of needs no word.
pub(super) async fn end_at_gateway(ctx: &Ctx, attempt: &AttemptRow) -> Result<(), GatewayError> {
    let gateway = &ctx.house().payments;
    match (&attempt.session_ref, &attempt.gateway_ref) {
        // Of a page only what is authorised: then the page is complete. Before, the intent ends with its page, which alone may end it.
        (page, Some(intent)) if page.is_none() || attempt.status == AttemptStatus::Authorised => {
            // A key for each call: with one for all of them the gateway would repeat its first no for a day.
            let key = format!("cancel-{}-{}", attempt.id, ctx.new_id::<AttemptId>());
            gateway.cancel(intent, &key).await.map(|_| ())
        }
        (Some(page), _) => gateway.expire_hosted_page(page).await,
        (None, _) => Ok(()),
    }
}
