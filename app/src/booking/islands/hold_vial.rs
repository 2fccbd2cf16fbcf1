//! The hold in the header, running low: quiet, a vial and a time, no alarm.

use crate::booking::api::HoldLeft;
use crate::browser::{ask, each, each_of_page, find, is_first, member, number, on, show, told};
use domain::id::BookingId;
use domain::time::{Instant, MINUTE};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, HtmlFormElement};

/// What is left is said aloud once, when it is less than this.
const LAST_MINUTES: i64 = 2;

/// Without scripting it says until when the time is kept. `until` is that moment on the clock of the place, `form` the id of the checkout's form.
#[component]
pub fn HoldVial(booking: BookingId, ends_at: Instant, now: Instant, total_min: i64, until: String, form: String) -> impl IntoView {
    let left = (ends_at - now).max(0);
    let total = (total_min * MINUTE).max(left).max(1);
    let part = format!("--part: {}%", left * 100 / total);
    let label = format!("Held for you until {until}");
    view! {
        <div class="push held" data-hold=booking.to_string() data-left=left.to_string() data-total=total.to_string() data-form=form>
            <p class="hold" role="timer" aria-label=label>
                <span class="vial" aria-hidden="true"><i style=part></i></span>
                <span data-says="until"><span class="wide-only">"Held for you "</span>"until "<b>{until}</b></span>
                <span data-says="left" hidden><span class="wide-only">"Held for you, "</span><b></b>" left"</span>
                <b data-says="over" hidden>"Your hold has ended"</b>
            </p>
            <button type="button" class="button" data-size="dense" hidden>"Is it still free?"</button>
            <span class="hidden-visually" role="status"></span>
        </div>
        <RunHold />
    }
}

/// What runs in the browser for a [`HoldVial`].
#[island(lazy)]
pub fn RunHold() -> impl IntoView {
    if cfg!(feature = "hydrate") && is_first("hold") {
        each_of_page("[data-hold]", start);
    }
}

/// Counts by the browser's clock from what the server said was left when it made the page, however fast or slow that clock is set.
fn start(hold: Element) {
    let began = clock() - since_made().unwrap_or(0.0) as i64;
    let ends = Rc::new(Cell::new(began + number(&hold, "data-left")));
    let is_asking = Rc::new(Cell::new(false));
    if let Some(button) = find(&hold, "button") {
        let form = told(&hold, "data-form");
        on(&button, "click", move |_| send(&form));
    }
    draw(&hold, ends.get() - clock());
    let tick = move || {
        let left = ends.get() - clock();
        if left > 0 {
            draw(&hold, left);
            return;
        }
        if is_asking.replace(true) {
            return;
        }
        let (hold, ends, is_asking) = (hold.clone(), ends.clone(), is_asking.clone());
        spawn_local(async move {
            // a payment that was begun made it longer
            let answer = ask(HoldLeft::PATH, &[("booking", &told(&hold, "data-hold"))]).await;
            let left = answer.ok().and_then(|left| left.as_f64()).map_or(0, |left| left as i64);
            ends.set(clock() + left);
            is_asking.set(left > 0);
            draw(&hold, left);
        });
    };
    let _ = set_interval_with_handle(tick, Duration::from_secs(1));
}

/// Milliseconds since the browser began to fetch this page (High Resolution Time, W3C).
fn since_made() -> Option<f64> {
    let performance = member(&window(), "performance");
    member(&performance, "now").dyn_into::<js_sys::Function>().ok()?.call0(&performance).ok()?.as_f64()
}

fn draw(hold: &Element, left: i64) {
    let (is_over, seconds) = (left <= 0, left / 1000);
    if let Some(fluid) = find(hold, ".vial i") {
        let part = left.max(0) * 100 / number(hold, "data-total").max(1);
        let _ = HtmlElement::style(fluid.unchecked_ref()).set_property("--part", &[&part.to_string(), "%"].concat());
    }
    if let Some(time) = find(hold, "[data-says=left] b") {
        let (tens, ones) = (seconds % 60 / 10, seconds % 10);
        time.set_text_content(Some(&[&(seconds / 60).to_string(), ":", &tens.to_string(), &ones.to_string()].concat()));
    }
    let says = if is_over { "over" } else { "left" };
    each(hold, "[data-says]", |words| show(&words, told(&words, "data-says") == says));
    each(hold, "button", |button| show(&button, is_over));
    let aloud = match (is_over, left < LAST_MINUTES * MINUTE) {
        (true, _) => "Your hold has ended.",
        (false, true) => "Less than two minutes are left.",
        (false, false) => "",
    };
    // said again only when it changes
    if let Some(line) = find(hold, "[role=status]").filter(|line| line.text_content().as_deref() != Some(aloud)) {
        line.set_text_content(Some(aloud));
    }
}

fn clock() -> i64 {
    js_sys::Date::now() as i64
}

/// Sends the form past whoever listens to it: the page that follows keeps what was typed and says whether the time is free.
fn send(form: &str) {
    if let Some(form) = document().get_element_by_id(form).and_then(|it| it.dyn_into::<HtmlFormElement>().ok()) {
        let _ = form.submit();
    }
}
