//! The gateway's card form in the page. The number never reaches us: the form lives in the gateway's own frame, and without it the
//! page's button leads to the gateway's page instead.

use domain::id::BookingId;
use leptos::html;
use leptos::prelude::*;

/// What the person sees of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the browser moves on from loading"))]
enum Phase {
    Loading,
    Ready,
    /// Something is under way; the sentence says what.
    Busy(&'static str),
    /// The form did not come: the button leads to the gateway's page.
    Absent,
}

/// Mounts the gateway's form and takes over the checkout form's button. Its `submit` is left alone until the card form is there.
#[island(lazy)]
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
    let (phase, set_phase) = signal(Phase::Loading);
    let (problems, set_problems) = signal(Vec::<(Option<String>, String)>::new());
    let place = NodeRef::<html::Div>::new();
    #[cfg(feature = "hydrate")]
    {
        let terms = run::Terms { booking, publishable_key, script_url, base_minor, currency, is_manual, return_url, form };
        run::start(terms, place, set_phase, set_problems);
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = (booking, publishable_key, script_url, base_minor, currency, is_manual, return_url, form, set_phase, set_problems);
    }
    let is_there = move || matches!(phase.get(), Phase::Ready | Phase::Busy(_));
    let told = move || match phase.get() {
        Phase::Loading => Some("The card form is on its way."),
        Phase::Busy(sentence) => Some(sentence),
        Phase::Absent => Some("You pay by card on the payment company’s page. Fettle never sees the number."),
        Phase::Ready => None,
    };
    view! {
        <div class="card-form" data-state=move || if is_there() { "on" } else { "off" } aria-busy=move || matches!(phase.get(), Phase::Busy(_)).to_string()>
            <div class="frame" node_ref=place></div>
            <div class="problems" role="alert">
                {move || {
                    problems
                        .get()
                        .into_iter()
                        .map(|(field, sentence)| match field {
                            Some(field) => view! { <p><a href=format!("#{}", crate::kit::field::field_id(&field))>{sentence}</a></p> }.into_any(),
                            None => view! { <p>{sentence}</p> }.into_any(),
                        })
                        .collect_view()
                }}
            </div>
            <p class="small muted" role="status">{told}</p>
        </div>
    }
}

#[cfg(feature = "hydrate")]
mod run {
    use super::Phase;
    use crate::payment::api::{Onward, Standing, pay, state};
    use crate::payment::islands::gateway::{self, Gateway, Refusal};
    use domain::booking::model::{Address, CheckoutDetails};
    use domain::id::BookingId;
    use domain::payment::policy::decline_sentence;
    use leptos::html;
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{FormData, HtmlFormElement};

    /// How often, and how many milliseconds apart, an unknown outcome is asked about before the person is sent to a page that goes on asking.
    const ASKS: u32 = 8;
    const PAUSE_MS: i32 = 1500;

    type Problems = WriteSignal<Vec<(Option<String>, String)>>;

    pub struct Terms {
        pub booking: BookingId,
        pub publishable_key: String,
        pub script_url: String,
        pub base_minor: i64,
        pub currency: String,
        pub is_manual: bool,
        pub return_url: String,
        pub form: String,
    }

    pub fn start(terms: Terms, place: NodeRef<html::Div>, set_phase: WriteSignal<Phase>, set_problems: Problems) {
        Effect::new(move |was_started: Option<bool>| {
            let Some(place) = place.get() else { return false };
            if was_started == Some(true) {
                return true;
            }
            let terms = Terms {
                booking: terms.booking,
                publishable_key: terms.publishable_key.clone(),
                script_url: terms.script_url.clone(),
                currency: terms.currency.clone(),
                return_url: terms.return_url.clone(),
                form: terms.form.clone(),
                ..terms
            };
            spawn_local(async move {
                if mount(terms, &place, set_phase, set_problems).await.is_none() {
                    set_phase.set(Phase::Absent);
                }
            });
            true
        });
    }

    async fn mount(terms: Terms, place: &web_sys::Element, set_phase: WriteSignal<Phase>, set_problems: Problems) -> Option<()> {
        gateway::load(&terms.script_url).await.ok()?;
        let form: HtmlFormElement = document().get_element_by_id(&terms.form)?.dyn_into().ok()?;
        let ready = Closure::<dyn Fn()>::new(move || set_phase.set(Phase::Ready));
        let failed = Closure::<dyn Fn()>::new(move || set_phase.set(Phase::Absent));
        let amount = terms.base_minor + details_of(&form).tip_minor;
        let gateway = Gateway::mount(
            &terms.publishable_key,
            amount,
            &terms.currency,
            terms.is_manual,
            place,
            ready.as_ref().unchecked_ref(),
            failed.as_ref().unchecked_ref(),
        )
        .ok()?;
        // they live as long as the page
        ready.forget();
        failed.forget();
        take_over(terms, form, gateway, set_phase, set_problems);
        Some(())
    }

