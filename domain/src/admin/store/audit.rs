//! The audit, searched.

use super::planned_anew;
use crate::admin::model::AuditLine;
use crate::admin::sort::{Order, Place, Placed};
use crate::error::Result;
use crate::id::{AccountId, AuditId};
use crate::time::Instant;
use sqlx::PgPool;

#[derive(Default)]
pub struct AuditQuery {
    pub who: Option<String>,
    pub action: Option<String>,
    pub kind: Option<String>,
    pub id: Option<String>,
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    pub order: Order<AuditId>,
}

pub async fn list_audit(db: &PgPool, query: &AuditQuery, limit: i64) -> Result<Vec<Placed<AuditLine>>> {
    let order = &query.order;
    let (after_at, newest_id) = order.newest.unzip();
    let (place, after_id) = order.after.clone().unzip();
    let (after_words, after_number) = place.map(|place: Place| (place.words, place.number)).unzip();
    let mut tx = planned_anew(db).await?;
    let rows = sqlx::query!(
        r#"select
            e.id as "id: AuditId",
            e.at as "at: Instant",
            e.actor_id as "actor_id: AccountId",
            coalesce(a.name, e.actor_kind) as "actor!",
            e.action,
            e.subject_kind,
            e.subject_id,
            e.reason,
            e.data,
            e.address,
            key.words as "words!",
            key.number as "number!"
         from audit_entries e
         left join accounts a on a.id = e.actor_id
         cross join lateral (
            select
                case $10::text
                    when 'who' then fold(coalesce(a.name, e.actor_kind))
                    when 'did' then e.action
                    else ''
                end as words,
                case $10
                    when 'when' then (extract(epoch from e.at) * 1000000)::bigint
                    else 0
                end as number
         ) key
         where ($1::text is null
                or e.actor_id::text = $1
                or a.email ilike '%' || $1 || '%'
                or fold(a.name) like '%' || fold($1) || '%'
                or (e.actor_id is null and e.actor_kind = $1))
           and ($2::text is null or starts_with(e.action, $2))
           and ($3::text is null or e.subject_kind = $3)
           and ($4::text is null or e.subject_id = $4)
           and ($5::timestamptz is null or e.at >= $5)
           and ($6::timestamptz is null or e.at < $6)
           and ($7::timestamptz is null or (e.at, e.id) < ($7, $8::uuid))
           and ($12::uuid is null
                or case when $11::bool
                    then (key.words, key.number, e.id) < ($13::text, $14::bigint, $12)
                    else (key.words, key.number, e.id) > ($13, $14, $12)
                   end)
         order by
            -- without a sort this is all that is left, and an index has it
            case when $10::text is null then e.at end desc,
            case when $11 then key.words end desc,
            case when not $11 then key.words end,
            case when $11 then key.number end desc,
            case when not $11 then key.number end,
            case when $11 then e.id end desc,
            case when not $11 then e.id end
         limit $9"#,
        query.who,
        query.action,
        query.kind,
        query.id,
        query.from as Option<Instant>,
        query.to as Option<Instant>,
        after_at as Option<Instant>,
        newest_id as Option<AuditId>,
        limit,
        order.by,
        order.is_down,
        after_id as Option<AuditId>,
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
            line: AuditLine {
                id: row.id,
                at: row.at,
                actor_id: row.actor_id,
                actor: row.actor,
                action: row.action,
                subject_kind: row.subject_kind,
                subject_id: row.subject_id,
                reason: row.reason,
                data: row.data,
                address: row.address,
            },
        })
        .collect())
}

/// By this account, or about it.
pub async fn list_audit_of(db: &PgPool, account: AccountId, limit: i64) -> Result<Vec<AuditLine>> {
    Ok(sqlx::query_as!(
        AuditLine,
        r#"select
            e.id as "id: AuditId",
            e.at as "at: Instant",
            e.actor_id as "actor_id: AccountId",
            coalesce(a.name, e.actor_kind) as "actor!",
            e.action,
            e.subject_kind,
            e.subject_id,
            e.reason,
            e.data,
            e.address
         from audit_entries e
         left join accounts a on a.id = e.actor_id
         where e.actor_id = $1 or (e.subject_kind = 'account' and e.subject_id = $1::uuid::text)
         order by e.at desc, e.id desc
         limit $2"#,
        account as AccountId,
        limit,
    )
    .fetch_all(db)
    .await?)
}
