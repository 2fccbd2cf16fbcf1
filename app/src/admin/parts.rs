//! What several of the operator's pages share. Rendered by the server only, so zones may be applied here.

use crate::kit::format::{self, Time};
use crate::kit::{Badge, Button, Column, Field, Icon, Kind, Pagination, Select, SortBy, State, Table, TextArea, icon_s};
use domain::admin::{BookingLine, Sort};
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
    Text {
        name: &'static str,
        label: &'static str,
        value: String,
        placeholder: &'static str,
    },
    Date {
        name: &'static str,
        label: &'static str,
        value: String,
    },
    Pick {
        name: &'static str,
        label: &'static str,
        value: String,
        options: Vec<(&'static str, &'static str)>,
    },
    /// What the list keeps when it is sifted anew.
    Kept {
        name: &'static str,
        value: String,
    },
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
            Sieve::Kept { name, value } => {
                (!value.is_empty()).then(|| view! { <input type="hidden" name=name value=value /> }).into_any()
            }
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

/// Heads that sort a list: pressed again, the other way round.
pub struct Heads {
    /// The list with its filters, without a sort.
    address: String,
    now: Sort,
    /// How it is sorted when nothing is said.
    usual: Sort,
}

impl Heads {
    /// `asked` is the sort that stands in the address; one that the list does not know counts as none.
    pub fn new(address: String, asked: &str, columns: &[&str], usual: &str) -> Self {
        let usual = Sort::from(usual.to_owned());
        let now = Sort::parse(asked).filter(|sort| columns.contains(&sort.by.as_str())).unwrap_or_else(|| usual.clone());
        Self { address, now, usual }
    }
    fn address_of(&self, sort: Sort) -> String {
        if sort == self.usual {
            return self.address.clone();
        }
        let sign = if self.address.contains('?') { '&' } else { '?' };
        format!("{}{sign}sort={}", self.address, String::from(sort))
    }
    /// Words begin with A.
    pub fn words(&self, column: Column, by: &str) -> Column {
        self.head(column, by, false)
    }
    /// Numbers and times begin with the greatest and latest.
    pub fn number(&self, column: Column, by: &str) -> Column {
        self.head(column, by, true)
    }
    fn head(&self, column: Column, by: &str, begins_down: bool) -> Column {
        let is_now = self.now.by == by;
        let is_down = if is_now { !self.now.is_down } else { begins_down };
        let state = is_now.then_some(if self.now.is_down { SortBy::Descending } else { SortBy::Ascending });
        column.sort(self.address_of(Sort { by: by.to_owned(), is_down }), state)
    }
}

/// A head that sorts where the list can be sorted.
pub fn words_head(heads: Option<&Heads>, column: Column, by: &str) -> Column {
    match heads {
        Some(heads) => heads.words(column, by),
        None => column,
    }
}

/// The same for numbers and times.
pub fn number_head(heads: Option<&Heads>, column: Column, by: &str) -> Column {
    match heads {
        Some(heads) => heads.number(column, by),
        None => column,
    }
}

/// Columns and cells of a list of bookings; with `heads` it can be sorted.
pub fn booking_table(rows: Vec<BookingLine>, caption: &'static str, zone_name: &str, heads: Option<&Heads>) -> AnyView {
    let columns = vec![
        Column::new("Booking").place("a"),
        words_head(heads, Column::new("Customer").place("c"), "customer"),
        words_head(heads, Column::new("Provider").low(), "provider"),
        number_head(heads, Column::new("Starts, local time"), "starts"),
        words_head(heads, Column::new("Status").place("d"), "status"),
        number_head(heads, Column::new("Total").end().place("b"), "total"),
        number_head(heads, Column::new("Made").low(), "made"),
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
