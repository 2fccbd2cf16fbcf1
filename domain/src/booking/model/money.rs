//! Prices, refunds and what a change would cost.

use super::Side;
use crate::id::BookingId;
use crate::money::Money;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// The price lines in minor units of the booking's currency, frozen at the hold (the tip until it is paid).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Price {
    pub service_minor: i64,
    pub add_ons_minor: i64,
    pub discount_minor: i64,
    pub tip_minor: i64,
    pub tax_minor: i64,
    pub commission_minor: i64,
}

impl Price {
    /// S−D: what refunds and commission are measured on.
    pub const fn base(&self) -> i64 {
        self.service_minor + self.add_ons_minor - self.discount_minor
    }
    /// S−D+T+X: what the customer pays.
    pub const fn total(&self) -> i64 {
        self.base() + self.tip_minor + self.tax_minor
    }
    /// S−D−C+T: what the provider earns.
    pub const fn earned(&self) -> i64 {
        self.base() - self.commission_minor + self.tip_minor
    }
}

/// What earlier refunds have given back, by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RefundSoFar {
    pub service_minor: i64,
    pub tax_minor: i64,
    pub tip_minor: i64,
    pub commission_minor: i64,
}

/// What a refund consists of; service, tax and tip go to the customer, commission back to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RefundLines {
    /// The part of the base that comes back, in basis points.
    pub tier_bp: i64,
    pub service_minor: i64,
    pub tax_minor: i64,
    pub tip_minor: i64,
    pub commission_minor: i64,
}

impl RefundLines {
    pub const fn total(&self) -> i64 {
        self.service_minor + self.tax_minor + self.tip_minor
    }
}

/// The price as doors show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PriceView {
    pub service: Money,
    pub add_ons: Money,
    pub discount: Money,
    pub tip: Money,
    pub tax: Money,
    /// What the customer pays.
    pub total: Money,
    /// What has gone back so far.
    pub refunded: Money,
    /// For the provider and the operator only.
    pub commission: Option<Money>,
    /// For the provider and the operator only.
    pub earned: Option<Money>,
}

/// What a cancellation would give back, now and later. What is shown is what is refunded: both come from [`crate::booking::policy::refund`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CancellationPreview {
    pub booking_id: BookingId,
    pub by: Side,
    /// False when nothing was charged: then an authorisation is released instead.
    pub is_charged: bool,
    pub tier_bp: i64,
    pub service: Money,
    pub tax: Money,
    pub tip: Money,
    pub refund: Money,
    /// When the refund becomes less.
    pub next_tier_at: Option<Instant>,
    pub next_refund: Option<Money>,
    pub scale: Vec<ScaleStep>,
}

/// One line of the refund scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ScaleStep {
    /// None: after the start.
    pub until: Option<Instant>,
    pub refund_bp: i64,
    pub refund: Money,
    pub is_past: bool,
    pub is_now: bool,
}

/// What it would mean to say that somebody was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoShowPreview {
    /// False when nothing was charged.
    pub is_charged: bool,
    /// Who the caller may say was absent, and what goes back to the customer then.
    pub ways: Vec<(Side, Money)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ReschedulePreview {
    pub booking_id: BookingId,
    pub from: Instant,
    pub starts_at: Instant,
    pub ends_at: Instant,
    /// The other side has to say yes first; the old time stays until then.
    pub needs_answer: bool,
    pub answer_by: Option<Instant>,
    /// The price stays.
    pub total: Money,
    /// What a later cancellation can give at most, in basis points.
    pub lowest_tier_bp: i64,
    /// The refund scale of the new time.
    pub scale: Vec<ScaleStep>,
}
