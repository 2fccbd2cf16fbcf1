//! Bookings of all providers.

use super::planned_anew;
use crate::admin::model::BookingLine;
use crate::admin::sort::{Order, Place, Placed};
use crate::error::Result;
use crate::id::{AccountId, BookingId, ProviderId};
use crate::money::{Currency, Money};
use crate::time::Instant;
use sqlx::PgPool;

#[derive(Default)]
pub struct BookingQuery {
    pub q: Option<String>,
    pub status: Option<String>,
    pub provider: Option<ProviderId>,
    pub customer: Option<AccountId>,
    pub made_from: Option<Instant>,
    pub made_to: Option<Instant>,
    pub starts_from: Option<Instant>,
    pub starts_to: Option<Instant>,
    pub order: Order<BookingId>,
}

pub async fn list_bookings(db: &PgPool, query: &BookingQuery, limit: i64) -> Result<Vec<Placed<BookingLine>>> {
    let order = &query.order;
    let (after_at, newest_id) = order.newest.unzip();
    let (place, after_id) = order.after.clone().unzip();
    let (after_words, after_number) = place.map(|place: Place| (place.words, place.number)).unzip();
    let mut tx = planned_anew(db).await?;
    let rows = sqlx::query!(
        r#"select
            b.id as "id: BookingId",
            b.reference,
            b.provider_id as "provider_id: ProviderId",
            p.name as provider_name,
            b.customer_id as "customer_id: AccountId",
            b.customer_name,
            b.customer_email,
            b.service_name,
            lower(b.during) as "starts_at!: Instant",
            b.zone,
            b.status,
            b.currency,
            b.service_minor + b.add_ons_minor - b.discount_minor + b.tip_minor + b.tax_minor as "total_minor!",
            b.created_at as "created_at: Instant",
            key.words as "words!",
            key.number as "number!"
         from bookings b
         join providers p on p.id = b.provider_id
         cross join lateral (
            select
                case $12::text
                    when 'customer' then fold(b.customer_name)
                    when 'provider' then fold(p.name)
                    when 'status' then b.status
                    else ''
                end as words,
                case $12
                    when 'starts' then (extract(epoch from lower(b.during)) * 1000000)::bigint
                    when 'total' then b.service_minor + b.add_ons_minor - b.discount_minor + b.tip_minor + b.tax_minor
                    when 'made' then (extract(epoch from b.created_at) * 1000000)::bigint
                    else 0
                end as number
         ) key
         where ($1::text is null
                or b.reference ilike $1 || '%'
                or b.id::text = $1
                or b.customer_email ilike '%' || $1 || '%'
                or fold(b.customer_name) like '%' || fold($1) || '%'
                or fold(p.name) like '%' || fold($1) || '%')
           and (b.status = $2 or ($2::text is null and b.status <> 'expired'))
           and ($3::uuid is null or b.provider_id = $3)
           and ($4::uuid is null or b.customer_id = $4)
           and ($5::timestamptz is null or coalesce(b.requested_at, b.confirmed_at) >= $5)
           and ($6::timestamptz is null or coalesce(b.requested_at, b.confirmed_at) < $6)
           and ($7::timestamptz is null or lower(b.during) >= $7)
           and ($8::timestamptz is null or lower(b.during) < $8)
           and ($9::timestamptz is null or (b.created_at, b.id) < ($9, $10::uuid))
           and ($14::uuid is null
                or case when $13::bool
                    then (key.words, key.number, b.id) < ($15::text, $16::bigint, $14)
                    else (key.words, key.number, b.id) > ($15, $16, $14)
                   end)
         order by
            -- without a sort this is all that is left, and an index has it
            case when $12::text is null then b.created_at end desc,
            case when $13 then key.words end desc,
            case when not $13 then key.words end,
            case when $13 then key.number end desc,
            case when not $13 then key.number end,
            case when $13 then b.id end desc,
            case when not $13 then b.id end
         limit $11"#,
        query.q,
        query.status,
        query.provider as Option<ProviderId>,
        query.customer as Option<AccountId>,
        query.made_from as Option<Instant>,
        query.made_to as Option<Instant>,
        query.starts_from as Option<Instant>,
        query.starts_to as Option<Instant>,
        after_at as Option<Instant>,
        newest_id as Option<BookingId>,
        limit,
        order.by,
        order.is_down,
        after_id as Option<BookingId>,
        after_words,
        after_number,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(rows
        .into_iter()
        .map(|row| Placed {
            place: Place { words: row.words, number: row.number },
            line: BookingLine {
                id: row.id,
                reference: row.reference,
                provider_id: row.provider_id,
                provider_name: row.provider_name,
                customer_id: row.customer_id,
                customer_name: row.customer_name,
                customer_email: row.customer_email,
                service_name: row.service_name,
                starts_at: row.starts_at,
                zone: row.zone,
                status: row.status,
                total: Money::new(row.total_minor, currency(&row.currency)),
                created_at: row.created_at,
            },
        })
        .collect())
}

/// The database holds three capital letters; a currency that ISO has since dropped is shown as XXX, its code for "none".
pub(super) fn currency(code: &str) -> Currency {
    code.parse().or_else(|_| "XXX".parse()).unwrap_or(Currency::EUR)
}
