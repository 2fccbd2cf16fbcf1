//! Keeps a part of a page true: when something happened, the server draws it afresh, and what changed changes.
//!
//! What a person opened, focused or scrolled stays as it is, and nothing moves under someone who is writing, dragging or deciding in a
//! dialog: then a quiet sentence says what there is, and it shows when they are done.

mod follow;
mod merge;

use super::part::look_after;
use crate::live;
use leptos::prelude::*;

/// `region` is the id of the part; `topics` of the live socket tell when to look again. `data-key` tells things of a list apart,
/// `data-busy` in the part holds everything back, `data-ticks` on it asks for a look every minute.
#[component]
pub fn LivePart(region: String, topics: Vec<String>) -> impl IntoView {
    view! {
        <p class="toast live-line" role="status" id=follow::line(&region) data-part=region data-topics=topics.join(" ")></p>
        <FollowPart />
    }
}

/// What runs in the browser for a [`LivePart`].
#[island(lazy)]
pub fn FollowPart() -> impl IntoView {
    if cfg!(feature = "hydrate") {
        look_after("data-part", |region, topics| live::listen(topics, follow::listener(region)));
    }
}
