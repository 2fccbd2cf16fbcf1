//! Copies a text, such as a token or the address of a feed.

use crate::browser::{around, is_first, on, told};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// How long it says so.
const SAID: Duration = Duration::from_secs(2);

/// A button that puts `text` on the clipboard and says so.
#[component]
pub fn CopyButton(
    #[prop(into)] text: String,
    /// What the button says, such as "Copy the address".
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! {
        <span class="copies" data-start="use">
            <Copy>
                <button type="button" class="button" data-size="dense" data-copies=text>{label}</button>
                <span class="hidden-visually" role="status"></span>
            </Copy>
        </span>
    }
}

/// What runs in the browser for [`CopyButton`]s.
#[island(lazy)]
pub fn Copy(children: Children) -> impl IntoView {
    if cfg!(feature = "hydrate") && is_first("copies") {
        on(&document(), "click", |event| {
            let Some(button) = around(&event, "[data-copies]") else { return };
            let written = window().navigator().clipboard().write_text(&told(&button, "data-copies"));
            spawn_local(async move {
                let word = if JsFuture::from(written).await.is_ok() { "Copied" } else { "Not copied: select it and copy by hand" };
                let Some(label) = button.text_content().filter(|label| label != word) else { return };
                button.set_text_content(Some(word));
                let line = button.next_element_sibling();
                if let Some(line) = &line {
                    line.set_text_content(Some(word));
                }
                set_timeout(
                    move || {
                        button.set_text_content(Some(&label));
                        if let Some(line) = line {
                            line.set_text_content(None);
                        }
                    },
                    SAID,
                );
            });
        });
    }
    children()
}
