//! The audit, searched.

use crate::admin::model::AuditLine;
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
    pub after: Option<(Instant, AuditId)>,
}

pub async fn list_audit(db: &PgPool, query: &AuditQuery, limit: i64) -> Result<Vec<AuditLine>> {
    let (after_at, after_id) = query.after.unzip();
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
         order by e.at desc, e.id desc
         limit $9"#,
        query.who,
        query.action,
        query.kind,
        query.id,
        query.from as Option<Instant>,
        query.to as Option<Instant>,
        after_at as Option<Instant>,
        after_id as Option<AuditId>,
        limit,
    )
    .fetch_all(db)
    .await?)
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
