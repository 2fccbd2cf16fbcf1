//! The hold in the header, running low: quiet, a vial and a time, no alarm.

use domain::id::BookingId;
use domain::time::{Instant, MINUTE};
use leptos::prelude::*;

/// What is left is said aloud once, when it is less than this.
const LAST_MINUTES: i64 = 2;

/// Without scripting it says until when the time is kept. `until` is that moment on the clock of the place, `form` the id of the checkout's form.
#[island(lazy)]
pub fn HoldVial(booking: BookingId, ends_at: Instant, now: Instant, total_min: i64, until: String, form: String) -> impl IntoView {
    let begin = (ends_at - now).max(0);
    let (left, set_left) = signal(begin);
    // nobody counts on the server
    let (is_running, set_running) = signal(false);
    let total = (total_min * MINUTE).max(begin).max(1);
    // Not before the page has been taken over as the server drew it: what differs by then would be lost.
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| run::start(booking, begin, set_left, set_running));
    #[cfg(not(feature = "hydrate"))]
    let _ = (booking, set_left, set_running);
    let is_over = move || left.get() <= 0;
    let part = move || format!("--part: {}%", left.get().max(0) * 100 / total);
    let label = format!("Held for you until {until}");
    let words = move || {
        let seconds = left.get() / 1000;
        match (is_over(), is_running.get()) {
            (true, _) => view! { <b>"Your hold has ended"</b> }.into_any(),
            (false, true) => {
                view! { <span class="wide-only">"Held for you, "</span><b>{format!("{}:{:02}", seconds / 60, seconds % 60)}</b>" left" }
                    .into_any()
            }
            (false, false) => view! { <span class="wide-only">"Held for you "</span>"until "<b>{until.clone()}</b> }.into_any(),
        }
    };
    let look = move |_: leptos::ev::MouseEvent| {
        #[cfg(feature = "hydrate")]
        run::send(&form);
        #[cfg(not(feature = "hydrate"))]
        let _ = &form;
    };
    let last = move || (is_running.get() && !is_over() && left.get() < LAST_MINUTES * MINUTE).then_some("Less than two minutes are left.");
    let ended = move || is_over().then_some("Your hold has ended.");
    view! {
        <div class="push held">
            <p class="hold" role="timer" aria-label=label>
                <span class="vial" aria-hidden="true"><i style=part></i></span>
                <span>{words}</span>
            </p>
            <button type="button" class="button" data-size="dense" hidden=move || !is_over() on:click=look>"Is it still free?"</button>
            <span class="hidden-visually" role="status">{last} {ended}</span>
        </div>
    }
}

#[cfg(feature = "hydrate")]
mod run {
    use crate::booking::api::hold_left;
    use domain::id::BookingId;
    use js_sys::{Function, Reflect};
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;
    use wasm_bindgen::JsCast;
    use web_sys::HtmlFormElement;

    /// Counts by the browser's clock from what the server said was left when it made the page, however fast or slow that clock is set.
    pub fn start(booking: BookingId, begin: i64, set_left: WriteSignal<i64>, set_running: WriteSignal<bool>) {
        let since_made = since_made().unwrap_or(0.0) as i64;
        let ends = Rc::new(Cell::new(clock() - since_made + begin));
        let is_asking = Rc::new(Cell::new(false));
        set_running.set(true);
        set_left.set(ends.get() - clock());
        let tick = move || {
            let left = ends.get() - clock();
            if left > 0 {
                set_left.set(left);
                return;
            }
            if is_asking.replace(true) {
                return;
            }
            let (ends, is_asking) = (ends.clone(), is_asking.clone());
            spawn_local(async move {
                // a payment that was begun made it longer
                match hold_left(booking).await {
                    Ok(Some(left)) => {
                        ends.set(clock() + left);
                        set_left.set(left);
                        is_asking.set(false);
                    }
                    _ => set_left.set(0),
                }
            });
        };
        let _ = set_interval_with_handle(tick, Duration::from_secs(1));
    }

    /// Milliseconds since the browser began to fetch this page (High Resolution Time, W3C).
    fn since_made() -> Option<f64> {
        let performance = Reflect::get(&window(), &"performance".into()).ok()?;
        let now: Function = Reflect::get(&performance, &"now".into()).ok()?.dyn_into().ok()?;
        now.call0(&performance).ok()?.as_f64()
    }

    fn clock() -> i64 {
        js_sys::Date::now() as i64
    }

    /// Sends the form past whoever listens to it: the page that follows keeps what was typed and says whether the time is free.
    pub fn send(form: &str) {
        if let Some(form) = document().get_element_by_id(form).and_then(|it| it.dyn_into::<HtmlFormElement>().ok()) {
            let _ = form.submit();
        }
    }
}
