//! Dialogs over a page, where scripting runs. Each also exists as a page of its own.

use leptos::prelude::*;

/// Links with `data-dialog`, the id of a `<dialog>` of the page, open it; without this island they lead to the page that asks the same.
#[island(lazy)]
pub fn OpenDialogs() -> impl IntoView {
    Effect::new(|_| run::start());
}

mod run {
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{Element, HtmlDialogElement, MouseEvent};

    pub fn start() {
        let pressed = Closure::<dyn FnMut(MouseEvent)>::new(move |event: MouseEvent| {
            let Some(target) = event.target().and_then(|it| it.dyn_into::<Element>().ok()) else { return };
            if let Some(dialog) = target.dyn_ref::<HtmlDialogElement>().filter(|dialog| dialog.open()) {
                // its own box is covered by what it holds: this was beside it
                dialog.close();
                return;
            }
            if event.default_prevented() || event.button() != 0 || event.ctrl_key() || event.meta_key() || event.shift_key() {
                return;
            }
            let Ok(Some(link)) = target.closest("a[data-dialog]") else { return };
            let id = link.get_attribute("data-dialog").unwrap_or_default();
            let Some(dialog) = document().get_element_by_id(&id).and_then(|it| it.dyn_into::<HtmlDialogElement>().ok()) else { return };
            if dialog.show_modal().is_ok() {
                event.prevent_default();
            }
        });
        let _ = document().add_event_listener_with_callback("click", pressed.as_ref().unchecked_ref());
        pressed.forget();
    }
}
