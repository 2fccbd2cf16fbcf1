//! All SQL of the room.

mod profile;
mod rating;
mod read;
mod sell;
mod team;

pub use profile::*;
pub use rating::*;
pub use read::*;
pub use sell::*;
pub use team::*;

use read::{currency, known};
