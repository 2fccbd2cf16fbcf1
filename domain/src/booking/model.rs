//! Ids, inputs, views, statuses and refusals of bookings, shared with the browser.

use crate::id::{AccountId, AddOnId, BookingId, PhotoId, ProviderId, ResourceId, ServiceId};
use crate::money::{Currency, Money};
use crate::provider::model::Mode;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

pub use super::refusal::BookingRefusal;
pub use crate::provider::model::CancelTier as Tier;

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
}

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

/// Where a job at the customer's takes place.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Address {
    pub street: String,
    #[serde(default)]
    pub district: String,
    #[serde(default)]
    pub town: String,
    #[serde(default)]
    pub postcode: String,
    /// Floor, bell, where to park.
    #[serde(default)]
    pub extra: String,
    #[serde(default)]
    pub lat: Option<f64>,
    #[serde(default)]
    pub lng: Option<f64>,
}

impl Address {
    /// In one line, without the extra words.
    pub fn line(&self) -> String {
        [&self.street, &self.district, &self.town, &self.postcode]
            .into_iter()
            .filter(|part| !part.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(", ")
    }
    /// As staff see it until the booking is confirmed.
    pub fn area(&self) -> String {
        match (self.district.is_empty(), self.town.is_empty()) {
            (false, false) => format!("{}, {}", self.district, self.town),
            (false, true) => self.district.clone(),
            (true, false) => self.town.clone(),
            (true, true) => "Address shown once confirmed".into(),
        }
    }
}

/// Asks for a slot to be kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct HoldSlot {
    pub service_id: ServiceId,
    pub starts_at: Instant,
    /// The person asked for by name; otherwise any who is free.
    #[serde(default)]
    pub resource_id: Option<ResourceId>,
    #[serde(default)]
    pub add_ons: Vec<AddOnId>,
    /// For the provider; at most 2,000 characters.
    #[serde(default)]
    pub notes: String,
    /// Needed before paying when the job is at the customer's.
    #[serde(default)]
    pub address: Option<Address>,
}

