//! Pages of what someone wants to find again.

mod list;

pub use list::{FavouritesPage, FavouritesPageProps};
