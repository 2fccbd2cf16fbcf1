//! What several pages of bookings share.

pub mod back_money;
pub mod cancelling;
pub mod lines;
pub mod photos;
pub mod status;
pub mod when;

pub use back_money::BackMoney;
pub use cancelling::Cancelling;
pub use lines::price_lines;
pub use status::StatusBadge;
pub use when::{Leaf, When};
