//! Guests: accounts made at checkout, and claiming them.

use super::link::{LinkPurpose, Proven, prove_address, retire_links, use_link};
use super::{AccountRefusal, ClaimView, Claimed, Link, Password, find_link, password, policy, store};
use crate::audit;
use crate::ctx::{Ctx, Tx};
use crate::error::{Fields, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::AccountId;
use crate::outbox;

/// An account without password for someone who books without signing up. An existing account of the address is neither looked for nor
/// touched.
///
/// # Errors
/// Invalid, with fields `name`, `email` and `phone`.
pub async fn create_guest(tx: &mut Tx, ctx: &Ctx, name: &str, email: &str, phone: &str) -> Result<AccountId> {
    let (name, email, phone) = (policy::tidy_name(name), policy::tidy_email(email), phone.trim());
    let mut fields = Fields::none();
    policy::check_name(&mut fields, "name", &name);
    policy::check_email(&mut fields, "email", &email);
    policy::check_phone(&mut fields, "phone", phone);
    fields.finish()?;
    let id: AccountId = ctx.new_id();
    let new = store::NewAccount {
        id,
        email: &email,
        password_hash: None,
        name: &name,
        phone: Some(phone).filter(|p| !p.is_empty()),
        is_guest: true,
        now: ctx.now(),
    };
    store::insert_account(tx, &new).await?;
    audit::record(tx, ctx, audit::Entry::new("account.create_guest", "account", id)).await?;
    Ok(id)
}

/// Whether this account is a guest of that address.
pub async fn is_guest_of(tx: &mut Tx, account: AccountId, email: &str) -> Result<bool> {
    let row = store::find_account(&mut **tx, account).await?;
    Ok(row.is_some_and(|row| row.is_guest && row.email.eq_ignore_ascii_case(email)))
}

/// What the claim page shows. None: the link is dead.
pub async fn find_claim(ctx: &Ctx, secret: &str) -> Result<Option<ClaimView>> {
    let Some(link) = find_link(ctx, LinkPurpose::ClaimAccount, secret).await? else { return Ok(None) };
    let Some(row) = guest_of(ctx, &link).await? else { return Ok(None) };
    let is_known = is_owned(ctx, &row).await?;
    Ok(Some(ClaimView { email: row.email, name: row.name, is_known }))
}

/// Whoever opens the link reads mail to the address. The guest becomes an account with this password, or its bookings join the account that
/// has the address, and the password is not looked at.
pub async fn claim(ctx: &Ctx, secret: &str, new: &Password) -> Result<Claimed> {
    let link = find_link(ctx, LinkPurpose::ClaimAccount, secret).await?.ok_or(AccountRefusal::DeadLink)?;
    let row = guest_of(ctx, &link).await?.ok_or(AccountRefusal::DeadLink)?;
    let hash = if is_owned(ctx, &row).await? {
        None
    } else {
        let mut fields = Fields::none();
        password::check(&mut fields, "password", &new.0, &[&row.name, &row.email]);
        fields.finish()?;
        Some(password::hash(ctx, &new.0).await?)
    };
    let mut tx = ctx.begin().await?;
    use_link(&mut tx, ctx, LinkPurpose::ClaimAccount, secret).await?;
    let claimed = match prove_address(&mut tx, ctx, row.id, &row.email).await? {
        Proven::Joined(_) => Claimed::Joined,
        // the owner lost the address between the look and the lock; the link stays good
        Proven::Own if hash.is_none() => return Err(AccountRefusal::DeadLink.into()),
        Proven::Own => {
            store::set_password(&mut tx, row.id, hash.as_deref(), ctx.now()).await?;
            outbox::record(&mut tx, ctx, NewEvent::new(EventKind::AccountRegistered).account(row.id)).await?;
            Claimed::Own(row.id)
        }
    };
    retire_links(&mut tx, ctx, row.id, &[LinkPurpose::ClaimAccount]).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.claim", "account", row.id)).await?;
    ctx.commit(tx).await?;
    Ok(claimed)
}

async fn guest_of(ctx: &Ctx, link: &Link) -> Result<Option<store::AccountRow>> {
    let Some(account) = link.account else { return Ok(None) };
    let row = store::find_account(ctx.db(), account).await?;
    Ok(row.filter(|row| row.is_guest && row.suspended_at.is_none()))
}

async fn is_owned(ctx: &Ctx, row: &store::AccountRow) -> Result<bool> {
    let known = store::list_by_email(ctx.db(), &row.email).await?;
    Ok(known.iter().any(|other| !other.is_guest && other.id != row.id && other.email_confirmed_at.is_some()))
}
