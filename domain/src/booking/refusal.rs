//! Every business "no" of this room, with its stable code and its sentence.

use super::model::Status;
use crate::error::Refuse;
use crate::money::Money;
use crate::scheduling::model::Slot;
use crate::time::Instant;

/// Why a booking verb said no.
#[derive(Debug, Clone, PartialEq)]
pub enum BookingRefusal {
    /// Someone else was faster.
    SlotTaken {
        alternatives: Vec<Slot>,
    },
    /// Never offered at that time: closed, too soon, too far ahead.
    NotAvailable {
        why: String,
        alternatives: Vec<Slot>,
    },
    /// The provider takes no new bookings.
    NotBookable,
    HoldExpired,
    TooManyHolds {
        limit: i64,
    },
    AddressNeeded,
    AddressUnknown,
    OutsideRadius {
        radius_km: f64,
        distance_km: f64,
    },
    /// The step does not follow from where the booking stands.
    WrongStatus {
        status: Status,
    },
    /// Right step, wrong moment.
    NotYet {
        from: String,
        at: Instant,
    },
    TooLate,
    /// A request could not be answered in time any more.
    TooLateToAsk,
    SameTime,
    /// A tier began between looking and cancelling.
    RefundChanged {
        refund: Money,
    },
    ProposalWaiting,
    NoProposal,
    /// Another time was proposed between looking and answering.
    ProposalChanged {
        starts_at: Instant,
    },
    AlreadyReviewed,
    UnknownAddOn,
    NotPaid,
    TooManyPhotos,
    NoPhoto,
    /// The database has no room for a photo.
    NoRoom,
}

impl Refuse for BookingRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::SlotTaken { .. } => "slot_taken",
            Self::NotAvailable { .. } => "not_available",
            Self::NotBookable => "not_bookable",
            Self::HoldExpired => "hold_expired",
            Self::TooManyHolds { .. } => "too_many_holds",
            Self::AddressNeeded => "address_needed",
            Self::AddressUnknown => "address_unknown",
            Self::OutsideRadius { .. } => "outside_radius",
            Self::WrongStatus { .. } => "wrong_status",
            Self::NotYet { .. } => "not_yet",
            Self::TooLate => "too_late",
            Self::TooLateToAsk => "too_late_to_ask",
            Self::SameTime => "same_time",
            Self::RefundChanged { .. } => "refund_changed",
            Self::ProposalWaiting => "proposal_waiting",
            Self::NoProposal => "no_proposal",
            Self::ProposalChanged { .. } => "proposal_changed",
            Self::AlreadyReviewed => "already_reviewed",
            Self::UnknownAddOn => "unknown_add_on",
            Self::NotPaid => "not_paid",
            Self::TooManyPhotos => "too_many_photos",
            Self::NoPhoto => "not_a_photo",
            Self::NoRoom => "no_room",
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::SlotTaken { alternatives } if alternatives.is_empty() => {
                "That time was just taken. Nothing was charged. Please choose another day.".into()
            }
            Self::SlotTaken { .. } => "That time was just taken. Nothing was charged. These are the nearest free times.".into(),
            Self::NotAvailable { why, alternatives } if alternatives.is_empty() => format!("{why} Please choose another day."),
            Self::NotAvailable { why, .. } => format!("{why} These are the nearest free times."),
            Self::NotBookable => "This provider is not taking new bookings at the moment.".into(),
            Self::HoldExpired => {
                "Your hold on this time has ended. Nothing was charged. If the time is still free you can take it again.".into()
            }
            Self::TooManyHolds { limit } => {
                format!("You are keeping {limit} times already. Finish or give back one of them, then take this one.")
            }
            Self::AddressNeeded => "They come to you, so please say where.".into(),
            Self::AddressUnknown => "We could not find that address. Check the street, or pick one from the list.".into(),
            Self::OutsideRadius { radius_km, distance_km } => format!(
                "That address is {distance_km:.1} km away in a straight line, and they come up to {radius_km} km. Choose another address or someone nearer."
            ),
            Self::WrongStatus { status } => match status {
                Status::Held => "This booking is not finished yet. Complete the checkout first.".into(),
                Status::Requested => "This booking still waits for the provider's answer.".into(),
                Status::Confirmed => "This booking is confirmed already.".into(),
                Status::InProgress => "This job has already started.".into(),
                Status::Completed => "This job is already done.".into(),
                Status::NoShow => "This booking has ended as a no-show.".into(),
                Status::Expired => "This booking has expired. Nothing was charged.".into(),
                Status::Declined => "This request was declined. Nothing was charged.".into(),
                Status::Cancelled => "This booking is already cancelled.".into(),
            },
            Self::NotYet { from, .. } => format!("It is too early for that. You can do it from {from}."),
            Self::TooLate => "It is too late for that now.".into(),
            Self::TooLateToAsk => {
                "This provider answers each request first, and there is no time left for an answer. Please choose a later time.".into()
            }
            Self::SameTime => "That is the time it already has. Choose another one.".into(),
            Self::RefundChanged { refund } => {
                format!("The refund has changed while you were looking: {refund} would come back now. Please confirm again.")
            }
            Self::ProposalWaiting => "A new time is already waiting for an answer. Wait for it, or withdraw it first.".into(),
            Self::NoProposal => "There is no proposed time to answer any more.".into(),
            Self::ProposalChanged { .. } => {
                "Another time was proposed while you were looking. Nothing has changed yet; look at it and answer again.".into()
            }
            Self::AlreadyReviewed => "You have already reviewed this booking.".into(),
            Self::UnknownAddOn => "One of the extras is no longer offered. Please choose again.".into(),
            Self::NotPaid => "The money for this booking has not arrived yet. Please wait a moment and try again.".into(),
            Self::TooManyPhotos => "A booking takes up to six photos. Remove one to add another.".into(),
            Self::NoRoom => "There is no room for it at the moment. Go on without it, and try again later.".into(),
            Self::NoPhoto => "That file is not a photo we can read. Use a JPEG, PNG or WebP of up to 5 MB.".into(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        matches!(self, Self::NoRoom).then_some(60)
    }
    fn is_conflict(&self) -> bool {
        !matches!(
            self,
            Self::NoRoom
                | Self::AddressNeeded
                | Self::AddressUnknown
                | Self::OutsideRadius { .. }
                | Self::NotAvailable { .. }
                | Self::TooLateToAsk
                | Self::UnknownAddOn
                | Self::NoPhoto
        )
    }

    fn help(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut help = serde_json::Map::new();
        match self {
            Self::SlotTaken { alternatives } | Self::NotAvailable { alternatives, .. } => {
                help.insert("alternatives".into(), serde_json::to_value(alternatives).unwrap_or_default());
            }
            Self::WrongStatus { status } => {
                help.insert("status".into(), status.as_str().into());
            }
            Self::NotYet { at, .. } => {
                help.insert("from".into(), at.to_string().into());
            }
            Self::OutsideRadius { radius_km, distance_km } => {
                help.insert("radius_km".into(), (*radius_km).into());
                help.insert("distance_km".into(), ((distance_km * 10.0).round() / 10.0).into());
            }
            Self::RefundChanged { refund } => {
                help.insert("refund".into(), serde_json::to_value(refund).unwrap_or_default());
            }
            Self::ProposalChanged { starts_at } => {
                help.insert("starts_at".into(), starts_at.to_string().into());
            }
            Self::TooManyHolds { limit } => {
                help.insert("limit".into(), (*limit).into());
            }
            _ => {}
        }
        help
    }
}
