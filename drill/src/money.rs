//! Our books beside the gateway's: whatever it took is on our side, whatever we promise it has.

use crate::house::Gateway;
use crate::load::{Memory, Promise};
use crate::report::Report;
use anyhow::Result;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// However the house died, its books are right again after this.
pub const CONVERGED: Duration = Duration::from_secs(30);

#[derive(sqlx::FromRow)]
struct Paid {
    intent: Option<String>,
    booking: String,
    status: String,
    payment_id: String,
    payment: String,
    captured: i64,
    refunded: i64,
    refunds_open: i64,
}

/// What is not settled between us and the gateway, in sentences; nothing when both agree.
pub async fn differences(db: &PgPool, gateway: &Gateway) -> Result<Vec<String>> {
    let state = gateway.state().await?;
    let intents = index(&state["intents"]);
    let mut refunded: BTreeMap<&str, i64> = BTreeMap::new();
    for refund in state["refunds"].as_array().into_iter().flatten() {
        *refunded.entry(refund["payment_intent"].as_str().unwrap_or_default()).or_default() += refund["amount"].as_i64().unwrap_or(0);
    }
    let rows: Vec<Paid> = sqlx::query_as(
        "select distinct on (a.id) a.gateway_ref as intent, b.id::text as booking, b.status, p.id::text as payment_id, p.status as payment, p.captured_minor as captured,
            p.refunded_minor as refunded, (select count(*) from refunds r where r.payment_id = p.id and r.status <> 'succeeded') as refunds_open
         from payment_attempts a join payments p on p.id = a.payment_id join bookings b on b.id = p.booking_id",
    )
    .fetch_all(db)
    .await?;
    let mut problems = Vec::new();
    let mut known = BTreeSet::new();
    // a card may have been charged by more than one attempt of a payment
    let mut taken: BTreeMap<&str, i64> = BTreeMap::new();
    for row in &rows {
        let intent = row.intent.as_deref().and_then(|reference| intents.get(reference));
        *taken.entry(&row.payment_id).or_default() += intent.and_then(|intent| intent["amount_received"].as_i64()).unwrap_or(0);
    }
    for row in &rows {
        let Some(reference) = row.intent.as_deref() else { continue };
        known.insert(reference);
        let Some(intent) = intents.get(reference) else {
            problems.push(format!("the gateway does not know {reference}"));
            continue;
        };
        problems.extend(difference(row, intent, taken[row.payment_id.as_str()], refunded.get(reference).copied().unwrap_or(0)));
    }
    for (reference, intent) in &intents {
        let took = intent["amount_received"].as_i64().unwrap_or(0);
        if took > 0 && !known.contains(reference.as_str()) {
            problems.push(format!("{reference} took {took} and none of our rows is about it"));
        }
    }
    let left = crate::invariants::jobs_left(db).await?;
    if left > 0 {
        problems.push(format!("{left} jobs about money are not done"));
    }
    Ok(problems)
}

fn index(intents: &Value) -> BTreeMap<String, &Value> {
    intents.as_array().into_iter().flatten().map(|intent| (intent["id"].as_str().unwrap_or_default().to_owned(), intent)).collect()
}

fn difference(row: &Paid, intent: &Value, taken: i64, refunded_there: i64) -> Option<String> {
    let took = intent["amount_received"].as_i64().unwrap_or(0);
    let there = intent["status"].as_str().unwrap_or_default();
    let says = |what: &str| {
        Some(format!(
            "booking {} is {}, its payment {} with {} taken and {} back; the gateway says {there}, {taken} taken, {refunded_there} back: {what}",
            row.booking, row.status, row.payment, row.captured, row.refunded
        ))
    };
    if taken != row.captured && there == "succeeded" {
        return says("what was taken differs");
    }
    if took > 0 && refunded_there != row.refunded || row.refunds_open > 0 {
        return says("what went back differs");
    }
    let is_agreed = matches!(row.status.as_str(), "confirmed" | "in_progress" | "completed" | "no_show");
    if took > 0 && row.refunded == 0 && !is_agreed {
        return says("paid and lost");
    }
    if there == "requires_capture" && row.status != "requested" {
        return says("the card is kept reserved for nothing");
    }
    None
}

/// Waits until both sides agree; how long it took, or what still differs when time is up.
pub async fn converges(db: &PgPool, gateway: &Gateway) -> Result<std::result::Result<Duration, Vec<String>>> {
    let began = Instant::now();
    loop {
        let left = differences(db, gateway).await?;
        if left.is_empty() {
            return Ok(Ok(began.elapsed()));
        }
        if began.elapsed() > CONVERGED {
            return Ok(Err(left));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Bookings that more than one charge was taken for, whether or not one has gone back.
pub async fn charged_twice(db: &PgPool) -> Result<i64> {
    let sql = "select count(*) from (
        select p.booking_id from payments p join payment_attempts a on a.payment_id = p.id where a.status = 'succeeded' group by p.booking_id having count(*) > 1
    ) twice";
    Ok(sqlx::query_scalar(sql).fetch_one(db).await?)
}

/// Nobody was charged twice, not even to be given it back.
pub async fn check_charges(db: &PgPool, report: &mut Report) -> Result<()> {
    let twice = charged_twice(db).await?;
    report.expect(twice == 0, || format!("{twice} bookings were charged twice"));
    Ok(())
}

/// Everything that was acknowledged is still so.
pub async fn check_promises(db: &PgPool, memory: &Memory, report: &mut Report) -> Result<()> {
    let rows: Vec<(String, String)> = sqlx::query_as("select id::text, status from bookings").fetch_all(db).await?;
    let rows: BTreeMap<String, String> = rows.into_iter().collect();
    for (booking, promise) in &memory.promises {
        let Some(status) = rows.get(booking) else {
            report.broken(format!("booking {booking} was acknowledged as {promise:?} and is gone"));
            continue;
        };
        let fits = match promise {
            Promise::Held => true,
            Promise::Requested => matches!(status.as_str(), "requested" | "confirmed" | "declined"),
            // cancelled by a call whose answer was lost
            Promise::Confirmed => matches!(status.as_str(), "confirmed" | "cancelled"),
            Promise::Cancelled => status == "cancelled",
        };
        report.expect(fits, || format!("booking {booking} was acknowledged as {promise:?} and is {status}"));
    }
    Ok(())
}