/// What checkout asks for before money moves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CheckoutDetails {
    pub name: String,
    pub email: String,
    pub phone: String,
    pub notes: String,
    pub address: Option<Address>,
    pub tip_minor: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BookedAddOn {
    pub id: AddOnId,
    pub name: String,
    pub price: Money,
    pub extra_min: i64,
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

/// A new time that waits for the other side's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Proposal {
    pub starts_at: Instant,
    pub ends_at: Instant,
    /// Who proposed it.
    pub by: Side,
    pub at: Instant,
    pub answer_by: Instant,
    #[serde(default)]
    pub person_id: Option<ResourceId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProviderBrief {
    pub id: ProviderId,
    pub slug: String,
    pub name: String,
    pub phone: String,
    pub category_icon: String,
    pub tone: i64,
    pub is_verified: bool,
    pub rating_sum: i64,
    pub rating_count: i64,
    /// Where it is, in one line.
    pub place: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PersonBrief {
    pub id: ResourceId,
    pub name: String,
    pub tone: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Contact {
    pub name: String,
    pub email: String,
    pub phone: String,
}

/// A booking as one viewer may see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BookingView {
    pub id: BookingId,
    pub reference: String,
    pub status: Status,
    pub viewer: ViewerRole,
    pub provider: ProviderBrief,
    pub service_id: ServiceId,
    pub service_name: String,
    pub customer_id: Option<AccountId>,
    pub contact: Contact,
    pub person: Option<PersonBrief>,
    pub mode: Mode,
    pub source: Source,
    pub settlement: Settlement,
    pub needs_approval: bool,
    pub starts_at: Instant,
    pub ends_at: Instant,
    /// The place's zone.
    pub zone: String,
    #[cfg_attr(feature = "server", schema(value_type = String, example = "EUR"))]
    pub currency: Currency,
    pub price: PriceView,
    pub add_ons: Vec<BookedAddOn>,
    pub tiers: Vec<Tier>,
    pub lowest_tier_bp: i64,
    /// The exact address: for the customer, and for staff once confirmed.
    pub address: Option<Address>,
    /// In words for whoever may not see it exactly.
    pub area: Option<String>,
    pub radius_km: Option<f64>,
    pub notes: String,
    pub photos: Vec<PhotoId>,
    pub hold_expires_at: Option<Instant>,
    /// How long the hold lasts in all, in minutes, to draw what is left of it.
    pub hold_min: i64,
    pub answer_by: Option<Instant>,
    pub requested_at: Option<Instant>,
    pub confirmed_at: Option<Instant>,
    pub started_at: Option<Instant>,
    pub completed_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub no_show_by: Option<Side>,
    pub cancelled_by: Option<Side>,
    pub end_reason: Option<String>,
    pub on_the_way_at: Option<Instant>,
    pub late_min: Option<i64>,
    pub proposal: Option<Proposal>,
    pub sequence: i64,
    pub version: i64,
    pub created_at: Instant,
    /// What this viewer may do now.
    pub actions: Vec<Action>,
    /// Reviews already written, by side.
    pub reviewed_by: Vec<Side>,
}

impl BookingView {
    pub fn may(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }
    /// The price in minor units, as the rules take it. Commission is zero for viewers who do not see it.
    pub fn lines(&self) -> Price {
        Price {
            service_minor: self.price.service.minor,
            add_ons_minor: self.price.add_ons.minor,
            discount_minor: self.price.discount.minor,
            tip_minor: self.price.tip.minor,
            tax_minor: self.price.tax.minor,
            commission_minor: self.price.commission.map_or(0, |c| c.minor),
        }
    }
}

/// A row of a list of bookings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BookingItem {
    pub id: BookingId,
    pub reference: String,
    pub status: Status,
    pub provider_id: ProviderId,
    pub provider_slug: String,
    pub provider_name: String,
    pub category_icon: String,
    pub tone: i64,
    pub service_id: ServiceId,
    pub service_name: String,
    pub customer_name: String,
    pub customer_phone: String,
    pub person: Option<PersonBrief>,
    pub mode: Mode,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub zone: String,
    pub total: Money,
    /// For the provider's side.
    pub earned: Option<Money>,
    pub settlement: Settlement,
    pub is_paid: bool,
    /// Exact where the viewer may see it, else the area.
    pub place: String,
    pub notes: String,
    pub photo_count: i64,
    pub hold_expires_at: Option<Instant>,
    pub answer_by: Option<Instant>,
    pub started_at: Option<Instant>,
    pub on_the_way_at: Option<Instant>,
    pub completed_at: Option<Instant>,
    pub late_min: Option<i64>,
    pub is_proposed: bool,
    pub buffer_before_min: i64,
    pub buffer_after_min: i64,
    /// How many earlier bookings this customer had here.
    pub earlier_count: i64,
    pub can_review: bool,
}

/// On which side one asks for a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ListAs {
    #[default]
    Customer,
    Provider,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BookingQuery {
    #[serde(default, rename = "as")]
    pub side: ListAs,
    /// Needed on the provider's side when one works for several.
    pub provider: Option<ProviderId>,
    #[serde(default)]
    pub status: Vec<Status>,
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    /// The soonest first instead of the latest.
    #[serde(default)]
    pub is_ascending: bool,
    #[serde(flatten)]
    pub page: crate::page::PageQuery,
}

/// What a cancellation would give back, now and later. What is shown is what is refunded: both come from [`super::policy::refund`].
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

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TimelineEntry {
    pub at: Instant,
    /// The event's kind, such as `booking.confirmed`.
    pub kind: String,
    /// In words, for this viewer.
    pub text: String,
    pub is_mine: bool,
    /// Still to come; drawn dashed.
    pub is_ahead: bool,
}

/// A booking taken by phone or at the counter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BookByHand {
    pub service_id: ServiceId,
    pub starts_at: Instant,
    #[serde(default)]
    pub resource_id: Option<ResourceId>,
    #[serde(default)]
    pub add_ons: Vec<AddOnId>,
    pub customer_name: String,
    #[serde(default)]
    pub customer_email: String,
    #[serde(default)]
    pub customer_phone: String,
    #[serde(default)]
    pub notes: String,
    #[serde(default)]
    pub address: Option<Address>,
    /// True: the customer gets a link to pay; false: paid elsewhere, without commission.
    #[serde(default)]
    pub is_paid_by_link: bool,
    /// Outside hours and notice on purpose; an overlap is refused all the same.
    #[serde(default)]
    pub is_outside_hours: bool,
}
