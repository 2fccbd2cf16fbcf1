//! How the house itself is doing, and second chances for what failed.

use super::model::{ServiceLevel, SystemView};
use super::store;
use crate::audit;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::id::{JobId, MailId};
use crate::notify;
use crate::queue::{self, NewJob};
use serde_json::json;

pub async fn get_system(ctx: &Ctx) -> Result<SystemView> {
    ctx.require_admin()?;
    let (db, now) = (ctx.db(), ctx.now());
    let database = store::get_database(db).await?;
    let jobs = store::count_jobs(db, now).await?;
    let traffic = store::count_traffic(db, now).await?;
    let payments = store::count_payment_outcomes(db, now.plus_days(-30)).await?;
    Ok(SystemView {
        database_version: database.version,
        database_size: database.size,
        connections: database.connections,
        horizon_age_s: database.horizon_age_s,
        nodes: store::list_nodes(db).await?,
        jobs_waiting: jobs.waiting,
        jobs_running: jobs.running,
        jobs_done: jobs.done,
        late_s: jobs.late_s,
        dead_jobs: store::list_dead_jobs(db).await?,
        events: traffic.events,
        mails_queued: traffic.mails_queued,
        mails_sent: traffic.mails_sent,
        failed_mails: store::list_failed_mails(db).await?,
        messages: store::list_messages(db).await?,
        levels: vec![
            ServiceLevel { name: "Payments that are not declined succeed".into(), good: payments.0, all: payments.1, goal_bp: 9_990 },
            ServiceLevel { name: "E-mails are handed over".into(), good: traffic.mails_good, all: traffic.mails_all, goal_bp: 9_500 },
        ],
    })
}

/// A dead job gets a new life from now.
pub async fn retry_job(ctx: &Ctx, id: JobId) -> Result<()> {
    ctx.require_admin()?;
    let mut tx = ctx.begin().await?;
    let kind = store::revive_job(&mut tx, id, ctx.now()).await?.ok_or(Error::NotFound)?;
    audit::record(&mut tx, ctx, audit::Entry::new("admin.retry_job", "job", id).data(json!({ "kind": kind }))).await?;
    ctx.commit(tx).await
}

/// A letter that was refused is tried once more.
pub async fn retry_mail(ctx: &Ctx, id: MailId) -> Result<()> {
    ctx.require_admin()?;
    let mut tx = ctx.begin().await?;
    if !store::requeue_mail(&mut tx, id).await? {
        return Err(Error::NotFound);
    }
    queue::enqueue(&mut tx, ctx, NewJob::new(notify::jobs::SEND, json!({ "mail": id })).once(id)).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("admin.retry_mail", "mail", id)).await?;
    ctx.commit(tx).await
}
