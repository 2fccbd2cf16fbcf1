//! One service with its price, people, things, extras and own rules.

use crate::kit::{Button, Check, ErrorSummary, Field, Filled, Fold, Kind, Select, TextArea};
use domain::provider::model::{ResourceKind, ResourceView};
use leptos::prelude::*;

/// Rows for extras beyond those there are.
const SPARE_EXTRAS: usize = 2;

/// Posts to the page it stands on. `extras` says how many are filled in.
#[component]
pub fn ServiceForm(
    filled: Filled,
    categories: Vec<(String, String)>,
    resources: Vec<ResourceView>,
    currency: String,
    extras: usize,
    #[prop(into)] submit: String,
) -> impl IntoView {
    let value = |name: &str| filled.value(name);
    let problem = |name: &str| filled.problem(name);
    let modes = [("at_provider", "At our place"), ("at_customer", "At the customer's"), ("online", "Online")];
    let modes = modes.map(|(key, words)| (key.to_owned(), words.to_owned())).to_vec();
    let what = view! {
        <fieldset class="fields">
            <legend class="hidden-visually">"What it is"</legend>
            <Field label="Name" name="name" value=value("name") problem=problem("name") maxlength=120 wide=true />
            <TextArea label="What is included" name="description" value=value("description") problem=problem("description") optional=true maxlength=2000 wide=true />
            <Select label="Category" name="category_id" options=categories value=value("category_id") problem=problem("category_id") />
            <Field label="Price" name="price" value=value("price") problem=problem("price_minor") inputmode="decimal" affix=currency.clone() />
            <Field label="Takes" name="duration_min" value=value("duration_min") problem=problem("duration_min") inputmode="numeric" affix="min" />
            <Select label="Where" name="mode" options=modes value=value("mode") problem=problem("mode") />
            <Field label="You travel up to" name="radius_km" value=value("radius_km") problem=problem("radius_km") inputmode="decimal" affix="km" optional=true help="Only for work at the customer's; a straight line." />
        </fieldset>
        <Check label="I confirm each request myself" name="needs_approval" checked=filled.is_on("needs_approval") help="The card is charged only once you accept." />
    }
    .into_any();
    let people = people_fields(&filled, &resources);
    let things = thing_fields(&filled, &resources);
    let rows = (0..extras + SPARE_EXTRAS).map(|at| extra_row(&filled, at, &currency)).collect_view();
    let extras = view! {
        <fieldset class="extras" id="f-add-ons">
            <legend><h2>"Extras"</h2></legend>
            <p class="small muted">"What a customer may add. Leave a row empty to drop it."</p>
            {(!problem("add_ons").is_empty()).then(|| view! { <p class="error">{problem("add_ons")}</p> })}
            {rows}
        </fieldset>
    }
    .into_any();
    let rules = view! {
            <div class="fields">
                <Field label="Free before" name="buffer_before_min" value=value("buffer_before_min") problem=problem("buffer_before_min") inputmode="numeric" affix="min" optional=true />
                <Field label="Free after" name="buffer_after_min" value=value("buffer_after_min") problem=problem("buffer_after_min") inputmode="numeric" affix="min" optional=true />
                <Field label="At most a day" name="day_limit" value=value("day_limit") problem=problem("day_limit") inputmode="numeric" optional=true />
                <Field label="At most a week" name="week_limit" value=value("week_limit") problem=problem("week_limit") inputmode="numeric" optional=true />
                <Field label="Shortest notice" name="min_notice_min" value=value("min_notice_min") problem=problem("min_notice_min") inputmode="numeric" affix="min" optional=true help="Empty: as in your settings." />
                <Field label="Bookable ahead" name="horizon_days" value=value("horizon_days") problem=problem("horizon_days") inputmode="numeric" affix="days" optional=true />
                <Field label="A start every" name="slot_step_min" value=value("slot_step_min") problem=problem("slot_step_min") inputmode="numeric" affix="min" optional=true />
            </div>
    }
    .into_any();
    let is_open = filled.is_refused();
    let rules = view! { <Fold title="Buffers, limits and own rules" open=is_open>{rules}</Fold> }.into_any();
    view! {
        <form method="post" class="form desk-form">
            <ErrorSummary filled=filled.clone() />
            {what} {people} {things} {extras} {rules}
            <div class="row"><Button kind=Kind::Primary>{submit}</Button></div>
        </form>
    }
}

