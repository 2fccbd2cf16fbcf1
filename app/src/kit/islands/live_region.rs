//! Keeps a part of a page true and quick: its links and forms replace only that part, and times that are taken elsewhere are struck through.
//!
//! The server draws everything; this asks it for the same page again and takes the part out of it. So there is one way of drawing, the
//! address always reproduces the view, and without this island every link is an ordinary link.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, Event, HtmlButtonElement, HtmlElement, HtmlFormElement, HtmlInputElement, MessageEvent, WebSocket};

/// `region` is the id of the part; its links and GET forms marked `data-nav` are taken over. `topics` of the live socket tell when free times changed.
#[island(lazy)]
pub fn LiveRegion(region: String, topics: Vec<String>) -> impl IntoView {
    Effect::new(move |_| {
        let region = StoredValue::new(region.clone());
        follow_links(region);
        follow_forms(region);
        follow_choice(region);
        let back = Closure::<dyn FnMut()>::new(move || {
            if let Ok(address) = window().location().href() {
                load(region, address, false);
            }
        });
        let _ = window().add_event_listener_with_callback("popstate", back.as_ref().unchecked_ref());
        back.forget();
        if !topics.is_empty() {
            listen(region, topics.clone());
        }
    });
}

fn part(region: StoredValue<String>) -> Option<Element> {
    document().get_element_by_id(&region.get_value())
}

fn on(kind: &str, act: impl FnMut(Event) + 'static) {
    let closure = Closure::<dyn FnMut(Event)>::new(act);
    let _ = document().add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// The nearest element around where the event happened, within the region.
fn near(event: &Event, region: StoredValue<String>, selector: &str) -> Option<Element> {
    let from: Element = event.target()?.dyn_into().ok()?;
    let found = from.closest(selector).ok()??;
    part(region)?.contains(Some(&found)).then_some(found)
}

fn follow_links(region: StoredValue<String>) {
    on("click", move |event| {
        let Some(mouse) = event.dyn_ref::<web_sys::MouseEvent>() else { return };
        if event.default_prevented() || mouse.button() != 0 || mouse.ctrl_key() || mouse.meta_key() || mouse.shift_key() {
            return;
        }
        let Some(link) = near(&event, region, "a[data-nav]") else { return };
        let Some(href) = link.get_attribute("href") else { return };
        event.prevent_default();
        load(region, href, true);
    });
}

fn follow_forms(region: StoredValue<String>) {
    let go = move |form: Element| {
        let form: HtmlFormElement = form.unchecked_into();
        let Ok(data) = web_sys::FormData::new_with_form(&form) else { return };
        // A FormData of text fields is what URLSearchParams takes; the typed signature only knows strings.
        let Ok(pairs) = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&js_sys::Array::from(&data)) else { return };
        let path = form.get_attribute("action").unwrap_or_default();
        load(region, format!("{path}?{}", String::from(pairs.to_string())), true);
    };
    on("submit", move |event| {
        if let Some(form) = near(&event, region, "form[data-nav]") {
            event.prevent_default();
            go(form);
        }
    });
    on("change", move |event| {
        if let Some(form) = near(&event, region, "form[data-nav] select").and_then(|select| select.closest("form").ok().flatten()) {
            go(form);
        }
    });
}

/// A time that is chosen says what it means, in the places marked for it.
fn follow_choice(region: StoredValue<String>) {
    on("change", move |event| {
        let Some(input) = near(&event, region, "input[data-line]") else { return };
        let Some(part) = part(region) else { return };
        for (attribute, place) in [("data-line", "[data-shows=line]"), ("data-until", "[data-shows=until]")] {
            let text = input.get_attribute(attribute).unwrap_or_default();
            each(&part, place, |element| element.set_text_content(Some(&text)));
        }
    });
}

fn each(within: &Element, selector: &str, mut act: impl FnMut(Element)) {
    let Ok(list) = within.query_selector_all(selector) else { return };
    for at in 0..list.length() {
        if let Some(element) = list.item(at).and_then(|node| node.dyn_into::<Element>().ok()) {
            act(element);
        }
    }
}

