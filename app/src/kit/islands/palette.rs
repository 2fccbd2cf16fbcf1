//! Find or do: a list of places and acts, narrowed by typing, and the list of keys.
//!
//! The server draws both dialogs; nothing of this is fetched before someone asks for it (`data-start="use"`, see public/loader.js).

use crate::browser::{each, on};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent};

/// Children: `<dialog>`s, opened by buttons with `data-opens` and the dialog's id. One with an `input[role=combobox]` narrows its `[role=option]`s,
/// which are links; those with `data-find` lead to that address with what was typed at its end.
#[island(lazy)]
pub fn Palette(children: Children) -> impl IntoView {
    if cfg!(feature = "hydrate") {
        start();
    }
    children()
}

fn start() {
    on(&document(), "click", |event| {
        let Some(target) = event.target().and_then(|it| it.dyn_into::<Element>().ok()) else { return };
        // A press on the ground around a dialog.
        if let Some(dialog) = target.dyn_ref::<HtmlDialogElement>() {
            dialog.close();
        }
        let Ok(Some(opener)) = target.closest("[data-opens]") else { return };
        let dialog = opener.get_attribute("data-opens").and_then(|id| document().get_element_by_id(&id));
        if let Some(dialog) = dialog {
            show(&dialog);
        }
    });
    on(&document(), "input", |event| {
        if let Some(input) = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok()) {
            if let Some(dialog) = list_of(&input) {
                narrow(&dialog, &input);
            }
            if input.matches("[data-remembers]").unwrap_or(false) {
                remember(&input);
            }
        }
    });
    on(&document(), "keydown", |event| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
        let Some(input) = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok()) else { return };
        let Some(dialog) = list_of(&input) else { return };
        match key.key().as_str() {
            "ArrowDown" => walk(&dialog, &input, 1),
            "ArrowUp" => walk(&dialog, &input, -1),
            "Enter" => {
                if let Some(option) = chosen(&dialog) {
                    option.unchecked_into::<HtmlElement>().click();
                }
            }
            _ => return,
        }
        event.prevent_default();
    });
}

fn list_of(input: &HtmlInputElement) -> Option<Element> {
    if input.matches("[role=combobox]").ok()? { input.closest("dialog").ok()? } else { None }
}

fn show(dialog: &Element) {
    let dialog: &HtmlDialogElement = dialog.unchecked_ref();
    if dialog.open() {
        return;
    }
    // One at a time.
    if let Ok(Some(other)) = document().query_selector("dialog[open]") {
        other.unchecked_into::<HtmlDialogElement>().close();
    }
    let _ = dialog.show_modal();
    if let Ok(Some(input)) = dialog.query_selector("[role=combobox]") {
        let input: HtmlInputElement = input.unchecked_into();
        input.set_value("");
        narrow(dialog, &input);
    }
    if let Ok(Some(input)) = dialog.query_selector("[data-remembers]") {
        input.unchecked_into::<HtmlInputElement>().set_checked(!is_off());
    }
}

/// Every word typed must stand somewhere in an option.
fn narrow(dialog: &Element, input: &HtmlInputElement) {
    let typed = lower(input.value().trim());
    let mut first = None;
    each(dialog, "[role=option]", |option| {
        let is_shown = match option.get_attribute("data-find") {
            Some(address) => {
                let encoded = js_sys::encode_uri_component(input.value().trim());
                let _ = option.set_attribute("href", &[address, String::from(encoded)].concat());
                each(&option, "[data-typed]", |place| place.set_text_content(Some(input.value().trim())));
                !typed.is_empty()
            }
            None => {
                let words = lower(&option.text_content().unwrap_or_default());
                typed.split_whitespace().all(|word| words.contains(word))
            }
        };
        let _ = option.toggle_attribute_with_force("hidden", !is_shown);
        if is_shown && first.is_none() {
            first = Some(option);
        }
    });
    choose(dialog, input, first.as_ref());
}

/// By the browser, which has the tables for it.
fn lower(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

fn chosen(dialog: &Element) -> Option<Element> {
    dialog.query_selector("[role=option][aria-selected=true]").ok()?
}

fn choose(dialog: &Element, input: &HtmlInputElement, option: Option<&Element>) {
    if let Some(before) = chosen(dialog) {
        let _ = before.set_attribute("aria-selected", "false");
    }
    let _ = input.set_attribute("aria-activedescendant", &option.map(Element::id).unwrap_or_default());
    if let Some(option) = option {
        let _ = option.set_attribute("aria-selected", "true");
        option.scroll_into_view_with_bool(false);
    }
}

fn walk(dialog: &Element, input: &HtmlInputElement, by: i32) {
    let (mut all, mut here) = (Vec::new(), 0);
    each(dialog, "[role=option]:not([hidden])", |option| {
        if option.get_attribute("aria-selected").as_deref() == Some("true") {
            here = all.len() as i32;
        }
        all.push(option);
    });
    if !all.is_empty() {
        choose(dialog, input, all.get((here + by).rem_euclid(all.len() as i32) as usize));
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok()?
}

/// Single keys can be turned off: those who speak to their computer press them by accident.
fn is_off() -> bool {
    storage().and_then(|it| it.get_item("keys").ok().flatten()).as_deref() == Some("off")
}

fn remember(input: &HtmlInputElement) {
    if let Some(storage) = storage() {
        let _ = storage.set_item("keys", if input.checked() { "on" } else { "off" });
    }
}
