//! SQL of payments, attempts, refunds and the gateway's messages.

use super::model::{AttemptStatus, CardView, PaymentStatus};
use super::port::{Intent, NewIntent};
use crate::error::Result;
use crate::id::{AccountId, AttemptId, BookingId, Id, PaymentId};
use crate::money::Money;
use crate::time::Instant;
use sqlx::{PgConnection, PgExecutor};

#[path = "store/refunds.rs"]
mod refunds;
#[path = "store/views.rs"]
mod views;

pub(crate) use refunds::*;
pub(super) use views::*;

#[derive(Debug, Clone)]
pub(crate) struct PaymentRow {
    pub id: PaymentId,
    pub booking: BookingId,
    pub payer: Option<AccountId>,
    pub amount: Money,
    pub status: PaymentStatus,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub created_at: Instant,
}

#[derive(Debug, Clone)]
pub(crate) struct AttemptRow {
    pub id: AttemptId,
    pub payment: PaymentId,
    pub gateway_ref: Option<String>,
    pub session_ref: Option<String>,
    pub amount_minor: i64,
    pub is_hosted: bool,
    pub request: serde_json::Value,
    pub status: AttemptStatus,
    pub failure_code: Option<String>,
}

fn currency(code: &str) -> crate::money::Currency {
    // the column is checked
    code.parse().unwrap_or(crate::money::Currency::EUR)
}

/// Two who start a payment of the same booking at once go one after the other, until commit. Beside [`super::Lock`] for the release before, which has this alone.
pub(crate) async fn lock_booking(db: impl PgExecutor<'_>, booking: BookingId) -> Result<()> {
    let key = booking.as_u128() as i64;
    sqlx::query!("select pg_advisory_xact_lock($1)", key).execute(db).await?;
    Ok(())
}

/// The payment that collects, or has collected and not given back, for a booking: the open one first, then the newest.
pub(crate) async fn find_live(db: impl PgExecutor<'_>, booking: BookingId) -> Result<Option<PaymentRow>> {
    let row = sqlx::query!(
        r#"select
            id as "id: PaymentId", booking_id as "booking: BookingId", payer_id as "payer: AccountId", currency, amount_minor,
            status, captured_minor, refunded_minor, created_at as "created_at: Instant"
         from payments
         where booking_id = $1
           and (status in ('pending', 'authorised') or captured_minor > refunded_minor)
         order by captured_minor desc, created_at desc
         limit 1"#,
        booking as BookingId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| PaymentRow {
        id: r.id,
        booking: r.booking,
        payer: r.payer,
        amount: Money::new(r.amount_minor, currency(&r.currency)),
        status: PaymentStatus::parse(&r.status).unwrap_or(PaymentStatus::Pending),
        captured_minor: r.captured_minor,
        refunded_minor: r.refunded_minor,
        created_at: r.created_at,
    }))
}

/// Locks the row until the transaction ends.
pub(crate) async fn lock_payment(db: impl PgExecutor<'_>, id: PaymentId) -> Result<PaymentRow> {
    let r = sqlx::query!(
        r#"select
            id as "id: PaymentId", booking_id as "booking: BookingId", payer_id as "payer: AccountId", currency, amount_minor,
            status, captured_minor, refunded_minor, created_at as "created_at: Instant"
         from payments
         where id = $1
         for update"#,
        id as PaymentId,
    )
    .fetch_one(db)
    .await?;
    Ok(PaymentRow {
        id: r.id,
        booking: r.booking,
        payer: r.payer,
        amount: Money::new(r.amount_minor, currency(&r.currency)),
        status: PaymentStatus::parse(&r.status).unwrap_or(PaymentStatus::Pending),
        captured_minor: r.captured_minor,
        refunded_minor: r.refunded_minor,
        created_at: r.created_at,
    })
}

pub(super) struct NewPayment {
    pub id: PaymentId,
    pub booking: BookingId,
    pub payer: Option<AccountId>,
    pub amount: Money,
    pub tip_minor: i64,
    pub is_manual: bool,
}

