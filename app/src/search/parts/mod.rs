//! What search and home share.

mod bar;
mod filters;
mod result;

pub use bar::{Asked, SearchBar, SearchLine};
pub use filters::Filters;
pub use result::{ResultItem, card_slots};
