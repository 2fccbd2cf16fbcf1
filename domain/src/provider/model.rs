//! What a provider and its services look like from outside, and what is asked to change them.

use crate::id::{AccountId, AddOnId, CategoryId, InvitationId, ProviderId, ResourceId, ServiceId};
use crate::money::{Currency, Money, WHOLE_BP};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// What a business may ask money in: currencies whose smallest unit is the same for us, by ISO 4217, and for those who collect it. Not so the Icelandic
/// króna, which gateways count in hundredths, or dinars of three decimals, of which they take only two.
pub const CURRENCIES: [&str; 12] = ["EUR", "GBP", "USD", "CHF", "SEK", "NOK", "DKK", "PLN", "CAD", "AUD", "JPY", "INR"];

/// An enum that is stored and sent as a fixed word.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        // Said once for all, because the description of the API does not see a word that a macro hands on.
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
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

words! {
    /// Where the work happens.
    Mode {
        AtProvider = "at_provider",
        /// Within the service's radius.
        AtCustomer = "at_customer",
        Online = "online",
    }
}

words! {
    /// draft → submitted → active or rejected (which may be mended and submitted again); active ⇄ suspended.
    ProviderStatus {
        Draft = "draft",
        Submitted = "submitted",
        Active = "active",
        Rejected = "rejected",
        Suspended = "suspended",
    }
}

words! {
    ResourceKind {
        Person = "person",
        Room = "room",
        Vehicle = "vehicle",
        Equipment = "equipment",
    }
}

words! {
    /// Which of several free people gets the job.
    AssignmentRule {
        /// The first in order of priority, then of the team list.
        FirstFree = "first_free",
        /// Within the highest priority, whoever is furthest behind their share.
        RoundRobin = "round_robin",
    }
}

words! {
    /// A person's part in a provider; the domain's `ctx::StaffRole` as the browser sees it.
    TeamRole {
        Owner = "owner",
        Manager = "manager",
        Member = "member",
    }
}

impl Mode {
    /// As customers read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::AtProvider => "At their place",
            Self::AtCustomer => "At yours",
            Self::Online => "Online",
        }
    }
}

impl ResourceKind {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Room => "Room",
            Self::Vehicle => "Vehicle",
            Self::Equipment => "Equipment",
        }
    }
}

/// At least `before_min` minutes before the booked start, `refund_bp` of the base goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CancelTier {
    pub before_min: i64,
    pub refund_bp: i64,
}

/// Longest notice first, the last one at 0 minutes. After the start nothing goes back, whatever the tiers say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CancelTiers(pub Vec<CancelTier>);

impl Default for CancelTiers {
    /// 100 % from 24 h before, 75 % from 2 h, 50 % until the start.
    fn default() -> Self {
        Self(vec![
            CancelTier { before_min: 24 * 60, refund_bp: WHOLE_BP },
            CancelTier { before_min: 2 * 60, refund_bp: 7_500 },
            CancelTier { before_min: 0, refund_bp: 5_000 },
        ])
    }
}

impl CancelTiers {
    /// Steps at most, the one at 0 minutes among them.
    pub const MOST: usize = 6;

    /// Sorted, at most [`CancelTiers::MOST`], each lower than the one before, ending at 0 minutes (0 % if nothing was said about it).
    /// Err is a sentence for the person.
    pub fn checked(mut tiers: Vec<CancelTier>) -> Result<Self, &'static str> {
        tiers.sort_by_key(|tier| std::cmp::Reverse(tier.before_min));
        if tiers.last().is_some_and(|last| last.before_min > 0) {
            tiers.push(CancelTier { before_min: 0, refund_bp: 0 });
        }
        if tiers.is_empty() || tiers.len() > Self::MOST {
            return Err("Give between one and six steps, the one at 0 hours among them.");
        }
        if tiers.iter().any(|t| t.before_min < 0 || t.before_min > 365 * 24 * 60) {
            return Err("Each step starts between 0 minutes and a year before the job.");
        }
        if tiers.iter().any(|t| !(0..=WHOLE_BP).contains(&t.refund_bp)) {
            return Err("A refund is between 0 and 100 %.");
        }
        if tiers.windows(2).any(|pair| pair[0].before_min == pair[1].before_min || pair[0].refund_bp < pair[1].refund_bp) {
            return Err("Cancelling earlier must never give less back, and two steps cannot start at the same time.");
        }
        Ok(Self(tiers))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CategoryRef {
    pub id: CategoryId,
    pub slug: String,
    pub name: String,
    pub icon: String,
    pub tone: i32,
}

/// A provider's defaults for its services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BookingPolicy {
    /// How many days ahead can be booked, in the provider's calendar.
    pub horizon_days: i64,
    pub min_notice_min: i64,
    /// Starts stand at multiples of this from local midnight.
    pub slot_step_min: i64,
    /// How long a hold lasts.
    pub hold_min: i64,
    pub cancel_tiers: CancelTiers,
}

