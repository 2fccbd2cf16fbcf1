//! Streets that are known, while one is typed. The field is an ordinary one; without this nothing is suggested and everything works.

use leptos::prelude::*;

/// Fills the list of the field named `street`; a street that is chosen fills town and postcode, where these are empty or were filled by it.
#[island(lazy)]
pub fn AddressHelp(
    /// The ids of the three fields.
    street: String,
    town: String,
    postcode: String,
    /// The id of the street's `<datalist>`.
    list: String,
) -> impl IntoView {
    let (found, set_found) = signal(Vec::<domain::place::model::PlaceView>::new());
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| run::start(street.clone(), town.clone(), postcode.clone(), found, set_found));
    #[cfg(not(feature = "hydrate"))]
    let _ = (street, town, postcode, set_found);
    let options = move || {
        found
            .get()
            .into_iter()
            .map(|place| {
                let rest = [place.district, place.postcode].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
                view! { <option value=place.street>{rest}</option> }
            })
            .collect_view()
    };
    view! { <datalist id=list>{options}</datalist> }
}

#[cfg(feature = "hydrate")]
mod run {
    use crate::booking::api::suggest_places;
    use domain::place::model::PlaceView;
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::HtmlInputElement;

    /// Typing pauses this long before the server is asked.
    const PAUSE: Duration = Duration::from_millis(180);
    const SHORTEST: usize = 3;

    fn field(id: &str) -> Option<HtmlInputElement> {
        document().get_element_by_id(id)?.dyn_into().ok()
    }

    pub fn start(
        street: String,
        town: String,
        postcode: String,
        found: ReadSignal<Vec<PlaceView>>,
        set_found: WriteSignal<Vec<PlaceView>>,
    ) {
        let Some(input) = field(&street) else { return };
        let latest = Rc::new(Cell::new(0_u32));
        let own = input.clone();
        let typed = Closure::<dyn FnMut()>::new(move || {
            let text = own.value();
            if let Some(place) = found.get_untracked().into_iter().find(|place| place.street == text) {
                fill(&town, &place.town);
                fill(&postcode, &place.postcode);
                return;
            }
            let number = latest.get() + 1;
            latest.set(number);
            let latest = latest.clone();
            set_timeout(
                move || {
                    if latest.get() != number || text.trim().chars().count() < SHORTEST {
                        return;
                    }
                    spawn_local(async move {
                        if let Ok(places) = suggest_places(text).await
                            && latest.get() == number
                        {
                            set_found.set(places);
                        }
                    });
                },
                PAUSE,
            );
        });
        let _ = input.add_event_listener_with_callback("input", typed.as_ref().unchecked_ref());
        typed.forget();
    }

    /// What somebody typed themselves stays.
    fn fill(id: &str, text: &str) {
        let Some(input) = field(id) else { return };
        if input.value().is_empty() || input.get_attribute("data-filled").as_deref() == Some(&input.value()) {
            input.set_value(text);
            let _ = input.set_attribute("data-filled", text);
        }
    }
}
