//! Payments: the list, and one with its attempts, refunds, messages and ledger lines.

use super::people::none;
use crate::admin::parts::{Heads, Sieve, filters, more, number_head, status, when, words, words_head};
use crate::kit::{Button, Card, Column, Crumbs, Empty, ErrorSummary, Field, Filled, Kind, Table, TextArea, WorkHeader};
use domain::admin::{AttemptLine, LedgerLine, MessageLine, PaymentDetail, PaymentLine, RefundLine};
use domain::page::Page;
use leptos::prelude::*;

const STATUSES: [(&str, &str); 8] = [
    ("", "All"),
    ("pending", "Pending"),
    ("authorised", "Authorised"),
    ("paid", "Paid"),
    ("partly_refunded", "Partly refunded"),
    ("refunded", "Refunded"),
    ("failed", "Failed"),
    ("voided", "Voided"),
];
const TROUBLES: [(&str, &str); 3] =
    [("", "With or without"), ("unresolved", "No answer from the gateway"), ("refund_failed", "Refund not delivered")];

pub(super) fn payment_table(rows: Vec<PaymentLine>, zone: &str, heads: Option<&Heads>) -> AnyView {
    let columns = vec![
        Column::new("Booking").place("a"),
        words_head(heads, Column::new("Payer").place("c"), "payer"),
        words_head(heads, Column::new("Provider").low(), "provider"),
        Column::new("Card").low(),
        words_head(heads, Column::new("Status").place("d"), "status"),
        number_head(heads, Column::new("Amount").end().place("b"), "amount"),
        number_head(heads, Column::new("Begun").low(), "begun"),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            let back = (!row.refunded.is_zero()).then(|| view! { <span class="sub">"−"{row.refunded.to_string()}</span> });
            vec![
                view! { <a class="link" href=format!("/admin/payments/{}", row.id)>{row.reference}</a> }.into_any(),
                view! { {row.payer_name} <span class="sub">{row.payer_email}</span> }.into_any(),
                row.provider_name.into_any(),
                row.card.unwrap_or_else(|| "–".into()).into_any(),
                status(&row.status).into_any(),
                view! { {row.amount.to_string()} {back} }.into_any(),
                when(row.created_at, zone).into_any(),
            ]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="Payments" /> }.into_any()
}

#[component]
pub fn PaymentsPage(
    page: Page<PaymentLine>,
    filled: Filled,
    zone: String,
    next: Option<String>,
    csv: String,
    heads: Heads,
) -> impl IntoView {
    let value = |name: &str| filled.value(name);
    let sieves = vec![
        Sieve::Text { name: "q", label: "Find", value: value("q"), placeholder: "Reference, e-mail, any id" },
        Sieve::Pick { name: "status", label: "Status", value: value("status"), options: STATUSES.to_vec() },
        Sieve::Pick { name: "trouble", label: "Trouble", value: value("trouble"), options: TROUBLES.to_vec() },
        Sieve::Date { name: "paid_from", label: "Paid from", value: value("paid_from") },
        Sieve::Date { name: "paid_to", label: "to", value: value("paid_to") },
        Sieve::Kept { name: "sort", value: filled.value("sort") },
    ];
    let list = if page.items.is_empty() {
        view! { <Empty title="No payments match" text="Clear a filter, or look for a booking’s reference." /> }.into_any()
    } else {
        payment_table(page.items, &zone, Some(&heads))
    };
    view! {
        <WorkHeader title="Payments" line=format!("Days of {zone}.") />
        <div class="work-body">
            <section class="card panel">{filters("/admin/payments", sieves, Some(csv))} {list}</section>
            {more(next)}
        </div>
    }
}

#[component]
pub fn PaymentPage(detail: PaymentDetail, filled: Filled, zone: String) -> impl IntoView {
    let PaymentDetail { payment, refundable, attempts, refunds, messages, ledger } = detail;
    let title = format!("{} for {}", payment.amount, payment.reference);
    let facts = [
        ("Payer", format!("{}, {}", payment.payer_name, payment.payer_email)),
        ("Provider", payment.provider_name.clone()),
        ("Card", payment.card.clone().unwrap_or_else(|| "–".into())),
        ("Given back", payment.refunded.to_string()),
        ("Can be given back", refundable.to_string()),
    ];
    let facts = facts.into_iter().map(|(what, value)| view! { <div><dt>{what}</dt><dd>{value}</dd></div> }).collect_view();
    let refund =
        if refundable.minor > 0 { refund_form(&payment, refundable.plain(), filled) } else { none("Nothing is left to give back.") };
    let badge = status(&payment.status).into_any();
    let crumbs = vec![("Payments".into(), "/admin/payments".into()), (payment.reference.clone(), String::new())];
    view! {
        <WorkHeader title=title>{badge}</WorkHeader>
        <div class="work-body">
            <Crumbs items=crumbs />
            <div class="two-parts">
                <div class="stack">
                    {panel("Attempts", attempt_table(attempts, &zone))}
                    {panel("Refunds", refund_table(refunds, &zone))}
                    {panel("Ledger", ledger_table(ledger, &zone))}
                    {panel("What the gateway said", message_table(messages, &zone))}
                </div>
                <div class="stack">
                    <Card title="About">
                        <dl class="pairs">{facts}</dl>
                        <p><a class="link small" href=format!("/bookings/{}", payment.booking_id)>"To the booking"</a></p>
                    </Card>
                    <Card title="Refund">{refund}</Card>
                </div>
            </div>
        </div>
    }
}

