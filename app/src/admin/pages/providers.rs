//! Providers by status, and one with what to decide about it.

use super::people::none;
use crate::admin::parts::{Decide, Heads, Sieve, ago, filters, more, status, when};
use crate::kit::format::{duration, plural};
use crate::kit::{Badge, Card, Column, Crumbs, Empty, Filled, Kind, State, Tab, Table, Tabs, WorkHeader};
use domain::admin::{ProviderLine, StatusCounts};
use domain::page::Page;
use domain::provider::model::{ProviderView, ResourceView, ServiceView};
use domain::time::Instant;
use leptos::prelude::*;

#[component]
pub fn ProvidersPage(
    page: Page<ProviderLine>,
    counts: StatusCounts,
    filled: Filled,
    zone: String,
    now: Instant,
    next: Option<String>,
    heads: Heads,
) -> impl IntoView {
    let current = filled.value("status");
    let all = counts.draft + counts.submitted + counts.active + counts.rejected + counts.suspended;
    let tab = |key: &str, name: &str, n: i64| {
        let href = if key.is_empty() { "/admin/providers".to_owned() } else { format!("/admin/providers?status={key}") };
        Tab::new(name, href, current == key).count(n)
    };
    let tabs = vec![
        tab("", "All", all),
        tab("submitted", "Applications", counts.submitted),
        tab("active", "Active", counts.active),
        tab("suspended", "Suspended", counts.suspended),
        tab("rejected", "Rejected", counts.rejected),
        tab("draft", "Drafts", counts.draft),
    ];
    let statuses = vec![
        ("", "Any"),
        ("submitted", "Applications"),
        ("active", "Active"),
        ("suspended", "Suspended"),
        ("rejected", "Rejected"),
        ("draft", "Drafts"),
    ];
    let sieves = vec![
        Sieve::Text { name: "q", label: "Find", value: filled.value("q"), placeholder: "Name, e-mail" },
        Sieve::Pick { name: "status", label: "Status", value: current.clone(), options: statuses },
        Sieve::Kept { name: "sort", value: filled.value("sort") },
    ];
    let list = if page.items.is_empty() {
        let text = if current == "submitted" { "Nobody waits for a decision." } else { "Clear a filter, or look for part of a name." };
        view! { <Empty title="No providers here" text=text /> }.into_any()
    } else {
        provider_table(page.items, &zone, now, &heads)
    };
    view! {
        <WorkHeader title="Providers" line=plural(counts.submitted, "application waits", "applications wait") />
        <div class="work-body">
            <Tabs label="Providers by status" items=tabs />
            <section class="card panel">{filters("/admin/providers", sieves, None)} {list}</section>
            {more(next)}
        </div>
    }
}

fn provider_table(rows: Vec<ProviderLine>, zone: &str, now: Instant, heads: &Heads) -> AnyView {
    let columns = vec![
        heads.words(Column::new("Provider").place("a"), "name"),
        heads.words(Column::new("Owner").place("c"), "owner"),
        heads.words(Column::new("Category").low(), "category"),
        heads.number(Column::new("Services").end().low(), "services"),
        heads.number(Column::new("Bookings").end(), "bookings"),
        heads.words(Column::new("Status").place("b"), "status"),
        heads.number(Column::new("Since").place("d"), "since"),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            let since = row.decided_at.or(row.submitted_at).unwrap_or(row.created_at);
            vec![
                view! { <a class="link" href=format!("/admin/providers/{}", row.id)>{row.name}</a> <span class="sub">{row.town}</span> }
                    .into_any(),
                view! { {row.owner_name} <span class="sub">{row.owner_email}</span> }.into_any(),
                row.category.unwrap_or_default().into_any(),
                row.services.to_string().into_any(),
                row.bookings.to_string().into_any(),
                status(&row.status).into_any(),
                ago(since, now, zone).into_any(),
            ]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="Providers" /> }.into_any()
}

