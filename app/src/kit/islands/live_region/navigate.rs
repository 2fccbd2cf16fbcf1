//! Links, forms and choices of a part, without leaving the page.

use crate::kit::islands::part::{Region, drawn, each, fetch, on, part};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlElement, HtmlFormElement};

pub(super) fn start(region: &Region) {
    follow_links(region.clone());
    follow_forms(region.clone());
    follow_choice(region.clone());
    let region = region.clone();
    on(&window(), "popstate", move |_| {
        if let Ok(address) = window().location().href() {
            load(&region, address, false);
        }
    });
}

/// The nearest element around where the event happened, within the region.
fn near(event: &Event, region: &Region, selector: &str) -> Option<Element> {
    let from: Element = event.target()?.dyn_into().ok()?;
    let found = from.closest(selector).ok()??;
    part(region)?.contains(Some(&found)).then_some(found)
}

fn follow_links(region: Region) {
    on(&document(), "click", move |event| {
        let Some(mouse) = event.dyn_ref::<web_sys::MouseEvent>() else { return };
        if event.default_prevented() || mouse.button() != 0 || mouse.ctrl_key() || mouse.meta_key() || mouse.shift_key() {
            return;
        }
        let Some(link) = near(&event, &region, "a[data-nav]") else { return };
        let Some(href) = link.get_attribute("href") else { return };
        event.prevent_default();
        load(&region, href, true);
    });
}

fn follow_forms(region: Region) {
    let go = |region: &Region, form: Element| {
        let form: HtmlFormElement = form.unchecked_into();
        let Ok(data) = web_sys::FormData::new_with_form(&form) else { return };
        // A FormData of text fields is what URLSearchParams takes; the typed signature only knows strings.
        let Ok(pairs) = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&js_sys::Array::from(&data)) else { return };
        let path = form.get_attribute("action").unwrap_or_default();
        load(region, [path.as_str(), "?", &String::from(pairs.to_string())].concat(), true);
    };
    let submitted = region.clone();
    on(&document(), "submit", move |event| {
        if let Some(form) = near(&event, &submitted, "form[data-nav]") {
            event.prevent_default();
            go(&submitted, form);
        }
    });
    on(&document(), "change", move |event| {
        if let Some(form) = near(&event, &region, "form[data-nav] select").and_then(|select| select.closest("form").ok().flatten()) {
            go(&region, form);
        }
    });
}

/// A time that is chosen says what it means, in the places marked for it.
fn follow_choice(region: Region) {
    on(&document(), "change", move |event| {
        let Some(input) = near(&event, &region, "input[data-line]") else { return };
        let Some(part) = part(&region) else { return };
        for (attribute, place) in [("data-line", "[data-shows=line]"), ("data-until", "[data-shows=until]")] {
            let text = input.get_attribute(attribute).unwrap_or_default();
            each(&part, place, |element| element.set_text_content(Some(&text)));
        }
    });
}

fn load(region: &Region, address: String, is_new: bool) {
    let region = region.clone();
    if let Some(part) = part(&region) {
        let _ = part.set_attribute("aria-busy", "true");
    }
    spawn_local(async move {
        let Some((fresh, title)) = fetch(&region, &address).await else {
            // Whatever went wrong, the page itself says it best.
            let _ = window().location().set_href(&address);
            return;
        };
        let Some(old) = part(&region) else { return };
        let focused = document().active_element().filter(|it| old.contains(Some(it))).map(|it| it.id()).filter(|id| !id.is_empty());
        if is_new && let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&address));
        }
        document().set_title(&title);
        let _ = old.replace_with_with_node_1(&fresh);
        drawn();
        if let Some(element) = focused.and_then(|id| document().get_element_by_id(&id)) {
            let _ = element.unchecked_into::<HtmlElement>().focus();
        }
    });
}
