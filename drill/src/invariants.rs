//! What must hold in the database whatever has happened, asked in SQL.

use crate::report::Report;
use anyhow::Result;
use sqlx::PgPool;
use std::path::Path;

/// Each counts violations.
const RULES: &[(&str, &str)] = &[
    (
        "resources busy twice",
        "select count(*) from allocations a join allocations b on a.resource_id = b.resource_id and a.id < b.id and a.during && b.during
         where a.is_live and b.is_live",
    ),
    (
        "people with two live bookings at once",
        "select count(*) from bookings a join bookings b on a.person_id = b.person_id and a.id < b.id and a.during && b.during
         where a.status in ('requested', 'confirmed', 'in_progress') and b.status in ('requested', 'confirmed', 'in_progress')",
    ),
    (
        "agreed bookings that occupy nobody",
        "select count(*) from bookings b where b.status in ('requested', 'confirmed', 'in_progress')
         and not exists (select 1 from allocations a where a.booking_id = b.id and a.is_live)",
    ),
    (
        "ended bookings that still occupy somebody",
        "select count(*) from bookings b join allocations a on a.booking_id = b.id and a.is_live
         where b.status in ('cancelled', 'declined', 'expired')",
    ),
    (
        "ledger transactions that do not sum to zero",
        "select count(*) from (select 1 from ledger_entries group by transaction_id, currency having sum(amount_minor) <> 0) off",
    ),
    (
        "captured payments that the ledger does not know, or knows otherwise",
        "select count(*) from payments p where p.captured_minor > 0 and p.captured_minor is distinct from (
            select sum(e.amount_minor) from ledger_transactions t
            join ledger_entries e on e.transaction_id = t.id
            join ledger_accounts a on a.id = e.account_id and a.kind = 'gateway'
            where t.cause in ('captured:' || p.id, 'unexpected:' || p.id))",
    ),
    (
        "payments whose refunds do not add up",
        "select count(*) from payments p where p.refunded_minor <> coalesce(
            (select sum(amount_minor) from refunds r where r.payment_id = p.id and r.status <> 'failed'), 0)",
    ),
    (
        "refunds that the ledger does not know, or knows otherwise",
        "select count(*) from refunds r
         where case r.status when 'failed' then 0 else r.amount_minor end is distinct from (
            select -coalesce(sum(e.amount_minor), 0) from ledger_transactions t
            join ledger_entries e on e.transaction_id = t.id
            join ledger_accounts a on a.id = e.account_id and a.kind = 'gateway'
            where t.cause in ('refunded:' || r.id, 'returned:' || r.id, 'refund_failed:' || r.id))",
    ),
    (
        "confirmed bookings that nobody paid for",
        "select count(*) from bookings b where b.status in ('confirmed', 'in_progress', 'completed') and b.settlement = 'gateway'
         and not exists (select 1 from payments p where p.booking_id = b.id and p.captured_minor > 0)",
    ),
    (
        "bookings paid twice over",
        "select count(*) from (select 1 from payments p where p.captured_minor > p.refunded_minor group by booking_id having count(*) > 1) twice",
    ),
    ("dead jobs", "select count(*) from jobs where dead_at is not null"),
];

pub async fn check(db: &PgPool, report: &mut Report) -> Result<()> {
    for (what, sql) in RULES {
        let count: i64 = sqlx::query_scalar(*sql).fetch_one(db).await?;
        report.expect(count == 0, || format!("{count} {what}"));
    }
    let dead: Vec<(String, Option<String>)> =
        sqlx::query_as("select kind, last_error from jobs where dead_at is not null limit 5").fetch_all(db).await?;
    for (kind, error) in dead {
        report.figure("a dead job", format!("{kind}: {}", error.unwrap_or_default()));
    }
    Ok(())
}

/// Jobs about money that are due and not done.
pub async fn jobs_left(db: &PgPool) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from jobs where finished_at is null and dead_at is null and kind like 'payment.%' and run_at < now() + interval '30 seconds'",
    )
    .fetch_one(db)
    .await?)
}

/// Cards that drills pay with, and the keys of gateway and messages.
const SECRETS: [&str; 5] = ["4242424242424242", "4000000000000002", "4000002500003155", "sk_test_sandbox", "whsec_sandbox"];

/// No server wrote down what it must keep to itself, however badly its day went. Where it stands is told, not the line.
pub fn check_logs(folder: &Path, report: &mut Report) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !(name.starts_with("server") && name.ends_with(".log")) {
            continue;
        }
        let bytes = std::fs::read(&path)?;
        let text = String::from_utf8_lossy(&bytes);
        let found = text.lines().zip(1..).find(|(line, _)| has_secret(line));
        report.expect(found.is_none(), || format!("{name} knows a secret: look at line {}", found.map_or(0, |(_, number)| number)));
    }
    Ok(())
}

fn has_secret(line: &str) -> bool {
    // what lets a browser pay, of which only the shape is known
    let is_clients = |word: &str| word.starts_with("pi_") && word.contains("_secret_");
    SECRETS.iter().any(|secret| line.contains(secret))
        || line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(is_clients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_words_and_by_their_shape() {
        assert!(has_secret("charged card=4242424242424242"));
        assert!(has_secret(r#"{"client_secret":"pi_3Qx_secret_0123456789abc"}"#));
        assert!(!has_secret("violates links_secret_hash_key of pi_3Qx"));
    }
}
