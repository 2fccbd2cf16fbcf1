//! Today, requests, and the calendar by week or day.

pub mod requests;
pub mod today;
pub mod week;
