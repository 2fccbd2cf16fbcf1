//! A part of a page that is drawn by the server and replaced in the browser.

pub(super) use crate::browser::{each, on};

use crate::browser::{each_of_page, is_first, told};
use leptos::prelude::{document, window};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event};

/// The id of a part.
pub(super) type Region = Rc<str>;

pub(super) fn part(region: &Region) -> Option<Element> {
    document().get_element_by_id(region)
}

/// Starts what looks after the parts that are named in that attribute, with the topics beside it. Each is started once.
pub(super) fn look_after(attribute: &str, start: impl Fn(Region, &[String])) {
    each_of_page(&["[", attribute, "]"].concat(), |element| {
        let region = told(&element, attribute);
        if is_first(&[attribute, " ", &region].concat()) {
            let topics: Vec<String> = told(&element, "data-topics").split_whitespace().map(str::to_owned).collect();
            start(Region::from(region), &topics);
        }
    });
}

/// The part as the server draws it at that address, and the page's title.
pub(super) async fn fetch(region: &Region, address: &str) -> Option<(Element, String)> {
    let response: web_sys::Response = JsFuture::from(window().fetch_with_str(address)).await.ok()?.unchecked_into();
    if !response.ok() {
        return None;
    }
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    let page = web_sys::DomParser::new().ok()?.parse_from_string(&text, web_sys::SupportedType::TextHtml).ok()?;
    Some((page.get_element_by_id(region)?, page.title()))
}

/// The same page again.
pub(super) async fn fetch_again(region: &Region) -> Option<(Element, Element)> {
    let address = window().location().href().ok()?;
    Some((fetch(region, &address).await?.0, part(region)?))
}

/// New islands may have come with a part: the loader starts them.
pub(super) fn drawn() {
    if let Ok(event) = Event::new("fettle:drawn") {
        let _ = document().dispatch_event(&event);
    }
}
