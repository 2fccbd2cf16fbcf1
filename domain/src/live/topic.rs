//! Topics and types as they are written in frames.

use crate::id::{AccountId, BookingId, ProviderId};
use std::fmt;

/// The types of frames.
pub mod types {
    /// Free times of a provider changed: `service_id`, `starts_at`, `ends_at` and `is_free` where one booking took a time or gave it back; without them,
    /// fetch again. They tell of one person's time: whoever shows a service that several do, or whose starts overlap, fetches again in any case.
    pub const AVAILABILITY_UPDATED: &str = "availability-updated";
    /// A booking changed: `booking_id`, `status`, `starts_at`, and `what` with the event's kind.
    pub const BOOKING_STATUS_CHANGED: &str = "booking-status-changed";
    pub const PAYMENT_CONFIRMED: &str = "payment-confirmed";
    /// For the provider's side: confirmed, or waiting for an answer.
    pub const NEW_BOOKING: &str = "new-booking";
    pub const BOOKING_CANCELLED: &str = "booking-cancelled";
    /// A review appeared, or was answered.
    pub const REVIEW_PUBLISHED: &str = "review-published";
    /// A business waits for the operator's decision, or has it.
    pub const PROVIDER_STATUS_CHANGED: &str = "provider-status-changed";
}

/// What a socket can listen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// For everyone.
    Availability(ProviderId),
    Booking(BookingId),
    /// One's own bookings and notices; `me` in frames.
    Me(AccountId),
    /// For a provider's team.
    Provider(ProviderId),
    Admin,
}

impl Topic {
    /// `me` is whoever is signed in. None for what is no topic.
    pub fn parse(text: &str, me: Option<AccountId>) -> Option<Self> {
        match text.split_once(':') {
            None if text == "me" => me.map(Self::Me),
            None if text == "admin" => Some(Self::Admin),
            Some(("availability", id)) => id.parse().ok().map(Self::Availability),
            Some(("booking", id)) => id.parse().ok().map(Self::Booking),
            Some(("provider", id)) => id.parse().ok().map(Self::Provider),
            _ => None,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Availability(id) => write!(f, "availability:{id}"),
            Self::Booking(id) => write!(f, "booking:{id}"),
            Self::Me(_) => f.write_str("me"),
            Self::Provider(id) => write!(f, "provider:{id}"),
            Self::Admin => f.write_str("admin"),
        }
    }
}
