//! Keeps a part of a page quick and true: its links and forms replace only that part, and times that are taken elsewhere are struck through.
//!
//! The server draws everything; this asks it for the same page again and takes the part out of it. So there is one way of drawing, the
//! address always reproduces the view, and without this island every link is an ordinary link.

mod navigate;
mod times;

use super::part::Region;
use crate::live;
use leptos::prelude::*;

/// `region` is the id of the part; its links and GET forms marked `data-nav` are taken over. `topics` of the live socket tell when free
/// times changed.
#[island(lazy)]
pub fn LiveRegion(region: String, topics: Vec<String>) -> impl IntoView {
    // Nothing here is drawn or redrawn by signals, so there is nothing to wait for.
    if cfg!(feature = "hydrate") {
        let region = Region::from(region);
        navigate::start(&region);
        live::listen(&topics, times::listener(region));
    }
}
