//! The house itself: database, nodes, jobs, letters, messages.

use crate::admin::model::{JobLine, MailLine, MessageLine, NodeLine};
use crate::ctx::Tx;
use crate::error::Result;
use crate::id::{JobId, MailId};
use crate::time::Instant;
use sqlx::PgPool;

pub struct DatabaseRow {
    pub version: String,
    pub size: i64,
    pub connections: i64,
    pub horizon_age_s: i64,
}

pub async fn get_database(db: &PgPool) -> Result<DatabaseRow> {
    Ok(sqlx::query_as!(
        DatabaseRow,
        r#"select
            current_setting('server_version') as "version!",
            pg_database_size(current_database()) as "size!",
            (select count(*) from pg_stat_activity where datname = current_database()) as "connections!",
            -- writers of the whole cluster hold readers of events back
            coalesce((select extract(epoch from max(clock_timestamp() - xact_start)) from pg_stat_activity where backend_xid is not null), 0)::bigint
                as "horizon_age_s!""#,
    )
    .fetch_one(db)
    .await?)
}

pub struct JobCounts {
    pub waiting: i64,
    pub running: i64,
    pub done: i64,
    pub late_s: i64,
}

pub async fn count_jobs(db: &PgPool, now: Instant) -> Result<JobCounts> {
    Ok(sqlx::query_as!(
        JobCounts,
        r#"select
            count(*) filter (where finished_at is null and dead_at is null and (leased_until is null or leased_until <= $1)) as "waiting!",
            count(*) filter (where finished_at is null and dead_at is null and leased_until > $1) as "running!",
            count(*) filter (where finished_at > $2) as "done!",
            coalesce(extract(epoch from $1 - min(run_at) filter (
                where finished_at is null and dead_at is null and leased_until is null and run_at <= $1
            )), 0)::bigint as "late_s!"
         from jobs"#,
        now as Instant,
        now.plus_days(-1) as Instant,
    )
    .fetch_one(db)
    .await?)
}

pub async fn list_dead_jobs(db: &PgPool) -> Result<Vec<JobLine>> {
    Ok(sqlx::query_as!(
        JobLine,
        r#"select
            id as "id: JobId", kind, attempts, last_error, created_at as "created_at: Instant", dead_at as "dead_at!: Instant"
         from jobs
         where dead_at is not null
         order by dead_at desc
         limit 50"#,
    )
    .fetch_all(db)
    .await?)
}

/// Its kind, if it was dead. One that lives again under the same key stays dead.
pub async fn revive_job(tx: &mut Tx, id: JobId, now: Instant) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "update jobs j
         set dead_at = null, attempts = 0, run_at = $2, leased_until = null, leased_by = null
         where id = $1
           and dead_at is not null
           and not exists (
            select 1 from jobs live
            where live.kind = j.kind and live.dedup_key = j.dedup_key and live.finished_at is null and live.dead_at is null
           )
         returning kind",
        id as JobId,
        now as Instant,
    )
    .fetch_optional(&mut **tx)
    .await?)
}

pub async fn list_nodes(db: &PgPool) -> Result<Vec<NodeLine>> {
    Ok(sqlx::query_as!(
        NodeLine,
        r#"select id, version, started_at as "started_at: Instant", seen_at as "seen_at: Instant" from nodes order by seen_at desc limit 50"#,
    )
    .fetch_all(db)
    .await?)
}

pub struct TrafficRow {
    pub events: i64,
    pub mails_queued: i64,
    /// Within 24 h.
    pub mails_sent: i64,
    /// Sent, of those decided, within 30 days.
    pub mails_good: i64,
    pub mails_all: i64,
}

pub async fn count_traffic(db: &PgPool, now: Instant) -> Result<TrafficRow> {
    Ok(sqlx::query_as!(
        TrafficRow,
        r#"select
            (select count(*) from events where at > $1) as "events!",
            count(*) filter (where status = 'queued') as "mails_queued!",
            count(*) filter (where status = 'sent' and sent_at > $1) as "mails_sent!",
            count(*) filter (where status = 'sent' and created_at > $2) as "mails_good!",
            count(*) filter (where status in ('sent', 'failed') and created_at > $2) as "mails_all!"
         from mails"#,
        now.plus_days(-1) as Instant,
        now.plus_days(-30) as Instant,
    )
    .fetch_one(db)
    .await?)
}

pub async fn list_failed_mails(db: &PgPool) -> Result<Vec<MailLine>> {
    Ok(sqlx::query_as!(
        MailLine,
        r#"select id as "id: MailId", template, to_address, subject, failure, created_at as "created_at: Instant"
         from mails
         where status = 'failed'
         order by created_at desc
         limit 50"#,
    )
    .fetch_all(db)
    .await?)
}

pub async fn requeue_mail(tx: &mut Tx, id: MailId) -> Result<bool> {
    let done = sqlx::query!("update mails set status = 'queued', failure = null where id = $1 and status = 'failed'", id as MailId)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The newest of all gateways.
pub async fn list_messages(db: &PgPool) -> Result<Vec<MessageLine>> {
    Ok(sqlx::query_as!(
        MessageLine,
        r#"select gateway, event_id, kind, received_at as "received_at: Instant", applied_at as "applied_at: Instant", outcome
         from gateway_events
         order by received_at desc
         limit 30"#,
    )
    .fetch_all(db)
    .await?)
}

/// (succeeded or authorised, all that were not declined and are decided or overdue) since then.
pub async fn count_payment_outcomes(db: &PgPool, since: Instant) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select
            count(*) filter (where status in ('succeeded', 'authorised')) as "good!",
            -- a decline carries the bank's code; giving up is the customer's own choice
            count(*) filter (where status in ('succeeded', 'authorised', 'unknown') or (status = 'failed' and failure_code is null)) as "decided!"
         from payment_attempts
         where created_at > $1"#,
        since as Instant,
    )
    .fetch_one(db)
    .await?;
    Ok((row.good, row.decided))
}