/// `filled` carries a refused reason and the act it was for.
#[component]
pub fn ProviderPage(
    line: ProviderLine,
    provider: ProviderView,
    services: Vec<ServiceView>,
    resources: Vec<ResourceView>,
    filled: Filled,
    zone: String,
) -> impl IntoView {
    let facts = [
        ("Owner", format!("{}, {}", line.owner_name.clone().unwrap_or_default(), line.owner_email.clone().unwrap_or_default())),
        ("Category", line.category.clone().unwrap_or_else(|| "–".into())),
        ("Place", line.town.clone()),
        ("Bookings", line.bookings.to_string()),
        ("Reason given", line.status_reason.clone().unwrap_or_else(|| "–".into())),
    ];
    let facts = facts.into_iter().map(|(what, value)| view! { <div><dt>{what}</dt><dd>{value}</dd></div> }).collect_view();
    let dates = [("Began", Some(line.created_at)), ("Submitted", line.submitted_at), ("Decided", line.decided_at)];
    let dates = dates
        .into_iter()
        .filter_map(|(what, at)| at.map(|at| view! { <div><dt>{what}</dt><dd>{when(at, &zone)}</dd></div> }))
        .collect_view();
    let (name, is_verified) = (line.name.clone(), line.is_verified);
    let links = view! {
        <p class="row">
            {(line.status == "active").then(|| view! { <a class="link small" href=format!("/p/{}", line.slug)>"Public page"</a> })}
            <a class="link small" href=format!("/admin/bookings?provider={}", line.id)>"Bookings"</a>
            <a class="link small" href=format!("/admin/audit?subject=provider:{}", line.id)>"Audit"</a>
        </p>
    }
    .into_any();
    let badge = status(&line.status).into_any();
    let crumbs = vec![("Providers".into(), "/admin/providers".into()), (name.clone(), String::new())];
    view! {
        <WorkHeader title=name line=provider.tagline.clone()>
            <span class="row">{badge} {is_verified.then(|| view! { <Badge text="Verified" state=State::Good /> })}</span>
        </WorkHeader>
        <div class="work-body">
            <Crumbs items=crumbs />
            <div class="two-parts">
                <div class="stack">
                    <Card title="Story"><p class="measure">{if provider.story.is_empty() { "Nothing written yet.".into() } else { provider.story.clone() }}</p></Card>
                    <section class="card panel"><div class="head"><h2>"Services"</h2></div>{service_table(services)}</section>
                    <section class="card panel"><div class="head"><h2>"People and things"</h2></div>{resource_list(resources)}</section>
                </div>
                <div class="stack">
                    <Card title="About"><dl class="pairs">{facts} {dates}</dl>{links}</Card>
                    {decisions(&line, &filled)}
                </div>
            </div>
        </div>
    }
}

fn service_table(rows: Vec<ServiceView>) -> AnyView {
    if rows.is_empty() {
        return none("No services yet.");
    }
    let columns = vec![Column::new("Service").place("a"), Column::new("Takes").place("c"), Column::new("Price").end().place("b")];
    let rows = rows
        .into_iter()
        .map(|row| vec![row.name.into_any(), duration(row.duration_min).into_any(), row.price.to_string().into_any()])
        .collect();
    view! { <Table columns=columns rows=rows caption="Services" /> }.into_any()
}

fn resource_list(rows: Vec<ResourceView>) -> AnyView {
    if rows.is_empty() {
        return none("Nobody and nothing yet.");
    }
    let rows = rows.into_iter().map(|row| view! { <li>{row.name}</li> }).collect_view();
    view! { <ul class="lines plain nothing">{rows}</ul> }.into_any()
}

/// What can be decided in this status. The verbs have the last word.
fn decisions(line: &ProviderLine, filled: &Filled) -> AnyView {
    let action = format!("/admin/providers/{}", line.id);
    let for_act = |act: &str| {
        if filled.value("act") == act { (filled.problem("reason"), filled.value("reason")) } else { (String::new(), String::new()) }
    };
    let refused = filled.sentence.clone().map(|sentence| view! { <p class="error">{sentence}</p> });
    let decide = |title: &'static str, name: &'static str, button: &'static str, kind: Kind, help: &'static str, optional: bool| {
        let ((problem, value), action) = (for_act(name), action.clone());
        view! {
            <Card title=title>
                <Decide action=action name=name button=button kind=kind problem=problem value=value help=help optional=optional />
            </Card>
        }
        .into_any()
    };
    let parts = match line.status.as_str() {
        "submitted" => vec![
            decide("Approve", "approve", "Approve", Kind::Primary, "The owner is told by e-mail. The page opens at once.", true),
            decide("Reject", "reject", "Reject", Kind::DangerQuiet, "The owner reads it and can apply again.", false),
        ],
        "active" => vec![
            decide(
                "Suspend",
                "suspend",
                "Suspend",
                Kind::DangerQuiet,
                "Hides the page and stops new bookings. Existing ones stand.",
                false,
            ),
            if line.is_verified {
                decide("Take the badge away", "unverify", "Take it away", Kind::Edged, "It stays in the audit.", false)
            } else {
                decide(
                    "Give the verified badge",
                    "verify",
                    "Give the badge",
                    Kind::Edged,
                    "What was checked: papers, address, insurance.",
                    false,
                )
            },
        ],
        "suspended" => vec![decide("Reinstate", "reinstate", "Reinstate", Kind::Primary, "The page opens again and can be booked.", true)],
        _ => vec![],
    };
    view! { {refused} {parts} }.into_any()
}
