//! What verbs are asked with.

use super::Status;
use crate::id::{AddOnId, ProviderId, ResourceId, ServiceId};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

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
    /// True: the customer gets a link to pay, by e-mail; false: paid elsewhere, without commission.
    #[serde(default)]
    pub is_paid_by_link: bool,
    /// Nothing is asked for it: the whole price is taken off.
    #[serde(default)]
    pub is_free: bool,
    /// Outside hours and notice on purpose; an overlap is refused all the same.
    #[serde(default)]
    pub is_outside_hours: bool,
}
