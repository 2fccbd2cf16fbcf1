//! Ids, inputs, views, statuses and refusals of bookings, shared with the browser.

mod input;
mod money;
mod view;

use crate::time::Instant;
use serde::{Deserialize, Serialize};

pub use super::refusal::BookingRefusal;
pub use crate::provider::model::CancelTier as Tier;
pub use input::{Address, BookByHand, BookingQuery, CheckoutDetails, HoldSlot, ListAs};
pub use money::{CancellationPreview, NoShowPreview, Price, PriceView, RefundLines, RefundSoFar, ReschedulePreview, ScaleStep};
pub use view::{BookedAddOn, BookingItem, BookingView, Contact, PersonBrief, Proposal, ProviderBrief, TimelineEntry};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$each])* $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Where a booking stands. Everything from held to in_progress occupies its resources.
    Status {
        /// Kept for one customer while they check out.
        Held = "held",
        /// Waits for the provider's answer; the card is authorised.
        Requested = "requested",
        Confirmed = "confirmed",
        InProgress = "in_progress",
        Completed = "completed",
        NoShow = "no_show",
        Expired = "expired",
        Declined = "declined",
        Cancelled = "cancelled",
    }
}
words! {
    /// Who acted, or on whose side.
    Side {
        Customer = "customer",
        Provider = "provider",
        Operator = "operator",
        System = "system",
    }
}
words! {
    /// How the price is collected.
    Settlement {
        Gateway = "gateway",
        /// Cash or transfer between the two; no commission.
        Elsewhere = "elsewhere",
        /// A total of zero.
        None = "none",
    }
}
words! {
    Source {
        Online = "online",
        ByHand = "by_hand",
        Api = "api",
    }
}
words! {
    /// What someone may do with a booking; which of them, [`super::policy::may`] says.
    Action {
        Pay = "pay",
        Release = "release",
        Approve = "approve",
        Decline = "decline",
        Consent = "consent",
        Refuse = "refuse",
        /// Takes back one's own proposal.
        Withdraw = "withdraw",
        Start = "start",
        Complete = "complete",
        OnTheWay = "on_the_way",
        RunningLate = "running_late",
        Reschedule = "reschedule",
        Edit = "edit",
        NoShow = "no_show",
        Cancel = "cancel",
        Review = "review",
        BookAgain = "book_again",
    }
}

impl Status {
    /// Whether it keeps its resources busy.
    pub const fn occupies(self) -> bool {
        matches!(self, Self::Held | Self::Requested | Self::Confirmed | Self::InProgress)
    }
    /// As badges say it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Held => "Held",
            Self::Requested => "Waiting for an answer",
            Self::Confirmed => "Confirmed",
            Self::InProgress => "In progress",
            Self::Completed => "Done",
            Self::NoShow => "No-show",
            Self::Expired => "Expired",
            Self::Declined => "Declined",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// In whose shoes the viewer looks at a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ViewerRole {
    Customer,
    Staff,
    /// Admin or support, or the system itself.
    Operator,
}

impl ViewerRole {
    pub const fn side(self) -> Side {
        match self {
            Self::Customer => Side::Customer,
            Self::Staff => Side::Provider,
            Self::Operator => Side::Operator,
        }
    }
}

/// What [`super::policy::may`] needs to know of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookingFacts {
    pub status: Status,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub hold_expires_at: Option<Instant>,
    pub answer_by: Option<Instant>,
    pub completed_at: Option<Instant>,
    /// Whose proposal of another time waits.
    pub proposal_by: Option<Side>,
    pub is_on_the_way: bool,
    /// A request without an authorised card: it failed when it was to be charged.
    pub needs_card: bool,
    /// The team took it for the customer.
    pub is_by_hand: bool,
}
