//! Time taken out of one calendar by hand: lunch, a trip to the supplier, a van at the garage.

use crate::kit::{ErrorSummary, Field, Filled, Select, WorkHeader};
use domain::id::AllocationId;
use leptos::prelude::*;

/// What the form offers; `block` is the one being changed.
#[derive(Debug, Clone)]
pub struct BlockData {
    pub back: String,
    pub zone: String,
    /// People and things: id and name.
    pub resources: Vec<(String, String)>,
    pub block: Option<AllocationId>,
}

#[component]
pub fn BlockPage(data: BlockData, filled: Filled) -> impl IntoView {
    let BlockData { back, zone, resources, block } = data;
    let title = if block.is_some() { "Blocked time" } else { "Block time" };
    let button = if block.is_some() { "Move it" } else { "Block this time" };
    let remove = block.is_some().then(|| {
        view! {
            <form method="post">
                <input type="hidden" name="act" value="remove" />
                <button class="button" data-kind="danger-quiet" type="submit">"Free this time again"</button>
            </form>
        }
    });
    let what = block.is_none().then(|| {
        view! { <Field label="What is it?" name="title" value=filled.value("title") problem=filled.problem("title") help="Only your team sees it." maxlength=120 optional=true wide=true /> }
    });
    view! {
        <WorkHeader title=title line=format!("Nobody can book it then. Times in {}", zone.replace('_', " ")) />
        <div class="work-body">
            <form class="form by-hand" method="post" novalidate>
                <ErrorSummary filled=filled.clone() />
                <div class="fields" data-fit="pairs">
                    <Select label="Who or what" name="resource" options=resources value=filled.value("resource") problem=filled.problem("resource") wide=true />
                    <Field label="Starts on" name="from_date" kind="date" value=filled.value("from_date") problem=filled.problem("from_date") />
                    <Field label="Starts at" name="from" kind="time" step="300" value=filled.value("from") problem=filled.problem("from") />
                    <Field label="Ends on" name="to_date" kind="date" value=filled.value("to_date") problem=filled.problem("to_date") />
                    <Field label="Ends at" name="to" kind="time" step="300" value=filled.value("to") problem=filled.problem("to") />
                    {what}
                </div>
                <div class="row">
                    <button class="button" data-kind="primary" type="submit">{button}</button>
                    <a class="button" href=back>"Back to the calendar"</a>
                </div>
            </form>
            {remove}
        </div>
    }
}
