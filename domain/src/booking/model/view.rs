//! Bookings as one viewer may see them.

use super::{Action, Address, Price, PriceView, Settlement, Side, Source, Status, Tier, ViewerRole};
use crate::id::{AccountId, AddOnId, BookingId, PhotoId, ProviderId, ResourceId, ServiceId};
use crate::money::{Currency, Money};
use crate::provider::model::Mode;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BookedAddOn {
    pub id: AddOnId,
    pub name: String,
    pub price: Money,
    pub extra_min: i64,
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
