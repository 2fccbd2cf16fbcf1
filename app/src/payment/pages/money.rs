//! What a provider has earned: figures, days, and every line of the statement.

use crate::kit::chart::Bar;
use crate::kit::{BarChart, Column, Empty, Figure, Icon, Pagination, Tab, Table, Tabs, WorkHeader, format};
use domain::id::ProviderId;
use domain::ledger::{Earnings, StatementLine};
use domain::money::Money;
use domain::page::Page;
use domain::scheduling::zone;
use domain::time::Date;
use leptos::prelude::*;
use serde::Deserialize;

/// The range of days shown, ending today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Week,
    #[default]
    Month,
    Quarter,
    Year,
}

impl Period {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Week, "week", "7 days"),
        (Self::Month, "month", "30 days"),
        (Self::Quarter, "quarter", "90 days"),
        (Self::Year, "year", "A year"),
    ];

    pub const fn days(self, today: Date) -> (Date, Date) {
        let length = match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
        };
        (today.plus_days(1 - length), today)
    }
    const fn words(self) -> &'static str {
        match self {
            Self::Week => "in the last 7 days",
            Self::Month => "in the last 30 days",
            Self::Quarter => "in the last 90 days",
            Self::Year => "in the last year",
        }
    }
}

#[component]
pub fn MoneyPage(
    provider: ProviderId,
    zone: String,
    period: Period,
    earnings: Earnings,
    statement: Page<StatementLine>,
    is_first: bool,
) -> impl IntoView {
    let base = format!("/desk/{provider}/money");
    let tabs = Period::ALL.iter().map(|&(of, name, label)| Tab::new(label, format!("{base}?period={name}"), of == period)).collect();
    let words = period.words();
    view! {
        <WorkHeader title="Money" line=format!("{} to {}", format::date(earnings.from), format::date(earnings.to)) />
        <div class="work-body money">
            <Tabs label="Period" items=tabs />
            <div class="tiles">
                <Figure label="Ready to be paid out" value=earnings.balance.to_string() against="all that is owed to you today" />
                <Figure label="Earned" value=earnings.earned.to_string() against=format!("{words}, tips included, commission taken off") />
                <Figure label="Gone back" value=earnings.returned.to_string() against=format!("your part of refunds {words}") />
                <Figure label="Commission" value=earnings.commission.to_string() against=format!("kept by Fettle {words}") />
            </div>
            {days(&earnings)}
            {lines(statement, &base, period, &zone, is_first)}
        </div>
    }
}

/// The days on which money came, as bars; days on which more went back than came stand at zero, and the statement tells.
fn days(earnings: &Earnings) -> AnyView {
    if earnings.days.is_empty() {
        return ().into_any();
    }
    let currency = earnings.earned.currency;
    let bars = earnings
        .days
        .iter()
        .rev()
        .take(14)
        .rev()
        .map(|day| Bar {
            label: format::day_month_short(day.date),
            value: day.net_minor.max(0),
            shown: Money::new(day.net_minor, currency).to_string(),
            href: None,
        })
        .collect();
    view! {
        <section aria-labelledby="by-day">
            <h2 id="by-day">"Earned by day"</h2>
            <BarChart
                summary="What you earned on each of the last days with income, less what went back"
                bars=bars
                axis=|minor| format::count(minor / 100)
                label_head="Day"
                value_head="Earned"
            />
        </section>
    }
    .into_any()
}

fn lines(statement: Page<StatementLine>, base: &str, period: Period, zone_name: &str, is_first: bool) -> AnyView {
    if statement.items.is_empty() {
        return view! {
            <Empty
                title="No money yet"
                text="When a customer pays for a booking, your part stands here at once: the price less commission, and the whole tip."
                icon_before=Icon::RECEIPT
            />
        }
        .into_any();
    }
    let name = Period::ALL.iter().find(|(of, ..)| *of == period).map_or("month", |(_, name, _)| *name);
    let first = format!("{base}?period={name}");
    let next = statement.next_cursor.as_ref().map(|cursor| format!("{first}&cursor={cursor}"));
    let columns = vec![
        Column::new("When").place("c"),
        Column::new("What").place("a"),
        Column::new("Booking").low(),
        Column::new("Amount").end().place("b"),
        Column::new("Balance").end().place("d"),
    ];
    let rows = statement.items.into_iter().map(|line| cells(line, zone_name)).collect();
    let pages = match (is_first, next) {
        (true, None) => ().into_any(),
        (true, Some(next)) => view! { <Pagination next=next /> }.into_any(),
        (false, None) => view! { <Pagination first=first /> }.into_any(),
        (false, Some(next)) => view! { <Pagination next=next first=first /> }.into_any(),
    };
    view! {
        <section aria-labelledby="statement">
            <h2 id="statement">"Statement"</h2>
            <Table columns=columns rows=rows caption="Every payment and refund, newest first" />
            {pages}
        </section>
    }
    .into_any()
}

fn cells(line: StatementLine, zone_name: &str) -> Vec<AnyView> {
    let local = zone::local_in(line.at, zone_name);
    let when = format!("{}, {}", format::date(local.date), format::clock(local.minute.into()));
    let what = match line.service_name {
        Some(service) => format!("{} · {service}", line.memo),
        None => line.memo,
    };
    let booking = match (line.booking_id, line.reference) {
        (Some(id), Some(reference)) => view! { <a class="link" href=format!("/bookings/{id}")>{reference}</a> }.into_any(),
        _ => ().into_any(),
    };
    vec![
        when.into_any(),
        what.into_any(),
        booking,
        view! { <span class="num">{line.amount.to_string()}</span> }.into_any(),
        view! { <span class="num">{line.balance.to_string()}</span> }.into_any(),
    ]
}
