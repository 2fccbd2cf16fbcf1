//! What happens later with payments. [`SETTLE`] is run by `booking::settlement`, which knows what money means.

use crate::id::{AttemptId, RefundId};
use crate::queue::NewJob;
use serde::{Deserialize, Serialize};

/// Asks the gateway how an attempt stands and applies it.
pub const SETTLE: &str = "payment.settle";
/// Ends an attempt at the gateway.
pub const RELEASE: &str = "payment.release";
/// Brings a refund to the gateway.
pub const REFUND: &str = "payment.refund";
/// Posts what the gateway kept.
pub const FEE: &str = "payment.fee";
/// The duty that looks after what nobody has news of.
pub const RECONCILE: &str = "payment.reconcile";

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct AttemptJob {
    pub attempt: AttemptId,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RefundJob {
    pub refund: RefundId,
}

pub(crate) fn settle(attempt: AttemptId) -> NewJob {
    NewJob::new(SETTLE, serde_json::json!(AttemptJob { attempt })).once(attempt)
}

pub(crate) fn release(attempt: AttemptId) -> NewJob {
    NewJob::new(RELEASE, serde_json::json!(AttemptJob { attempt })).once(attempt)
}

pub(crate) fn fee(attempt: AttemptId) -> NewJob {
    NewJob::new(FEE, serde_json::json!(AttemptJob { attempt })).once(attempt)
}

pub(crate) fn send_refund(refund: RefundId) -> NewJob {
    NewJob::new(REFUND, serde_json::json!(RefundJob { refund })).once(refund)
}
