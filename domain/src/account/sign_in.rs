//! Coming in: registering and signing in. Neither tells whether an address is known, by its answer or its cost.

use super::session::note;
use super::{AccountRefusal, Register, SignIn, SignedIn, jobs, password, policy, store};
use crate::ctx::{Ctx, Tx};
use crate::error::{Fields, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::{AccountId, Id};
use crate::{audit, outbox};
use serde_json::json;

/// So many failed sign-ins within [`FAILURE_WINDOW_MIN`] are told to the account's owner, once.
const MANY_FAILURES: i64 = 5;
const FAILURE_WINDOW_MIN: i64 = 60;

/// Makes an account and a link to confirm its address. If the address belongs to someone, the account is a guest's: it works, but what it
/// holds joins the owner's account once the link is opened.
pub async fn register(ctx: &Ctx, input: Register, user_agent: Option<&str>) -> Result<SignedIn> {
    let email = policy::tidy_email(&input.email);
    let name = policy::tidy_name(&input.name);
    let mut fields = Fields::none();
    policy::check_name(&mut fields, "name", &name);
    policy::check_email(&mut fields, "email", &email);
    password::check(&mut fields, "password", &input.password.0, &[&name, &email]);
    fields.finish()?;

    let hash = password::hash(ctx, &input.password.0).await?;
    let account: AccountId = ctx.new_id();
    let mut new = store::NewAccount {
        id: account,
        email: &email,
        password_hash: Some(&hash),
        name: &name,
        phone: None,
        is_guest: false,
        now: ctx.now(),
    };
    let mut tx = ctx.begin().await?;
    if !store::insert_account(&mut tx, &new).await? {
        // Two came at once with an address that nobody had: rare enough to tell nothing.
        new.is_guest = true;
        store::insert_account(&mut tx, &new).await?;
    }
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::AccountRegistered).account(account)).await?;
    audit::record(&mut tx, ctx, audit::Entry::new("account.register", "account", account)).await?;
    record_sign_in(&mut tx, ctx, account, user_agent).await?;
    jobs::ask_to_confirm(&mut tx, ctx, account).await?;
    ctx.commit(tx).await?;
    Ok(SignedIn { account })
}

/// Checks address and password. The door renews the session and binds it to the account.
///
/// # Errors
/// `wrong_sign_in`, and only for the right password `account_suspended`.
pub async fn sign_in(ctx: &Ctx, input: SignIn, user_agent: Option<&str>) -> Result<SignedIn> {
    let email = policy::tidy_email(&input.email);
    let is_possible = policy::is_email(&email) && input.password.0.chars().count() <= policy::MAX_PASSWORD;
    let mut known = if is_possible { store::list_by_email(ctx.db(), &email).await? } else { Vec::new() };
    known.retain(|account| account.password_hash.is_some());
    let owner = known.iter().position(|account| !account.is_guest).map(|at| known.remove(at));
    let other = known.pop();

    // Always two checks: the number must not tell whether the address has an owner besides whoever registered it again.
    let password = if is_possible { input.password.0.as_str() } else { "" };
    let (fits_owner, fits_other) = tokio::try_join!(
        password::verify(password, owner.as_ref().and_then(|a| a.password_hash.clone())),
        password::verify(password, other.as_ref().and_then(|a| a.password_hash.clone())),
    )?;
    let found = match (fits_owner, fits_other) {
        (true, _) => owner.as_ref(),
        (false, true) => other.as_ref(),
        (false, false) => None,
    };
    let Some(account) = found else {
        record_failure(ctx, owner.as_ref().map(|a| a.id)).await?;
        return Err(AccountRefusal::WrongSignIn.into());
    };
    if account.suspended_at.is_some() {
        return Err(AccountRefusal::Suspended.into());
    }
    let mut tx = ctx.begin().await?;
    let device = policy::device_name(user_agent);
    let earlier = store::list_devices(&mut *tx, account.id).await?;
    if !earlier.is_empty() && !earlier.iter().flatten().any(|name| *name == device) {
        note(&mut tx, ctx, account.id, "new_device", json!({ "device": device, "address": ctx.address })).await?;
        jobs::alert(&mut tx, ctx, account.id, "new_device", json!({ "device": device })).await?;
    }
    record_sign_in(&mut tx, ctx, account.id, user_agent).await?;
    ctx.commit(tx).await?;
    Ok(SignedIn { account: account.id })
}

async fn record_sign_in(tx: &mut Tx, ctx: &Ctx, account: AccountId, user_agent: Option<&str>) -> Result<()> {
    let device = policy::device_name(user_agent);
    audit::record(tx, ctx, audit::Entry::new("account.sign_in", "account", account).data(json!({ "device": device }))).await
}

async fn record_failure(ctx: &Ctx, account: Option<AccountId>) -> Result<()> {
    let mut tx = ctx.begin().await?;
    let subject = account.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    audit::record(&mut tx, ctx, audit::Entry::new("account.sign_in_failed", "account", subject)).await?;
    // Counted for nobody too, so that an unknown address costs the same.
    let whose = account.unwrap_or(AccountId::from_u128(0));
    let (failures, is_told) = store::count_failures(&mut tx, whose, ctx.now().plus_minutes(-FAILURE_WINDOW_MIN)).await?;
    if let Some(account) = account.filter(|_| failures >= MANY_FAILURES && !is_told) {
        note(&mut tx, ctx, account, "many_failures", json!({ "count": failures })).await?;
        jobs::alert(&mut tx, ctx, account, "many_failures", json!({})).await?;
    }
    ctx.commit(tx).await
}
