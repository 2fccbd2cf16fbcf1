//! Free times that were taken elsewhere.

use crate::kit::islands::part::{Again, Region, each, fetch_again};
use crate::live::Told;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlButtonElement, HtmlInputElement};

pub(super) fn listener(region: Region) -> impl Fn(&Told) + 'static {
    move |told| match told {
        Told::News(_) | Told::Reload => look_again(&region),
        // Free times are asked for again when one is taken: nobody is misled meanwhile.
        Told::Lost | Told::Back => {}
    }
}

/// Times of the region: (element, its value).
fn times(part: &Element) -> Vec<(Element, String)> {
    let mut found = Vec::new();
    each(part, "button.slot:not([data-taken]), .slot > input", |element| {
        let value = element.get_attribute("value").unwrap_or_default();
        let service = element.closest("form").ok().flatten().and_then(|form| form.query_selector("[name=service_id]").ok().flatten());
        let service = service.and_then(|input| input.get_attribute("value")).unwrap_or_default();
        found.push((element, [service, value].join(" ")));
    });
    found
}

fn look_again(region: &Region) {
    let region = region.clone();
    spawn_local(async move {
        let Again::Drawn(fresh, old) = fetch_again(&region).await else { return };
        let now: Vec<String> = times(&fresh).into_iter().map(|(_, key)| key).collect();
        let gone: Vec<Element> = times(&old).into_iter().filter(|(_, key)| !now.contains(key)).map(|(element, _)| element).collect();
        if gone.is_empty() {
            return;
        }
        let note = if gone.len() == 1 {
            "1 time was just taken.".to_owned()
        } else {
            [&gone.len().to_string(), " times were just taken."].concat()
        };
        gone.iter().for_each(strike);
        each(&old, ".live-note", |element| {
            let _ = element.remove_attribute("hidden");
            element.set_text_content(Some(&note));
        });
    });
}

fn strike(element: &Element) {
    if let Some(button) = element.dyn_ref::<HtmlButtonElement>() {
        button.set_disabled(true);
        let _ = button.set_attribute("data-taken", "");
    }
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        input.set_disabled(true);
        input.set_checked(false);
        if let Some(label) = input.parent_element() {
            let _ = label.set_attribute("data-taken", "");
        }
    }
}
