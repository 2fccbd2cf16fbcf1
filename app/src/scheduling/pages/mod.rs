mod availability;

pub use availability::{AvailabilityPage, AwayRow, CalendarRow, OverrideRow, Question, Whose};
