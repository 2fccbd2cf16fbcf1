//! Views, statuses and refusals of payments, shared with the browser.

use crate::error::Refuse;
use crate::id::{AttemptId, BookingId, PaymentId, RefundId};
use crate::money::Money;
use crate::page::PageQuery;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$each])* $variant,)* }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    PaymentStatus {
        Pending = "pending",
        /// On the card, not yet charged.
        Authorised = "authorised",
        Paid = "paid",
        Failed = "failed",
        /// Given up before anything was charged.
        Voided = "voided",
        Refunded = "refunded",
        PartlyRefunded = "partly_refunded",
    }
}
words! {
    AttemptStatus {
        /// Written down, the gateway not asked yet.
        Created = "created",
        /// Waits for a card; after a decline too.
        RequiresMethod = "requires_method",
        /// Waits for the customer at their bank.
        RequiresAction = "requires_action",
        Processing = "processing",
        Authorised = "authorised",
        Succeeded = "succeeded",
        Failed = "failed",
        Cancelled = "cancelled",
        /// The gateway did not answer; it will be asked again.
        Unknown = "unknown",
    }
}
words! {
    RefundState {
        Pending = "pending",
        Succeeded = "succeeded",
        Failed = "failed",
    }
}

impl PaymentStatus {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "Not paid yet",
            Self::Authorised => "Reserved on the card",
            Self::Paid => "Paid",
            Self::Failed => "Failed",
            Self::Voided => "Nothing charged",
            Self::Refunded => "Refunded",
            Self::PartlyRefunded => "Partly refunded",
        }
    }
    /// Money is with us, or was.
    pub const fn is_captured(self) -> bool {
        matches!(self, Self::Paid | Self::Refunded | Self::PartlyRefunded)
    }
}

impl AttemptStatus {
    /// Still able to take money.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::RequiresMethod | Self::RequiresAction | Self::Processing | Self::Authorised | Self::Unknown)
    }
}

impl RefundState {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "On its way",
            Self::Succeeded => "Refunded",
            Self::Failed => "Could not be delivered",
        }
    }
}

/// What the paying client does next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NextStep {
    /// Paid, authorised or given up.
    Nothing,
    /// Ask for the card in the gateway's form.
    Form { client_secret: String, publishable_key: String, script_url: String },
    /// Go to the gateway's page, which leads back.
    Redirect { url: String },
    /// The outcome is not known yet; ask again in a moment.
    Wait,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CardView {
    pub brand: String,
    pub last4: String,
}

impl CardView {
    /// `Visa ending 4242`.
    pub fn label(&self) -> String {
        let brand = match self.brand.as_str() {
            "visa" => "Visa",
            "mastercard" => "Mastercard",
            "amex" => "American Express",
            "discover" => "Discover",
            "diners" => "Diners Club",
            "jcb" => "JCB",
            "unionpay" => "UnionPay",
            _ => "Card",
        };
        format!("{brand} ending {}", self.last4)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RefundView {
    pub id: RefundId,
    pub amount: Money,
    pub status: RefundState,
    pub reason: String,
    pub created_at: Instant,
    pub settled_at: Option<Instant>,
}

/// A payment as its payer and operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PaymentView {
    pub id: PaymentId,
    pub booking_id: BookingId,
    /// The booking's short code.
    pub reference: String,
    pub provider_name: String,
    pub service_name: String,
    pub status: PaymentStatus,
    pub amount: Money,
    pub tip: Money,
    pub captured: Money,
    pub refunded: Money,
    pub card: Option<CardView>,
    pub attempt_id: Option<AttemptId>,
    pub attempt: Option<AttemptStatus>,
    /// Why the last card was refused: the gateway's stable code.
    pub failure_code: Option<String>,
    /// The same for people.
    pub failure: Option<String>,
    /// For the payer only.
    pub next: Option<NextStep>,
    pub refunds: Vec<RefundView>,
    pub created_at: Instant,
    pub paid_at: Option<Instant>,
}

/// What an operator, or a payer for themselves, may look for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PaymentQuery {
    pub status: Option<PaymentStatus>,
    pub booking: Option<BookingId>,
    /// Part of the payer's name or address, or the booking's short code. For operators.
    pub text: Option<String>,
    #[serde(flatten)]
    pub page: PageQuery,
}

/// Why a payment verb said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentRefusal {
    /// Below what the gateway takes.
    TooSmall {
        minimum: Money,
    },
    /// The gateway did not answer; whether it has acted is not known.
    NoAnswer,
    /// The gateway takes nothing of the kind (an amount, a currency).
    NotTaken,
    /// A try is being processed; another would risk paying twice.
    BeingProcessed,
    RefundTooLarge {
        left: Money,
    },
    NothingToRefund,
}

impl Refuse for PaymentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::TooSmall { .. } => "amount_too_small",
            Self::NoAnswer => "gateway_unavailable",
            Self::NotTaken => "payment_not_taken",
            Self::BeingProcessed => "payment_processing",
            Self::RefundTooLarge { .. } => "refund_too_large",
            Self::NothingToRefund => "nothing_to_refund",
        }
    }
    fn sentence(&self) -> String {
        match self {
            Self::TooSmall { minimum } => {
                format!("Cards cannot be charged less than {minimum}. Add an extra or a tip, or arrange it with the provider.")
            }
            Self::NoAnswer => {
                "The payment service is not answering, so nothing is certain yet. Please try again in a moment; nobody is charged twice."
                    .into()
            }
            Self::NotTaken => "This amount cannot be paid by card here. Nothing was charged.".into(),
            Self::BeingProcessed => {
                "A payment for this booking is already being processed. Please wait a moment; you will not be charged twice.".into()
            }
            Self::RefundTooLarge { left } => format!("At most {left} of this payment can still be refunded."),
            Self::NothingToRefund => "Nothing of this payment is left to refund.".into(),
        }
    }
    fn is_conflict(&self) -> bool {
        matches!(self, Self::BeingProcessed)
    }
    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::NoAnswer => Some(10),
            Self::BeingProcessed => Some(2),
            _ => None,
        }
    }
}
