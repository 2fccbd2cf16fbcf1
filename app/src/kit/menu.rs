//! What opens: menus and folds on `<details>`, without scripting.

use super::icon::{Icon, icon};
use leptos::prelude::*;

/// A button that opens a menu; children are links and buttons. Opening one closes the others of its `group`.
#[component]
pub fn Menu(
    /// Read aloud, and shown when there is no `face`.
    #[prop(into)]
    label: String,
    /// What the button shows: an icon or an avatar.
    #[prop(optional, into)]
    face: Option<AnyView>,
    #[prop(default = "menu")] group: &'static str,
    children: Children,
) -> impl IntoView {
    let summary = match face {
        Some(face) => view! { <summary class="icon-button" aria-label=label.clone() title=label>{face}</summary> }.into_any(),
        None => view! { <summary class="button">{label} {icon(Icon::CHEVRON_DOWN)}</summary> }.into_any(),
    };
    view! { <details class="opens" name=group>{summary}<div class="menu">{children()}</div></details> }
}

/// A question and its answer.
#[component]
pub fn Fold(
    #[prop(into)] title: String,
    #[prop(optional)] open: bool,
    #[prop(optional, into)] id: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <details class="fold" open=open id=id>
            <summary>{title} {icon(Icon::CHEVRON_DOWN)}</summary>
            <div>{children()}</div>
        </details>
    }
}
