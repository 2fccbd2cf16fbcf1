//! The pages of bookings.

pub mod booking;
pub mod bookings;
pub mod by_hand;
pub mod cancel;
pub mod checkout;
pub mod confirmed;
pub mod hold_ended;
pub mod no_show;
pub mod reschedule;
pub mod taken;
