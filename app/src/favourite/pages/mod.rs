mod list;

pub use list::{FavouritesPage, FavouritesPageProps};
