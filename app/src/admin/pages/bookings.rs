//! All bookings.

use crate::admin::parts::{Heads, Sieve, booking_table, filters, more};
use crate::kit::{Empty, Filled, WorkHeader};
use domain::admin::BookingLine;
use domain::page::Page;
use leptos::prelude::*;

const STATUSES: [(&str, &str); 10] = [
    ("", "All but lapsed holds"),
    ("held", "Held"),
    ("requested", "Requested"),
    ("confirmed", "Confirmed"),
    ("in_progress", "In progress"),
    ("completed", "Completed"),
    ("no_show", "No-show"),
    ("cancelled", "Cancelled"),
    ("declined", "Declined"),
    ("expired", "Lapsed"),
];

/// `filled` holds the filters; `next` and `csv` are addresses.
#[component]
pub fn BookingsPage(
    page: Page<BookingLine>,
    filled: Filled,
    zone: String,
    next: Option<String>,
    csv: String,
    heads: Heads,
) -> impl IntoView {
    let value = |name: &str| filled.value(name);
    let sieves = vec![
        Sieve::Text { name: "q", label: "Find", value: value("q"), placeholder: "Reference, name, e-mail" },
        Sieve::Pick { name: "status", label: "Status", value: value("status"), options: STATUSES.to_vec() },
        Sieve::Date { name: "made_from", label: "Made from", value: value("made_from") },
        Sieve::Date { name: "made_to", label: "to", value: value("made_to") },
        Sieve::Date { name: "starts_from", label: "Starts from", value: value("starts_from") },
        Sieve::Date { name: "starts_to", label: "to", value: value("starts_to") },
        Sieve::Kept { name: "customer", value: value("customer") },
        Sieve::Kept { name: "provider", value: value("provider") },
        Sieve::Kept { name: "sort", value: filled.value("sort") },
    ];
    let list = if page.items.is_empty() {
        view! { <Empty title="No bookings match" text="Clear a filter, or look for part of a name." /> }.into_any()
    } else {
        booking_table(page.items, "Bookings", &zone, Some(&heads))
    };
    view! {
        <WorkHeader title="Bookings" line=format!("Days of {zone}.") />
        <div class="work-body">
            <section class="card panel">{filters("/admin/bookings", sieves, Some(csv))} {list}</section>
            {more(next)}
        </div>
    }
}
