//! What islands share: events, elements, and questions to the server.
//!
//! An island has no properties: what it needs to know stands in the page, in attributes that the server wrote. Properties would come as
//! JSON, and a parser brings its tables of powers along, a third of all that a page loads and nothing that compresses. For the same
//! reason answers of the server are read by the browser's own parser.

use crate::door::OFFLINE;
use js_sys::{JSON, Reflect};
use leptos::prelude::{document, window};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event, HtmlInputElement, RequestInit, Response, UrlSearchParams};

thread_local! {
    static STARTED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Whether this is the page's first call with that name. What listens to the whole document starts once, however often its island is there.
pub fn is_first(name: &str) -> bool {
    STARTED.with(|started| {
        let mut started = started.borrow_mut();
        let is_first = !started.iter().any(|known| known == name);
        if is_first {
            started.push(name.to_owned());
        }
        is_first
    })
}

/// Listens for the life of the page.
pub fn on(target: &web_sys::EventTarget, kind: &str, act: impl FnMut(Event) + 'static) {
    let act = Closure::<dyn FnMut(Event)>::new(act).into_js_value();
    let _ = target.add_event_listener_with_callback(kind, act.unchecked_ref());
}

/// Every element below that one that the selector names.
pub fn each(within: &Element, selector: &str, mut act: impl FnMut(Element)) {
    let Ok(list) = within.query_selector_all(selector) else { return };
    for at in 0..list.length() {
        if let Some(element) = list.item(at) {
            act(element.unchecked_into());
        }
    }
}

/// Every element of the page that the selector names.
pub fn each_of_page(selector: &str, act: impl FnMut(Element)) {
    if let Some(root) = document().document_element() {
        each(&root, selector, act);
    }
}

/// The first element below that one.
pub fn find(within: &Element, selector: &str) -> Option<Element> {
    within.query_selector(selector).ok()?
}

/// The nearest element around where something happened.
pub fn around(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

/// An attribute; empty where there is none.
pub fn told(element: &Element, attribute: &str) -> String {
    element.get_attribute(attribute).unwrap_or_default()
}

/// A number that the server wrote; 0 where there is none.
pub fn number(element: &Element, attribute: &str) -> i64 {
    told(element, attribute).parse().unwrap_or(0)
}

/// Shows or hides.
pub fn show(element: &Element, is_shown: bool) {
    let _ = element.toggle_attribute_with_force("hidden", !is_shown);
}

/// The field with that id.
pub fn field(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// A member of an object.
pub fn member(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A text of an object; empty where there is none.
pub fn text(of: &JsValue, name: &str) -> String {
    member(of, name).as_string().unwrap_or_default()
}

/// Why the server did not do what it was asked, as far as islands show it: a [`crate::door::DoorError`], or the problem details
/// (RFC 9457) of a layer above the door, such as a limit.
#[derive(Debug)]
pub struct Refused {
    /// Stable, such as `slot_taken`; `offline` when the server was not reached.
    pub code: String,
    /// For the person.
    pub sentence: String,
    /// Name and problem.
    pub fields: Vec<(String, String)>,
}

/// Calls a server function by its path. Nested arguments are named as in `details[name]`. Answers what it returned.
pub async fn ask(path: &str, arguments: &[(&str, &str)]) -> Result<JsValue, Refused> {
    let (is_ok, answer) = send(path, arguments).await.map_err(|_| Refused {
        code: "offline".to_owned(),
        sentence: OFFLINE.to_owned(),
        fields: Vec::new(),
    })?;
    if is_ok {
        return Ok(answer);
    }
    // absent in most problem details
    let fields = member(&answer, "fields").dyn_into::<js_sys::Array>().unwrap_or_default();
    let fields = fields.iter().map(|field| (text(&field, "name"), text(&field, "problem"))).collect();
    let sentence = member(&answer, "sentence").as_string().unwrap_or_else(|| text(&answer, "detail"));
    Err(Refused { code: text(&answer, "code"), sentence, fields })
}

async fn send(path: &str, arguments: &[(&str, &str)]) -> Result<(bool, JsValue), JsValue> {
    let body = UrlSearchParams::new()?;
    for (name, value) in arguments {
        body.append(name, value);
    }
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_body(&body);
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(path, &options)).await?.unchecked_into();
    let answer = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok((response.ok(), JSON::parse(&answer)?))
}
