//! How the house itself is doing.

use super::payments::message_table;
use super::people::none;
use crate::admin::parts::{when, words};
use crate::kit::format::{count, percent, plural, relative};
use crate::kit::{Badge, Button, Card, Column, Figure, State, Table, WorkHeader};
use domain::admin::{JobLine, MailLine, NodeLine, ServiceLevel, SystemView};
use domain::time::Instant;
use leptos::prelude::*;

#[component]
pub fn SystemPage(system: SystemView, zone: String, now: Instant) -> impl IntoView {
    let late = if system.late_s == 0 { "nothing is late".to_owned() } else { format!("the oldest is {} s late", count(system.late_s)) };
    let tiles = view! {
        <section class="tiles" data-of="six" aria-label="Figures">
            <Figure label="Jobs waiting" value=count(system.jobs_waiting) against=late />
            <Figure label="Jobs running" value=count(system.jobs_running) against=format!("{} done in 24 h", count(system.jobs_done)) />
            <Figure label="Events" value=count(system.events) against=format!("in 24 h; readers wait for {} s", count(system.horizon_age_s)) />
            <Figure label="E-mails" value=count(system.mails_sent) against=format!("sent in 24 h, {} waiting", count(system.mails_queued)) />
            <Figure label="Database" value=size(system.database_size) against=format!("PostgreSQL {}", system.database_version) />
            <Figure label="Connections" value=count(system.connections) against=plural(system.nodes.len() as i64, "node", "nodes") />
        </section>
    }
    .into_any();
    let levels = system.levels.iter().map(level).collect_view();
    view! {
        <WorkHeader title="System" line="As the database has it at this moment." />
        <div class="work-body stack">
            {tiles} <Card title="Service levels, 30 days"><dl class="pairs levels">{levels}</dl></Card>
            {panel("nodes", "Nodes", node_table(system.nodes, now, &zone))}
            {panel("jobs", "Jobs that have given up", job_table(system.dead_jobs, &zone))}
            {panel("mails", "E-mails that were refused", mail_table(system.failed_mails, &zone))}
            {panel("messages", "Messages of gateways", message_table(system.messages, &zone))}
        </div>
    }
}

fn panel(id: &'static str, title: &'static str, inside: AnyView) -> AnyView {
    view! { <section class="card panel" id=id><div class="head"><h2>{title}</h2></div>{inside}</section> }.into_any()
}

/// `1.4 GB`
fn size(bytes: i64) -> String {
    let (unit, name) = match bytes {
        0..=999_999 => (1_000, "kB"),
        1_000_000..=999_999_999 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
}

fn level(level: &ServiceLevel) -> AnyView {
    let goal = format!("goal {}", percent(level.goal_bp));
    let (shown, state) = match level.kept_bp() {
        None => ("Nothing to measure yet".to_owned(), State::Plain),
        Some(bp) => (format!("{} of {}", percent(bp), count(level.all)), if bp >= level.goal_bp { State::Good } else { State::Bad }),
    };
    view! { <div><dt>{level.name.clone()}</dt><dd class="row"><Badge text=shown state=state /> <span class="small muted">{goal}</span></dd></div> }
        .into_any()
}

fn node_table(rows: Vec<NodeLine>, now: Instant, zone: &str) -> AnyView {
    if rows.is_empty() {
        return none("No node has reported yet.");
    }
    let columns = vec![
        Column::new("Node").place("a"),
        Column::new("Release").place("b"),
        Column::new("Up since").place("c"),
        Column::new("Last seen").place("d"),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            vec![row.id.into_any(), row.version.into_any(), when(row.started_at, zone).into_any(), relative(row.seen_at, now).into_any()]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="Nodes" /> }.into_any()
}

fn retry(path: &'static str, id: String, what: &str) -> AnyView {
    let label = format!("Try {what} again");
    view! { <form method="post" action=path><input type="hidden" name="id" value=id /><Button size="dense" label=label>"Try again"</Button></form> }.into_any()
}

fn job_table(rows: Vec<JobLine>, zone: &str) -> AnyView {
    if rows.is_empty() {
        return none("None. Jobs that fail are tried again by themselves, up to twenty times.");
    }
    let columns = vec![
        Column::new("Job").place("a"),
        Column::new("Tries").end().low(),
        Column::new("Said").place("c"),
        Column::new("Gave up").low(),
        Column::new("Again").place("b"),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            let again = retry("/admin/system/jobs", row.id.to_string(), &row.kind);
            vec![
                row.kind.into_any(),
                row.attempts.to_string().into_any(),
                row.last_error.unwrap_or_default().into_any(),
                when(row.dead_at, zone).into_any(),
                again,
            ]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="Jobs that have given up" /> }.into_any()
}

fn mail_table(rows: Vec<MailLine>, zone: &str) -> AnyView {
    if rows.is_empty() {
        return none("None.");
    }
    let columns = vec![
        Column::new("To").place("a"),
        Column::new("Letter").place("c"),
        Column::new("Said").low(),
        Column::new("Written").low(),
        Column::new("Again").place("b"),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            let again = retry("/admin/system/mails", row.id.to_string(), &row.to_address);
            vec![
                row.to_address.into_any(),
                view! { {row.subject} <span class="sub">{words(&row.template)}</span> }.into_any(),
                row.failure.unwrap_or_default().into_any(),
                when(row.created_at, zone).into_any(),
                again,
            ]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="E-mails that were refused" /> }.into_any()
}
