//! Where bookings meet payments: giving back, releasing, collecting.

use super::model::{RefundLines, Settlement, Side};
use super::policy::{self, Cause};
use super::store::BookingRow;
use crate::ctx::{Ctx, Tx};
use crate::error::Result;
use crate::payment::{self, NewRefund};

/// What would come back for this cause. Nothing of what was never charged.
pub(super) fn refund_of(row: &BookingRow, cause: Cause) -> RefundLines {
    if row.is_paid {
        policy::refund(
            &row.price(),
            &row.refunded(),
            &row.cancel_tiers.0.0,
            row.lowest_tier_bp.into(),
            row.starts_at,
            row.started_at.is_some(),
            cause,
        )
    } else {
        RefundLines {
            tier_bp: policy::refund_share(&row.cancel_tiers.0.0, row.lowest_tier_bp.into(), row.starts_at, cause),
            ..RefundLines::default()
        }
    }
}

/// Gives back in the verb's own transaction: refunds what was charged, releases what was only set aside.
pub(super) async fn give_back(tx: &mut Tx, ctx: &Ctx, row: &BookingRow, cause: Cause, by: Side, reason: &str) -> Result<RefundLines> {
    let back = refund_of(row, cause);
    if row.settlement() != Settlement::Gateway {
        return Ok(RefundLines::default());
    }
    if !row.is_paid {
        payment::void(tx, ctx, row.id).await?;
    } else if back.total() > 0 {
        let refund = NewRefund {
            booking: row.id,
            payment: None,
            service_minor: back.service_minor,
            tax_minor: back.tax_minor,
            tip_minor: back.tip_minor,
            commission_minor: back.commission_minor,
            reason: reason.to_owned(),
            by: by.as_str().to_owned(),
            key: None,
        };
        payment::refund(tx, ctx, refund).await?;
    }
    Ok(back)
}
