//! What happens after the answer: letters with links and warnings, written by a job, so that a request costs the same whether or not an
//! address is known. And sweeping up what has expired.

use super::link::{LinkPurpose, has_had_enough, issue_link};
use super::store;
use crate::ctx::{Ctx, Tx};
use crate::error::{Error, Result};
use crate::id::AccountId;
use crate::notify::model::Template;
use crate::notify::{LinkMail, mail_link};
use crate::queue::{self, NewJob};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Writes a letter to an account.
pub const WRITE: &str = "account.write";
/// The duty that deletes dead links and tokens.
pub const SWEEP: &str = "account.sweep";

const CONFIRM_HOURS: i64 = 72;
const RESET_HOURS: i64 = 2;
const CHANGE_HOURS: i64 = 24;
const CLAIM_HOURS: i64 = 30 * 24;

#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Ask {
    Confirm { account: AccountId },
    Reset { email: String },
    Alert { account: AccountId, kind: String, data: Value },
}

pub(super) async fn ask_to_confirm(tx: &mut Tx, ctx: &Ctx, account: AccountId) -> Result<()> {
    enqueue(tx, ctx, &Ask::Confirm { account }).await
}

pub(super) async fn ask_to_reset(tx: &mut Tx, ctx: &Ctx, email: &str) -> Result<()> {
    enqueue(tx, ctx, &Ask::Reset { email: email.to_owned() }).await
}

/// The link to a new address, in the transaction that has looked at the password: a job might write it after the password was changed. Whether the new
/// address is known makes no difference here.
pub(super) async fn send_change(tx: &mut Tx, ctx: &Ctx, row: &store::AccountRow, to: &str) -> Result<()> {
    let letter = Letter { template: Template::ChangeEmail, purpose: LinkPurpose::ChangeEmail, path: "change-email", hours: CHANGE_HOURS };
    letter.send(tx, ctx, row, to).await
}

/// `data.to` names another address than the account's.
pub(super) async fn alert(tx: &mut Tx, ctx: &Ctx, account: AccountId, kind: &str, data: Value) -> Result<()> {
    enqueue(tx, ctx, &Ask::Alert { account, kind: kind.to_owned(), data }).await
}

async fn enqueue(tx: &mut Tx, ctx: &Ctx, ask: &Ask) -> Result<()> {
    queue::enqueue(tx, ctx, NewJob::new(WRITE, json!(ask))).await
}

/// Runs a [`WRITE`] job.
pub async fn write(ctx: &Ctx, payload: Value) -> Result<()> {
    let ask: Ask = serde_json::from_value(payload).map_err(Error::internal)?;
    let mut tx = ctx.begin().await?;
    match ask {
        Ask::Confirm { account } => confirm(&mut tx, ctx, account).await?,
        Ask::Reset { email } => reset(&mut tx, ctx, &email).await?,
        Ask::Alert { account, kind, data } => warn(&mut tx, ctx, account, &kind, &data).await?,
    }
    ctx.commit(tx).await
}

async fn confirm(tx: &mut Tx, ctx: &Ctx, account: AccountId) -> Result<()> {
    let Some(row) = store::find_account(&mut **tx, account).await? else { return Ok(()) };
    let is_taken = store::list_by_email(&mut **tx, &row.email).await?.iter().any(|other| !other.is_guest && other.id != account);
    let template = if is_taken { Template::AlreadyRegistered } else { Template::ConfirmEmail };
    let letter = Letter { template, purpose: LinkPurpose::ConfirmEmail, path: "confirm-email", hours: CONFIRM_HOURS };
    letter.send(tx, ctx, &row, &row.email).await
}

/// To the owner of the address; failing one, to the newest guest, who has no password to forget and claims the account instead.
async fn reset(tx: &mut Tx, ctx: &Ctx, email: &str) -> Result<()> {
    let known = store::list_by_email(&mut **tx, email).await?;
    let Some(row) = known.iter().find(|a| !a.is_guest).or(known.first()).filter(|a| a.suspended_at.is_none()) else { return Ok(()) };
    let letter = if row.is_guest && row.password_hash.is_none() {
        Letter { template: Template::ClaimAccount, purpose: LinkPurpose::ClaimAccount, path: "claim", hours: CLAIM_HOURS }
    } else {
        Letter { template: Template::ResetPassword, purpose: LinkPurpose::ResetPassword, path: "reset-password", hours: RESET_HOURS }
    };
    letter.send(tx, ctx, row, &row.email).await
}

struct Letter {
    template: Template,
    purpose: LinkPurpose,
    path: &'static str,
    hours: i64,
}

impl Letter {
    async fn send(&self, tx: &mut Tx, ctx: &Ctx, row: &store::AccountRow, to: &str) -> Result<()> {
        if has_had_enough(tx, ctx, self.purpose, to).await? {
            tracing::info!(account = %row.id, "an address has had its letters for this hour");
            return Ok(());
        }
        let secret = issue_link(tx, ctx, self.purpose, Some(row.id), json!({ "email": to }), self.hours * 60).await?;
        let mail = LinkMail {
            template: self.template,
            account: Some(row.id),
            to: to.to_owned(),
            name: row.name.clone(),
            subject: String::new(),
            url: ctx.url(&format!("/{}/{secret}", self.path)),
            valid_hours: self.hours,
        };
        mail_link(tx, ctx, &mail).await
    }
}

async fn warn(tx: &mut Tx, ctx: &Ctx, account: AccountId, kind: &str, data: &Value) -> Result<()> {
    let Some(row) = store::find_account(&mut **tx, account).await? else { return Ok(()) };
    let (template, path) = match kind {
        "password_changed" => (Template::PasswordChanged, "/forgot-password"),
        "email_change_requested" => (Template::EmailChangeRequested, "/settings/security"),
        "email_changed" => (Template::EmailChanged, "/settings/security"),
        "new_device" => (Template::NewDevice, "/settings/sessions"),
        "many_failures" => (Template::ManyFailures, "/settings/security"),
        _ => return Err(Error::internal(format!("no letter warns of {kind}"))),
    };
    let mail = LinkMail {
        template,
        account: Some(account),
        to: data["to"].as_str().unwrap_or(&row.email).to_owned(),
        name: row.name,
        subject: data["device"].as_str().unwrap_or_default().to_owned(),
        url: ctx.url(path),
        valid_hours: 0,
    };
    mail_link(tx, ctx, &mail).await
}

/// A path on which a guest claims the account, for a letter about a booking that goes to this address. None if that is not the guest's own: the link
/// proves that whoever opens it reads mail to the account's.
pub async fn claim_path(ctx: &Ctx, guest: AccountId, to: &str) -> Result<Option<String>> {
    let Some(row) = store::find_account(ctx.db(), guest).await? else { return Ok(None) };
    if !row.is_guest || row.password_hash.is_some() || !row.email.eq_ignore_ascii_case(to) {
        return Ok(None);
    }
    let mut tx = ctx.begin().await?;
    let secret = issue_link(&mut tx, ctx, LinkPurpose::ClaimAccount, Some(guest), json!({ "email": row.email }), CLAIM_HOURS * 60).await?;
    ctx.commit(tx).await?;
    Ok(Some(format!("/claim/{secret}")))
}

/// Runs the [`SWEEP`] duty: what expired a month ago goes, in batches.
pub async fn sweep(ctx: &Ctx) -> Result<()> {
    while store::delete_dead(ctx.db(), ctx.now().plus_days(-30)).await? > 0 {}
    Ok(())
}