impl Default for BookingPolicy {
    fn default() -> Self {
        Self { horizon_days: 90, min_notice_min: 120, slot_step_min: 30, hold_min: 15, cancel_tiers: CancelTiers::default() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProviderView {
    pub id: ProviderId,
    pub slug: String,
    pub name: String,
    pub tagline: String,
    pub story: String,
    pub category: Option<CategoryRef>,
    pub status: ProviderStatus,
    /// Why it was rejected or suspended; only its team and the operator get it.
    pub status_reason: Option<String>,
    pub is_verified: bool,
    pub submitted_at: Option<Instant>,
    pub decided_at: Option<Instant>,
    pub created_at: Instant,
    /// IANA name; times on site are shown in it.
    pub zone: String,
    #[cfg_attr(feature = "server", schema(value_type = String, example = "EUR"))]
    pub currency: Currency,
    pub country: String,
    pub street: String,
    pub district: String,
    pub town: String,
    pub postcode: String,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    /// ISO 639-1 codes.
    pub languages: Vec<String>,
    /// Of the business. Only its team and the operator get it here, for others it is empty; who has booked finds the phone with the booking.
    pub email: String,
    /// As the address.
    pub phone: String,
    pub website: String,
    pub cover_tone: Option<i32>,
    pub tax_bp: i64,
    pub policy: BookingPolicy,
    pub rating_sum: i64,
    pub rating_count: i64,
    /// People, in the team's order.
    pub team: Vec<ResourceView>,
}

impl ProviderView {
    /// The mean in hundredths (4.87 is 487), halves up; None without reviews.
    pub fn rating_hundredths(&self) -> Option<i64> {
        (self.rating_count > 0).then(|| (self.rating_sum * 200 + self.rating_count) / (self.rating_count * 2))
    }
    pub fn is_bookable(&self) -> bool {
        self.status == ProviderStatus::Active
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ResourceView {
    pub id: ResourceId,
    pub provider_id: ProviderId,
    pub kind: ResourceKind,
    pub name: String,
    /// The account that signs in as this person; only its team and the operator get it.
    pub account_id: Option<AccountId>,
    pub tone: i32,
    pub position: i32,
    pub is_archived: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AddOnView {
    pub id: AddOnId,
    pub name: String,
    pub price: Money,
    /// Minutes it makes the job longer.
    pub extra_min: i64,
}

/// Someone who can do the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ServicePerson {
    pub resource_id: ResourceId,
    pub name: String,
    pub tone: i32,
    /// 0 to 4, higher first.
    pub priority: i32,
    /// Share of the jobs among equals; 100 is ordinary.
    pub weight: i32,
}

/// A room, vehicle or piece of equipment the service occupies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ServiceThing {
    pub resource_id: ResourceId,
    pub name: String,
    pub kind: ResourceKind,
    /// Rows of one number are alternatives; one of each number is needed.
    pub need: i32,
}

/// What the service itself says; None follows the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ServiceOverrides {
    pub horizon_days: Option<i64>,
    pub min_notice_min: Option<i64>,
    pub slot_step_min: Option<i64>,
    pub cancel_tiers: Option<CancelTiers>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ServiceView {
    pub id: ServiceId,
    pub provider_id: ProviderId,
    pub category_id: CategoryId,
    pub category_name: String,
    pub name: String,
    pub description: String,
    pub mode: Mode,
    /// At the customer's: how far the team travels, as a straight line.
    pub radius_km: Option<f64>,
    pub duration_min: i64,
    pub price: Money,
    pub tax_bp: i64,
    /// The most specific of service, provider, category and the platform's; only its team and the operator get it.
    pub commission_bp: Option<i64>,
    pub buffer_before_min: i64,
    pub buffer_after_min: i64,
    pub needs_approval: bool,
    /// Effective: the service's own or the provider's.
    pub horizon_days: i64,
    pub min_notice_min: i64,
    pub slot_step_min: i64,
    pub hold_min: i64,
    pub cancel_tiers: CancelTiers,
    pub overrides: ServiceOverrides,
    /// Bookings of this service a local day or ISO week, at most.
    pub day_limit: Option<i64>,
    pub week_limit: Option<i64>,
    pub assignment: AssignmentRule,
    pub position: i32,
    pub is_archived: bool,
    pub add_ons: Vec<AddOnView>,
    pub people: Vec<ServicePerson>,
    pub things: Vec<ServiceThing>,
}

/// Someone who signs in for the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MemberView {
    pub account_id: AccountId,
    pub name: String,
    pub email: String,
    pub role: TeamRole,
    pub since: Instant,
}

/// An invitation not yet answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct InvitationView {
    pub id: InvitationId,
    pub email: String,
    pub role: TeamRole,
    pub created_at: Instant,
    pub expires_at: Instant,
}

/// What an invitation's link shows before it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct InvitationPreview {
    pub provider_id: ProviderId,
    pub provider_name: String,
    pub role: TeamRole,
    pub invited_by: String,
    pub email: String,
}

/// Everyone and everything of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TeamView {
    pub members: Vec<MemberView>,
    pub invitations: Vec<InvitationView>,
    pub resources: Vec<ResourceView>,
}