pub(super) async fn insert_payment(db: impl PgExecutor<'_>, new: &NewPayment, now: Instant) -> Result<()> {
    sqlx::query!(
        "insert into payments (id, booking_id, payer_id, currency, amount_minor, tip_minor, capture, status, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $8)",
        new.id as PaymentId,
        new.booking as BookingId,
        new.payer as Option<AccountId>,
        new.amount.currency.code(),
        new.amount.minor,
        new.tip_minor,
        if new.is_manual { "manual" } else { "automatic" },
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A second charge of a payment that is paid already becomes a payment of its own, so that the books, and what goes back, are about one charge each.
/// None if it is the only one.
pub(crate) async fn set_apart(db: &mut PgConnection, attempt: &AttemptRow, id: PaymentId, now: Instant) -> Result<Option<PaymentRow>> {
    let done = sqlx::query!(
        "with apart as (
            insert into payments (id, booking_id, payer_id, currency, amount_minor, tip_minor, capture, status, created_at, updated_at)
            select $1, booking_id, payer_id, currency, $3, 0, capture, 'failed', $4, $4
            from payments
            where id = $5
              and exists (select from payment_attempts other where other.payment_id = $5 and other.id <> $2 and other.status = 'succeeded')
            returning id
         )
         update payment_attempts set payment_id = apart.id from apart where payment_attempts.id = $2",
        id as PaymentId,
        attempt.id as AttemptId,
        attempt.amount_minor,
        now as Instant,
        attempt.payment as PaymentId,
    )
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 1 { lock_payment(db, id).await.map(Some) } else { Ok(None) }
}

/// Charges of one payment beside its last, which is the one that refunds go back by. Only an older release leaves them.
pub(crate) async fn list_second_charges(db: impl PgExecutor<'_>, since: Instant, limit: i64) -> Result<Vec<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select a.id as "id: AttemptId"
         from payments p
         join payment_attempts a on a.payment_id = p.id and a.status = 'succeeded'
         where p.created_at >= $1
           and exists (
                select from payment_attempts last
                where last.payment_id = p.id and last.status = 'succeeded' and (last.updated_at, last.id) > (a.updated_at, a.id)
           )
         limit $2"#,
        since as Instant,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Of a payment that is not settled yet. The payer may have become known meanwhile.
pub(super) async fn set_amount(
    db: impl PgExecutor<'_>,
    id: PaymentId,
    amount_minor: i64,
    tip_minor: i64,
    payer: Option<AccountId>,
    now: Instant,
) -> Result<()> {
    sqlx::query!(
        "update payments
         set amount_minor = $2, tip_minor = $3, payer_id = coalesce($4, payer_id), updated_at = $5
         where id = $1 and status = 'pending'",
        id as PaymentId,
        amount_minor,
        tip_minor,
        payer as Option<AccountId>,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn insert_attempt(db: impl PgExecutor<'_>, gateway: &str, new: &NewIntent, is_hosted: bool, now: Instant) -> Result<()> {
    sqlx::query!(
        "insert into payment_attempts (id, payment_id, gateway, amount_minor, is_hosted, request, status, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, 'created', $7, $7)",
        new.attempt as AttemptId,
        new.payment as PaymentId,
        gateway,
        new.amount.minor,
        is_hosted,
        serde_json::to_value(new).unwrap_or_default(),
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find_attempt(db: impl PgExecutor<'_>, id: AttemptId) -> Result<Option<AttemptRow>> {
    let row = sqlx::query!(
        r#"select id as "id: AttemptId", payment_id as "payment: PaymentId", gateway_ref, session_ref, amount_minor, is_hosted, request,
            status, failure_code
         from payment_attempts
         where id = $1"#,
        id as AttemptId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| AttemptRow {
        id: r.id,
        payment: r.payment,
        gateway_ref: r.gateway_ref,
        session_ref: r.session_ref,
        amount_minor: r.amount_minor,
        is_hosted: r.is_hosted,
        request: r.request,
        status: AttemptStatus::parse(&r.status).unwrap_or(AttemptStatus::Unknown),
        failure_code: r.failure_code,
    }))
}

/// Until the transaction ends nobody else changes it; what was being changed is seen afterwards.
pub(crate) async fn lock_attempt(db: impl PgExecutor<'_>, id: AttemptId) -> Result<()> {
    sqlx::query!("select from payment_attempts where id = $1 for update", id as AttemptId).execute(db).await?;
    Ok(())
}

/// The attempts of a payment that may still take money, newest first.
pub(crate) async fn list_open_attempts(db: impl PgExecutor<'_>, payment: PaymentId) -> Result<Vec<AttemptRow>> {
    let rows = sqlx::query!(
        r#"select id as "id: AttemptId", payment_id as "payment: PaymentId", gateway_ref, session_ref, amount_minor, is_hosted, request,
            status, failure_code
         from payment_attempts
         where payment_id = $1
           and status in ('created', 'requires_method', 'requires_action', 'processing', 'authorised', 'unknown')
         order by created_at desc, id desc"#,
        payment as PaymentId,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| AttemptRow {
            id: r.id,
            payment: r.payment,
            gateway_ref: r.gateway_ref,
            session_ref: r.session_ref,
            amount_minor: r.amount_minor,
            is_hosted: r.is_hosted,
            request: r.request,
            status: AttemptStatus::parse(&r.status).unwrap_or(AttemptStatus::Unknown),
            failure_code: r.failure_code,
        })
        .collect())
}

/// By the gateway's own name of an intent or a hosted page.
pub(crate) async fn find_attempt_by_ref(db: impl PgExecutor<'_>, gateway: &str, reference: &str) -> Result<Option<AttemptId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: AttemptId" from payment_attempts where gateway = $1 and (gateway_ref = $2 or session_ref = $2)"#,
        gateway,
        reference,
    )
    .fetch_optional(db)
    .await?)
}

/// What the gateway says of an attempt, as far as `status` may follow the old one (the caller has asked the policy).
pub(crate) async fn note_intent(
    db: impl PgExecutor<'_>,
    id: AttemptId,
    status: AttemptStatus,
    intent: &Intent,
    now: Instant,
) -> Result<()> {
    sqlx::query!(
        "update payment_attempts
         set status = $2,
             gateway_ref = coalesce(gateway_ref, $3),
             client_secret = coalesce($4, client_secret),
             redirect_url = coalesce($5, redirect_url),
             failure_code = $6,
             updated_at = $7,
             checked_at = $7
         where id = $1",
        id as AttemptId,
        status.as_str(),
        intent.reference,
        intent.client_secret,
        intent.next_url,
        intent.failure.as_ref().map(|f| f.code.as_str()),
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn note_page(db: impl PgExecutor<'_>, id: AttemptId, session_ref: &str, url: &str, now: Instant) -> Result<()> {
    sqlx::query!(
        "update payment_attempts
         set status = 'requires_method', session_ref = $2, redirect_url = $3, updated_at = $4, checked_at = $4
         where id = $1 and status in ('created', 'unknown')",
        id as AttemptId,
        session_ref,
        url,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Without news of the intent itself: unknown, failed, cancelled.
pub(crate) async fn set_attempt_status(
    db: impl PgExecutor<'_>,
    id: AttemptId,
    status: AttemptStatus,
    failure_code: Option<&str>,
    now: Instant,
) -> Result<()> {
    sqlx::query!(
        "update payment_attempts
         set status = $2, failure_code = coalesce($3, failure_code), updated_at = $4, checked_at = $4
         where id = $1 and status <> 'succeeded'",
        id as AttemptId,
        status.as_str(),
        failure_code,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Of an attempt that is not confirmed yet.
pub(super) async fn set_attempt_amount(db: impl PgExecutor<'_>, id: AttemptId, amount_minor: i64, now: Instant) -> Result<()> {
    sqlx::query!(
        "update payment_attempts
         set amount_minor = $2, updated_at = $3
         where id = $1 and status in ('requires_method', 'requires_action')",
        id as AttemptId,
        amount_minor,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the gateway calls it, where that is not known yet.
pub(crate) async fn note_reference(db: impl PgExecutor<'_>, id: AttemptId, reference: &str) -> Result<()> {
    sqlx::query!("update payment_attempts set gateway_ref = coalesce(gateway_ref, $2) where id = $1", id as AttemptId, reference)
        .execute(db)
        .await?;
    Ok(())
}

/// The gateway was asked and had nothing new.
pub(crate) async fn touch_attempt(db: impl PgExecutor<'_>, id: AttemptId, now: Instant) -> Result<()> {
    sqlx::query!("update payment_attempts set checked_at = $2 where id = $1", id as AttemptId, now as Instant).execute(db).await?;
    Ok(())
}

/// Authorised, failed or voided; what is captured goes by [`set_captured`].
pub(crate) async fn set_payment_status(db: impl PgExecutor<'_>, id: PaymentId, status: PaymentStatus, now: Instant) -> Result<()> {
    sqlx::query!(
        "update payments set status = $2, updated_at = $3 where id = $1 and captured_minor = 0",
        id as PaymentId,
        status.as_str(),
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The amount as it arrived, which may carry the tip of an earlier choice.
pub(crate) async fn set_captured(db: impl PgExecutor<'_>, id: PaymentId, captured_minor: i64, tip_minor: i64, now: Instant) -> Result<()> {
    sqlx::query!(
        "update payments
         set status = 'paid', amount_minor = $2, captured_minor = $2, tip_minor = $3, paid_at = $4, updated_at = $4
         where id = $1 and captured_minor = 0",
        id as PaymentId,
        captured_minor,
        tip_minor,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn set_card(db: impl PgExecutor<'_>, id: PaymentId, card: &CardView) -> Result<()> {
    sqlx::query!("update payments set card_brand = $2, card_last4 = $3 where id = $1", id as PaymentId, card.brand, card.last4,)
        .execute(db)
        .await?;
    Ok(())
}

/// Attempts that nobody has news of for a while, each with whether its payment waits for no money any more. The older an attempt, the less often it is
/// asked about.
pub(crate) async fn list_due_attempts(db: impl PgExecutor<'_>, now: Instant, limit: i64) -> Result<Vec<(AttemptId, bool)>> {
    let rows = sqlx::query!(
        r#"select a.id as "id: AttemptId", p.status not in ('pending', 'authorised') as "is_given_up!"
         from payment_attempts a
         join payments p on p.id = a.payment_id
         where a.status in ('created', 'requires_method', 'requires_action', 'processing', 'authorised', 'unknown')
           and $1 - coalesce(a.checked_at, a.created_at) >= greatest(interval '20 seconds', least(interval '6 hours', ($1 - a.created_at) / 4))
         order by coalesce(a.checked_at, a.created_at)
         limit $2"#,
        now as Instant,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.is_given_up)).collect())
}

/// Whether the payment waits for no money any more: voided, failed, or paid by another attempt.
pub(crate) async fn is_given_up(db: impl PgExecutor<'_>, id: PaymentId) -> Result<bool> {
    let is_given_up =
        sqlx::query_scalar!(r#"select status not in ('pending', 'authorised') as "is!" from payments where id = $1"#, id as PaymentId)
            .fetch_one(db)
            .await?;
    Ok(is_given_up)
}

/// Whether a payment is authorised, and by this attempt alone.
pub(crate) async fn is_sole_reservation(db: impl PgExecutor<'_>, id: AttemptId) -> Result<bool> {
    let is_sole = sqlx::query_scalar!(
        r#"select p.status = 'authorised' and a.status = 'authorised' and not exists (
                select from payment_attempts o where o.payment_id = a.payment_id and o.id <> a.id and o.status = 'authorised'
            ) as "is!"
         from payment_attempts a
         join payments p on p.id = a.payment_id
         where a.id = $1"#,
        id as AttemptId,
    )
    .fetch_one(db)
    .await?;
    Ok(is_sole)
}

/// What was written down at a later time than `latest`, before a clock was set back, is asked about from now on.
pub(crate) async fn catch_up(db: impl PgExecutor<'_>, now: Instant, latest: Instant) -> Result<()> {
    sqlx::query!(
        "with refund as (
            update refunds set created_at = least(created_at, $1), checked_at = least(checked_at, $1)
            where status = 'pending' and greatest(created_at, checked_at) > $2
         )
         update payment_attempts
         set checked_at = $1
         where status in ('created', 'requires_method', 'requires_action', 'processing', 'authorised', 'unknown')
           and coalesce(checked_at, created_at) > $2",
        now as Instant,
        latest as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// True if the message is new.
pub(crate) async fn insert_message(
    db: impl PgExecutor<'_>,
    gateway: &str,
    id: &str,
    kind: &str,
    object_ref: Option<&str>,
    payload: &serde_json::Value,
    now: Instant,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into gateway_events (gateway, event_id, kind, object_ref, payload, received_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing",
        gateway,
        id,
        kind,
        object_ref,
        payload,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn note_message(db: impl PgExecutor<'_>, gateway: &str, id: &str, outcome: &str, now: Instant) -> Result<()> {
    sqlx::query!(
        "update gateway_events set applied_at = $4, outcome = $3 where gateway = $1 and event_id = $2",
        gateway,
        id,
        outcome,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn get_booking_of(db: impl PgExecutor<'_>, payment: PaymentId) -> Result<BookingId> {
    let row = sqlx::query_scalar!(r#"select booking_id as "id: BookingId" from payments where id = $1"#, payment as PaymentId)
        .fetch_one(db)
        .await?;
    Ok(row)
}

/// Whether another payment of the booking holds money: captured and not gone back, or (`or_open`) set aside or being collected.
pub(crate) async fn has_other_money(db: impl PgExecutor<'_>, booking: BookingId, payment: PaymentId, or_open: bool) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
            select from payments
            where booking_id = $1
              and id <> $2
              and (captured_minor > refunded_minor or ($3 and status in ('pending', 'authorised')))
         ) as "exists!""#,
        booking as BookingId,
        payment as PaymentId,
        or_open,
    )
    .fetch_one(db)
    .await?)
}

/// Set aside on the card, with the amount it was set aside for.
pub(crate) async fn set_amount_authorised(
    db: impl PgExecutor<'_>,
    id: PaymentId,
    amount_minor: i64,
    tip_minor: i64,
    now: Instant,
) -> Result<()> {
    sqlx::query!(
        "update payments
         set status = 'authorised', amount_minor = $2, tip_minor = $3, updated_at = $4
         where id = $1 and captured_minor = 0",
        id as PaymentId,
        amount_minor,
        tip_minor,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the payment's money came for something it could not pay any more.
pub(crate) async fn is_unexpected(db: impl PgExecutor<'_>, id: PaymentId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from ledger_transactions where cause = 'unexpected:' || $1::uuid) as "exists!""#,
        id as PaymentId,
    )
    .fetch_one(db)
    .await?)
}

/// Bookings that are over, or out of the running for a day, whose payment is still open.
pub(crate) async fn list_abandoned(db: impl PgExecutor<'_>, now: Instant, limit: i64) -> Result<Vec<BookingId>> {
    Ok(sqlx::query_scalar!(
        r#"select b.id as "id: BookingId"
         from payments p
         join bookings b on b.id = p.booking_id
         where p.status = 'pending'
           and (lower(b.during) <= $1 or (b.status in ('expired', 'cancelled', 'declined') and p.created_at < $1::timestamptz - interval '1 day'))
         order by p.created_at
         limit $2"#,
        now as Instant,
        limit,
    )
    .fetch_all(db)
    .await?)
}
