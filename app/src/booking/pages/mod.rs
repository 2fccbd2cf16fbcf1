//! The pages of bookings.

pub mod booking;
pub mod bookings;
pub mod cancel;
pub mod checkout;
pub mod confirmed;
pub mod reschedule;
pub mod taken;
