//! Dialogs over a page, where scripting runs. Each also exists as a page of its own.

use crate::browser::{around, is_first, on, told};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, MouseEvent};

/// Links with `data-dialog`, the id of a `<dialog>` of the page, open it; without this island they lead to the page that asks the same.
#[island(lazy)]
pub fn OpenDialogs() -> impl IntoView {
    if cfg!(feature = "hydrate") && is_first("dialogs") {
        start();
    }
}

fn start() {
    on(&document(), "click", |event| {
        let Some(event) = event.dyn_ref::<MouseEvent>() else { return };
        if let Some(dialog) = event.target().and_then(|it| it.dyn_into::<HtmlDialogElement>().ok()).filter(HtmlDialogElement::open) {
            // its own box is covered by what it holds: this was beside it
            dialog.close();
            return;
        }
        if event.default_prevented() || event.button() != 0 || event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        let Some(link) = around(event, "a[data-dialog]") else { return };
        let dialog = document().get_element_by_id(&told(&link, "data-dialog")).and_then(|it| it.dyn_into::<HtmlDialogElement>().ok());
        if dialog.is_some_and(|dialog| dialog.show_modal().is_ok()) {
            event.prevent_default();
        }
    });
}
