//! Our books beside the gateway's: whatever it took is on our side, whatever we promise it has.

use crate::house::Gateway;
use crate::invariants;
use crate::load::{Load, Memory, Promise};
use crate::report::Report;
use anyhow::Result;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// However the house died, its books are right again after this.
pub const CONVERGED: Duration = Duration::from_secs(30);

/// An attempt of a payment, or a payment without any.
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
        "select a.gateway_ref as intent, b.id::text as booking, b.status, p.id::text as payment_id, p.status as payment, p.captured_minor as captured,
            p.refunded_minor as refunded, (select count(*) from refunds r where r.payment_id = p.id and r.status <> 'succeeded') as refunds_open
         from payments p join bookings b on b.id = p.booking_id left join payment_attempts a on a.payment_id = p.id",
    )
    .fetch_all(db)
    .await?;
    let mut problems = captures(&rows, &intents);
    let mut known = BTreeSet::new();
    for row in &rows {
        let Some(reference) = row.intent.as_deref() else { continue };
        known.insert(reference);
        let Some(intent) = intents.get(reference) else {
            problems.push(format!("the gateway does not know {reference}"));
            continue;
        };
        problems.extend(difference(row, intent, refunded.get(reference).copied().unwrap_or(0)));
    }
    for (reference, intent) in &intents {
        let took = taken(intent);
        if took > 0 && !known.contains(reference.as_str()) {
            problems.push(format!("{reference} took {took} and none of our rows is about it"));
        }
    }
    let left = invariants::jobs_left(db).await?;
    if left > 0 {
        problems.push(format!("{left} jobs about money are not done"));
    }
    Ok(problems)
}

fn index(intents: &Value) -> BTreeMap<String, &Value> {
    intents.as_array().into_iter().flatten().map(|intent| (intent["id"].as_str().unwrap_or_default().to_owned(), intent)).collect()
}

fn taken(intent: &Value) -> i64 {
    intent["amount_received"].as_i64().unwrap_or(0)
}

/// Payments that our books say something else was taken for than the gateway took, by all their attempts together; also those that it took nothing for.
fn captures(rows: &[Paid], intents: &BTreeMap<String, &Value>) -> Vec<String> {
    let mut payments: BTreeMap<&str, (&Paid, i64)> = BTreeMap::new();
    for row in rows {
        let intent = row.intent.as_deref().and_then(|reference| intents.get(reference));
        payments.entry(&row.payment_id).or_insert((row, 0)).1 += intent.map_or(0, |intent| taken(intent));
    }
    let wrong = payments.into_values().filter(|(row, took)| row.captured != *took);
    wrong
        .map(|(row, took)| {
            let Paid { booking, status, payment, captured, .. } = row;
            format!("booking {booking} is {status}, its payment {payment} with {captured} taken; the gateway took {took} for it")
        })
        .collect()
}

fn difference(row: &Paid, intent: &Value, refunded_there: i64) -> Option<String> {
    let took = taken(intent);
    let there = intent["status"].as_str().unwrap_or_default();
    let says = |what: &str| {
        Some(format!(
            "booking {} is {}, its payment {} with {} taken and {} back; the gateway says {there}, {took} taken, {refunded_there} back: {what}",
            row.booking, row.status, row.payment, row.captured, row.refunded
        ))
    };
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

/// Everything that must hold of a house under load: nobody begins anything new until both sides agree, and nothing that was acknowledged is lost. How
/// long that took, if they do.
pub async fn judge(db: &PgPool, gateway: &Gateway, load: &Load, report: &mut Report) -> Result<Option<Duration>> {
    load.pause(true);
    let took = match converges(db, gateway).await? {
        Ok(took) => Some(took),
        Err(left) => {
            report.broken(format!("{} things still differ after {} s", left.len(), CONVERGED.as_secs()));
            left.into_iter().take(5).for_each(|problem| report.broken(problem));
            None
        }
    };
    let (promises, odd) = load.with_memory(|memory| (memory.promises.clone(), memory.odd.clone()));
    for (what, count) in &odd {
        report.broken(format!("{count} × {what}"));
    }
    check_promises(db, &Memory { promises, ..Memory::default() }, report).await?;
    check_charges(db, report).await?;
    invariants::check(db, report).await?;
    load.pause(false);
    Ok(took)
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attempt(intent: Option<&str>, captured: i64) -> Paid {
        let text = str::to_owned;
        Paid {
            intent: intent.map(text),
            booking: text("b"),
            status: text("confirmed"),
            payment_id: text("p"),
            payment: text("paid"),
            captured,
            refunded: 0,
            refunds_open: 0,
        }
    }

    #[test]
    fn what_is_captured_is_what_the_gateway_took() {
        let state = json!([
            { "id": "given_up", "status": "canceled", "amount_received": 0 },
            { "id": "charged", "status": "succeeded", "amount_received": 100 },
            { "id": "reserved", "status": "requires_capture", "amount_received": 0 },
        ]);
        let intents = index(&state);
        let wrong = |rows: &[Paid]| captures(rows, &intents).len();
        assert_eq!(wrong(&[attempt(Some("given_up"), 100), attempt(Some("charged"), 100)]), 0);
        assert_eq!(wrong(&[attempt(Some("reserved"), 100)]), 1, "confirmed unpaid");
        assert_eq!(wrong(&[attempt(None, 100)]), 1, "paid for by nothing");
        assert_eq!(wrong(&[attempt(Some("charged"), 0)]), 1, "paid and not known");
        assert_eq!(wrong(&[attempt(None, 0)]), 0);
    }
}
