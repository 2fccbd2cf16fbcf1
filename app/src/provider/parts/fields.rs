//! The business itself, and its booking policy.

use crate::kit::{Field, Filled, Select, TextArea};
use domain::provider::model::CURRENCIES;
use domain::provider::model::CancelTiers;
use leptos::prelude::*;

/// `categories` are id and name.
#[component]
pub fn ProfileFields(filled: Filled, categories: Vec<(String, String)>, zones: Vec<String>) -> impl IntoView {
    let value = |name: &str| filled.value(name);
    let problem = |name: &str| filled.problem(name);
    let mut options = vec![(String::new(), "Choose one".to_owned())];
    options.extend(categories);
    let mut currencies: Vec<(String, String)> = CURRENCIES.iter().map(|code| ((*code).to_owned(), (*code).to_owned())).collect();
    let chosen = value("currency");
    if !chosen.is_empty() && !currencies.iter().any(|(code, _)| *code == chosen) {
        currencies.push((chosen.clone(), chosen));
    }
    let who = view! {
        <fieldset class="fields">
            <legend><h2>"The business"</h2></legend>
            <Field label="Name" name="name" value=value("name") problem=problem("name") maxlength=80 autocomplete="organization" wide=true />
            <Field label="In one line" name="tagline" value=value("tagline") problem=problem("tagline") maxlength=140 optional=true wide=true help="Shown below the name, such as: Pipes and taps, mended the same day." />
            <TextArea label="Your story" name="story" value=value("story") problem=problem("story") rows=5 maxlength=4000 optional=true wide=true help="Who you are, how you work, what customers can expect." />
            <Select label="Category" name="category_id" options=options value=value("category_id") problem=problem("category_id") />
            <Field label="Languages" name="languages" value=value("languages") problem=problem("languages") optional=true help="Two letters each: en, pt" />
        </fieldset>
    }
    .into_any();
    let reach = view! {
        <fieldset class="fields">
            <legend><h2>"How customers reach you"</h2></legend>
            <Field label="E-mail" name="email" kind="email" value=value("email") problem=problem("email") autocomplete="email" optional=true />
            <Field label="Phone" name="phone" kind="tel" value=value("phone") problem=problem("phone") autocomplete="tel" optional=true />
            <Field label="Website" name="website" kind="url" value=value("website") problem=problem("website") autocomplete="url" optional=true wide=true />
        </fieldset>
    }
    .into_any();
    // an address that we could not place asks for the position itself
    let needs_position =
        [problem("lat"), problem("lng")].iter().any(|text| !text.is_empty()) || (!value("town").is_empty() && value("lat").is_empty());
    let place = view! {
        <fieldset class="fields">
            <legend><h2>"Where you are"</h2></legend>
            <Field label="Street and number" name="street" value=value("street") problem=problem("street") autocomplete="address-line1" optional=true wide=true />
            <Field label="Town" name="town" value=value("town") problem=problem("town") autocomplete="address-level2" optional=true />
            <Field label="District" name="district" value=value("district") problem=problem("district") optional=true />
            <Field label="Postcode" name="postcode" value=value("postcode") problem=problem("postcode") autocomplete="postal-code" optional=true />
            <Field label="Country" name="country" value=value("country") problem=problem("country") maxlength=2 autocomplete="country" help="Two letters, such as GB" />
        </fieldset>
        <details open=needs_position>
            <summary class="link">"Position on the map"</summary>
            <div class="fields">
                <p class="small muted wide">"It decides how near you are in searches. Left empty, it follows from the address."</p>
                <Field label="Latitude" name="lat" value=value("lat") problem=problem("lat") inputmode="decimal" optional=true />
                <Field label="Longitude" name="lng" value=value("lng") problem=problem("lng") inputmode="decimal" optional=true />
            </div>
        </details>
    }
    .into_any();
    let list = zones.into_iter().map(|name| view! { <option value=name></option> }).collect_view();
    let money = view! {
        <fieldset class="fields">
            <legend><h2>"Time and money"</h2></legend>
            <Field label="Time zone" name="zone" value=value("zone") problem=problem("zone") list="zones" help="Your hours are meant in it." />
            <Select label="Currency" name="currency" options=currencies value=value("currency") problem=problem("currency") />
            <Field label="Tax on top of prices" name="tax" value=value("tax") problem=problem("tax_bp") inputmode="decimal" affix="%" optional=true />
            <Field label="Address of your page" name="slug" value=value("slug") problem=problem("slug") optional=true help="The last part of its link; empty: from the name." />
            <datalist id="zones">{list}</datalist>
        </fieldset>
    }
    .into_any();
    view! { {who} {reach} {place} {money} }
}

/// Rows for steps of cancelling. Four are enough for most; what a program has set beyond is shown too, or saving would lose it.
pub fn steps_of_cancelling(filled: &Filled) -> usize {
    (4..CancelTiers::MOST).find(|at| filled.value(&format!("tier_hours_{at}")).is_empty()).unwrap_or(CancelTiers::MOST)
}

/// Notice, horizon, step, hold and the steps of cancelling. Percentages and hours are plain numbers.
#[component]
pub fn PolicyFields(filled: Filled) -> impl IntoView {
    let value = |name: &str| filled.value(name);
    let problem = |name: &str| filled.problem(name);
    let tiers = (0..steps_of_cancelling(&filled))
        .map(|at| {
            let (hours, percent) = (format!("tier_hours_{at}"), format!("tier_percent_{at}"));
            view! {
                <div class="pair">
                    <Field label="Cancelled at least" name=hours.clone() value=value(&hours) inputmode="decimal" affix="h before" optional=true />
                    <Field label="Money back" name=percent.clone() value=value(&percent) inputmode="decimal" affix="%" optional=true />
                </div>
            }
        })
        .collect_view();
    view! {
        <fieldset class="fields">
            <legend><h2>"Booking"</h2></legend>
            <Field label="Bookable ahead" name="horizon_days" value=value("horizon_days") problem=problem("horizon_days") inputmode="numeric" affix="days" />
            <Field label="Shortest notice" name="min_notice_min" value=value("min_notice_min") problem=problem("min_notice_min") inputmode="numeric" affix="min" help="120 min is two hours." />
            <Field label="A start every" name="slot_step_min" value=value("slot_step_min") problem=problem("slot_step_min") inputmode="numeric" affix="min" />
            <Field label="A customer has to check out" name="hold_min" value=value("hold_min") problem=problem("hold_min") inputmode="numeric" affix="min" />
        </fieldset>
        <fieldset class="tiers" id="f-cancel-tiers">
            <legend><h2>"When a customer cancels"</h2></legend>
            <p class="small muted measure">"Earliest first. After the start nothing goes back; if you cancel, everything does. Bookings already made keep what they agreed."</p>
            {(!problem("cancel_tiers").is_empty()).then(|| view! { <p class="error">{problem("cancel_tiers")}</p> })}
            {tiers}
        </fieldset>
    }
}
