mod booker;
mod reviews;

pub use booker::{ActionBar, Booker, BookerSlot, BookerView};
pub use reviews::Reviews;
