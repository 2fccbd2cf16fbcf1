//! What the operator sets, and the categories.

use crate::kit::format::percent;
use crate::kit::{Badge, Button, Card, Check, Column, ErrorSummary, Field, Filled, Icon, Kind, State, Table, TextArea, WorkHeader, icon};
use crate::provider::parts::steps_of_cancelling;
use domain::admin::CategoryLine;
use domain::settings::{Group, NUMBERS, Number, Unit};
use leptos::prelude::*;

const GROUPS: [(Group, &str, &str); 4] = [
    (Group::Money, "Money", "Where category, provider and service say nothing else. Frozen on each booking when it is held."),
    (Group::Booking, "Holding", "Everywhere, from the next hold on."),
    (Group::Provider, "New providers", "What they begin with. They may change their own, and those who are here keep theirs."),
    (Group::Limits, "Limits", "How often one person or address may ask. Beyond it the answer is 429."),
];

/// Values come in `filled`: numbers by key, the refund policy as `tier_hours_0`, `tier_percent_0`, …
#[component]
pub fn SettingsPage(filled: Filled) -> impl IntoView {
    let groups = GROUPS
        .into_iter()
        .map(|(group, title, line)| {
            let fields = NUMBERS.iter().filter(|number| number.group == group).map(|number| number_field(number, &filled)).collect_view();
            view! { <Card title=title><p class="small muted">{line}</p><div class="fields numbers">{fields}</div></Card> }
        })
        .collect_view();
    let steps = (0..steps_of_cancelling(&filled))
        .map(|at| {
            let (hours, share) = (format!("tier_hours_{at}"), format!("tier_percent_{at}"));
            view! {
                <div class="fields">
                    <Field label=format!("Step {}: from", at + 1) name=hours.clone() value=filled.value(&hours) problem=filled.problem(&hours) inputmode="decimal" affix="h before" optional=true maxlength=8 />
                    <Field label="gives back" name=share.clone() value=filled.value(&share) problem=filled.problem(&share) inputmode="decimal" affix="%" optional=true maxlength=6 />
                </div>
            }
        })
        .collect_view();
    let problem = filled.problem("cancel_tiers");
    view! {
        <WorkHeader title="Settings" line="Take effect at once, everywhere. Every change is in the audit." />
        <div class="work-body">
            <form class="form wide-form" method="post" action="/admin/settings">
                <ErrorSummary filled=filled.clone() />
                {groups}
                <Card title="Refunds when the customer cancels, for new providers" id="f-cancel-tiers">
                    <p class="small muted">"The longest time first, the last step at 0 hours. After the start nothing goes back."</p>
                    {(!problem.is_empty()).then(|| view! { <p class="error">{icon(Icon::CIRCLE_ALERT)} {problem}</p> })}
                    <div class="stack">{steps}</div>
                </Card>
                <div><Button kind=Kind::Primary>"Save"</Button></div>
            </form>
        </div>
    }
}

fn number_field(number: &Number, filled: &Filled) -> AnyView {
    let (affix, step) = match number.unit {
        Unit::BasisPoints => ("%", "0.01"),
        Unit::Minutes => ("min", "1"),
        Unit::Days => ("days", "1"),
        Unit::Count => ("", "1"),
        Unit::PerMinute => ("a minute", "1"),
    };
    let shown = |value: i64| if number.unit == Unit::BasisPoints { percent(value).replace(" %", "") } else { value.to_string() };
    let (low, high) = (shown(number.range.0), shown(number.range.1));
    let help = format!("{low} to {high}; {} unless changed.", shown(number.default));
    let (value, problem) = (filled.value(number.key), filled.problem(number.key));
    match affix {
        "" => view! { <Field label=number.label name=number.key kind="number" value=value problem=problem help=help min=low max=high step=step /> }.into_any(),
        affix => view! { <Field label=number.label name=number.key kind="number" value=value problem=problem help=help min=low max=high step=step affix=affix /> }.into_any(),
    }
}

/// `filled` is the form of one category; its `id` is empty for a new one.
#[component]
pub fn CategoriesPage(categories: Vec<CategoryLine>, filled: Filled) -> impl IntoView {
    let columns = vec![
        Column::new("Category").place("a"),
        Column::new("Address").place("c"),
        Column::new("Place").end().low(),
        Column::new("Commission").end(),
        Column::new("Services").end().place("b"),
        Column::new("Change").place("d"),
    ];
    let rows = categories
        .into_iter()
        .map(|row| {
            let name = row.name.clone();
            let hidden = row.is_hidden.then(|| view! { " "<Badge text="Hidden" state=State::Wait /> });
            vec![
                view! { <span class="row" data-gap="tight">{icon(Icon::named(&row.icon))} {row.name} {hidden}</span> }.into_any(),
                row.slug.into_any(),
                row.position.to_string().into_any(),
                row.commission_bp.map_or("As usual".into(), |bp| percent(i64::from(bp))).into_any(),
                row.services.to_string().into_any(),
                view! { <a class="link" href=format!("/admin/categories?edit={}", row.id) aria-label=format!("Change {name}")>"Change"</a> }.into_any(),
            ]
        })
        .collect::<Vec<_>>();
    let title = if filled.value("id").is_empty() { "Make a category" } else { "Change the category" };
    view! {
        <WorkHeader title="Categories" line="In the order people see them." />
        <div class="work-body">
            <div class="two-parts">
                <section class="card panel"><Table columns=columns rows=rows caption="Categories" /></section>
                <Card title=title id="edit">{category_form(filled)}</Card>
            </div>
        </div>
    }
}

fn category_form(filled: Filled) -> AnyView {
    let value = |name: &str| filled.value(name);
    let problem = |name: &str| filled.problem(name);
    let is_hidden = filled.is_on("is_hidden");
    let fields = view! {
        <Field label="Name" name="name" value=value("name") problem=problem("name") maxlength=60 />
        <Field label="Address" name="slug" value=value("slug") problem=problem("slug") maxlength=60 help="Small letters, digits and hyphens." />
        <TextArea label="Description" name="description" value=value("description") problem=problem("description") maxlength=300 rows=2 optional=true />
        <Field label="Icon" name="icon" value=value("icon") problem=problem("icon") maxlength=40 help="Lucide’s name, such as wrench." />
        <div class="fields">
            <Field label="Tone" name="tone" kind="number" value=value("tone") problem=problem("tone") min="1" max="8" />
            <Field label="Place in the order" name="position" kind="number" value=value("position") problem=problem("position") min="0" max="10000" />
        </div>
        <Field label="Commission" name="commission" value=value("commission") problem=problem("commission_bp") inputmode="decimal" affix="%" optional=true maxlength=6 help="Empty: as everywhere." />
        <Check label="Hidden" name="is_hidden" checked=is_hidden help="Services in it stay; nobody finds it." />
    }
    .into_any();
    view! {
        <form class="form" method="post" action="/admin/categories">
            <ErrorSummary filled=filled.clone() />
            <input type="hidden" name="id" value=value("id") />
            {fields}
            <div class="row">
                <Button kind=Kind::Primary>"Save"</Button>
                <a class="button" data-kind="plain" href="/admin/categories">"Cancel"</a>
            </div>
        </form>
    }
    .into_any()
}
