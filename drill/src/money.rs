//! Our books beside the gateway's: whatever it took is on our side, whatever we promise it has.

use crate::house::Gateway;
use crate::invariants;
use crate::load::{Load, Promise, Wish};
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
    /// The money came after the quarter of an hour that a hold lasts, or was asked for only then.
    is_late: bool,
}

impl Paid {
    fn is_agreed(&self) -> bool {
        matches!(self.status.as_str(), "confirmed" | "in_progress" | "completed" | "no_show")
    }
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
            p.refunded_minor as refunded, (select count(*) from refunds r where r.payment_id = p.id and r.status <> 'succeeded') as refunds_open,
            coalesce(p.paid_at, p.created_at) > b.created_at + interval '15 minutes' as is_late
         from payments p join bookings b on b.id = p.booking_id left join payment_attempts a on a.payment_id = p.id",
    )
    .fetch_all(db)
    .await?;
    let mut problems = captures(&rows, &intents);
    problems.extend(given_back(&rows));
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
        if is_paid(intent) && !known.contains(reference.as_str()) {
            problems.push(format!("{reference} was paid with {} and none of our rows is about it", intent["amount"]));
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

/// A card was charged for it, or reserved, whatever became of that.
fn is_paid(intent: &Value) -> bool {
    taken(intent) > 0 || !intent["latest_charge"].is_null()
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

/// Agreed bookings for which no payment is kept whole: what was taken has gone back, and they stand as if it had not. Beside one that is kept
/// another may go back, which was charged for what was paid already. Drills give nothing back by hand.
fn given_back(rows: &[Paid]) -> Vec<String> {
    let mut agreed: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_agreed()) {
        agreed.entry(row.booking.as_str()).or_insert((row.status.as_str(), false)).1 |= row.captured > 0 && row.refunded == 0;
    }
    let unpaid = agreed.into_iter().filter(|(_, (_, is_kept))| !is_kept);
    unpaid.map(|(booking, (status, _))| format!("booking {booking} is {status}, and no payment for it is kept whole")).collect()
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
    if took > 0 && row.refunded == 0 && !row.is_agreed() {
        return says("paid and lost");
    }
    // Nobody has asked for that: whoever gives a booking up says so, and it is cancelled or declined.
    if is_paid(intent) && !row.is_late && matches!(row.status.as_str(), "held" | "expired") {
        return says("paid in time and lost");
    }
    if there == "requires_capture" && row.status != "requested" {
        return says("the card is kept reserved for nothing");
    }
    None
}

/// Waits until both sides agree; how long after `since` they did, or what still differs when time is up. `since` is when what disturbed them was
/// over, or when nobody began anything new any more.
pub async fn converges(db: &PgPool, gateway: &Gateway, since: Instant) -> Result<std::result::Result<Duration, Vec<String>>> {
    loop {
        let mut left = differences(db, gateway).await?;
        let took = since.elapsed();
        if took > CONVERGED {
            if left.is_empty() {
                left.push(format!("that they agree was seen only after {:.1} s", took.as_secs_f64()));
            }
            return Ok(Err(left));
        }
        if left.is_empty() {
            return Ok(Ok(took));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Everything that must hold of a house under load: nobody begins anything new until both sides agree, and nothing that was acknowledged is lost. How
/// long after `since` they did, if they do.
pub async fn judge(db: &PgPool, gateway: &Gateway, load: &Load, since: Instant, report: &mut Report) -> Result<Option<Duration>> {
    load.pause(true);
    let took = match converges(db, gateway, since).await? {
        Ok(took) => Some(took),
        Err(left) => {
            report.broken(format!("{} things still differ after {} s", left.len(), CONVERGED.as_secs()));
            left.into_iter().take(5).for_each(|problem| report.broken(problem));
            None
        }
    };
    for (what, count) in &load.with_memory(|memory| memory.odd.clone()) {
        report.broken(format!("{count} × {what}"));
    }
    check_promises(db, load, report).await?;
    check_charges(db, report).await?;
    invariants::check(db, report).await?;
    load.pause(false);
    Ok(took)
}

/// Since there was anything.
pub const EVER: &str = "-infinity";

/// Bookings begun from `since` on (a moment as Postgres writes it) that more than one charge was taken for, whether or not one has gone back.
pub async fn charged_twice(db: &PgPool, since: &str) -> Result<i64> {
    let sql = "select count(*) from (
        select p.booking_id
        from payments p join payment_attempts a on a.payment_id = p.id join bookings b on b.id = p.booking_id
        where a.status = 'succeeded' and b.created_at >= $1::text::timestamptz
        group by p.booking_id having count(*) > 1
    ) twice";
    Ok(sqlx::query_scalar(sql).bind(since).fetch_one(db).await?)
}

/// Nobody was charged twice, not even to be given it back.
pub async fn check_charges(db: &PgPool, report: &mut Report) -> Result<()> {
    let twice = charged_twice(db, EVER).await?;
    report.expect(twice == 0, || format!("{twice} bookings were charged twice"));
    Ok(())
}

/// Everything that was acknowledged is still so, or has become what somebody asked for.
pub async fn check_promises(db: &PgPool, load: &Load, report: &mut Report) -> Result<()> {
    // Before the rows what they have to show, after them what may explain them: people may go on meanwhile.
    let promises = load.with_memory(|memory| memory.promises.clone());
    let rows: Vec<(String, String)> = sqlx::query_as("select id::text, status from bookings").fetch_all(db).await?;
    let rows: BTreeMap<String, String> = rows.into_iter().collect();
    let wishes = load.with_memory(|memory| memory.wishes.clone());
    for (booking, &promise) in &promises {
        let Some(status) = rows.get(booking) else {
            report.broken(format!("booking {booking} was acknowledged as {promise:?} and is gone"));
            continue;
        };
        let wish = wishes.get(booking).copied();
        report.expect(fits(promise, wish, status), || match wish {
            Some(wish) => format!("booking {booking} was acknowledged as {promise:?}, somebody asked to {wish:?} it, and it is {status}"),
            None => format!("booking {booking} was acknowledged as {promise:?}, nobody asked for anything else, and it is {status}"),
        });
    }
    Ok(())
}

/// Whether a booking may stand there. A hold that nobody pays for in time runs out by itself, and money that comes late confirms it or goes back; one that
/// was paid in time and has run out is found by [`differences`]. Nothing else is ended by the house itself: requests lapse a day after they were made, and
/// all bookings are for days to come.
fn fits(promise: Promise, wish: Option<Wish>, status: &str) -> bool {
    let may_follow = match promise {
        Promise::Held => true,
        Promise::Requested => matches!(status, "requested" | "confirmed" | "declined"),
        Promise::Confirmed => matches!(status, "confirmed" | "cancelled"),
        Promise::Cancelled => status == "cancelled",
    };
    // by a call whose answer may have been lost
    let is_wanted = match status {
        "cancelled" => matches!(wish, Some(Wish::Release | Wish::Cancel)),
        "declined" => wish == Some(Wish::Decline),
        "confirmed" if promise == Promise::Requested => wish == Some(Wish::Approve),
        _ => true,
    };
    may_follow && is_wanted
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
            is_late: false,
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

    #[test]
    fn what_is_agreed_is_paid_for_and_stays_so() {
        let paid = |payment: &str, refunded| Paid { payment_id: payment.to_owned(), refunded, ..attempt(None, 100) };
        assert!(given_back(&[paid("p", 0)]).is_empty());
        assert_eq!(given_back(&[paid("p", 100)]).len(), 1, "all of it went back");
        assert_eq!(given_back(&[paid("p", 50)]).len(), 1, "a part went back");
        assert!(given_back(&[paid("p", 0), paid("q", 100)]).is_empty(), "what was charged for it once more went back");
        assert!(given_back(&[paid("q", 100), paid("p", 0)]).is_empty());
        assert_eq!(given_back(&[attempt(None, 0)]).len(), 1, "nothing was taken");
        let over = Paid { status: "cancelled".to_owned(), ..paid("p", 100) };
        assert!(given_back(&[over]).is_empty());
    }

    #[test]
    fn what_is_taken_is_agreed_or_goes_back() {
        let intent = |status: &str, took: i64| json!({ "id": "i", "status": status, "amount_received": took });
        let (charged, reserved) = (intent("succeeded", 100), intent("requires_capture", 0));
        let row = |status: &str, refunded| Paid { status: status.to_owned(), refunded, ..attempt(Some("i"), 100) };
        assert_eq!(difference(&row("confirmed", 0), &charged, 0), None);
        assert!(difference(&row("cancelled", 0), &charged, 0).is_some(), "paid and lost");
        assert!(difference(&row("expired", 0), &charged, 0).is_some(), "paid late and lost");
        let late = Paid { is_late: true, ..row("expired", 100) };
        assert_eq!(difference(&late, &charged, 100), None, "paid late and given back");
        assert!(difference(&row("expired", 100), &charged, 100).is_some(), "paid in time, and given back unasked");
        assert!(difference(&row("held", 100), &charged, 100).is_some(), "paid in time, and not taken for it");
        assert!(difference(&row("cancelled", 100), &charged, 0).is_some(), "the gateway has given nothing back");
        assert_eq!(difference(&row("requested", 0), &reserved, 0), None);
        assert!(difference(&row("declined", 0), &reserved, 0).is_some(), "reserved for nothing");
        let given_up = json!({ "id": "i", "status": "canceled", "amount_received": 0, "latest_charge": null });
        let let_go = json!({ "id": "i", "status": "canceled", "amount_received": 0, "latest_charge": "ch" });
        assert_eq!(difference(&row("expired", 0), &given_up, 0), None, "never paid");
        assert_eq!(difference(&row("declined", 0), &let_go, 0), None);
        assert!(difference(&row("expired", 0), &let_go, 0).is_some(), "reserved in time, and let go unasked");
    }

    #[test]
    fn nobody_is_cancelled_or_declined_unasked() {
        for (promise, wish, status, expected) in [
            (Promise::Held, None, "held", true),
            (Promise::Held, None, "expired", true),
            (Promise::Held, None, "confirmed", true),
            (Promise::Held, None, "cancelled", false),
            (Promise::Held, Some(Wish::Release), "cancelled", true),
            (Promise::Requested, None, "requested", true),
            (Promise::Requested, None, "declined", false),
            (Promise::Requested, Some(Wish::Decline), "declined", true),
            (Promise::Requested, Some(Wish::Approve), "declined", false),
            (Promise::Requested, None, "confirmed", false),
            (Promise::Requested, Some(Wish::Approve), "confirmed", true),
            (Promise::Requested, None, "expired", false),
            (Promise::Confirmed, None, "confirmed", true),
            (Promise::Confirmed, None, "cancelled", false),
            (Promise::Confirmed, Some(Wish::Approve), "cancelled", false),
            (Promise::Confirmed, Some(Wish::Cancel), "cancelled", true),
            (Promise::Confirmed, Some(Wish::Cancel), "confirmed", true),
            (Promise::Confirmed, None, "expired", false),
            (Promise::Cancelled, Some(Wish::Cancel), "cancelled", true),
            (Promise::Cancelled, Some(Wish::Cancel), "confirmed", false),
            (Promise::Cancelled, None, "cancelled", false),
        ] {
            assert_eq!(fits(promise, wish, status), expected, "{promise:?}, {wish:?}, {status}");
        }
    }
}
