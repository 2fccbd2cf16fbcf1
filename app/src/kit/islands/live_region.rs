//! Keeps a part of a page quick and true: its links and forms replace only that part, and times that are taken elsewhere are struck through.
//!
//! The server draws everything; this asks it for the same page again and takes the part out of it. So there is one way of drawing, the
//! address always reproduces the view, and without this island every link is an ordinary link.

mod navigate;
mod times;

use super::part::look_after;
use crate::live;
use leptos::prelude::*;

/// `region` is the id of the part; its links and GET forms marked `data-nav` are taken over. `topics` of the live socket tell when free
/// times changed.
#[component]
pub fn LiveRegion(region: String, topics: Vec<String>) -> impl IntoView {
    view! { <span hidden data-region=region data-topics=topics.join(" ")><FollowRegion /></span> }
}

/// What runs in the browser for a [`LiveRegion`].
#[island(lazy)]
pub fn FollowRegion() -> impl IntoView {
    if cfg!(feature = "hydrate") {
        look_after("data-region", |region, topics| {
            navigate::start(&region);
            live::listen(topics, times::listener(region));
        });
    }
}
