//! A booking taken by phone or at the counter.

use crate::kit::field::field_id;
use crate::kit::{ErrorSummary, Field, Filled, Select, TextArea, WorkHeader, format};
use domain::provider::model::{Mode, ServiceView};
use domain::scheduling::model::Slot;
use domain::scheduling::zone;
use leptos::prelude::*;

/// What the form offers.
#[derive(Debug, Clone)]
pub struct ByHandData {
    /// Of this workplace's calendar.
    pub back: String,
    /// The workplace's zone, in which times are meant.
    pub zone: String,
    pub services: Vec<ServiceView>,
    /// Who does jobs: id and name.
    pub people: Vec<(String, String)>,
    /// Free times near the one that was taken.
    pub alternatives: Vec<Slot>,
}

/// How it is paid.
const WAYS: [(&str, &str, &str); 3] = [
    ("elsewhere", "They pay you directly", "Confirmed at once, without commission."),
    ("link", "Send them a link to pay by card", "Kept for 24 hours, confirmed when they have paid. Needs their e-mail address."),
    ("free", "No charge", "Confirmed at once; nothing is asked for it."),
];

#[component]
pub fn ByHandPage(data: ByHandData, filled: Filled) -> impl IntoView {
    let ByHandData { back, zone, services, people, alternatives } = data;
    if services.is_empty() {
        return view! {
            <WorkHeader title="New booking" />
            <div class="work-body"><p class="muted">"There is no service yet to book. Add one first, under Services."</p></div>
        }
        .into_any();
    }
    let goes_out = services.iter().any(|service| service.mode == Mode::AtCustomer);
    let options = services
        .iter()
        .map(|service| (service.id.to_string(), format!("{}, {}, {}", service.name, format::duration(service.duration_min), service.price)))
        .collect();
    let mut who = vec![(String::new(), "Whoever is free".to_owned())];
    who.extend(people);
    let way = filled.value("way");
    let way = if way.is_empty() { "elsewhere".to_owned() } else { way };
    let ways = WAYS
        .into_iter()
        .map(|(key, words, more)| {
            view! {
                <label class="choice">
                    <input type="radio" name="way" value=key checked=way == key />
                    <span class="mark"></span>
                    <span class="what"><b>{words}</b><span class="tiny muted">{more}</span></span>
                </label>
            }
        })
        .collect_view();
    let address = goes_out.then(|| address(&filled));
    view! {
        <WorkHeader title="New booking" line=format!("Taken by phone or at the counter. Times in {}", zone.replace('_', " ")) />
        <div class="work-body">
            <form class="form by-hand" method="post" novalidate>
                <ErrorSummary filled=filled.clone() />
                {near(alternatives, &zone)}
                <div class="fields" data-fit="pairs">
                    <Select label="Service" name="service" options=options value=filled.value("service") problem=filled.problem("service") wide=true />
                    <Field label="Date" name="date" kind="date" value=filled.value("date") problem=filled.problem("date") />
                    <Field label="Begins at" name="time" id=field_id("starts_at") kind="time" step="300" value=filled.value("time") problem=filled.problem("starts_at") />
                    <Select label="Who does it" name="person" options=who value=filled.value("person") problem=filled.problem("person") wide=true />
                </div>
                <fieldset class="fields">
                    <legend class="label">"The customer"</legend>
                    <Field label="Name" name="customer_name" value=filled.value("customer_name") problem=filled.problem("customer_name") autocomplete="off" wide=true />
                    <Field label="Phone" name="customer_phone" kind="tel" inputmode="tel" value=filled.value("customer_phone") problem=filled.problem("customer_phone") autocomplete="off" optional=true />
                    <Field label="E-mail" name="customer_email" kind="email" inputmode="email" value=filled.value("customer_email") problem=filled.problem("customer_email") autocomplete="off" optional=true />
                </fieldset>
                {address}
                <fieldset class="choices ways"><legend class="label">"How is it paid?"</legend>{ways}</fieldset>
                <TextArea label="Note" name="notes" value=filled.value("notes") problem=filled.problem("notes") optional=true maxlength=2000 rows=2 />
                <div class="row">
                    <button class="button" data-kind="primary" type="submit">"Book it"</button>
                    <a class="button" href=back>"Back to the calendar"</a>
                </div>
            </form>
        </div>
    }
    .into_any()
}

fn address(filled: &Filled) -> AnyView {
    view! {
        <fieldset class="fields" data-fit="pairs">
            <legend class="label">"Where, if you go to them " <span class="optional">"(else leave it empty)"</span></legend>
            <Field label="Street and number" name="address.street" value=filled.value("address.street") problem=filled.problem("address.street") autocomplete="off" optional=true wide=true />
            <Field label="Postcode" name="address.postcode" value=filled.value("address.postcode") problem=filled.problem("address.postcode") autocomplete="off" optional=true />
            <Field label="Town" name="address.town" value=filled.value("address.town") problem=filled.problem("address.town") autocomplete="off" optional=true />
        </fieldset>
    }
    .into_any()
}

/// The nearest free times: each books what the form says, at that time.
fn near(alternatives: Vec<Slot>, zone_name: &str) -> AnyView {
    if alternatives.is_empty() {
        return ().into_any();
    }
    let slots = alternatives
        .into_iter()
        .map(|slot| {
            let local = zone::local_in(slot.starts_at, zone_name);
            let (day, clock) = (format::day(local.date), format::clock(local.minute.into()));
            view! {
                <button class="slot" type="submit" name="starts_at" value=slot.starts_at.to_string() aria-label=format!("Book {day}, {clock}")>
                    <span class="day">{day.clone()}</span> " " <time datetime=slot.starts_at.to_string()>{clock.clone()}</time>
                </button>
            }
        })
        .collect_view();
    view! { <div class="slots" role="group" aria-label="Nearest free times">{slots}</div> }.into_any()
}
