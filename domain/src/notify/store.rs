//! SQL of letters.

use super::letters::{BookingFacts, ProviderFacts};
use super::model::Template;
use crate::error::Result;
use crate::id::{AccountId, BookingId, MailId, ProviderId};
use crate::money::Currency;
use crate::time::{Instant, Span};
use sqlx::PgExecutor;

/// One person a letter goes to.
#[derive(Debug, Clone)]
pub(super) struct Recipient {
    pub account: Option<AccountId>,
    pub address: String,
    pub is_guest: bool,
}

/// A letter ready to be kept.
pub(super) struct NewMail<'a> {
    pub id: MailId,
    pub cause: &'a str,
    pub template: Template,
    pub account: Option<AccountId>,
    pub to: &'a str,
    pub subject: &'a str,
    pub html: &'a str,
    pub plain: &'a str,
    pub calendar: Option<&'a str>,
}

/// False if a letter with that cause exists already.
pub(super) async fn insert(db: impl PgExecutor<'_>, mail: &NewMail<'_>, now: Instant) -> Result<bool> {
    let done = sqlx::query!(
        "insert into mails (id, cause, template, account_id, to_address, subject, html, plain, calendar, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (cause) do nothing",
        mail.id as MailId,
        mail.cause,
        mail.template.as_str(),
        mail.account as Option<AccountId>,
        mail.to,
        mail.subject,
        mail.html,
        mail.plain,
        mail.calendar,
        now as Instant,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) struct QueuedMail {
    pub to: String,
    pub subject: String,
    pub html: String,
    pub plain: String,
    pub calendar: Option<String>,
    pub template: String,
}

/// None once it was sent or refused.
pub(super) async fn find_queued(db: impl PgExecutor<'_>, id: MailId) -> Result<Option<QueuedMail>> {
    let row = sqlx::query!(
        "select to_address, subject, html, plain, calendar, template
         from mails
         where id = $1 and status = 'queued'",
        id as MailId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| QueuedMail {
        to: r.to_address,
        subject: r.subject,
        html: r.html,
        plain: r.plain,
        calendar: r.calendar,
        template: r.template,
    }))
}

