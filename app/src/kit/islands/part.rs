//! A part of a page that is drawn by the server and replaced in the browser.

pub(super) use crate::browser::{each, on};

use crate::browser::{each_of_page, is_first, told};
use leptos::prelude::{document, window};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, DomParser, Element, Event, RequestInit, Response, SupportedType};

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

/// What was answered, and the page in it. None where there was no answer.
async fn read(asked: js_sys::Promise) -> Option<(Response, Document)> {
    let response: Response = JsFuture::from(asked).await.ok()?.unchecked_into();
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    Some((response, DomParser::new().ok()?.parse_from_string(&text, SupportedType::TextHtml).ok()?))
}

/// The page that the server draws for that address, and its own address if it is another page that it led to.
async fn page_at(address: &str) -> Option<(Document, Option<String>)> {
    let (response, page) = read(window().fetch_with_str(address)).await?;
    response.ok().then(|| (page, response.redirected().then(|| response.url())))
}

/// What the server answers to that request, whatever its status: a page says itself what is wrong.
pub(super) async fn page_of(address: &str, init: &RequestInit) -> Option<Document> {
    Some(read(window().fetch_with_str_and_init(address, init)).await?.1)
}

/// The part as the server draws it at that address, and the page's title.
pub(super) async fn fetch(region: &Region, address: &str) -> Option<(Element, String)> {
    let (page, _) = page_at(address).await?;
    Some((page.get_element_by_id(region)?, page.title()))
}

/// What has become of a part.
pub(super) enum Again {
    /// As it is drawn now, and as it is here.
    Drawn(Element, Element),
    /// One of the two pages has it no longer.
    Gone,
    /// Nobody answered, or with no page: it may be asked for later.
    Unheard,
}

/// The same page again. Where it has become another one, such as paying once it is paid, that one is shown.
pub(super) async fn fetch_again(region: &Region) -> Again {
    let location = window().location();
    let Ok(here) = location.href() else { return Again::Gone };
    let Some((page, elsewhere)) = page_at(&here).await else { return Again::Unheard };
    match (page.get_element_by_id(region), part(region), elsewhere) {
        (Some(fresh), Some(old), _) => return Again::Drawn(fresh, old),
        (None, _, Some(elsewhere)) => drop(location.assign(&elsewhere)),
        _ => {}
    }
    Again::Gone
}

/// New islands may have come with a part: the loader starts them.
pub(super) fn drawn() {
    if let Ok(event) = Event::new("fettle:drawn") {
        let _ = document().dispatch_event(&event);
    }
}
