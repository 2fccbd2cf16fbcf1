//! Who did what, when, to what, and why.

use crate::admin::parts::{Heads, Sieve, filters, more, number_head, when, words_head};
use crate::kit::{Column, Empty, Filled, Table, WorkHeader};
use domain::admin::AuditLine;
use domain::page::Page;
use leptos::prelude::*;

pub(super) fn audit_table(rows: Vec<AuditLine>, zone: &str, heads: Option<&Heads>) -> AnyView {
    let columns = vec![
        number_head(heads, Column::new("When").place("c"), "when"),
        words_head(heads, Column::new("Who").place("b"), "who"),
        words_head(heads, Column::new("Did").place("a"), "did"),
        Column::new("To what").place("d"),
        Column::new("Why, and details").low(),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            let who = match row.actor_id {
                Some(id) => view! { <a class="link" href=format!("/admin/people/{id}")>{row.actor}</a> }.into_any(),
                None => view! { <span class="muted">{row.actor}</span> }.into_any(),
            };
            let details = if row.data.as_object().is_none_or(serde_json::Map::is_empty) { String::new() } else { row.data.to_string() };
            vec![
                view! { {when(row.at, zone)} <span class="sub">{row.address}</span> }.into_any(),
                who,
                view! { <a class="link" href=format!("/admin/audit?action={}", row.action)>{row.action.clone()}</a> }.into_any(),
                subject(&row.subject_kind, &row.subject_id),
                view! { {row.reason} {(!details.is_empty()).then(|| view! { <code class="sub details">{details}</code> })} }.into_any(),
            ]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="Audit" /> }.into_any()
}

/// Leads to the thing where it has a page.
fn subject(kind: &str, id: &str) -> AnyView {
    let short = id.get(..8).filter(|_| id.len() == 36).map_or_else(|| id.to_owned(), |head| format!("{head}…"));
    let href = match kind {
        "account" => format!("/admin/people/{id}"),
        "provider" => format!("/admin/providers/{id}"),
        "booking" => format!("/bookings/{id}"),
        "payment" => format!("/admin/payments/{id}"),
        _ => format!("/admin/audit?subject={kind}:{id}"),
    };
    view! { {kind.to_owned()} <a class="sub link" href=href>{short}</a> }.into_any()
}

#[component]
pub fn AuditPage(page: Page<AuditLine>, filled: Filled, zone: String, next: Option<String>, csv: String, heads: Heads) -> impl IntoView {
    let value = |name: &str| filled.value(name);
    let sieves = vec![
        Sieve::Text { name: "who", label: "Who", value: value("who"), placeholder: "Name, e-mail, id" },
        Sieve::Text { name: "action", label: "Did", value: value("action"), placeholder: "booking. or account.suspend" },
        Sieve::Text { name: "subject", label: "To what", value: value("subject"), placeholder: "booking, an id, or kind:id" },
        Sieve::Date { name: "from", label: "From", value: value("from") },
        Sieve::Date { name: "to", label: "to", value: value("to") },
        Sieve::Kept { name: "sort", value: filled.value("sort") },
    ];
    let list = if page.items.is_empty() {
        view! { <Empty title="Nothing recorded matches" text="Clear a filter, or take a longer time." /> }.into_any()
    } else {
        audit_table(page.items, &zone, Some(&heads))
    };
    view! {
        <WorkHeader title="Audit" line=format!("Every act of a person. Days of {zone}.") />
        <div class="work-body">
            <section class="card panel">{filters("/admin/audit", sieves, Some(csv))} {list}</section>
            {more(next)}
        </div>
    }
}
