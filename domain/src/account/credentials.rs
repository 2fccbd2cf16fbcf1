//! The address and the password: proving, forgetting and changing them.

use super::link::{Link, LinkPurpose, Proven, demote, prove_address, retire_links, use_link};
use super::session::{by_session, end_all, note};
use super::{AccountRefusal, Claimed, Password, SignedIn, find_link, jobs, password, policy, store};
use crate::audit;
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result};
use crate::id::AccountId;
use serde_json::json;

/// Sends the link to confirm the address once more.
pub async fn request_confirmation(ctx: &Ctx) -> Result<()> {
    let person = by_session(ctx)?;
    if person.is_email_confirmed {
        return Err(AccountRefusal::AlreadyConfirmed.into());
    }
    let mut tx = ctx.begin().await?;
    jobs::ask_to_confirm(&mut tx, ctx, person.id).await?;
    ctx.commit(tx).await
}

/// The link of the e-mail after registering, opened by whoever reads mail to the address.
pub async fn confirm_email(ctx: &Ctx, secret: &str) -> Result<Claimed> {
    let mut tx = ctx.begin().await?;
    let link = use_link(&mut tx, ctx, LinkPurpose::ConfirmEmail, secret).await?;
    let account = owner_of(&link)?;
    let row = store::lock_account(&mut tx, account).await?;
    // the address was changed since the link was sent
    if link.data["email"].as_str() != Some(row.email.as_str()) {
        return Err(AccountRefusal::DeadLink.into());
    }
    let claimed = match prove_address(&mut tx, ctx, account, &row.email).await? {
        Proven::Own => Claimed::Own(account),
        Proven::Joined(_) => Claimed::Joined,
    };
    retire_links(&mut tx, ctx, account, &[LinkPurpose::ConfirmEmail]).await?;
    ctx.commit(tx).await?;
    Ok(claimed)
}

/// Sends a link to set a new password, if the address is known; the answer is the same if not.
pub async fn request_password_reset(ctx: &Ctx, email: &str) -> Result<()> {
    let email = policy::tidy_email(email);
    let mut fields = Fields::none();
    policy::check_email(&mut fields, "email", &email);
    fields.finish()?;
    let mut tx = ctx.begin().await?;
    jobs::ask_to_reset(&mut tx, ctx, &email).await?;
    ctx.commit(tx).await
}

/// Sets the password by the link of the e-mail. Every session and token of the account ends; the address counts as confirmed.
pub async fn reset_password(ctx: &Ctx, secret: &str, new: &Password) -> Result<SignedIn> {
    let link = find_link(ctx, LinkPurpose::ResetPassword, secret).await?.ok_or(AccountRefusal::DeadLink)?;
    let account = owner_of(&link)?;
    let row = store::find_account(ctx.db(), account).await?.ok_or(AccountRefusal::DeadLink)?;
    if link.data["email"].as_str() != Some(row.email.as_str()) {
        return Err(AccountRefusal::DeadLink.into());
    }
    if row.suspended_at.is_some() {
        return Err(AccountRefusal::Suspended.into());
    }
    let mut fields = Fields::none();
    password::check(&mut fields, "password", &new.0, &[&row.name, &row.email]);
    fields.finish()?;
    let hash = password::hash(ctx, &new.0).await?;

    let mut tx = ctx.begin().await?;
    use_link(&mut tx, ctx, LinkPurpose::ResetPassword, secret).await?;
    let account = match prove_address(&mut tx, ctx, account, &row.email).await? {
        Proven::Own => account,
        Proven::Joined(owner) => owner,
    };
    store::set_password(&mut tx, account, Some(&hash), ctx.now()).await?;
    store::revoke_tokens(&mut tx, account, ctx.now()).await?;
    end_all(&mut tx, ctx, account, None).await?;
    retire_links(&mut tx, ctx, account, &[LinkPurpose::ResetPassword, LinkPurpose::ChangeEmail]).await?;
    note(&mut tx, ctx, account, "password_reset", json!({})).await?;
    jobs::alert(&mut tx, ctx, account, "password_changed", json!({})).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.reset_password", "account", account)).await?;
    ctx.commit(tx).await?;
    Ok(SignedIn { account })
}

