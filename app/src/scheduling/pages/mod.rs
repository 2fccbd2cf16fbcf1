//! Pages of hours, time off and imported calendars.

mod availability;
pub mod block;

pub use availability::{AvailabilityPage, AwayRow, CalendarRow, OverrideRow, Question, Whose};
