//! Photos for the job: what is there, and one more.

use crate::kit::{Button, Icon, icon_s};
use domain::booking::model::BookingView;
use domain::id::PhotoId;
use leptos::prelude::*;

/// The part that is drawn afresh when photos came or went.
pub const PART: &str = "photos";

/// Every photo with what `remove` gives for it.
pub fn shown(booking: &BookingView, remove: impl Fn(PhotoId) -> Option<AnyView>) -> Option<AnyView> {
    let items = booking
        .photos
        .iter()
        .map(|&photo| {
            let address = format!("/bookings/{}/photos/{photo}", booking.id);
            let image = address.clone();
            view! {
                <li data-key=photo.to_string()>
                    <a href=address><img src=image alt="Photo for the job" loading="lazy" width="120" height="90" /></a>
                    {remove(photo)}
                </li>
            }
        })
        .collect_view();
    (!booking.photos.is_empty()).then(|| view! { <ul class="photos plain">{items}</ul> }.into_any())
}

/// The sign on a photo that takes it away again; `to` where it stands in a form that also sends other things.
pub fn remove_button(to: Option<String>) -> AnyView {
    let skips = to.is_some().then_some("");
    view! {
        <button class="icon-button" data-size="dense" type="submit" formaction=to formnovalidate=skips aria-label="Remove this photo">{icon_s(Icon::X)}</button>
    }
    .into_any()
}

/// Chooses photos and sends them; `to` as above. `problem` is empty where nothing is wrong.
pub fn field(label: &'static str, is_optional: bool, problem: &str, to: Option<String>) -> AnyView {
    let described = if problem.is_empty() { "f-photo-h" } else { "f-photo-e f-photo-h" };
    let wrong =
        (!problem.is_empty()).then(|| view! { <p class="error" id="f-photo-e">{icon_s(Icon::CIRCLE_ALERT)} {problem.to_owned()}</p> });
    let optional = is_optional.then(|| view! { " "<span class="optional">"(optional)"</span> });
    let invalid = (!problem.is_empty()).then_some("true");
    let add = match to {
        Some(to) => view! { <button class="button" data-sends="" type="submit" formaction=to formnovalidate="">{icon_s(Icon::IMAGE)} "Add"</button> }.into_any(),
        None => view! { <Button icon_before=Icon::IMAGE>"Add"</Button> }.into_any(),
    };
    view! {
        <div class="field">
            <label for="f-photo">{label}{optional}</label>
            <div class="row file-row">
                <input
                    class="input" id="f-photo" type="file" name="photo" accept="image/jpeg,image/png,image/webp" multiple=true
                    required=!is_optional aria-invalid=invalid aria-describedby=described
                />
                {add}
            </div>
            {wrong}
            <p class="help" id="f-photo-h">"Up to six, JPEG, PNG or WebP of up to 5 MB each."</p>
        </div>
    }
    .into_any()
}