/// The public face of a business, as it is written in the application and in the settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProfileInput {
    pub name: String,
    #[serde(default)]
    pub tagline: String,
    #[serde(default)]
    pub story: String,
    pub category_id: Option<CategoryId>,
    /// IANA name.
    pub zone: String,
    /// ISO 4217; fixed once there are services.
    pub currency: String,
    #[serde(default)]
    pub country: String,
    #[serde(default)]
    pub street: String,
    #[serde(default)]
    pub district: String,
    #[serde(default)]
    pub town: String,
    #[serde(default)]
    pub postcode: String,
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    #[serde(default)]
    pub languages: Vec<String>,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub phone: String,
    #[serde(default)]
    pub website: String,
    pub cover_tone: Option<i32>,
    /// Readable part of the address; empty: made from the name.
    #[serde(default)]
    pub slug: String,
    #[serde(default)]
    pub tax_bp: i64,
}

/// A new add-on (no id) or one to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AddOnInput {
    pub id: Option<AddOnId>,
    pub name: String,
    pub price_minor: i64,
    #[serde(default)]
    pub extra_min: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PersonInput {
    pub resource_id: ResourceId,
    #[serde(default = "ordinary_priority")]
    pub priority: i32,
    #[serde(default = "ordinary_weight")]
    pub weight: i32,
}

fn ordinary_priority() -> i32 {
    2
}
fn ordinary_weight() -> i32 {
    100
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ThingInput {
    pub resource_id: ResourceId,
    /// Rows of one number are alternatives; one of each number is needed.
    pub need: i32,
}

/// A whole service as its form has it; saving replaces add-ons, people and things.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ServiceInput {
    pub name: String,
    #[serde(default)]
    pub description: String,
    pub category_id: CategoryId,
    pub mode: Mode,
    pub radius_km: Option<f64>,
    pub duration_min: i64,
    pub price_minor: i64,
    #[serde(default)]
    pub buffer_before_min: i64,
    #[serde(default)]
    pub buffer_after_min: i64,
    #[serde(default)]
    pub needs_approval: bool,
    #[serde(default)]
    pub overrides: ServiceOverrides,
    pub day_limit: Option<i64>,
    pub week_limit: Option<i64>,
    pub assignment: AssignmentRule,
    #[serde(default)]
    pub add_ons: Vec<AddOnInput>,
    #[serde(default)]
    pub people: Vec<PersonInput>,
    #[serde(default)]
    pub things: Vec<ThingInput>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ResourceInput {
    pub kind: ResourceKind,
    pub name: String,
    /// 1 to 8.
    pub tone: Option<i32>,
    /// A person of the team who signs in.
    pub account_id: Option<AccountId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(before_min: i64, refund_bp: i64) -> CancelTier {
        CancelTier { before_min, refund_bp }
    }

    #[test]
    fn words_are_written_as_they_are_stored() {
        let written = |value: serde_json::Value| value.as_str().map(str::to_owned).unwrap_or_default();
        let json = |result: Result<serde_json::Value, serde_json::Error>| written(result.expect("a word"));
        assert!(Mode::ALL.iter().all(|word| json(serde_json::to_value(word)) == word.as_str()));
        assert!(ProviderStatus::ALL.iter().all(|word| json(serde_json::to_value(word)) == word.as_str()));
        assert!(ResourceKind::ALL.iter().all(|word| json(serde_json::to_value(word)) == word.as_str()));
        assert!(AssignmentRule::ALL.iter().all(|word| json(serde_json::to_value(word)) == word.as_str()));
        assert!(TeamRole::ALL.iter().all(|word| json(serde_json::to_value(word)) == word.as_str()));
    }

    #[test]
    fn tiers_are_sorted_and_closed() {
        let tiers = CancelTiers::checked(vec![tier(120, 5_000), tier(1_440, 10_000)]).expect("valid");
        assert_eq!(tiers.0, [tier(1_440, 10_000), tier(120, 5_000), tier(0, 0)]);
        assert_eq!(CancelTiers::checked(CancelTiers::default().0), Ok(CancelTiers::default()));
    }

    #[test]
    fn later_never_gives_more() {
        assert!(CancelTiers::checked(vec![tier(1_440, 5_000), tier(0, 10_000)]).is_err());
        assert!(CancelTiers::checked(vec![tier(60, 5_000), tier(60, 4_000)]).is_err());
        assert!(CancelTiers::checked(vec![]).is_err());
        assert!(CancelTiers::checked(vec![tier(0, 10_001)]).is_err());
    }
}
