//! SQL that reads payments for people and programs.

use super::currency;
use crate::error::Result;
use crate::id::{AccountId, AttemptId, BookingId, PaymentId, RefundId};
use crate::money::Money;
use crate::payment::model::{AttemptStatus, CardView, NextStep, PaymentStatus, PaymentView, RefundState, RefundView};
use crate::payment::policy;
use crate::payment::port::PaymentGateway;
use crate::time::Instant;
use sqlx::PgPool;

/// Whose and which payments are wanted; None does not narrow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub id: Option<PaymentId>,
    pub booking: Option<BookingId>,
    pub payer: Option<AccountId>,
    pub status: Option<PaymentStatus>,
    pub is_captured_only: bool,
    pub text: Option<String>,
    /// Of the last row seen.
    pub before: Option<(Instant, PaymentId)>,
}

/// Newest first, each with its refunds; two queries whatever the number.
pub(crate) async fn list_views(db: &PgPool, gateway: &dyn PaymentGateway, wanted: &Wanted, limit: i64) -> Result<Vec<PaymentView>> {
    let (before_at, before_id) = wanted.before.unzip();
    let rows = sqlx::query!(
        r#"select
            p.id as "id: PaymentId",
            p.booking_id as "booking: BookingId",
            b.reference,
            v.name as provider_name,
            b.service_name,
            p.status,
            p.currency,
            p.amount_minor,
            p.tip_minor,
            p.captured_minor,
            p.refunded_minor,
            p.card_brand,
            p.card_last4,
            p.created_at as "created_at: Instant",
            p.paid_at as "paid_at: Instant",
            a.id as "attempt_id?: AttemptId",
            a.status as "attempt_status?",
            a.failure_code as "failure_code?",
            a.client_secret as "client_secret?",
            a.redirect_url as "redirect_url?",
            a.is_hosted as "is_hosted?",
            a.request->>'payment_method' as "method?"
         from payments p
         join bookings b on b.id = p.booking_id
         join providers v on v.id = b.provider_id
         left join accounts c on c.id = p.payer_id
         left join lateral (
            select * from payment_attempts
            where payment_id = p.id
            -- the one that counts: what paid or still may, else the last
            order by status in ('failed', 'cancelled'), created_at desc, id desc
            limit 1
         ) a on true
         where ($1::uuid is null or p.id = $1)
           and ($2::uuid is null or p.booking_id = $2)
           and ($3::uuid is null or p.payer_id = $3)
           and ($4::text is null or p.status = $4)
           and (not $5 or p.captured_minor > 0)
           and ($6::text is null
                or upper(b.reference) = upper($6)
                or fold(coalesce(c.name, b.customer_name)) like '%' || fold($6) || '%'
                or lower(coalesce(c.email, b.customer_email)) like '%' || lower($6) || '%')
           and ($7::timestamptz is null or (p.created_at, p.id) < ($7, $8::uuid))
         order by p.created_at desc, p.id desc
         limit $9"#,
        wanted.id as Option<PaymentId>,
        wanted.booking as Option<BookingId>,
        wanted.payer as Option<AccountId>,
        wanted.status.map(PaymentStatus::as_str),
        wanted.is_captured_only,
        wanted.text.as_deref(),
        before_at as Option<Instant>,
        before_id as Option<PaymentId>,
        limit,
    )
    .fetch_all(db)
    .await?;
    let mut views: Vec<PaymentView> = rows
        .into_iter()
        .map(|r| {
            let money = |minor| Money::new(minor, currency(&r.currency));
            let status = PaymentStatus::parse(&r.status).unwrap_or(PaymentStatus::Pending);
            let attempt = r.attempt_status.as_deref().and_then(AttemptStatus::parse);
            let next =
                next_step(gateway, status, attempt, r.client_secret, r.redirect_url, r.is_hosted == Some(true) || r.method.is_some());
            let failure_code = r.failure_code.filter(|_| !status.is_captured());
            PaymentView {
                id: r.id,
                booking_id: r.booking,
                reference: r.reference,
                provider_name: r.provider_name,
                service_name: r.service_name,
                status,
                amount: money(r.amount_minor),
                tip: money(r.tip_minor),
                captured: money(r.captured_minor),
                refunded: money(r.refunded_minor),
                card: r.card_brand.zip(r.card_last4).map(|(brand, last4)| CardView { brand, last4 }),
                attempt_id: r.attempt_id,
                attempt,
                failure: failure_code.as_deref().map(|code| policy::decline_sentence(code).to_owned()),
                failure_code,
                next: Some(next),
                refunds: Vec::new(),
                created_at: r.created_at,
                paid_at: r.paid_at,
            }
        })
        .collect();
    add_refunds(db, &mut views).await?;
    Ok(views)
}

fn next_step(
    gateway: &dyn PaymentGateway,
    status: PaymentStatus,
    attempt: Option<AttemptStatus>,
    client_secret: Option<String>,
    redirect_url: Option<String>,
    is_elsewhere: bool,
) -> NextStep {
    use AttemptStatus::*;
    if status != PaymentStatus::Pending {
        return NextStep::Nothing;
    }
    match (attempt, client_secret, redirect_url) {
        (Some(RequiresMethod | RequiresAction), _, Some(url)) if is_elsewhere => NextStep::Redirect { url },
        (Some(RequiresMethod | RequiresAction), Some(client_secret), _) => NextStep::Form {
            client_secret,
            publishable_key: gateway.publishable_key().to_owned(),
            script_url: gateway.script_url().to_owned(),
        },
        (Some(Failed | Cancelled) | None, ..) => NextStep::Nothing,
        _ => NextStep::Wait,
    }
}

async fn add_refunds(db: &PgPool, views: &mut [PaymentView]) -> Result<()> {
    let ids: Vec<PaymentId> = views.iter().filter(|v| v.captured.minor > 0).map(|v| v.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"select
            id as "id: RefundId", payment_id as "payment: PaymentId", currency, amount_minor, status, reason,
            created_at as "created_at: Instant", settled_at as "settled_at: Instant"
         from refunds
         where payment_id = any($1)
         order by created_at, id"#,
        &ids as &[PaymentId],
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        let Some(view) = views.iter_mut().find(|v| v.id == row.payment) else { continue };
        view.refunds.push(RefundView {
            id: row.id,
            amount: Money::new(row.amount_minor, currency(&row.currency)),
            status: RefundState::parse(&row.status).unwrap_or(RefundState::Pending),
            reason: row.reason,
            created_at: row.created_at,
            settled_at: row.settled_at,
        });
    }
    Ok(())
}
