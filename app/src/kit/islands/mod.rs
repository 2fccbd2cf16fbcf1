//! Small things that react and belong to no room.

mod copy_button;
mod live_part;
mod live_region;
mod open_dialogs;
mod palette;
mod part;
mod send_files;

pub use copy_button::{Copy, CopyButton};
pub use live_part::{FollowPart, LivePart};
pub use live_region::{FollowRegion, LiveRegion};
pub use open_dialogs::OpenDialogs;
pub use palette::Palette;
pub use send_files::{SendChosen, SendFiles};
