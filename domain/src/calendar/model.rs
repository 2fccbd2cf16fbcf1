//! Days as pages draw them.

use crate::booking::model::{Action, Status};
use crate::id::{AllocationId, BookingId, ResourceId, TimeOffId};
use crate::money::Money;
use crate::provider::model::ResourceKind;
use crate::time::{Date, Instant, Span};
use serde::{Deserialize, Serialize};

/// At most this many days in one view.
pub const MAX_DAYS: i32 = 42;

/// What keeps a resource busy, or a whole day quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Booking {
        id: BookingId,
        status: Status,
    },
    Block {
        id: AllocationId,
    },
    TimeOff {
        id: TimeOffId,
    },
    /// From a calendar elsewhere; may not be changed here.
    Imported,
}

/// Someone or something that can be busy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    pub id: ResourceId,
    pub name: String,
    pub kind: ResourceKind,
    /// 1 to 8.
    pub tone: i32,
}

/// The job behind a booking's entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub reference: String,
    pub customer_name: String,
    pub customer_phone: String,
    /// Exact once confirmed, the district before; empty at the provider's own place.
    pub place: String,
    pub notes: String,
    pub photos: i64,
    pub total: Money,
    pub tip: Money,
    pub commission: Money,
    pub earned: Money,
    /// What was paid for it and not given back.
    pub paid: Money,
    pub is_paid_elsewhere: bool,
    pub is_first_with_us: bool,
    /// Rooms, vehicles and equipment it needs.
    pub things: Vec<String>,
    pub hold_expires_at: Option<Instant>,
    pub answer_by: Option<Instant>,
    pub started_at: Option<Instant>,
    pub completed_at: Option<Instant>,
    pub is_on_the_way: bool,
    pub late_min: Option<i64>,
    /// What staff may do with it now.
    pub actions: Vec<Action>,
}

/// One thing on the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub kind: Kind,
    /// Without buffers.
    pub span: Span,
    pub buffer_before_min: i64,
    pub buffer_after_min: i64,
    /// None: the whole provider.
    pub resource: Option<ResourceId>,
    pub resource_name: String,
    pub tone: i32,
    pub title: String,
    pub job: Option<Box<Job>>,
}

/// An entry as it falls onto one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub entry: Entry,
    /// Minutes of the wall clock from local midnight, cut to the day: 0 to 1440.
    pub from_min: i32,
    pub to_min: i32,
    /// Which of `lanes` columns side by side it takes, from 0.
    pub lane: usize,
    pub lanes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    pub date: Date,
    /// The provider's own hours, in minutes from local midnight, cut to the day.
    pub open: Vec<(i32, i32)>,
    pub placed: Vec<Placed>,
    /// What lasts the whole day.
    pub all_day: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarView {
    pub zone: String,
    pub today: Date,
    /// Of today, on the provider's wall clock.
    pub now_min: i32,
    pub now: Instant,
    pub days: Vec<Day>,
    pub lanes: Vec<Lane>,
    /// Minutes of bookings shown, and of opening hours, over all days; per person who works.
    pub booked_min: i64,
    pub open_min: i64,
    /// Of the same snapshot, for the live topic.
    pub cursor: String,
}

impl CalendarView {
    /// The hours worth drawing: opening hours and entries with an hour around them, at least 8 to 18.
    pub fn hours(&self) -> (i32, i32) {
        let mut hours = (8 * 60, 18 * 60);
        for day in &self.days {
            let ranges = day.open.iter().copied().chain(day.placed.iter().map(|p| (p.from_min, p.to_min)));
            for (from, to) in ranges {
                hours = (hours.0.min(from), hours.1.max(to));
            }
        }
        ((hours.0 / 60 - 1).max(0), ((hours.1 + 59) / 60 + 1).min(24))
    }
}
