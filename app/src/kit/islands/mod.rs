//! Small things that react and belong to no room.

mod copy_button;
mod live_part;
mod live_region;
mod open_dialogs;
mod palette;
mod part;

pub use copy_button::CopyButton;
pub use live_part::LivePart;
pub use live_region::LiveRegion;
pub use open_dialogs::OpenDialogs;
pub use palette::Palette;
