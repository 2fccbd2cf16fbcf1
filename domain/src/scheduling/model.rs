//! Free times and what makes them, as every storey speaks of them.

use crate::id::{AllocationId, BookingId, CalendarId, ProviderId, ResourceId, ServiceId, TimeOffId};
use crate::time::{Date, Instant, Span};
use serde::{Deserialize, Serialize};

/// The longest range of dates one question may cover.
pub const MAX_DAYS: i32 = 62;

/// A start at which the service can be booked now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Slot {
    pub starts_at: Instant,
    pub ends_at: Instant,
    /// Who could do it, best first; of a service without people, what it would occupy.
    pub resource_ids: Vec<ResourceId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DaySlots {
    pub date: Date,
    pub slots: Vec<Slot>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Availability {
    /// In which the dates are meant.
    pub zone: String,
    /// When this was true.
    pub as_of: Instant,
    /// Of the event spine, from the same snapshot: subscribe from here and miss nothing.
    pub cursor: String,
    /// Every date asked for, also those without slots.
    pub days: Vec<DaySlots>,
}

/// Which free times; at most [`MAX_DAYS`] dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailabilityQuery {
    pub provider: ProviderId,
    pub service: ServiceId,
    /// First and last date, both included, in `zone`.
    pub from: Date,
    pub to: Date,
    /// IANA name; None: the provider's.
    pub zone: Option<String>,
    /// Only this person.
    pub resource: Option<ResourceId>,
    /// Minutes the chosen add-ons make it longer.
    pub extra_min: i64,
    /// A booking that is to be moved counts as gone.
    pub ignoring: Option<BookingId>,
}

/// What a booking asks to occupy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignQuery {
    pub service: ServiceId,
    pub starts_at: Instant,
    pub extra_min: i64,
    pub resource: Option<ResourceId>,
    /// A booking that is to be moved counts as gone.
    pub ignoring: Option<BookingId>,
    /// The team books by hand: hours, notice, horizon, step, limits and time off do not bind it; what is busy does.
    pub is_by_hand: bool,
    /// Of a booking that exists: it stays as long as it was agreed, whatever its service says by now.
    pub agreed: Option<Agreed>,
    /// The notice was met when it was held, and is not asked for again.
    pub had_notice: bool,
}

/// How long a booking is, add-ons included, and what is kept free around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    pub duration_min: i64,
    pub buffer_before_min: i64,
    pub buffer_after_min: i64,
}

/// Who and what does the job. Everything in `resources` must be allocated for `during`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub person: Option<ResourceId>,
    /// The person and the things, in id order.
    pub resources: Vec<ResourceId>,
    /// The job itself.
    pub job: Span,
    /// The job with its buffers: what is allocated.
    pub during: Span,
    pub buffer_before_min: i64,
    pub buffer_after_min: i64,
}

/// The first rule that removes a time, in the order they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The provider is not active, or the service is no longer sold.
    NotOffered,
    /// Nobody, or nothing it needs, is set up for the service.
    NobodyAssigned,
    Past,
    Notice,
    Horizon,
    /// Not on the grid of starts.
    Step,
    DayLimit,
    WeekLimit,
    /// Outside weekly hours.
    Hours,
    /// A date override closed it or changed its hours.
    DateOverride,
    TimeOff,
    /// Another booking or hold, or its buffer.
    Booked,
    /// Blocked by the team.
    Blocked,
    /// Busy in an imported calendar.
    ImportedBusy,
}

impl Reason {
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotOffered => "not_offered",
            Self::NobodyAssigned => "nobody_assigned",
            Self::Past => "in_the_past",
            Self::Notice => "too_soon",
            Self::Horizon => "too_far_ahead",
            Self::Step => "not_on_the_grid",
            Self::DayLimit => "day_full",
            Self::WeekLimit => "week_full",
            Self::Hours | Self::DateOverride => "outside_hours",
            Self::TimeOff => "time_off",
            Self::Booked => "slot_taken",
            Self::Blocked => "blocked",
            Self::ImportedBusy => "busy_elsewhere",
        }
    }
    /// For a customer: what happened, without the team's private matters.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotOffered => "This service cannot be booked at the moment.",
            Self::NobodyAssigned => "Nobody is set up to do this service yet.",
            Self::Past => "This time has already passed.",
            Self::Notice => "This time is too soon: it needs more notice.",
            Self::Horizon => "This time is further ahead than can be booked yet.",
            Self::Step => "Bookings do not start at this minute.",
            Self::DayLimit => "This day is fully booked.",
            Self::WeekLimit => "This week is fully booked.",
            Self::Hours | Self::DateOverride => "This time is outside opening hours.",
            Self::TimeOff => "Nobody is there at this time.",
            Self::Booked => "Someone else has just taken this time.",
            Self::Blocked | Self::ImportedBusy => "This time is not free.",
        }
    }
}

/// Why a start cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFree {
    pub reason: Reason,
}

/// What the rules say about one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Explanation {
    pub at: Instant,
    /// IANA name; dates and times in the sentences are meant in it.
    pub zone: String,
    pub is_free: bool,
    /// One sentence that answers the question.
    pub summary: String,
    /// Each rule that speaks against it; empty when it is free.
    pub because: Vec<Because>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Because {
    pub reason: Reason,
    /// Whom or what it concerns; only told to the team.
    pub resource: Option<String>,
    pub sentence: String,
}

/// A weekly range in minutes from local midnight; past 1440 it runs into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct WeekRange {
    /// Monday is 1.
    pub weekday: u8,
    pub from_min: i32,
    pub to_min: i32,
}

/// What holds on one date instead of its weekday; `to_min == from_min` closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DateRange {
    pub date: Date,
    pub from_min: i32,
    pub to_min: i32,
}

/// Weekly hours with their exceptions. `resource_id` None: the provider's own, which every person without a schedule follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ScheduleView {
    pub resource_id: Option<ResourceId>,
    pub zone: String,
    pub hours: Vec<WeekRange>,
    pub overrides: Vec<DateRange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TimeOffView {
    pub id: TimeOffId,
    /// None: the whole provider is away.
    pub resource_id: Option<ResourceId>,
    pub during: Span,
    pub reason: String,
}

/// Time the team has taken out of one resource's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BlockView {
    pub id: AllocationId,
    pub provider_id: ProviderId,
    pub resource_id: ResourceId,
    pub during: Span,
    pub title: String,
}

/// Busy time read from another calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ImportedCalendarView {
    pub id: CalendarId,
    pub resource_id: ResourceId,
    /// The host only: the address itself is a secret of the person.
    pub host: String,
    pub fetched_at: Option<Instant>,
    pub failed_at: Option<Instant>,
    /// Why the last try failed, in a sentence.
    pub failure: Option<String>,
    pub busy_count: i64,
}

/// A busy range of an imported calendar, for the team's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ImportedBusyView {
    pub resource_id: ResourceId,
    pub during: Span,
    pub title: String,
}

/// Either two instants, or local dates (whole days unless minutes from midnight are given) in the resource's or the provider's zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TimeOffInput {
    /// None: the whole provider is away.
    pub resource_id: Option<ResourceId>,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub from_date: Option<Date>,
    pub from_min: Option<i32>,
    /// The last day, included; None: the same as the first.
    pub to_date: Option<Date>,
    pub to_min: Option<i32>,
    #[serde(default)]
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct NewBlock {
    pub provider_id: ProviderId,
    pub resource_id: ResourceId,
    pub during: Span,
    #[serde(default)]
    pub title: String,
}
