//! Copies a text, such as a token or the address of a feed.

use leptos::prelude::*;

/// A button that puts `text` on the clipboard and says so for two seconds.
#[island(lazy)]
pub fn CopyButton(
    text: String,
    /// What the button says, such as "Copy the address".
    label: String,
) -> impl IntoView {
    let (is_copied, set_copied) = signal(false);
    let copy = move |_| {
        let _ = window().navigator().clipboard().write_text(&text);
        set_copied.set(true);
        set_timeout(move || set_copied.set(false), std::time::Duration::from_secs(2));
    };
    view! {
        <button type="button" class="button" data-size="dense" on:click=copy>
            {move || if is_copied.get() { "Copied".to_owned() } else { label.clone() }}
        </button>
        <span class="hidden-visually" role="status">{move || is_copied.get().then_some("Copied")}</span>
    }
}
