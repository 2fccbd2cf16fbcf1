//! The booker of the public page, and groups of fields that the application and the workspace share.

mod booker;
mod fields;
mod reviews;
mod service_form;

pub use booker::{ActionBar, Booker, BookerSlot, BookerView};
pub use fields::{PolicyFields, ProfileFields, steps_of_cancelling};
pub use reviews::Reviews;
pub use service_form::{ServiceForm, ServiceFormProps};
