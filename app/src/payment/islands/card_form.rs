//! The gateway's card form in the page. The number never reaches us: the form lives in the gateway's own frame, and without it the
//! page's button leads to the gateway's page instead. While the form is there but nobody answers it, a button of its own does.

use super::gateway::{self, Gateway, Refusal};
use super::panel::{Panel, Phase, Problem};
use crate::browser::{Refused, ask, each_of_page, is_first, member, on, text};
use crate::payment::api::{Pay, State};
use domain::id::BookingId;
use domain::payment::policy::decline_sentence;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, FormData, HtmlFormElement, SubmitEvent};

/// How often, and how many milliseconds apart, an unknown outcome is asked about before the person is sent to a page that goes on asking.
const ASKS: u32 = 8;
const PAUSE_MS: i32 = 1500;
/// How many milliseconds the form, and the answer to a payment, are waited for until the gateway's page is offered. Both may still come.
const PATIENCE_MS: i32 = 10_000;

const LATE: &str = "This takes longer than usual. You can also pay on the payment company’s page; you will not be charged twice.";
const LOST: &str = "The line was lost before anything was charged. Please try again.";

/// The place of the gateway's form, and what is said of it.
#[component]
pub fn CardForm(
    booking: BookingId,
    publishable_key: String,
    script_url: String,
    /// Without a tip, in minor units.
    base_minor: i64,
    currency: String,
    /// Set aside first, charged when accepted.
    is_manual: bool,
    /// Absolute.
    return_url: String,
    /// The id of the checkout form.
    form: String,
) -> impl IntoView {
    view! {
        <div
            class="card-form"
            data-state="off"
            aria-busy="false"
            data-booking=booking.to_string()
            data-key=publishable_key
            data-script=script_url
            data-base=base_minor.to_string()
            data-currency=currency
            data-manual=is_manual.then_some("")
            data-return=return_url
            data-form=form
        >
            <div class="frame"></div>
            <div class="problems" role="alert"></div>
            <p class="small muted" role="status">"The card form is on its way."</p>
            <button class="button" type="submit" formaction=format!("/checkout/{booking}") hidden>
                "Pay on the payment company’s page"
            </button>
        </div>
        <PayByCard />
    }
}

/// Mounts the gateway's form and takes over the checkout form's button. Its `submit` is left alone until the card form is there.
#[island(lazy)]
pub fn PayByCard() -> impl IntoView {
    if cfg!(feature = "hydrate") && is_first("card form") {
        each_of_page(".card-form[data-key]", |element| {
            let panel = Panel::from(element);
            let late = panel.clone();
            spawn_local(async move {
                pause(PATIENCE_MS).await;
                if !late.is_on() {
                    late.show(Phase::Absent);
                }
            });
            spawn_local(async move {
                if mount(panel.clone()).await.is_none() {
                    panel.show(Phase::Absent);
                }
            });
        });
    }
}

async fn mount(panel: Panel) -> Option<()> {
    gateway::load(&panel.told("data-script")).await.ok()?;
    let form: HtmlFormElement = document().get_element_by_id(&panel.told("data-form"))?.dyn_into().ok()?;
    let (gateway, ready) = Gateway::mount(
        &panel.told("data-key"),
        panel.base_minor() + tip_minor(&form),
        &panel.told("data-currency"),
        panel.is_manual(),
        &panel.frame()?,
    )
    .ok()?;
    JsFuture::from(ready).await.ok()?;
    take_over(panel.clone(), form, gateway);
    panel.show(Phase::Ready);
    Some(())
}

/// From here on the button pays in the page; a second click while something is under way does nothing.
fn take_over(panel: Panel, form: HtmlFormElement, gateway: Gateway) {
    let is_busy = Rc::new(Cell::new(false));
    let own = form.clone();
    on(&form, "submit", move |event| {
        // Photos are sent by buttons of their own, and so is whoever goes to the gateway's page.
        let button = event.dyn_ref::<SubmitEvent>().and_then(SubmitEvent::submitter);
        if button.is_some_and(|button| button.has_attribute("formaction")) {
            return;
        }
        event.prevent_default();
        if is_busy.replace(true) {
            return;
        }
        let (panel, form, gateway, is_busy) = (panel.clone(), own.clone(), gateway.clone(), is_busy.clone());
        let is_waiting = offer_later(panel.clone());
        spawn_local(async move {
            panel.complain(&[]);
            panel.offer(false);
            set_buttons(&form, true);
            let outcome = run(&panel, &form, &gateway).await;
            is_waiting.set(false);
            match outcome {
                Ok(to) => {
                    panel.show(Phase::Busy("Paid. One moment."));
                    let _ = window().location().assign(&to);
                }
                Err(problems) => {
                    panel.complain(&problems);
                    panel.show(Phase::Ready);
                    set_buttons(&form, false);
                    is_busy.set(false);
                }
            }
        });
    });
}

/// Nobody is kept by an answer that does not come: after a while the gateway's page is offered, unless what is returned has been set to false.
/// The bank's own question may take longer, and goes on in front of it.
fn offer_later(panel: Panel) -> Rc<Cell<bool>> {
    let is_waiting = Rc::new(Cell::new(true));
    let still = is_waiting.clone();
    spawn_local(async move {
        pause(PATIENCE_MS).await;
        if still.get() {
            panel.show(Phase::Busy(LATE));
            panel.offer(true);
        }
    });
    is_waiting
}

