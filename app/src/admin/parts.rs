//! What several of the operator's pages share. Rendered by the server only, so zones may be applied here.

use super::pages::Sorts;
use crate::kit::format::{self, Time};
use crate::kit::{Badge, Button, Column, Field, Icon, Kind, Pagination, Select, SortBy, State, Table, TextArea, icon_s};
use domain::admin::{BookingLine, BookingSort};
use domain::scheduling::zone;
use domain::time::Instant;
use leptos::prelude::*;

/// `9 Jun 2026, 10:47` as the clocks of the zone show it.
pub fn moment(at: Instant, zone_name: &str) -> String {
    let local = zone::local(at, zone::stored(zone_name));
    let (year, month, day) = local.date.ymd();
    let month: String = format::month_name(month).chars().take(3).collect();
    format!("{day} {month} {year}, {}", format::clock(i64::from(local.minute)))
}

/// The same, for machines too.
pub fn when(at: Instant, zone_name: &str) -> impl IntoView + use<> {
    view! { <span class="nowrap"><Time at=at text=moment(at, zone_name) /></span> }
}

/// `3 h ago`, with the exact time on hover.
pub fn ago(at: Instant, now: Instant, zone_name: &str) -> impl IntoView + use<> {
    view! { <Time at=at text=format::relative(at, now) exact=moment(at, zone_name) /> }
}

/// `partly_refunded` as people read it.
pub fn words(status: &str) -> String {
    let text = status.replace('_', " ");
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Any status of bookings, payments, attempts, refunds, providers and letters.
pub fn status(of: &str) -> impl IntoView + use<> {
    let state = match of {
        "confirmed" | "paid" | "succeeded" | "active" | "completed" | "sent" => State::Good,
        "held" | "requested" | "pending" | "processing" | "requires_action" | "requires_method" | "created" | "submitted"
        | "authorised" => State::Wait,
        "failed" | "unknown" | "no_show" | "suspended" | "rejected" => State::Bad,
        "in_progress" => State::Now,
        "refunded" | "partly_refunded" => State::Note,
        _ => State::Plain,
    };
    view! { <Badge text=words(of) state=state /> }
}

/// One field of a filter bar.
pub enum Sieve {
    Text { name: &'static str, label: &'static str, value: String, placeholder: &'static str },
    Date { name: &'static str, label: &'static str, value: String },
    Pick { name: &'static str, label: &'static str, value: String, options: Vec<(&'static str, &'static str)> },
}

/// Filters as a form that reads: the address reproduces the view.
pub fn filters(path: &'static str, sieves: Vec<Sieve>, csv: Option<String>) -> impl IntoView {
    let fields = sieves
        .into_iter()
        .map(|sieve| match sieve {
            Sieve::Text { name, label, value, placeholder } => view! {
                <Field label=label name=name value=value kind="search" placeholder=placeholder optional=true dense=true maxlength=100 icon_before=Icon::SEARCH />
            }
            .into_any(),
            Sieve::Date { name, label, value } => view! { <Field label=label name=name value=value kind="date" optional=true dense=true /> }.into_any(),
            Sieve::Pick { name, label, value, options } => {
                let options = options.into_iter().map(|(key, words)| (key.to_owned(), words.to_owned())).collect();
                view! { <Select label=label name=name value=value options=options dense=true optional=true /> }.into_any()
            }
        })
        .collect_view();
    view! {
        <form class="sieve" method="get" action=path>
            {fields}
            <Button size="dense">"Show"</Button>
            <a class="button" data-kind="plain" data-size="dense" href=path>"Clear"</a>
            {csv.map(|href| view! { <a class="button push" data-kind="plain" data-size="dense" href=href download="">{icon_s(Icon::DOWNLOAD)} "CSV"</a> })}
        </form>
    }
}

/// Columns and cells of a list of bookings.
/// With `sorts`, its heads sort: pressed again, the other way round.
pub fn booking_table(
    rows: Vec<BookingLine>,
    caption: &'static str,
    zone_name: &str,
    sorts: Option<(Sorts, Option<BookingSort>)>,
) -> AnyView {
    let sorted = |column: Column, of: fn(&Sorts) -> (String, String), up: BookingSort, down: Option<BookingSort>| match &sorts {
        None => column,
        Some((to, now)) => {
            let (ascending, descending) = of(to);
            match (*now == Some(up), *now == down) {
                (true, _) => column.sort(descending, Some(SortBy::Ascending)),
                (_, true) => column.sort(ascending, Some(SortBy::Descending)),
                _ => column.sort(ascending, None),
            }
        }
    };
    let columns = vec![
        Column::new("Booking").place("a"),
        Column::new("Customer").place("c"),
        Column::new("Provider").low(),
        sorted(
            Column::new("Starts, local time"),
            |to| (to.starts.clone(), to.starts_back.clone()),
            BookingSort::StartsFirst,
            Some(BookingSort::StartsLast),
        ),
        Column::new("Status").place("d"),
        sorted(
            Column::new("Total").end().place("b"),
            |to| (to.total.clone(), to.total_back.clone()),
            BookingSort::Cheapest,
            Some(BookingSort::Dearest),
        ),
        sorted(Column::new("Made").low(), |to| (to.made.clone(), to.newest.clone()), BookingSort::Oldest, None),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            let customer = match row.customer_id {
                Some(id) => view! { <a class="link" href=format!("/admin/people/{id}")>{row.customer_name}</a> }.into_any(),
                None if row.customer_name.is_empty() => view! { <span class="muted">"Not known yet"</span> }.into_any(),
                None => row.customer_name.into_any(),
            };
            vec![
                view! { <a class="link" href=format!("/bookings/{}", row.id)>{row.reference}</a> <span class="sub">{row.service_name}</span> }.into_any(),
                view! { {customer} <span class="sub">{row.customer_email}</span> }.into_any(),
                view! { <span class="wraps"><a class="link" href=format!("/admin/providers/{}", row.provider_id)>{row.provider_name}</a></span> }.into_any(),
                view! { {when(row.starts_at, &row.zone)} }.into_any(),
                status(&row.status).into_any(),
                row.total.to_string().into_any(),
                view! { {when(row.created_at, zone_name)} }.into_any(),
            ]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption=caption /> }.into_any()
}

/// Where the list goes on, if it does.
pub fn more(next: Option<String>) -> AnyView {
    match next {
        Some(next) => view! { <Pagination next=next /> }.into_any(),
        None => ().into_any(),
    }
}

/// A reason and a button, for acts that must say why.
#[component]
pub fn Decide(
    #[prop(into)] action: String,
    #[prop(into)] name: String,
    #[prop(into)] button: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional, into)] problem: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    /// Without it the act may go without one.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let id = format!("reason-{name}");
    view! {
        <form class="form decide" method="post" action=action>
            <input type="hidden" name="act" value=name />
            <TextArea label="Reason" name="reason" rows=2 maxlength=500 id=id problem=problem value=value help=help optional=optional />
            <div><Button kind=kind>{button}</Button></div>
        </form>
    }
}