/// Asks for the present password. Every other session ends, and every change of the address that is under way.
pub async fn change_password(ctx: &Ctx, current: &Password, new: &Password) -> Result<()> {
    let person = by_session(ctx)?;
    let mut fields = Fields::none();
    password::check(&mut fields, "password", &new.0, &[&person.name, &person.email]);
    fields.finish()?;
    check_current(ctx, person.id, current).await?;
    let hash = password::hash(ctx, &new.0).await?;
    let mut tx = ctx.begin().await?;
    store::set_password(&mut tx, person.id, Some(&hash), ctx.now()).await?;
    end_all(&mut tx, ctx, person.id, person.session).await?;
    retire_links(&mut tx, ctx, person.id, &[LinkPurpose::ResetPassword, LinkPurpose::ChangeEmail]).await?;
    note(&mut tx, ctx, person.id, "password_changed", json!({})).await?;
    jobs::alert(&mut tx, ctx, person.id, "password_changed", json!({})).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.change_password", "account", person.id)).await?;
    ctx.commit(tx).await
}

/// Asks for the password, then sends a link to the new address and word of it to the old one. Nothing changes until the link is opened.
pub async fn request_email_change(ctx: &Ctx, new_email: &str, current: &Password) -> Result<()> {
    let person = by_session(ctx)?;
    let email = policy::tidy_email(new_email);
    let mut fields = Fields::none();
    policy::check_email(&mut fields, "email", &email);
    fields.check(!email.eq_ignore_ascii_case(&person.email), "email", "That is your address already.");
    fields.finish()?;
    let checked = check_current(ctx, person.id, current).await?;
    let mut tx = ctx.begin().await?;
    let row = store::lock_account(&mut tx, person.id).await?;
    // A password that was changed since it was checked has retired every such link, and none may follow.
    if row.password_hash != checked.password_hash {
        return Err(AccountRefusal::WrongPassword.into());
    }
    jobs::send_change(&mut tx, ctx, &row, &email).await?;
    note(&mut tx, ctx, person.id, "email_change_requested", json!({ "to": email })).await?;
    jobs::alert(&mut tx, ctx, person.id, "email_change_requested", json!({ "to": row.email })).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.request_email_change", "account", person.id)).await?;
    ctx.commit(tx).await
}

/// The link sent to the new address.
pub async fn confirm_new_email(ctx: &Ctx, secret: &str) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let link = use_link(&mut tx, ctx, LinkPurpose::ChangeEmail, secret).await?;
    let account = owner_of(&link)?;
    let row = store::lock_account(&mut tx, account).await?;
    let email = link.data["email"].as_str().ok_or_else(|| Error::internal("a link to change the address without one"))?;
    match store::lock_owner_of(&mut tx, email, account).await? {
        Some((_, true)) => return Err(AccountRefusal::AddressTaken.into()),
        Some((squatter, false)) => demote(&mut tx, ctx, squatter).await?,
        None => {}
    }
    store::set_email_confirmed(&mut tx, account, email, ctx.now()).await?;
    retire_links(&mut tx, ctx, account, &[LinkPurpose::ChangeEmail, LinkPurpose::ResetPassword, LinkPurpose::ConfirmEmail]).await?;
    note(&mut tx, ctx, account, "email_changed", json!({ "from": row.email })).await?;
    jobs::alert(&mut tx, ctx, account, "email_changed", json!({ "to": row.email })).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.change_email", "account", account)).await?;
    ctx.commit(tx).await
}

/// The account as it was when the password was right.
async fn check_current(ctx: &Ctx, account: AccountId, current: &Password) -> Result<store::AccountRow> {
    let row = store::find_account(ctx.db(), account).await?.ok_or(Error::Unauthenticated)?;
    if current.0.chars().count() > policy::MAX_PASSWORD || !password::verify(&current.0, row.password_hash.clone()).await? {
        return Err(AccountRefusal::WrongPassword.into());
    }
    Ok(row)
}

fn owner_of(link: &Link) -> Result<AccountId> {
    link.account.ok_or_else(|| Error::internal("a link of an account without one"))
}
