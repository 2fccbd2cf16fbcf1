//! All SQL of the room.

mod profile;
mod read;
mod sell;
mod team;

pub use profile::*;
pub use read::*;
pub use sell::*;
pub use team::*;

use read::{currency, known};
