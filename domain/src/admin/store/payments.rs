//! Payments with their attempts, refunds, messages and ledger lines.

use super::bookings::currency;
use super::planned_anew;
use crate::admin::model::{AttemptLine, LedgerLine, MessageLine, PaymentLine, RefundLine};
use crate::admin::sort::{Order, Place, Placed};
use crate::error::Result;
use crate::id::{AccountId, AttemptId, BookingId, PaymentId, RefundId};
use crate::money::Money;
use crate::payment::policy::Left;
use crate::time::Instant;
use sqlx::PgPool;

#[derive(Default)]
pub struct PaymentQuery {
    pub id: Option<PaymentId>,
    pub q: Option<String>,
    pub status: Option<String>,
    pub trouble: Option<String>,
    pub payer: Option<AccountId>,
    pub paid_from: Option<Instant>,
    pub paid_to: Option<Instant>,
    /// For `trouble = unresolved`.
    pub stuck_before: Option<Instant>,
    pub order: Order<PaymentId>,
}

pub async fn list_payments(db: &PgPool, query: &PaymentQuery, limit: i64) -> Result<Vec<Placed<PaymentLine>>> {
    let order = &query.order;
    let (after_at, newest_id) = order.newest.unzip();
    let (place, after_id) = order.after.clone().unzip();
    let (after_words, after_number) = place.map(|place: Place| (place.words, place.number)).unzip();
    let mut tx = planned_anew(db).await?;
    let rows = sqlx::query!(
        r#"select
            p.id as "id: PaymentId",
            p.booking_id as "booking_id: BookingId",
            b.reference,
            v.name as provider_name,
            coalesce(a.name, b.customer_name) as "payer_name!",
            coalesce(a.email, b.customer_email) as "payer_email!",
            p.status,
            p.currency,
            p.amount_minor,
            p.refunded_minor,
            p.card_brand,
            p.card_last4,
            p.created_at as "created_at: Instant",
            key.words as "words!",
            key.number as "number!"
         from payments p
         join bookings b on b.id = p.booking_id
         join providers v on v.id = b.provider_id
         left join accounts a on a.id = p.payer_id
         cross join lateral (
            select
                case $12::text
                    when 'payer' then fold(coalesce(a.name, b.customer_name))
                    when 'provider' then fold(v.name)
                    when 'status' then p.status
                    else ''
                end as words,
                case $12
                    when 'amount' then p.amount_minor
                    when 'begun' then (extract(epoch from p.created_at) * 1000000)::bigint
                    else 0
                end as number
         ) key
         where ($1::uuid is null or p.id = $1)
           and ($2::text is null
                or b.reference ilike $2 || '%'
                or a.email ilike '%' || $2 || '%'
                or b.customer_email ilike '%' || $2 || '%'
                or fold(b.customer_name) like '%' || fold($2) || '%'
                or p.id::text = $2
                or exists (select 1 from payment_attempts t where t.payment_id = p.id and $2 in (t.gateway_ref, t.session_ref, t.id::text))
                or exists (select 1 from refunds r where r.payment_id = p.id and $2 in (r.gateway_ref, r.id::text)))
           and ($3::text is null or p.status = $3)
           and case coalesce($4::text, '')
                when 'unresolved' then exists (
                    select 1 from payment_attempts t where t.payment_id = p.id and t.status in ('unknown', 'processing') and t.created_at < $5
                )
                when 'refund_failed' then exists (select 1 from refunds r where r.payment_id = p.id and r.status = 'failed')
                else true
               end
           and ($6::uuid is null or p.payer_id = $6)
           and ($7::timestamptz is null or p.paid_at >= $7)
           and ($8::timestamptz is null or p.paid_at < $8)
           and ($9::timestamptz is null or (p.created_at, p.id) < ($9, $10::uuid))
           and ($14::uuid is null
                or case when $13::bool
                    then (key.words, key.number, p.id) < ($15::text, $16::bigint, $14)
                    else (key.words, key.number, p.id) > ($15, $16, $14)
                   end)
         order by
            -- without a sort this is all that is left, and an index has it
            case when $12::text is null then p.created_at end desc,
            case when $13 then key.words end desc,
            case when not $13 then key.words end,
            case when $13 then key.number end desc,
            case when not $13 then key.number end,
            case when $13 then p.id end desc,
            case when not $13 then p.id end
         limit $11"#,
        query.id as Option<PaymentId>,
        query.q,
        query.status,
        query.trouble,
        query.stuck_before as Option<Instant>,
        query.payer as Option<AccountId>,
        query.paid_from as Option<Instant>,
        query.paid_to as Option<Instant>,
        after_at as Option<Instant>,
        newest_id as Option<PaymentId>,
        limit,
        order.by,
        order.is_down,
        after_id as Option<PaymentId>,
        after_words,
        after_number,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let money = |minor| Money::new(minor, currency(&row.currency));
            let place = Place { words: row.words, number: row.number };
            let line = PaymentLine {
                id: row.id,
                booking_id: row.booking_id,
                reference: row.reference,
                provider_name: row.provider_name,
                payer_name: row.payer_name,
                payer_email: row.payer_email,
                status: row.status,
                amount: money(row.amount_minor),
                refunded: money(row.refunded_minor),
                card: row.card_brand.zip(row.card_last4).map(|(brand, last4)| format!("{brand} ···· {last4}")),
                created_at: row.created_at,
            };
            Placed { line, place }
        })
        .collect())
}

