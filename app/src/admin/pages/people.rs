//! People: the list, and one of them with what surrounds them.

use super::audit::audit_table;
use super::payments::payment_table;
use crate::admin::parts::{Decide, Heads, Sieve, ago, booking_table, filters, more, when, words};
use crate::kit::{Badge, Card, Column, Crumbs, Empty, Filled, Kind, State, Table, WorkHeader};
use domain::admin::{PersonLine, PersonView};
use domain::page::Page;
use domain::time::Instant;
use leptos::prelude::*;

const KINDS: [(&str, &str); 8] = [
    ("", "Everyone with an account"),
    ("staff", "Staff of providers"),
    ("guest", "Guests"),
    ("unconfirmed", "Address not confirmed"),
    ("suspended", "Suspended"),
    ("admin", "Admins"),
    ("support", "Support"),
    ("any", "Everyone"),
];

fn marks(person: &PersonLine) -> AnyView {
    let marks = [
        (person.suspended_at.is_some(), "Suspended", State::Bad),
        (person.is_admin, "Admin", State::Now),
        (person.is_support, "Support", State::Note),
        (person.is_guest, "Guest", State::Plain),
        (!person.is_guest && !person.is_email_confirmed, "Not confirmed", State::Wait),
    ];
    let shown = marks.into_iter().filter(|mark| mark.0).map(|(_, text, state)| view! { <Badge text=text state=state /> }).collect_view();
    view! { <span class="row" data-gap="tight">{shown}</span> }.into_any()
}

#[component]
pub fn PeoplePage(page: Page<PersonLine>, filled: Filled, zone: String, next: Option<String>, csv: String, heads: Heads) -> impl IntoView {
    let sieves = vec![
        Sieve::Text { name: "q", label: "Find", value: filled.value("q"), placeholder: "Name, e-mail, phone" },
        Sieve::Pick { name: "kind", label: "Who", value: filled.value("kind"), options: KINDS.to_vec() },
        Sieve::Kept { name: "sort", value: filled.value("sort") },
    ];
    let columns = vec![
        heads.words(Column::new("Person").place("a"), "name"),
        Column::new("State").place("b"),
        Column::new("Works for").low(),
        heads.number(Column::new("Bookings").end().place("d"), "bookings"),
        heads.number(Column::new("Since").place("c"), "since"),
    ];
    let rows = page
        .items
        .into_iter()
        .map(|person| {
            let marks = marks(&person);
            vec![
                view! { <a class="link" href=format!("/admin/people/{}", person.id)>{person.name}</a> <span class="sub">{person.email}</span> }.into_any(),
                marks,
                person.workplaces.join(", ").into_any(),
                person.bookings.to_string().into_any(),
                when(person.created_at, &zone).into_any(),
            ]
        })
        .collect::<Vec<_>>();
    let list = if rows.is_empty() {
        view! { <Empty title="Nobody matches" text="Look for part of a name or an address." /> }.into_any()
    } else {
        view! { <Table columns=columns rows=rows caption="People" /> }.into_any()
    };
    view! {
        <WorkHeader title="People" line="Everyone with an account, and guests." />
        <div class="work-body">
            <section class="card panel">{filters("/admin/people", sieves, Some(csv))} {list}</section>
            {more(next)}
        </div>
    }
}

/// `filled` carries a refused reason.
#[component]
pub fn PersonPage(view_of: PersonView, filled: Filled, zone: String, now: Instant) -> impl IntoView {
    let PersonView { person, phone, zone: own_zone, places, bookings, payments, sessions, audit } = view_of;
    let (id, name, is_suspended) = (person.id, person.name.clone(), person.suspended_at.is_some());
    let marks = marks(&person);
    let facts = [
        ("E-mail", person.email.clone()),
        ("Phone", phone.unwrap_or_else(|| "–".into())),
        ("Time zone", own_zone.unwrap_or_else(|| "As on the device".into())),
        ("Bookings", person.bookings.to_string()),
    ];
    let facts = facts.into_iter().map(|(what, value)| view! { <div><dt>{what}</dt><dd>{value}</dd></div> }).collect_view();
    let places = places
        .into_iter()
        .map(|(provider, name, role)| view! { <li><a class="link" href=format!("/admin/providers/{provider}")>{name}</a>", " {words(&role)}</li> })
        .collect_view();
    let sessions = sessions
        .into_iter()
        .map(|one| {
            let from = one.address.map(|address| format!(" from {address}"));
            view! { <li>{one.device}{from}", used "{ago(one.seen_at, now, &zone)}</li> }
        })
        .collect::<Vec<_>>();
    let sessions = if sessions.is_empty() {
        view! { <p class="muted">"Not signed in anywhere."</p> }.into_any()
    } else {
        view! { <ul class="lines plain">{sessions}</ul> }.into_any()
    };
    let (action, problem, value) = (format!("/admin/people/{id}"), filled.problem("reason"), filled.value("reason"));
    let refused = filled.sentence.clone();
    let decision = if is_suspended { "Reinstate" } else { "Suspend" };
    let decide = if is_suspended {
        view! { <Decide action=action name="reinstate" button="Reinstate" problem=problem value=value help="They can sign in again." /> }
            .into_any()
    } else {
        view! { <Decide action=action name="suspend" button="Suspend" kind=Kind::DangerQuiet problem=problem value=value help="Ends every session and refuses sign-in. Bookings stand." /> }.into_any()
    };
    let bookings = if bookings.is_empty() { none("No bookings.") } else { booking_table(bookings, "Their bookings", &zone, None) };
    let payments = if payments.is_empty() { none("No payments.") } else { payment_table(payments, &zone, None) };
    let audit = if audit.is_empty() { none("Nothing recorded.") } else { audit_table(audit, &zone, None) };
    view! {
        <WorkHeader title=name.clone()>{marks}</WorkHeader>
        <div class="work-body">
            <Crumbs items=vec![("People".into(), "/admin/people".into()), (name, String::new())] />
            <div class="two-parts">
            <div class="stack">
                <section class="card panel"><div class="head"><h2>"Bookings"</h2><a class="link small push" href=format!("/admin/bookings?customer={id}")>"All"</a></div>{bookings}</section>
                <section class="card panel"><div class="head"><h2>"Payments"</h2></div>{payments}</section>
                <section class="card panel"><div class="head"><h2>"Audit"</h2><a class="link small push" href=format!("/admin/audit?who={id}")>"All they did"</a></div>{audit}</section>
            </div>
            <div class="stack">
                <Card title="About"><dl class="pairs">{facts}</dl><ul class="plain">{places}</ul></Card>
                <Card title="Sessions">{sessions}</Card>
                <Card title=decision>
                    {refused.map(|sentence| view! { <p class="error">{sentence}</p> })} {decide}
                </Card>
            </div>
            </div>
        </div>
    }
}

pub(super) fn none(text: &'static str) -> AnyView {
    view! { <p class="muted nothing">{text}</p> }.into_any()
}
