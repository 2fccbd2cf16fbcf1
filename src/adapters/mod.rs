//! Whatever phones a third party, behind the domain's ports.

pub mod calendar;
pub mod email;
pub mod payment;