pub async fn get_refundable(db: &PgPool, id: PaymentId) -> Result<Money> {
    let row = sqlx::query!("select captured_minor - refunded_minor as \"left!\", currency from payments where id = $1", id as PaymentId)
        .fetch_one(db)
        .await?;
    Ok(Money::new(row.left, currency(&row.currency)))
}

pub async fn list_attempts(db: &PgPool, id: PaymentId) -> Result<Vec<AttemptLine>> {
    Ok(sqlx::query_as!(
        AttemptLine,
        r#"select
            id as "id: AttemptId",
            gateway,
            coalesce(gateway_ref, session_ref) as gateway_ref,
            status,
            coalesce(failure_text, failure_code) as failure,
            amount_minor,
            created_at as "created_at: Instant",
            updated_at as "updated_at: Instant"
         from payment_attempts
         where payment_id = $1
         order by created_at, id"#,
        id as PaymentId,
    )
    .fetch_all(db)
    .await?)
}

pub async fn list_refunds(db: &PgPool, id: PaymentId) -> Result<Vec<RefundLine>> {
    let rows = sqlx::query!(
        r#"select
            id as "id: RefundId", amount_minor, currency, status, reason, by_actor, failure, created_at as "created_at: Instant"
         from refunds
         where payment_id = $1
         order by created_at, id"#,
        id as PaymentId,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| RefundLine {
            id: row.id,
            amount: Money::new(row.amount_minor, currency(&row.currency)),
            status: row.status,
            reason: row.reason,
            by: row.by_actor,
            failure: row.failure,
            created_at: row.created_at,
        })
        .collect())
}

/// What the gateway said about this payment's objects.
pub async fn list_messages_of(db: &PgPool, id: PaymentId) -> Result<Vec<MessageLine>> {
    Ok(sqlx::query_as!(
        MessageLine,
        r#"select
            g.gateway, g.event_id, g.kind, g.received_at as "received_at: Instant", g.applied_at as "applied_at: Instant", g.outcome
         from gateway_events g
         where g.object_ref in (
            select unnest(array[t.gateway_ref, t.session_ref]) from payment_attempts t where t.payment_id = $1
            union all
            select r.gateway_ref from refunds r where r.payment_id = $1
         )
         order by g.received_at
         limit 100"#,
        id as PaymentId,
    )
    .fetch_all(db)
    .await?)
}

pub async fn list_ledger(db: &PgPool, id: PaymentId) -> Result<Vec<LedgerLine>> {
    let rows = sqlx::query!(
        r#"select t.at as "at: Instant", t.memo, a.kind, p.name as "provider?", e.amount_minor, e.currency
         from ledger_transactions t
         join ledger_entries e on e.transaction_id = t.id
         join ledger_accounts a on a.id = e.account_id
         left join providers p on p.id = a.provider_id
         where t.payment_id = $1
         order by t.at, t.id, e.id"#,
        id as PaymentId,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| LedgerLine {
            at: row.at,
            memo: row.memo,
            account: row.provider.unwrap_or_else(|| row.kind.replace('_', " ")),
            amount: Money::new(row.amount_minor, currency(&row.currency)),
        })
        .collect())
}

/// What can still be given back of a payment, by parts.
pub struct LeftRow {
    pub total: Money,
    pub parts: Left,
}

pub async fn find_left(db: &PgPool, id: PaymentId) -> Result<Option<LeftRow>> {
    let row = sqlx::query!(
        r#"select
            p.currency,
            p.captured_minor - p.refunded_minor as "left_minor!",
            b.service_minor + b.add_ons_minor - b.discount_minor - back.service as "service_minor!",
            b.tax_minor - back.tax as "tax_minor!",
            b.tip_minor - back.tip as "tip_minor!",
            b.commission_minor - back.commission as "commission_minor!"
         from payments p
         join bookings b on b.id = p.booking_id
         cross join lateral (
            select
                coalesce(sum(r.service_minor), 0)::bigint as service,
                coalesce(sum(r.tax_minor), 0)::bigint as tax,
                coalesce(sum(r.tip_minor), 0)::bigint as tip,
                coalesce(sum(r.commission_minor), 0)::bigint as commission
            from refunds r
            where r.payment_id = p.id and r.status <> 'failed'
         ) back
         where p.id = $1"#,
        id as PaymentId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| LeftRow {
        total: Money::new(row.left_minor, currency(&row.currency)),
        parts: Left {
            service_minor: row.service_minor,
            tax_minor: row.tax_minor,
            tip_minor: row.tip_minor,
            commission_minor: row.commission_minor,
        },
    }))
}
