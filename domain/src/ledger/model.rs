//! Postings, statements and earnings.

use crate::id::{BookingId, PaymentId, ProviderId, RefundId};
use crate::money::{Currency, Money};
use crate::time::{Date, Instant};
use serde::{Deserialize, Serialize};

/// Whose pot it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum Pot {
    /// What a payment gateway holds for us.
    Gateway,
    /// What gateways charge us; the platform bears it.
    GatewayFees,
    /// What we owe a provider.
    Provider(ProviderId),
    /// Commission earned.
    Platform,
    /// Tax collected for the tax office.
    Tax,
    /// Money that arrived for something it cannot pay any more, until it is back.
    Suspense,
}

impl Pot {
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::GatewayFees => "gateway_fees",
            Self::Provider(_) => "provider",
            Self::Platform => "platform",
            Self::Tax => "tax",
            Self::Suspense => "suspense",
        }
    }
    pub const fn provider(self) -> Option<ProviderId> {
        match self {
            Self::Provider(id) => Some(id),
            _ => None,
        }
    }
}

/// The parts of a captured payment or of a refund, in minor units, all ≥ 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// The service with add-ons, less discounts; commission included.
    pub service_minor: i64,
    pub tax_minor: i64,
    pub tip_minor: i64,
    /// Of the service part.
    pub commission_minor: i64,
}

impl Parts {
    pub const fn total(&self) -> i64 {
        self.service_minor + self.tax_minor + self.tip_minor
    }
}

/// What moved money. Each is posted at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The customer's money arrived for a booking.
    Captured { payment: PaymentId, provider: ProviderId, parts: Parts },
    /// It arrived for something it cannot pay any more.
    Unexpected { payment: PaymentId, amount_minor: i64 },
    /// Part of a captured payment goes back.
    Refunded { refund: RefundId, payment: PaymentId, provider: ProviderId, parts: Parts },
    /// Unexpected money goes back.
    Returned { refund: RefundId, payment: PaymentId, amount_minor: i64 },
    /// A refund that the gateway could not deliver: the money is with us again.
    RefundFailed { refund: RefundId, payment: PaymentId, provider: ProviderId, parts: Parts },
    /// The same for unexpected money.
    ReturnFailed { refund: RefundId, payment: PaymentId, amount_minor: i64 },
    /// What the gateway kept for a payment.
    Fee { payment: PaymentId, amount_minor: i64 },
}

/// One transaction to post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    pub booking: BookingId,
    pub currency: Currency,
    pub cause: Cause,
}

/// One line of a provider's statement, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct StatementLine {
    pub at: Instant,
    pub memo: String,
    pub booking_id: Option<BookingId>,
    /// The booking's short code.
    pub reference: Option<String>,
    pub service_name: Option<String>,
    /// Positive: earned. Negative: went back.
    pub amount: Money,
    /// What is owed to the provider after this line.
    pub balance: Money,
}

/// What a provider earned in a range of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Earnings {
    pub from: Date,
    /// Inclusive.
    pub to: Date,
    /// What we owe the provider now, over all time.
    pub balance: Money,
    /// In the range: earned, and gone back (as a positive amount).
    pub earned: Money,
    pub returned: Money,
    /// Kept as commission in the range, less what was given back of it.
    pub commission: Money,
    pub days: Vec<EarningsDay>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct EarningsDay {
    /// In the provider's zone.
    pub date: Date,
    /// Earned less returned.
    pub net_minor: i64,
}

/// What a recount of the whole ledger found; all empty when it is right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Recount {
    /// Transactions that do not sum to zero.
    pub unbalanced: Vec<String>,
    /// Payments whose captured or refunded sums differ from the ledger's.
    pub payments_off: Vec<PaymentId>,
    pub transactions: i64,
}

impl Recount {
    pub fn is_right(&self) -> bool {
        self.unbalanced.is_empty() && self.payments_off.is_empty()
    }
}
