//! SQL of the ledger.

use super::model::{EarningsDay, Pot, StatementLine};
use crate::error::Result;
use crate::id::{BookingId, LedgerAccountId, LedgerTransactionId, PaymentId, ProviderId};
use crate::money::{Currency, Money};
use crate::time::{Date, Instant, Span};
use sqlx::PgExecutor;

/// False if a transaction with that cause exists.
pub(super) async fn insert_transaction(
    db: impl PgExecutor<'_>,
    id: LedgerTransactionId,
    cause: &str,
    booking: BookingId,
    payment: PaymentId,
    memo: &str,
    now: Instant,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into ledger_transactions (id, cause, booking_id, payment_id, memo, at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (cause) do nothing",
        id as LedgerTransactionId,
        cause,
        booking as BookingId,
        payment as PaymentId,
        memo,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Opens the account if it is the first entry in that pot and currency; `new_account` is its id then.
pub(super) async fn insert_entry(
    db: impl PgExecutor<'_>,
    new_account: LedgerAccountId,
    transaction: LedgerTransactionId,
    pot: Pot,
    currency: Currency,
    minor: i64,
) -> Result<()> {
    sqlx::query!(
        "with opened as (
            insert into ledger_accounts (id, kind, provider_id, currency)
            select $1, $2, $3, $4
            where not exists (
                select 1 from ledger_accounts where kind = $2 and provider_id is not distinct from $3 and currency = $4
            )
            -- another transaction may open it at the same moment; the update only makes its row visible here
            on conflict (kind, provider_id, currency) do update set kind = excluded.kind
            returning id
         )
         insert into ledger_entries (transaction_id, account_id, currency, amount_minor)
         select $5, id, $4, $6
         from (
            select id from opened
            union all
            select id from ledger_accounts where kind = $2 and provider_id is not distinct from $3 and currency = $4
            limit 1
         ) account",
        new_account as LedgerAccountId,
        pot.kind(),
        pot.provider() as Option<ProviderId>,
        currency.code(),
        transaction as LedgerTransactionId,
        minor,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Newest first, each with the id of its entry for paging.
pub(super) async fn list_statement(
    db: impl PgExecutor<'_>,
    provider: ProviderId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<(i64, StatementLine)>> {
    let rows = sqlx::query!(
        r#"select
            s.id as "id!",
            t.at as "at!: Instant",
            t.memo as "memo!",
            t.booking_id as "booking: BookingId",
            b.reference as "reference?",
            b.service_name as "service_name?",
            s.currency as "currency!",
            s.amount_minor as "amount_minor!",
            s.balance_minor as "balance_minor!"
         from (
            select
                e.id,
                e.transaction_id,
                e.currency,
                -e.amount_minor as amount_minor,
                (sum(-e.amount_minor) over (order by e.id))::bigint as balance_minor
            from ledger_entries e
            join ledger_accounts a on a.id = e.account_id
            where a.kind = 'provider' and a.provider_id = $1
         ) s
         join ledger_transactions t on t.id = s.transaction_id
         left join bookings b on b.id = t.booking_id
         where $2::bigint is null or s.id < $2
         order by s.id desc
         limit $3"#,
        provider as ProviderId,
        before,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let currency = r.currency.parse().unwrap_or(Currency::EUR);
            let line = StatementLine {
                at: r.at,
                memo: r.memo,
                booking_id: r.booking,
                reference: r.reference,
                service_name: r.service_name,
                amount: Money::new(r.amount_minor, currency),
                balance: Money::new(r.balance_minor, currency),
            };
            (r.id, line)
        })
        .collect())
}

pub(super) async fn get_zone_and_currency(db: impl PgExecutor<'_>, provider: ProviderId) -> Result<(String, Currency)> {
    let row = sqlx::query!("select zone, currency from providers where id = $1", provider as ProviderId).fetch_one(db).await?;
    Ok((row.zone, row.currency.parse().unwrap_or(Currency::EUR)))
}

pub(super) struct Sums {
    pub balance_minor: i64,
    pub earned_minor: i64,
    pub returned_minor: i64,
    pub commission_minor: i64,
}

pub(super) async fn get_sums(db: impl PgExecutor<'_>, provider: ProviderId, span: Span) -> Result<Sums> {
    let row = sqlx::query!(
        r#"with mine as (
            select -e.amount_minor as minor, t.at, t.id
            from ledger_entries e
            join ledger_accounts a on a.id = e.account_id
            join ledger_transactions t on t.id = e.transaction_id
            where a.kind = 'provider' and a.provider_id = $1
         )
         select
            coalesce(sum(minor), 0)::bigint as "balance!",
            coalesce(sum(minor) filter (where minor > 0 and at <@ $2::tstzrange), 0)::bigint as "earned!",
            coalesce(-sum(minor) filter (where minor < 0 and at <@ $2::tstzrange), 0)::bigint as "returned!",
            (
                select coalesce(-sum(e.amount_minor), 0)::bigint
                from ledger_entries e
                join ledger_accounts a on a.id = e.account_id and a.kind = 'platform'
                join mine m on m.id = e.transaction_id and m.at <@ $2::tstzrange
            ) as "commission!"
         from mine"#,
        provider as ProviderId,
        span as Span,
    )
    .fetch_one(db)
    .await?;
    Ok(Sums { balance_minor: row.balance, earned_minor: row.earned, returned_minor: row.returned, commission_minor: row.commission })
}

/// Days on which money moved, in the provider's zone.
pub(super) async fn list_days(db: impl PgExecutor<'_>, provider: ProviderId, span: Span, zone: &str) -> Result<Vec<EarningsDay>> {
    let rows = sqlx::query!(
        r#"select
            (t.at at time zone $3)::date as "date!: Date",
            (-sum(e.amount_minor))::bigint as "net!"
         from ledger_entries e
         join ledger_accounts a on a.id = e.account_id
         join ledger_transactions t on t.id = e.transaction_id
         where a.kind = 'provider'
           and a.provider_id = $1
           and t.at <@ $2::tstzrange
         group by 1
         order by 1"#,
        provider as ProviderId,
        span as Span,
        zone,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|r| EarningsDay { date: r.date, net_minor: r.net }).collect())
}