    /// From here on the button pays in the page; a second click while something is under way does nothing.
    fn take_over(terms: Terms, form: HtmlFormElement, gateway: Gateway, set_phase: WriteSignal<Phase>, set_problems: Problems) {
        let terms = std::rc::Rc::new(terms);
        let is_busy = std::rc::Rc::new(std::cell::Cell::new(false));
        let own = form.clone();
        let on_submit = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            event.prevent_default();
            if is_busy.replace(true) {
                return;
            }
            let (terms, form, gateway, is_busy) = (terms.clone(), own.clone(), gateway.clone(), is_busy.clone());
            spawn_local(async move {
                set_problems.set(Vec::new());
                hide_old_trouble();
                set_buttons(&form, true);
                let outcome = run(&terms, &form, &gateway, set_phase).await;
                match outcome {
                    Ok(to) => {
                        set_phase.set(Phase::Busy("Paid. One moment."));
                        let _ = window().location().assign(&to);
                    }
                    Err(problems) => {
                        set_problems.set(problems);
                        set_phase.set(Phase::Ready);
                        set_buttons(&form, false);
                        is_busy.set(false);
                    }
                }
            });
        });
        let _ = form.add_event_listener_with_callback("submit", on_submit.as_ref().unchecked_ref());
        on_submit.forget();
    }

    /// Where to go, or what is wrong.
    async fn run(
        terms: &Terms,
        form: &HtmlFormElement,
        gateway: &Gateway,
        set_phase: WriteSignal<Phase>,
    ) -> Result<String, Vec<(Option<String>, String)>> {
        let details = details_of(form);
        gateway.set_amount(terms.base_minor + details.tip_minor);
        set_phase.set(Phase::Busy("Checking what you entered."));
        gateway.check().await.map_err(refused)?;
        let onward = pay(terms.booking, details).await.map_err(|error| {
            if error.code == "hold_expired" {
                // past this listener: the page that follows keeps what was typed and offers the time again
                let _ = form.submit();
                return Vec::new();
            }
            let fields = error.fields.into_iter().map(|field| (Some(field.name), field.problem));
            std::iter::once((None, error.sentence)).chain(fields).collect::<Vec<_>>()
        })?;
        let client_secret = match onward {
            Onward::Go { to } => return Ok(to),
            Onward::Wait => return ask(terms, set_phase).await,
            Onward::Confirm { client_secret } => client_secret,
        };
        set_phase.set(Phase::Busy("Your bank is being asked. Please keep this page open."));
        match gateway.confirm(&client_secret, &terms.return_url).await {
            Ok(()) => Ok(terms.return_url.clone()),
            Err(Refusal { is_unknown: true, .. }) => ask(terms, set_phase).await,
            Err(refusal) => {
                // lets our own record know, and nothing hangs on it
                let _ = state(terms.booking).await;
                Err(refused(refusal))
            }
        }
    }

    fn refused(refusal: Refusal) -> Vec<(Option<String>, String)> {
        vec![(None, decline_sentence(&refusal.code).to_owned())]
    }

    /// Nobody heard the answer: asks until it is known. The money is charged at most once, whatever happens here.
    async fn ask(terms: &Terms, set_phase: WriteSignal<Phase>) -> Result<String, Vec<(Option<String>, String)>> {
        set_phase.set(Phase::Busy("The line was lost while paying. We are finding out how it went; you will not be charged twice."));
        for _ in 0..ASKS {
            pause().await;
            match state(terms.booking).await {
                Ok(Standing::Settled { to }) => return Ok(to),
                Ok(Standing::Open { failure }) => {
                    let sentence = failure.unwrap_or_else(|| "The line was lost before anything was charged. Please try again.".to_owned());
                    return Err(vec![(None, sentence)]);
                }
                Ok(Standing::Wait) | Err(_) => {}
            }
        }
        Ok(terms.return_url.clone())
    }

    async fn pause() {
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, PAUSE_MS);
        });
        let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
    }

    /// What the server said of an earlier try.
    fn hide_old_trouble() {
        if let Some(summary) = document().get_element_by_id("error-summary") {
            let _ = summary.set_attribute("hidden", "");
        }
    }

    fn set_buttons(form: &HtmlFormElement, is_busy: bool) {
        let Ok(buttons) = document().query_selector_all(&format!("button[form=\"{}\"]", form.id())) else { return };
        for at in 0..buttons.length() {
            if let Some(button) = buttons.item(at).and_then(|node| node.dyn_into::<web_sys::HtmlButtonElement>().ok()) {
                button.set_disabled(is_busy);
                let _ = button.set_attribute("aria-busy", if is_busy { "true" } else { "false" });
            }
        }
    }

    fn details_of(form: &HtmlFormElement) -> CheckoutDetails {
        let data = FormData::new_with_form(form).ok();
        let text = |name: &str| data.as_ref().and_then(|data| data.get(name).as_string()).unwrap_or_default();
        let street = text("address.street");
        let address = (!street.trim().is_empty()).then(|| Address {
            street,
            postcode: text("address.postcode"),
            town: text("address.town"),
            extra: text("address.extra"),
            ..Address::default()
        });
        CheckoutDetails {
            name: text("name"),
            email: text("email"),
            phone: text("phone"),
            notes: text("notes"),
            address,
            tip_minor: text("tip_minor").parse().unwrap_or(0),
        }
    }
}