/// Secret letters lose their text here.
pub(super) async fn mark_sent(db: impl PgExecutor<'_>, id: MailId, is_secret: bool, now: Instant) -> Result<()> {
    sqlx::query!(
        "update mails
         set status = 'sent',
             sent_at = $2,
             html = case when $3 then '' else html end,
             plain = case when $3 then '' else plain end
         where id = $1",
        id as MailId,
        now as Instant,
        is_secret,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn mark_failed(db: impl PgExecutor<'_>, id: MailId, failure: &str) -> Result<()> {
    sqlx::query!("update mails set status = 'failed', failure = $2 where id = $1", id as MailId, failure).execute(db).await?;
    Ok(())
}

/// Everything letters about a booking say, but for the address of its page.
pub(super) async fn find_booking(db: impl PgExecutor<'_>, id: BookingId) -> Result<Option<BookingFacts>> {
    let row = sqlx::query!(
        r#"select
            b.reference,
            p.name as provider_name,
            b.service_name,
            r.name as "person_name?",
            b.customer_name,
            b.customer_phone,
            b.during as "during: Span",
            b.zone,
            b.mode,
            coalesce(nullif(concat_ws(', ', nullif(p.street, ''), nullif(p.district, ''), nullif(p.town, '')), ''), '') as "provider_place!",
            b.address ->> 'street' as "street?",
            b.address ->> 'district' as "district?",
            b.address ->> 'town' as "town?",
            b.confirmed_at is not null or b.source = 'by_hand' as "is_open_to_staff!",
            b.currency,
            b.service_minor + b.add_ons_minor - b.discount_minor + b.tip_minor + b.tax_minor as "total_minor!",
            b.service_minor + b.add_ons_minor - b.discount_minor - b.commission_minor + b.tip_minor as "earned_minor!",
            coalesce((select sum(f.amount_minor) from refunds f where f.booking_id = b.id and f.status <> 'failed'), 0)::bigint as "refunded_minor!",
            b.settlement = 'elsewhere' as "is_paid_elsewhere!",
            b.notes,
            b.answer_by as "answer_by: Instant",
            b.end_reason,
            b.cancelled_by,
            (b.proposal ->> 'starts_at')::timestamptz as "proposed_start: Instant"
         from bookings b
         join providers p on p.id = b.provider_id
         left join resources r on r.id = b.person_id
         where b.id = $1"#,
        id as BookingId,
    )
    .fetch_optional(db)
    .await?;
    let joined = |parts: [&Option<String>; 2]| {
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    };
    Ok(row.map(|r| BookingFacts {
        place: match r.mode.as_str() {
            "online" => "Online".to_owned(),
            "at_customer" => joined([&r.street, &r.town]),
            _ => r.provider_place.clone(),
        },
        place_for_staff: match r.mode.as_str() {
            "online" => "Online".to_owned(),
            "at_customer" if r.is_open_to_staff => joined([&r.street, &r.town]),
            "at_customer" => joined([&r.district, &r.town]),
            _ => r.provider_place,
        },
        phone_for_staff: if r.is_open_to_staff { r.customer_phone } else { String::new() },
        reference: r.reference,
        provider_name: r.provider_name,
        service_name: r.service_name,
        person_name: r.person_name,
        customer_name: r.customer_name,
        during: r.during,
        zone: r.zone,
        currency: r.currency.parse().unwrap_or(Currency::EUR),
        total_minor: r.total_minor,
        earned_minor: r.earned_minor,
        refunded_minor: r.refunded_minor,
        is_paid_elsewhere: r.is_paid_elsewhere,
        notes: r.notes,
        answer_by: r.answer_by,
        end_reason: r.end_reason,
        cancelled_by: r.cancelled_by,
        proposed_start: r.proposed_start,
        address: String::new(),
        is_guest: false,
    }))
}

/// The address given at checkout, which is the account's own unless a guest typed it. None if the customer left no address.
pub(super) async fn find_customer(db: impl PgExecutor<'_>, id: BookingId) -> Result<Option<Recipient>> {
    let row = sqlx::query!(
        r#"select
            b.customer_id as "account: AccountId",
            coalesce(nullif(b.customer_email, ''), a.email, '') as "address!",
            coalesce(a.is_guest, false) as "is_guest!"
         from bookings b
         left join accounts a on a.id = b.customer_id
         where b.id = $1"#,
        id as BookingId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.filter(|r| !r.address.is_empty()).map(|r| Recipient { account: r.account, address: r.address, is_guest: r.is_guest }))
}

/// Owners and managers, and the person who does the job if it is about one.
pub(super) async fn list_staff(db: impl PgExecutor<'_>, provider: ProviderId, booking: Option<BookingId>) -> Result<Vec<Recipient>> {
    let rows = sqlx::query!(
        r#"select distinct
            a.id as "account: AccountId",
            a.email
         from provider_members m
         join accounts a on a.id = m.account_id
         where m.provider_id = $1
           and a.suspended_at is null
           and (
                m.role in ('owner', 'manager')
                or a.id = (select r.account_id from bookings b join resources r on r.id = b.person_id where b.id = $2)
           )
         order by a.email"#,
        provider as ProviderId,
        booking as Option<BookingId>,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|r| Recipient { account: Some(r.account), address: r.email, is_guest: false }).collect())
}

pub(super) async fn find_provider(db: impl PgExecutor<'_>, id: ProviderId) -> Result<Option<ProviderFacts>> {
    let row = sqlx::query!("select name, status_reason from providers where id = $1", id as ProviderId).fetch_optional(db).await?;
    Ok(row.map(|r| ProviderFacts { name: r.name, reason: r.status_reason, address: String::new() }))
}

/// Confirmed bookings that start within a day, were booked more than a day ahead, and were not yet told so for this start.
pub(super) async fn list_to_remind(db: impl PgExecutor<'_>, now: Instant, limit: i64) -> Result<Vec<(BookingId, String)>> {
    let rows = sqlx::query!(
        r#"select
            b.id as "id: BookingId",
            c.cause as "cause!"
         from bookings b
         cross join lateral (
            select 'booking_reminder:' || b.id || ':' || extract(epoch from lower(b.during))::bigint as cause
         ) c
         where b.status = 'confirmed'
           and lower(b.during) > $1::timestamptz
           and lower(b.during) <= $1::timestamptz + interval '24 hours'
           and b.created_at < lower(b.during) - interval '24 hours'
           and not exists (select 1 from mails m where m.cause = c.cause)
         order by lower(b.during), b.id
         limit $2"#,
        now as Instant,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.cause)).collect())
}
