//! Jobs, requests and entries as they stand on the pages.

mod event;
mod job;
mod request;

pub use event::{AllDay, DayColumn, Legend};
pub use job::JobItem;
pub use request::{RequestCard, ShownRequest};
