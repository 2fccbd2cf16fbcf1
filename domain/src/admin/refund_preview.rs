//! What a refund by hand would do, before it is done.

use super::model::RefundPreview;
use super::store;
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result};
use crate::id::PaymentId;
use crate::money::Money;
use crate::payment::policy::by_hand;

/// How the amount splits, by the function that splits the refund itself.
pub async fn preview_refund(ctx: &Ctx, id: PaymentId, amount_minor: i64) -> Result<RefundPreview> {
    ctx.require_admin()?;
    let left = store::find_left(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    let mut fields = Fields::none();
    fields.check(amount_minor > 0 && amount_minor <= left.total.minor, "amount", "Give more than nothing and at most what is left.");
    fields.finish()?;
    let parts = by_hand(amount_minor, left.parts);
    let money = |minor| Money::new(minor, left.total.currency);
    Ok(RefundPreview {
        amount: money(amount_minor),
        from_provider: money(parts.service_minor - parts.commission_minor + parts.tip_minor),
        from_platform: money(parts.commission_minor),
        from_tax: money(parts.tax_minor),
        left_after: money(left.total.minor - amount_minor),
    })
}