fn people_fields(filled: &Filled, resources: &[ResourceView]) -> AnyView {
    let chosen: Vec<String> = filled.values.iter().filter(|(name, _)| name == "person").map(|(_, id)| id.clone()).collect();
    let rows = resources
        .iter()
        .filter(|resource| resource.kind == ResourceKind::Person)
        .map(|person| {
            let id = person.id.to_string();
            let (priority, weight) = (format!("priority_{id}"), format!("weight_{id}"));
            let value_or = |name: &str, ordinary: &str| Some(filled.value(name)).filter(|value| !value.is_empty()).unwrap_or(ordinary.to_owned());
            let (first, share) = (value_or(&priority, "2"), value_or(&weight, "100"));
            let order = [("4", "First choice"), ("3", "Preferred"), ("2", "Ordinary"), ("1", "Later"), ("0", "Last resort")];
            let order = order.map(|(key, words)| (key.to_owned(), words.to_owned())).to_vec();
            view! {
                <li>
                    <Check label=person.name.clone() name="person" value=id.clone() checked=chosen.contains(&id) />
                    <Select label=format!("Priority of {}", person.name) name=priority options=order value=first hide_label=true dense=true />
                    <Field label="Share" name=weight value=share inputmode="numeric" affix="%" optional=true dense=true />
                </li>
            }
        })
        .collect_view();
    let rules = [("first_free", "Whoever is free, in order of priority"), ("round_robin", "In turn, by priority and share")];
    let rules = rules.map(|(key, words)| (key.to_owned(), words.to_owned())).to_vec();
    let problem = filled.problem("people");
    view! {
        <fieldset class="people" id="f-people">
            <legend><h2>"Who does it"</h2></legend>
            {(!problem.is_empty()).then(|| view! { <p class="error">{problem}</p> })}
            <ul class="plain chosen">{rows}</ul>
            <Select label="If several are free" name="assignment" options=rules value=filled.value("assignment") />
        </fieldset>
    }
    .into_any()
}

/// Each thing is unused, needed, or one of a group of alternatives.
fn thing_fields(filled: &Filled, resources: &[ResourceView]) -> AnyView {
    let things: Vec<&ResourceView> = resources.iter().filter(|resource| resource.kind != ResourceKind::Person).collect();
    if things.is_empty() {
        return ().into_any();
    }
    let rows = things
        .into_iter()
        .map(|thing| {
            let name = format!("thing_{}", thing.id);
            let mut options = vec![(String::new(), "Not needed".to_owned())];
            options.extend((1..=4).map(|group| (group.to_string(), format!("One of group {group}"))));
            view! {
                <li><Select label=format!("{} · {}", thing.name, thing.kind.label()) name=name.clone() options=options value=filled.value(&name) /></li>
            }
        })
        .collect_view();
    let problem = filled.problem("things");
    view! {
        <fieldset class="things" id="f-things">
            <legend><h2>"What it needs"</h2></legend>
            <p class="small muted measure">"One of each group is taken. Put two rooms in one group if either will do, in two groups if both are needed."</p>
            {(!problem.is_empty()).then(|| view! { <p class="error">{problem}</p> })}
            <ul class="plain fields">{rows}</ul>
        </fieldset>
    }
    .into_any()
}

fn extra_row(filled: &Filled, at: usize, currency: &str) -> impl IntoView + use<> {
    let name = |part: &str| format!("extra_{part}_{at}");
    let value = |part: &str| filled.value(&name(part));
    view! {
        <div class="extra">
            <input type="hidden" name=name("id") value=value("id") />
            <Field label="Extra" name=name("name") value=value("name") maxlength=80 optional=true />
            <Field label="Price" name=name("price") value=value("price") inputmode="decimal" affix=currency.to_owned() optional=true />
            <Field label="Longer by" name=name("min") value=value("min") inputmode="numeric" affix="min" optional=true />
        </div>
    }
}
