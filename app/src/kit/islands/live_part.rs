//! Keeps a part of a page true: when something happened, the server draws it afresh, and what changed changes.
//!
//! What a person opened, focused or scrolled stays as it is, and nothing moves under someone who is writing, dragging or deciding in a
//! dialog: then a quiet sentence says what there is, and it shows when they are done.

mod follow;
mod merge;

use super::part::Region;
use crate::live;
use leptos::prelude::*;

/// `region` is the id of the part; `topics` of the live socket tell when to look again. `data-key` tells things of a list apart,
/// `data-busy` in the part holds everything back, `data-ticks` on it asks for a look every minute.
#[island(lazy)]
pub fn LivePart(region: String, topics: Vec<String>) -> impl IntoView {
    let line = follow::line(&region);
    if cfg!(feature = "hydrate") {
        live::listen(&topics, follow::listener(Region::from(region)));
    }
    view! { <p class="toast live-line" role="status" id=line></p> }
}
