//! SQL of refunds.

use super::currency;
use crate::error::Result;
use crate::id::{AccountId, BookingId, PaymentId, RefundId};
use crate::money::Money;
use crate::payment::model::{PaymentStatus, RefundState};
use crate::payment::policy::Left;
use crate::time::Instant;
use sqlx::PgExecutor;

#[derive(Debug, Clone)]
pub(crate) struct RefundRow {
    pub id: RefundId,
    pub payment: PaymentId,
    pub booking: BookingId,
    pub amount: Money,
    pub parts: Left,
    pub is_return: bool,
    pub status: RefundState,
    /// The gateway's name of the refund.
    pub gateway_ref: Option<String>,
    /// The gateway's name of the intent that was paid.
    pub intent_ref: Option<String>,
}

pub(crate) struct NewRefundRow<'a> {
    pub id: RefundId,
    pub payment: PaymentId,
    pub booking: BookingId,
    pub currency: &'a str,
    pub parts: Left,
    pub is_return: bool,
    pub reason: &'a str,
    pub by: &'a str,
    pub actor: Option<AccountId>,
    /// The same key is the same refund.
    pub key: Option<&'a str>,
}

pub(crate) async fn insert_refund(db: impl PgExecutor<'_>, new: &NewRefundRow<'_>, now: Instant) -> Result<()> {
    sqlx::query!(
        "insert into refunds
            (id, payment_id, booking_id, currency, amount_minor, service_minor, tax_minor, tip_minor, commission_minor,
             is_return, reason, by_actor, actor_id, key, status, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'pending', $15)",
        new.id as RefundId,
        new.payment as PaymentId,
        new.booking as BookingId,
        new.currency,
        new.parts.total(),
        new.parts.service_minor,
        new.parts.tax_minor,
        new.parts.tip_minor,
        new.parts.commission_minor,
        new.is_return,
        new.reason,
        new.by,
        new.actor as Option<AccountId>,
        new.key,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether there is a refund with this key.
pub(crate) async fn has_refund(db: impl PgExecutor<'_>, key: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from refunds where key = $1) as "exists!""#, key).fetch_one(db).await?)
}

/// The captured payments of a booking of which something is left, most left first, locked. Money that came for something it could not pay any more is
/// none of the booking's: it goes back whole or not at all.
pub(crate) async fn lock_refundable(db: impl PgExecutor<'_>, booking: BookingId) -> Result<Vec<(PaymentId, Money)>> {
    let rows = sqlx::query!(
        r#"select id as "id: PaymentId", currency, captured_minor - refunded_minor as "left!"
         from payments
         where booking_id = $1
           and captured_minor > refunded_minor
           and not exists (select from ledger_transactions where cause = 'unexpected:' || payments.id)
         order by captured_minor - refunded_minor desc, id
         for update"#,
        booking as BookingId,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, Money::new(r.left, currency(&r.currency)))).collect())
}

/// Adds to what has gone back (a refund that failed takes it off again) and sets the status that follows.
pub(crate) async fn add_refunded(
    db: impl PgExecutor<'_>,
    payment: PaymentId,
    by_minor: i64,
    status: PaymentStatus,
    now: Instant,
) -> Result<()> {
    sqlx::query!(
        "update payments set refunded_minor = refunded_minor + $2, status = $3, updated_at = $4 where id = $1",
        payment as PaymentId,
        by_minor,
        status.as_str(),
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// With the reference of the intent that was paid. `for update` of the refund's row.
pub(crate) async fn lock_refund(db: impl PgExecutor<'_>, id: RefundId) -> Result<Option<RefundRow>> {
    let row = sqlx::query!(
        r#"select
            r.id as "id: RefundId", r.payment_id as "payment: PaymentId", r.booking_id as "booking: BookingId", r.currency, r.amount_minor,
            r.service_minor, r.tax_minor, r.tip_minor, r.commission_minor, r.is_return, r.status, r.gateway_ref,
            (
                select a.gateway_ref from payment_attempts a
                where a.payment_id = r.payment_id and a.status = 'succeeded'
                order by a.updated_at desc limit 1
            ) as intent_ref
         from refunds r
         where r.id = $1
         for update of r"#,
        id as RefundId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| RefundRow {
        id: r.id,
        payment: r.payment,
        booking: r.booking,
        amount: Money::new(r.amount_minor, currency(&r.currency)),
        parts: Left {
            service_minor: r.service_minor,
            tax_minor: r.tax_minor,
            tip_minor: r.tip_minor,
            commission_minor: r.commission_minor,
        },
        is_return: r.is_return,
        status: RefundState::parse(&r.status).unwrap_or(RefundState::Pending),
        gateway_ref: r.gateway_ref,
        intent_ref: r.intent_ref,
    }))
}

pub(crate) async fn find_refund_by_ref(db: impl PgExecutor<'_>, reference: &str) -> Result<Option<RefundId>> {
    Ok(sqlx::query_scalar!(r#"select id as "id: RefundId" from refunds where gateway_ref = $1"#, reference).fetch_optional(db).await?)
}

pub(crate) async fn set_refund(
    db: impl PgExecutor<'_>,
    id: RefundId,
    status: RefundState,
    gateway_ref: Option<&str>,
    failure: Option<&str>,
    now: Instant,
) -> Result<()> {
    sqlx::query!(
        "update refunds
         set status = $2,
             gateway_ref = coalesce(gateway_ref, $3),
             failure = $4,
             settled_at = case when $2 = 'pending' then null else $5::timestamptz end
         where id = $1",
        id as RefundId,
        status.as_str(),
        gateway_ref,
        failure,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Refunds that nobody has news of for a minute or more. The older one is, the less often it is asked about; those that were not asked about come first, so
/// that some without an answer keep no other waiting.
pub(crate) async fn list_due_refunds(db: impl PgExecutor<'_>, now: Instant, limit: i64) -> Result<Vec<RefundId>> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: RefundId" from refunds
         where status = 'pending'
           and $1 - coalesce(checked_at, created_at) > greatest(interval '1 minute', least(interval '6 hours', ($1 - created_at) / 4))
         order by coalesce(checked_at, created_at)
         limit $2"#,
        now as Instant,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// It was asked about.
pub(crate) async fn touch_refund(db: impl PgExecutor<'_>, id: RefundId, now: Instant) -> Result<()> {
    sqlx::query!("update refunds set checked_at = $2 where id = $1", id as RefundId, now as Instant).execute(db).await?;
    Ok(())
}

/// Of the booking that a refund is for.
pub(crate) async fn get_provider(db: impl PgExecutor<'_>, booking: BookingId) -> Result<crate::id::ProviderId> {
    let row = sqlx::query_scalar!(r#"select provider_id as "id: crate::id::ProviderId" from bookings where id = $1"#, booking as BookingId)
        .fetch_one(db)
        .await?;
    Ok(row)
}