/// Where to go, or what is wrong.
async fn run(panel: &Panel, form: &HtmlFormElement, gateway: &Gateway) -> Result<String, Vec<Problem>> {
    gateway.set_amount(panel.base_minor() + tip_minor(form));
    panel.show(Phase::Busy("Checking what you entered."));
    gateway.check().await.map_err(|refusal| {
        panel.offer(refusal.is_unknown);
        if refusal.is_unknown { vec![Problem::new(LOST)] } else { refused(refusal) }
    })?;
    let onward = pay(panel, form).await.map_err(|error| {
        if error.code == "hold_expired" {
            // past this listener: the page that follows keeps what was typed and offers the time again
            let _ = form.submit();
            return Vec::new();
        }
        let fields = error.fields.into_iter().map(|(name, problem)| Problem { field: Some(name), sentence: problem });
        std::iter::once(Problem::new(&error.sentence)).chain(fields).collect()
    })?;
    // `Onward`, as the server wrote it
    let (go, confirm) = (member(&onward, "Go"), member(&onward, "Confirm"));
    if !go.is_undefined() {
        return Ok(text(&go, "to"));
    }
    if confirm.is_undefined() {
        return find_out(panel).await;
    }
    panel.show(Phase::Busy("Your bank is being asked. Please keep this page open."));
    let return_url = panel.told("data-return");
    match gateway.confirm(&text(&confirm, "client_secret"), &return_url).await {
        Ok(()) => Ok(return_url),
        Err(Refusal { is_unknown: true, .. }) => find_out(panel).await,
        Err(refusal) => {
            // lets our own record know, and nothing hangs on it
            let _ = state(panel).await;
            Err(refused(refusal))
        }
    }
}

fn refused(refusal: Refusal) -> Vec<Problem> {
    vec![Problem::new(decline_sentence(&refusal.code))]
}

/// Nobody heard the answer: asks until it is known. The money is charged at most once, whatever happens here.
async fn find_out(panel: &Panel) -> Result<String, Vec<Problem>> {
    panel.show(Phase::Busy("The line was lost while paying. We are finding out how it went; you will not be charged twice."));
    for _ in 0..ASKS {
        pause(PAUSE_MS).await;
        // `Standing`, as the server wrote it
        let Ok(standing) = state(panel).await else { continue };
        let (settled, open) = (member(&standing, "Settled"), member(&standing, "Open"));
        if !settled.is_undefined() {
            return Ok(text(&settled, "to"));
        }
        if !open.is_undefined() {
            let failure = member(&open, "failure").as_string();
            panel.offer(failure.is_none());
            let sentence = failure.as_deref().unwrap_or(LOST);
            return Err(vec![Problem::new(sentence)]);
        }
    }
    Ok(panel.told("data-return"))
}

async fn state(panel: &Panel) -> Result<JsValue, Refused> {
    ask(State::PATH, &[("booking", &panel.told("data-booking"))]).await
}

async fn pause(ms: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms);
    });
    let _ = JsFuture::from(promise).await;
}

/// Sends who and where, as the form has it.
async fn pay(panel: &Panel, form: &HtmlFormElement) -> Result<JsValue, Refused> {
    const PLAIN: [(&str, &str); 4] =
        [("name", "details[name]"), ("email", "details[email]"), ("phone", "details[phone]"), ("notes", "details[notes]")];
    const PLACE: [(&str, &str); 4] = [
        ("address.street", "details[address][street]"),
        ("address.postcode", "details[address][postcode]"),
        ("address.town", "details[address][town]"),
        ("address.extra", "details[address][extra]"),
    ];
    let data = FormData::new_with_form(form).ok();
    let typed = |name: &str| data.as_ref().and_then(|data| data.get(name).as_string()).unwrap_or_default();
    let (booking, tip) = (panel.told("data-booking"), tip_minor(form).to_string());
    let is_there = !typed(PLACE[0].0).trim().is_empty();
    let texts: Vec<(&str, String)> =
        PLAIN.iter().chain(PLACE.iter().filter(|_| is_there)).map(|(field, argument)| (*argument, typed(field))).collect();
    let mut arguments = vec![("booking", booking.as_str()), ("details[tip_minor]", tip.as_str())];
    arguments.extend(texts.iter().map(|(argument, text)| (*argument, text.as_str())));
    ask(Pay::PATH, &arguments).await
}

fn tip_minor(form: &HtmlFormElement) -> i64 {
    let data = FormData::new_with_form(form).ok();
    data.and_then(|data| data.get("tip_minor").as_string()).and_then(|tip| tip.parse().ok()).unwrap_or(0)
}

fn set_buttons(form: &Element, is_busy: bool) {
    each_of_page(&["button[form=\"", &form.id(), "\"]"].concat(), |button| {
        let _ = button.toggle_attribute_with_force("disabled", is_busy);
        let _ = button.set_attribute("aria-busy", if is_busy { "true" } else { "false" });
    });
}
