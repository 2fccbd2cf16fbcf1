//! Sends chosen files at once and shows the part afresh, so that nothing else on the page is drawn again.

use super::part::{Region, drawn, look_after, on, page_of, part};
use crate::browser::{find, told};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, FormData, HtmlElement, HtmlFormElement, HtmlInputElement, RequestInit, SubmitEvent};

/// `region` is the id of the part. A file that is chosen in it is sent with its form, and so is a form whose button in it is pressed; what the
/// server answers replaces the part. Without the island both are ordinary forms.
#[component]
pub fn SendFiles(region: String) -> impl IntoView {
    view! {
        <p class="tiny muted" role="status" id=line(&region) data-files=region></p>
        <SendChosen />
    }
}

/// What runs in the browser for a [`SendFiles`].
#[island(lazy)]
pub fn SendChosen() -> impl IntoView {
    if cfg!(feature = "hydrate") {
        look_after("data-files", |region, _| start(&region));
    }
}

/// The element beside the part that says how it goes.
fn line(region: &str) -> String {
    [region, "-files"].concat()
}

fn start(region: &Region) {
    let own = region.clone();
    on(&document(), "change", move |event| {
        let chosen = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok()).filter(|input| input.type_() == "file");
        if let Some(input) = chosen.filter(|input| is_within(&own, input) && !input.value().is_empty())
            && let Some(form) = input.form()
        {
            let button = part(&own).and_then(|part| find(&part, "[data-sends]"));
            send(&own, form, button);
        }
    });
    let own = region.clone();
    on(&document(), "submit", move |event| {
        let button = event.dyn_ref::<SubmitEvent>().and_then(SubmitEvent::submitter).filter(|button| is_within(&own, button));
        if let (Some(button), Some(form)) = (button, event.target().and_then(|it| it.dyn_into::<HtmlFormElement>().ok())) {
            event.prevent_default();
            send(&own, form, Some(button.into()));
        }
    });
}

fn is_within(region: &Region, element: &Element) -> bool {
    part(region).is_some_and(|part| part.contains(Some(element)))
}

fn say(region: &Region, sentence: &str) {
    if let Some(line) = document().get_element_by_id(&line(region)) {
        line.set_text_content(Some(sentence));
    }
}

fn send(region: &Region, form: HtmlFormElement, button: Option<Element>) {
    let region = region.clone();
    let own = button.as_ref().map(|button| told(button, "formaction")).filter(|to| !to.is_empty());
    let to = own.unwrap_or_else(|| told(&form, "action"));
    let Ok(body) = FormData::new_with_form(&form) else { return };
    say(&region, "One moment.");
    spawn_local(async move {
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_body(&body);
        let Some(page) = page_of(&to, &init).await else {
            say(&region, "That could not be sent. Please try again.");
            return;
        };
        let (Some(fresh), Some(old)) = (page.get_element_by_id(&region), part(&region)) else {
            // Something else is to be said than how the photos stand: the server says it on a page of its own.
            // Sent without an event, it passes by all who listen.
            form.set_action(&to);
            let _ = form.submit();
            return;
        };
        let _ = old.replace_with_with_node_1(&fresh);
        drawn();
        say(&region, "");
        if let Some(field) = find(&fresh, "[type=file]") {
            let _ = field.unchecked_into::<HtmlElement>().focus();
        }
    });
}
