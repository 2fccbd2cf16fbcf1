//! Cancelling as a page: the outcome stands in the title and in the button.

use crate::booking::parts::Cancelling;
use crate::kit::{ErrorSummary, Filled};
use domain::booking::model::BookingView;
use leptos::prelude::*;

const FORM: &str = "cancel-form";

#[component]
pub fn Cancel(booking: BookingView, cancelling: Cancelling, filled: Filled) -> impl IntoView {
    let page = format!("/bookings/{}", booking.id);
    let (title, button) = (cancelling.title.clone(), cancelling.button.clone());
    view! {
        <div class="column narrow sheet-page">
            <nav aria-label="Where you are">
                <ol class="crumbs plain">
                    <li><a href="/bookings">"Bookings"</a></li>
                    <li><a href=page.clone()>{booking.reference.clone()}</a></li>
                    <li aria-current="page">"Cancel"</li>
                </ol>
            </nav>
            <h1>{title}</h1>
            <ErrorSummary filled=filled.clone() />
            {cancelling.body(FORM, format!("{page}/cancel"), filled.value("reason"))}
            <div class="row last">
                <button class="button" data-kind="danger" type="submit" form=FORM>{button}</button>
                <a class="button" href=page>"Keep the booking"</a>
            </div>
        </div>
    }
}