fn panel(title: &'static str, inside: AnyView) -> AnyView {
    view! { <section class="card panel"><div class="head"><h2>{title}</h2></div>{inside}</section> }.into_any()
}

/// First to the preview, which says how the sum splits; only that page has the button that moves money.
fn refund_form(payment: &PaymentLine, most: String, filled: Filled) -> AnyView {
    let code = payment.amount.currency.code().to_owned();
    let amount = if filled.value("amount").is_empty() { most.clone() } else { filled.value("amount") };
    let (amount_problem, reason, reason_problem) = (filled.problem("amount"), filled.value("reason"), filled.problem("reason"));
    let is_sure = filled.is_on("sure") && !filled.is_refused();
    let (ask, key) = (filled.value("preview"), filled.value("key"));
    let last = if is_sure {
        let label = format!("Refund {amount} {code}");
        view! {
            <p class="small" role="status">{ask}</p>
            <input type="hidden" name="key" value=key />
            <Button kind=Kind::Danger name="act" value="refund">{label}</Button>
        }
        .into_any()
    } else {
        view! { <Button name="act" value="preview">"See what it does"</Button> }.into_any()
    };
    view! {
        <form class="form" method="post" action=format!("/admin/payments/{}", payment.id)>
            <ErrorSummary filled=filled />
            <Field label="Amount" name="amount" value=amount problem=amount_problem inputmode="decimal" affix=code maxlength=20 help=format!("At most {most}.") />
            <TextArea label="Reason" name="reason" value=reason problem=reason_problem rows=2 maxlength=300 help="The customer reads it." />
            <div class="stack">{last}</div>
        </form>
    }
    .into_any()
}

fn attempt_table(rows: Vec<AttemptLine>, zone: &str) -> AnyView {
    if rows.is_empty() {
        return none("No attempts.");
    }
    let columns = vec![
        Column::new("Begun").place("a"),
        Column::new("Gateway").low(),
        Column::new("Status").place("b"),
        Column::new("Said").place("c"),
        Column::new("Last change").low(),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            vec![
                when(row.created_at, zone).into_any(),
                view! { {row.gateway} <span class="sub">{row.gateway_ref}</span> }.into_any(),
                status(&row.status).into_any(),
                row.failure.unwrap_or_else(|| "–".into()).into_any(),
                when(row.updated_at, zone).into_any(),
            ]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="Attempts" /> }.into_any()
}

fn refund_table(rows: Vec<RefundLine>, zone: &str) -> AnyView {
    if rows.is_empty() {
        return none("Nothing was given back.");
    }
    let columns = vec![
        Column::new("When").place("a"),
        Column::new("Reason").place("c"),
        Column::new("By").low(),
        Column::new("Status").place("d"),
        Column::new("Amount").end().place("b"),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            vec![
                when(row.created_at, zone).into_any(),
                view! { {row.reason} {row.failure.map(|why| view! { <span class="sub">{why}</span> })} }.into_any(),
                words(&row.by).into_any(),
                status(&row.status).into_any(),
                row.amount.to_string().into_any(),
            ]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="Refunds" /> }.into_any()
}

fn ledger_table(rows: Vec<LedgerLine>, zone: &str) -> AnyView {
    if rows.is_empty() {
        return none("No money has moved.");
    }
    let columns = vec![
        Column::new("When").place("a"),
        Column::new("What").place("c"),
        Column::new("Account").place("d"),
        Column::new("Amount").end().place("b"),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            vec![when(row.at, zone).into_any(), row.memo.into_any(), words(&row.account).into_any(), row.amount.to_string().into_any()]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="Ledger" /> }.into_any()
}

pub(super) fn message_table(rows: Vec<MessageLine>, zone: &str) -> AnyView {
    if rows.is_empty() {
        return none("Nothing yet.");
    }
    let columns = vec![
        Column::new("Received").place("a"),
        Column::new("Gateway").low(),
        Column::new("Kind").place("c"),
        Column::new("Outcome").place("b"),
    ];
    let rows = rows
        .into_iter()
        .map(|row| {
            let outcome = row.outcome.unwrap_or_else(|| if row.applied_at.is_some() { "applied".into() } else { "waiting".into() });
            vec![
                when(row.received_at, zone).into_any(),
                row.gateway.into_any(),
                view! { {row.kind} <span class="sub">{row.event_id}</span> }.into_any(),
                words(&outcome).into_any(),
            ]
        })
        .collect();
    view! { <Table columns=columns rows=rows caption="Messages of gateways" /> }.into_any()
}