/// Causes of transactions that do not sum to zero in some currency.
pub(super) async fn list_unbalanced(db: impl PgExecutor<'_>) -> Result<Vec<String>> {
    let rows = sqlx::query_scalar!(
        r#"select distinct t.cause
         from ledger_transactions t
         left join ledger_entries e on e.transaction_id = t.id
         group by t.id, t.cause, e.currency
         having coalesce(sum(e.amount_minor), 0) <> 0 or count(e.id) < 2
         order by t.cause"#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Payments whose captured or refunded sum is not what the ledger says the gateway took and gave.
pub(super) async fn list_payments_off(db: impl PgExecutor<'_>) -> Result<Vec<PaymentId>> {
    let rows = sqlx::query_scalar!(
        r#"select p.id as "id: PaymentId"
         from payments p
         left join lateral (
            select
                coalesce(sum(e.amount_minor) filter (where e.amount_minor > 0 and t.cause !~ '^(fee|refund_failed):'), 0) as captured,
                coalesce(-sum(e.amount_minor) filter (where t.cause ~ '^(refunded|returned|refund_failed):'), 0) as refunded
            from ledger_transactions t
            join ledger_entries e on e.transaction_id = t.id
            join ledger_accounts a on a.id = e.account_id and a.kind = 'gateway'
            where t.payment_id = p.id
         ) l on true
         where p.captured_minor <> l.captured or p.refunded_minor <> l.refunded
         order by p.id"#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

pub(super) async fn count_transactions(db: impl PgExecutor<'_>) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from ledger_transactions"#).fetch_one(db).await?)
}
