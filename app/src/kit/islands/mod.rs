//! Small things that react and belong to no room.

mod copy_button;
mod live_region;

pub use copy_button::CopyButton;
pub use live_region::LiveRegion;
