//! Dialogs on `<dialog>`: the browser traps and restores the focus. Whatever one asks also exists as a page, for when there is no script.

use super::icon::{Icon, icon};
use leptos::prelude::*;

/// Opened by a button with `commandfor` and `command="show-modal"`, or by an island. The title names the outcome.
#[component]
pub fn Dialog(
    #[prop(into)] id: String,
    #[prop(into)] title: String,
    /// Buttons at the end; the last one does it.
    #[prop(optional, into)]
    actions: Option<AnyView>,
    #[prop(optional)] open: bool,
    children: Children,
) -> impl IntoView {
    let (title_id, labelled) = (format!("{id}-t"), format!("{id}-t"));
    view! {
        <dialog class="dialog" id=id aria-labelledby=labelled open=open>
            <div class="head">
                <h2 id=title_id>{title}</h2>
                <form method="dialog"><button class="icon-button" aria-label="Close">{icon(Icon::X)}</button></form>
            </div>
            <div class="body">{children()}</div>
            {actions.map(|actions| view! { <div class="foot">{actions}</div> })}
        </dialog>
    }
}
