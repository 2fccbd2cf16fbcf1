//! Refunds an operator decides on.

use crate::booking::store as bookings;
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result};
use crate::id::PaymentId;
use crate::money::Money;
use crate::payment::policy::{Left, by_hand};
use crate::payment::{self, NewRefund, PaymentRefusal, PaymentView, store};

const MAX_REASON: usize = 500;
const MAX_KEY: usize = 255;

/// Gives back an amount of a payment, or all that is left of it (None), for a reason the customer reads. With a key (at most 255 letters) the same
/// amount is given back once however often it is asked for. Admins only.
pub async fn refund_by_hand(ctx: &Ctx, id: PaymentId, amount_minor: Option<i64>, reason: &str, key: Option<&str>) -> Result<PaymentView> {
    ctx.require_admin()?;
    let reason = reason.trim();
    let mut fields = Fields::none();
    fields.check(!reason.is_empty(), "reason", "Say why; the customer reads it.");
    fields.check(reason.chars().count() <= MAX_REASON, "reason", "Please keep it under 500 characters.");
    fields.check(amount_minor.is_none_or(|minor| minor > 0), "amount_minor", "The amount must be more than nothing.");
    fields.check(key.is_none_or(|key| key.len() <= MAX_KEY), "key", "A key has at most 255 letters.");
    fields.finish()?;
    let key = key.filter(|key| !key.is_empty()).map(|key| whole_key(ctx, id, amount_minor, key));
    let booking = payment::get(ctx, id).await?.booking_id;
    let mut tx = ctx.begin().await?;
    bookings::lock(&mut tx, booking).await?.ok_or(Error::NotFound)?;
    if let Some(key) = &key
        && store::has_refund(&mut *tx, key).await?
    {
        drop(tx);
        return payment::get(ctx, id).await;
    }
    let paid = store::lock_payment(&mut *tx, id).await?;
    // A refund that failed meanwhile has put its parts back before it let go of the payment.
    let row = bookings::find(&mut *tx, booking).await?.ok_or(Error::NotFound)?;
    let left_minor = paid.captured_minor - paid.refunded_minor;
    if left_minor <= 0 {
        return Err(PaymentRefusal::NothingToRefund.into());
    }
    let amount = amount_minor.unwrap_or(left_minor);
    if amount > left_minor {
        return Err(PaymentRefusal::RefundTooLarge { left: Money::new(left_minor, row.currency()) }.into());
    }
    let refund = |parts: Left| NewRefund {
        booking,
        payment: Some(id),
        service_minor: parts.service_minor,
        tax_minor: parts.tax_minor,
        tip_minor: parts.tip_minor,
        commission_minor: parts.commission_minor,
        reason: reason.to_owned(),
        by: "operator".to_owned(),
        key: key.clone(),
    };
    if store::is_unexpected(&mut *tx, id).await? {
        // a return that could not be delivered is tried again
        let whole = Money::new(amount, row.currency());
        payment::return_whole(&mut tx, ctx, id, refund(Left { service_minor: amount, ..Left::default() }), whole).await?;
    } else {
        let (price, before) = (row.price(), row.refunded());
        let left = Left {
            service_minor: price.base() - before.service_minor,
            tax_minor: price.tax_minor - before.tax_minor,
            tip_minor: price.tip_minor - before.tip_minor,
            commission_minor: price.commission_minor - before.commission_minor,
        };
        payment::refund(&mut tx, ctx, refund(by_hand(amount, left))).await?;
    }
    ctx.commit(tx).await?;
    payment::get(ctx, id).await
}

/// Keys of different people, payments and amounts never meet: whoever wants more of the same payment back, with a page they had before, gets it.
fn whole_key(ctx: &Ctx, payment: PaymentId, amount_minor: Option<i64>, key: &str) -> String {
    let who = ctx.account_id().map(|id| id.to_string()).unwrap_or_default();
    let amount = amount_minor.map(|minor| minor.to_string()).unwrap_or_default();
    format!("{who}/{payment}/{amount}/{key}")
}
