//! Small things that react and belong to no room.

mod copy_button;

pub use copy_button::CopyButton;
