//! The state of the business at a glance.

use crate::admin::parts::{ago, booking_table};
use crate::kit::chart::Bar;
use crate::kit::format::{count, date, day_month, day_month_short, percent, plural};
use crate::kit::islands::LivePart;
use crate::kit::{BarChart, Card, Empty, Figure, Icon, Segment, Segments, State, WorkHeader, icon};
use domain::admin::{Attention, Overview, Series};
use domain::money::{Currency, Money};
use domain::time::Instant;
use leptos::prelude::*;

const SPANS: [(i64, &str); 4] = [(1, "Today"), (7, "7 days"), (28, "28 days"), (90, "90 days")];

#[component]
pub fn OverviewPage(overview: Overview, now: Instant) -> impl IntoView {
    let days = i64::from(overview.to.days() - overview.from.days()) + 1;
    let line = match days {
        1 => format!("{}, compared with the day before. Days of {}.", date(overview.to), overview.zone),
        _ => format!(
            "{} to {}, compared with the {days} days before. Days of {}.",
            day_month(overview.from),
            date(overview.to),
            overview.zone
        ),
    };
    let spans = SPANS.map(|(span, name)| Segment::new(name, address(span, overview.currency), span == days)).to_vec();
    let currencies = overview
        .currencies
        .iter()
        .map(|currency| Segment::new(currency.code().to_owned(), address(days, *currency), *currency == overview.currency))
        .collect::<Vec<_>>();
    let (zone, latest) = (overview.zone.clone(), overview.latest.clone());
    let latest = if latest.is_empty() {
        view! { <Empty title="No bookings yet" text="They appear here as soon as someone holds a time." /> }.into_any()
    } else {
        booking_table(latest, "Latest bookings", &zone, None)
    };
    view! {
        <div class="live-part" id="overview">
        <WorkHeader title="Overview" line=line>
            {(currencies.len() > 1).then(|| view! { <Segments label="Currency" items=currencies /> })}
            <Segments label="Period" items=spans />
        </WorkHeader>
        <div class="work-body overview">
            {tiles(&overview)} {volume(&overview, days)} {attention(overview.attention.clone(), now, zone.clone())}
            <section class="card panel span-all">
                <div class="head"><h2>"Latest bookings"</h2><a class="link small push" href="/admin/bookings">"All bookings"</a></div>
                {latest}
            </section>
        </div>
        </div>
        <LivePart region="overview".into() topics=vec!["admin".into()] />
    }
}

fn address(days: i64, currency: Currency) -> String {
    format!("/admin?days={days}&currency={}", currency.code())
}

/// `+8.3 %`; `good_up` says whether more is better.
fn change(series: &Series, good_up: Option<bool>) -> Option<(String, State)> {
    let bp = series.change_bp()?;
    let state = match good_up {
        Some(up) if bp != 0 => {
            if (bp > 0) == up {
                State::Good
            } else {
                State::Bad
            }
        }
        _ => State::Plain,
    };
    let shown = percent((bp + bp.signum() * 5) / 10 * 10);
    Some((if bp > 0 { format!("+{shown}") } else { shown }, state))
}

fn tiles(overview: &Overview) -> AnyView {
    let money = |minor: i64| Money::new(minor, overview.currency).to_string();
    let paid = format!("/admin/payments?paid_from={}&paid_to={}", overview.from, overview.to);
    let made = format!("/admin/bookings?made_from={}&made_to={}", overview.from, overview.to);
    let figure = |label: &'static str, href: String, series: &Series, shown: &dyn Fn(i64) -> String, good_up: Option<bool>| {
        let against = format!("from {}", shown(series.total_before()));
        let (value, change) = (shown(series.total()), change(series, good_up));
        let (values, before) = (series.values.clone(), series.before.clone());
        match change {
            Some(change) => {
                view! { <Figure label=label value=value href=href change=change against=against values=values before=before /> }.into_any()
            }
            None => {
                view! { <Figure label=label value=value href=href against="nothing to compare with yet" values=values before=before /> }
                    .into_any()
            }
        }
    };
    let providers = format!("{} of them booked in this time", count(overview.booked_providers));
    view! {
        <section class="tiles" data-of="six" aria-label="Figures">
            {figure("Paid by customers", paid.clone(), &overview.volume_minor, &money, Some(true))}
            {figure("Fettle’s share", paid.clone(), &overview.commission_minor, &money, Some(true))}
            {figure("Bookings", made, &overview.bookings, &count, Some(true))}
            {figure("Given back", paid, &overview.refunds_minor, &money, Some(false))}
            {figure("New people", "/admin/people".into(), &overview.people, &count, Some(true))}
            <Figure label="Active providers" value=count(overview.active_providers) href="/admin/providers?status=active" against=providers />
        </section>
    }
    .into_any()
}

