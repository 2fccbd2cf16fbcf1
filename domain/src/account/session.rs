//! Where an account is signed in, and ending that.

use super::link::{LinkPurpose, retire_links};
use super::{SecurityNoteView, SessionView, policy, store};
use crate::ctx::{Ctx, Person, Tx};
use crate::error::{Error, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::{AccountId, AuditId, SessionId};
use crate::{audit, outbox};
use serde_json::{Value, json};
use uuid::Uuid;

/// The person, if signed in by a session: tokens do not manage the account's own safety.
pub(super) fn by_session(ctx: &Ctx) -> Result<&Person> {
    let person = ctx.person()?;
    if person.scopes.is_some() { Err(Error::Forbidden) } else { Ok(person) }
}

/// Newest use first.
pub async fn list_sessions(ctx: &Ctx) -> Result<Vec<SessionView>> {
    let person = by_session(ctx)?;
    let rows = store::list_sessions(ctx.db(), person.id, ctx.now()).await?;
    Ok(rows
        .into_iter()
        .map(|row| SessionView {
            id: row.id,
            device: policy::device_name(row.user_agent.as_deref()),
            address: row.address,
            created_at: row.created_at,
            seen_at: row.seen_at,
            is_current: person.session == Some(row.id),
        })
        .collect())
}

/// Ends one of one's own sessions; its sockets close.
pub async fn revoke_session(ctx: &Ctx, session: SessionId) -> Result<()> {
    let person = by_session(ctx)?;
    let mut tx = ctx.begin().await?;
    if !store::delete_session(&mut tx, person.id, session).await? {
        return Err(Error::NotFound);
    }
    announce(&mut tx, ctx, person.id, json!({ "session": session })).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.revoke_session", "account", person.id).data(json!({ "session": session })))
        .await?;
    ctx.commit(tx).await
}

/// Ends the present session. The door forgets its cookie. Nothing to do for a visitor.
pub async fn sign_out(ctx: &Ctx) -> Result<()> {
    let Ok(Person { id, session: Some(session), .. }) = ctx.person() else { return Ok(()) };
    let mut tx = ctx.begin().await?;
    store::delete_session(&mut tx, *id, *session).await?;
    announce(&mut tx, ctx, *id, json!({ "session": session })).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.sign_out", "account", id)).await?;
    ctx.commit(tx).await
}

/// Ends all sessions of the account, the present one too, and what whoever was in may have begun: a change of its address.
pub async fn sign_out_everywhere(ctx: &Ctx) -> Result<()> {
    let person = by_session(ctx)?;
    let mut tx = ctx.begin().await?;
    store::lock_account(&mut tx, person.id).await?;
    end_all(&mut tx, ctx, person.id, None).await?;
    retire_links(&mut tx, ctx, person.id, &[LinkPurpose::ChangeEmail]).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.sign_out_everywhere", "account", person.id)).await?;
    ctx.commit(tx).await
}

pub async fn list_security_notes(ctx: &Ctx) -> Result<Vec<SecurityNoteView>> {
    let person = by_session(ctx)?;
    let rows = store::list_notes(ctx.db(), person.id).await?;
    Ok(rows.into_iter().map(|row| SecurityNoteView { sentence: sentence(&row.kind, &row.data), kind: row.kind, at: row.at }).collect())
}

pub(super) async fn end_all(tx: &mut Tx, ctx: &Ctx, account: AccountId, keep: Option<SessionId>) -> Result<()> {
    store::delete_sessions(tx, account, keep).await?;
    announce(tx, ctx, account, json!({ "all": true, "except": keep })).await
}

pub(super) async fn note(tx: &mut Tx, ctx: &Ctx, account: AccountId, kind: &str, data: Value) -> Result<()> {
    store::insert_note(tx, Uuid::from(ctx.new_id::<AuditId>()), account, kind, &data, ctx.now()).await
}

/// Data is `{"session": id}`, `{"all": true, "except": id or null}`, or `{"token": id}`.
pub(super) async fn announce(tx: &mut Tx, ctx: &Ctx, account: AccountId, data: Value) -> Result<()> {
    outbox::record(tx, ctx, NewEvent::new(EventKind::SessionRevoked).account(account).data(data)).await
}

/// What a note says to the account's owner.
pub(super) fn sentence(kind: &str, data: &Value) -> String {
    let text = |key: &str| data[key].as_str().unwrap_or("an unknown place").to_owned();
    match kind {
        "new_device" => format!("Signed in from a new device: {}.", text("device")),
        "password_changed" => "Your password was changed.".into(),
        "password_reset" => "Your password was set anew by a link sent to your address.".into(),
        "email_change_requested" => format!("A change of your address to {} was asked for.", text("to")),
        "email_changed" => format!("Your address was changed from {}.", text("from")),
        "many_failures" => "Several attempts to sign in failed.".into(),
        "token_created" => format!("The API token “{}” was created.", text("name")),
        _ => "Something changed in your account.".into(),
    }
}
