//! Streets that are known, while one is typed. The field is an ordinary one; without this nothing is suggested and everything works.

use crate::booking::api::SuggestPlaces;
use crate::browser::{ask, each_of_page, field, is_first, on, text, told};
use js_sys::Array;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;

/// Typing pauses this long before the server is asked.
const PAUSE: Duration = Duration::from_millis(180);
const SHORTEST: usize = 3;

/// The list of the field named `street`; a street that is chosen fills town and postcode, where these are empty or were filled by it.
#[component]
pub fn AddressHelp(
    /// The ids of the three fields.
    street: String,
    town: String,
    postcode: String,
    /// The id of the street's `<datalist>`.
    list: String,
) -> impl IntoView {
    view! { <datalist id=list data-street=street data-town=town data-postcode=postcode></datalist> <SuggestStreets /> }
}

/// What runs in the browser for [`AddressHelp`].
#[island(lazy)]
pub fn SuggestStreets() -> impl IntoView {
    if cfg!(feature = "hydrate") && is_first("streets") {
        each_of_page("datalist[data-street]", start);
    }
}

struct Place {
    street: String,
    district: String,
    town: String,
    postcode: String,
}

fn start(list: Element) {
    let Some(input) = field(&told(&list, "data-street")) else { return };
    let found = Rc::new(RefCell::new(Vec::<Place>::new()));
    let latest = Rc::new(Cell::new(0_u32));
    let own = input.clone();
    on(&input, "input", move |_| {
        let typed = own.value();
        if let Some(place) = found.borrow().iter().find(|place| place.street == typed) {
            fill(&told(&list, "data-town"), &place.town);
            fill(&told(&list, "data-postcode"), &place.postcode);
            return;
        }
        let number = latest.get() + 1;
        latest.set(number);
        let (latest, found, list) = (latest.clone(), found.clone(), list.clone());
        set_timeout(
            move || {
                if latest.get() != number || typed.trim().chars().count() < SHORTEST {
                    return;
                }
                spawn_local(async move {
                    if let Ok(places) = ask(SuggestPlaces::PATH, &[("text", &typed)]).await
                        && latest.get() == number
                    {
                        let places = Array::from(&places);
                        let places = places.iter().map(|place| Place {
                            street: text(&place, "street"),
                            district: text(&place, "district"),
                            town: text(&place, "town"),
                            postcode: text(&place, "postcode"),
                        });
                        *found.borrow_mut() = places.collect();
                        offer(&list, &found.borrow());
                    }
                });
            },
            PAUSE,
        );
    });
}

fn offer(list: &Element, places: &[Place]) {
    list.set_text_content(None);
    for place in places {
        let Ok(option) = document().create_element("option") else { return };
        let _ = option.set_attribute("value", &place.street);
        let is_both = !place.district.is_empty() && !place.postcode.is_empty();
        option.set_text_content(Some(&[place.district.as_str(), if is_both { ", " } else { "" }, &place.postcode].concat()));
        let _ = list.append_child(&option);
    }
}

/// What somebody typed themselves stays.
fn fill(id: &str, text: &str) {
    let Some(input) = field(id) else { return };
    if input.value().is_empty() || input.get_attribute("data-filled").as_deref() == Some(&input.value()) {
        input.set_value(text);
        let _ = input.set_attribute("data-filled", text);
    }
}