/// Bars a day, or a week where days would be too thin to read.
fn volume(overview: &Overview, days: i64) -> AnyView {
    let step = if days > 31 { 7 } else { 1 };
    let values = &overview.volume_minor.values;
    let bars = values
        .chunks(step)
        .enumerate()
        .map(|(at, chunk)| {
            let first = overview.from.plus_days((at * step) as i32);
            let last = first.plus_days(chunk.len() as i32 - 1);
            let value: i64 = chunk.iter().sum();
            Bar {
                label: day_month_short(first),
                value: value.max(0),
                shown: Money::new(value, overview.currency).to_string(),
                href: Some(format!("/admin/payments?paid_from={first}&paid_to={last}")),
            }
        })
        .collect::<Vec<_>>();
    let total = Money::new(overview.volume_minor.total(), overview.currency);
    let summary = format!("Paid by customers, {} in all", total);
    let head = if step == 7 { "Week from" } else { "Day" };
    let axis = match overview.currency.decimals() {
        0 => axis_0 as fn(i64) -> String,
        3 => axis_3,
        _ => axis_2,
    };
    view! {
        <Card title=format!("Paid by customers, {}", overview.currency.code())>
            <div class="revenue"><BarChart summary=summary bars=bars axis=axis label_head=head value_head="Paid" /></div>
        </Card>
    }
    .into_any()
}

fn axis_0(minor: i64) -> String {
    short(minor)
}
fn axis_2(minor: i64) -> String {
    short(minor / 100)
}
fn axis_3(minor: i64) -> String {
    short(minor / 1000)
}
/// `950`, `12k`, `3.5M`.
fn short(n: i64) -> String {
    match n {
        0..=9_999 => count(n),
        10_000..=999_999 => format!("{}k", n / 1000),
        _ => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000),
    }
}

fn attention(waiting: Vec<Attention>, now: Instant, zone: String) -> AnyView {
    let inside = if waiting.is_empty() {
        view! { <Empty title="Nothing waits for you" text="Applications, payments without an answer and whatever failed would stand here." icon_before=Icon::CIRCLE_CHECK /> }
            .into_any()
    } else {
        let items = waiting.into_iter().map(|one| item(one, now, &zone)).collect_view();
        view! { <ul class="plain attention">{items}</ul> }.into_any()
    };
    view! { <section class="card panel"><div class="head"><h2>"Needs attention"</h2></div>{inside}</section> }.into_any()
}

fn item(one: Attention, now: Instant, zone: &str) -> AnyView {
    let n = one.count;
    let (text, href, of, state) = match one.kind.as_str() {
        "applications" => (plural(n, "application waits", "applications wait"), "/admin/providers?status=submitted", Icon::STORE, "wait"),
        "payments" => {
            (plural(n, "payment has no answer", "payments have no answer"), "/admin/payments?trouble=unresolved", Icon::CREDIT_CARD, "bad")
        }
        "refunds" => (
            plural(n, "refund could not be delivered", "refunds could not be delivered"),
            "/admin/payments?trouble=refund_failed",
            Icon::BANKNOTE,
            "bad",
        ),
        "mails" => (plural(n, "e-mail was refused", "e-mails were refused"), "/admin/system#mails", Icon::MAIL, "wait"),
        "jobs" => (plural(n, "job has given up", "jobs have given up"), "/admin/system#jobs", Icon::SERVER, "bad"),
        _ => (
            plural(n, "request lapses within 2 h", "requests lapse within 2 h"),
            "/admin/bookings?status=requested",
            Icon::HOURGLASS,
            "wait",
        ),
    };
    let since = one.oldest_at.map(|at| view! { <span class="tiny muted">"Oldest "{ago(at, now, zone)}</span> });
    view! { <li data-state=state>{icon(of)}<div><a href=href><b>{text}</b></a>{since}</div></li> }.into_any()
}
