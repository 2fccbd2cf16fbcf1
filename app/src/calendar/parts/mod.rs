//! Jobs, requests and entries as they stand on the pages.

mod add;
mod event;
mod job;
mod request;

pub use add::{AddForm, AddFormProps, Adding};
pub use event::{AllDay, DayColumn, Legend};
pub use job::JobItem;
pub use request::{RequestCard, ShownRequest};