/// The part as the server draws it at that address.
async fn fetch(region: StoredValue<String>, address: &str) -> Option<(Element, String)> {
    let response: web_sys::Response = JsFuture::from(window().fetch_with_str(address)).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    let page = web_sys::DomParser::new().ok()?.parse_from_string(&text, web_sys::SupportedType::TextHtml).ok()?;
    Some((page.get_element_by_id(&region.get_value())?, page.title()))
}

fn load(region: StoredValue<String>, address: String, is_new: bool) {
    if let Some(part) = part(region) {
        let _ = part.set_attribute("aria-busy", "true");
    }
    spawn_local(async move {
        let Some((fresh, title)) = fetch(region, &address).await else {
            // Whatever went wrong, the page itself says it best.
            let _ = window().location().set_href(&address);
            return;
        };
        let Some(old) = part(region) else { return };
        let focused = document().active_element().filter(|it| old.contains(Some(it))).map(|it| it.id()).filter(|id| !id.is_empty());
        if is_new && let Ok(history) = window().history() {
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&address));
        }
        document().set_title(&title);
        let _ = old.replace_with_with_node_1(&fresh);
        if let Some(element) = focused.and_then(|id| document().get_element_by_id(&id)).and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}

/// Subscribes to the topics and looks again when one of them speaks. A lost socket comes back after a while, with a look at what was missed.
fn listen(region: StoredValue<String>, topics: Vec<String>) {
    let secure = window().location().protocol().is_ok_and(|it| it == "https:");
    let host = window().location().host().unwrap_or_default();
    let Ok(socket) = WebSocket::new(&format!("{}://{host}/api/v1/live", if secure { "wss" } else { "ws" })) else { return };
    let open = {
        let (socket, topics) = (socket.clone(), topics.clone());
        Closure::<dyn FnMut()>::new(move || {
            for topic in &topics {
                let _ = socket.send_with_str(&format!(r#"{{"op":"subscribe","topic":"{topic}","after":null}}"#));
            }
        })
    };
    socket.set_onopen(Some(open.as_ref().unchecked_ref()));
    open.forget();
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let text = message.data().as_string().unwrap_or_default();
        if text.contains(r#""availability-updated""#) || text.contains(r#""op":"reload""#) {
            look_again(region);
        }
    });
    socket.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    let closed = Closure::<dyn FnMut()>::new(move || {
        let topics = topics.clone();
        set_timeout(
            move || {
                look_again(region);
                listen(region, topics);
            },
            std::time::Duration::from_secs(10),
        );
    });
    socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
    closed.forget();
}

/// Times of the region: (element, its value).
fn times(part: &Element) -> Vec<(Element, String)> {
    let mut found = Vec::new();
    each(part, "button.slot:not([data-taken]), .slot > input", |element| {
        let value = element.get_attribute("value").unwrap_or_default();
        let service = element.closest("form").ok().flatten().and_then(|form| form.query_selector("[name=service_id]").ok().flatten());
        let service = service.and_then(|input| input.get_attribute("value")).unwrap_or_default();
        found.push((element, format!("{service} {value}")));
    });
    found
}

fn look_again(region: StoredValue<String>) {
    spawn_local(async move {
        let Ok(address) = window().location().href() else { return };
        let (Some((fresh, _)), Some(old)) = (fetch(region, &address).await, part(region)) else { return };
        let now: Vec<String> = times(&fresh).into_iter().map(|(_, key)| key).collect();
        let before = times(&old);
        let gone: Vec<Element> = before.iter().filter(|(_, key)| !now.contains(key)).map(|(element, _)| element.clone()).collect();
        if gone.is_empty() {
            return;
        }
        let count = gone.len();
        for element in gone {
            strike(&element);
        }
        let note = if count == 1 { "1 time was just taken.".to_owned() } else { format!("{count} times were just taken.") };
        each(&old, ".live-note", |element| {
            let _ = element.remove_attribute("hidden");
            element.set_text_content(Some(&note));
        });
    });
}

/// Struck through where it stands, so that nothing moves under the finger.
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
