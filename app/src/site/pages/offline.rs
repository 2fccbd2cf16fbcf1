//! What the service worker shows when the network is gone.

use crate::kit::{Icon, Kind, LinkButton, icon};
use leptos::prelude::*;

#[component]
pub fn OfflineView() -> impl IntoView {
    view! {
        <div class="column">
            <section class="trouble">
                <span class="avatar" data-size="l" aria-hidden="true">{icon(Icon::COMPASS)}</span>
                <h1>"You are offline"</h1>
                <p class="muted measure">
                    "Free times and payments need the network, so this page waits for it. Your bookings are kept on this device as you last saw them."
                </p>
                <div class="row">
                    <LinkButton href="/bookings" kind=Kind::Primary>"Your bookings"</LinkButton>
                    <LinkButton href="/">"Try again"</LinkButton>
                </div>
            </section>
        </div>
    }
}
