//! What an account says about itself, and what the operator decides about it.

use super::session::{by_session, end_all};
use super::{AccountRefusal, MeView, SignedIn, UpdateMe, WorkplaceView, policy, store};
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::AccountId;
use crate::{audit, outbox};
use serde_json::json;

pub async fn get_me(ctx: &Ctx) -> Result<MeView> {
    view(ctx, ctx.person()?.id).await
}

/// What [`get_me`] says from the next request on.
pub async fn get_signed_in(ctx: &Ctx, signed: &SignedIn) -> Result<MeView> {
    view(ctx, signed.account).await
}

async fn view(ctx: &Ctx, id: AccountId) -> Result<MeView> {
    let row = store::find_account(ctx.db(), id).await?.ok_or(Error::Unauthenticated)?;
    let workplaces = store::list_workplaces(ctx.db(), id).await?;
    Ok(MeView {
        id,
        name: row.name,
        email: row.email,
        is_email_confirmed: row.email_confirmed_at.is_some(),
        phone: row.phone,
        zone: row.zone,
        has_password: row.password_hash.is_some(),
        is_admin: row.is_admin,
        is_support: row.is_support,
        workplaces: workplaces.into_iter().map(|w| WorkplaceView { provider_id: w.provider_id, name: w.name, role: w.role }).collect(),
        created_at: row.created_at,
    })
}

pub async fn update_me(ctx: &Ctx, input: UpdateMe) -> Result<MeView> {
    let id = ctx.person()?.id;
    let mut tx = ctx.begin().await?;
    let row = store::lock_account(&mut tx, id).await?;
    let name = input.name.map_or(row.name.clone(), |name| policy::tidy_name(&name));
    let phone = input.phone.map_or(row.phone.clone(), |phone| Some(phone.trim().to_owned()).filter(|p| !p.is_empty()));
    let zone = input.zone.map_or(row.zone.clone(), |zone| Some(zone.trim().to_owned()).filter(|z| !z.is_empty()));
    let mut fields = Fields::none();
    policy::check_name(&mut fields, "name", &name);
    policy::check_phone(&mut fields, "phone", phone.as_deref().unwrap_or_default());
    let is_zone = zone.as_deref().is_none_or(|zone| zone.parse::<chrono_tz::Tz>().is_ok());
    fields.check(is_zone, "zone", "Choose a time zone from the list, such as Europe/Lisbon.");
    fields.finish()?;
    store::set_profile(&mut tx, id, &name, phone.as_deref(), zone.as_deref(), ctx.now()).await?;
    let changed: Vec<&str> = [("name", name != row.name), ("phone", phone != row.phone), ("zone", zone != row.zone)]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect();
    if !changed.is_empty() {
        audit::record(&mut tx, ctx, audit::Entry::new("account.update", "account", id).data(json!({ "changed": changed }))).await?;
    }
    ctx.commit(tx).await?;
    get_me(ctx).await
}

/// Makes someone admin or support, or takes it away. For the command line (as the system) and for admins.
///
/// # Errors
/// `email_not_confirmed` for an owner of the address who has never opened a link sent there, since anyone can register with it.
pub async fn grant_role(ctx: &Ctx, email: &str, role: Role, grant: Grant) -> Result<AccountId> {
    if !ctx.is_system() {
        by_session(ctx)?;
        ctx.require_admin()?;
    }
    let known = store::list_by_email(ctx.db(), email.trim()).await?;
    let id = known.into_iter().find(|account| !account.is_guest).ok_or(Error::NotFound)?.id;
    let mut tx = ctx.begin().await?;
    let row = store::lock_account(&mut tx, id).await?;
    // The address went to someone else between the look and the lock.
    if row.is_guest {
        return Err(Error::NotFound);
    }
    if grant == Grant::Given && row.email_confirmed_at.is_none() {
        return Err(AccountRefusal::NotConfirmed.into());
    }
    let is_granted = grant != Grant::Taken;
    let (is_admin, is_support) = match role {
        Role::Admin => (is_granted, row.is_support),
        Role::Support => (row.is_admin, is_granted),
    };
    if row.is_admin && !is_admin && store::count_other_admins(&mut tx, id).await? == 0 {
        return Err(AccountRefusal::LastAdmin.into());
    }
    store::set_roles(&mut tx, id, is_admin, is_support, ctx.now()).await?;
    let action = if is_granted { "account.grant_role" } else { "account.revoke_role" };
    audit::record(&mut tx, ctx, audit::Entry::new(action, "account", id).data(json!({ "role": role.as_str() }))).await?;
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::AccountRolesChanged).account(id)).await?;
    ctx.commit(tx).await?;
    Ok(id)
}

/// Whether a role is given or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    Given,
    /// Even to someone who has not confirmed the address: for whoever knows otherwise that it is theirs.
    GivenUnconfirmed,
    Taken,
}

/// What the operator's people may be; the roles with a provider are in `provider_members`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Admin,
    Support,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Support => "support",
        }
    }
}

/// Ends every session and refuses sign-in until it is lifted. Bookings stand.
pub async fn suspend(ctx: &Ctx, account: AccountId, reason: &str) -> Result<()> {
    ctx.require_admin()?;
    let reason = check_reason(reason)?;
    let mut tx = ctx.begin().await?;
    let row = store::lock_account(&mut tx, account).await?;
    if row.is_admin && (ctx.account_id() == Some(account) || store::count_other_admins(&mut tx, account).await? == 0) {
        return Err(AccountRefusal::LastAdmin.into());
    }
    if row.suspended_at.is_none() {
        store::set_suspended(&mut tx, account, Some(ctx.now()), ctx.now()).await?;
        end_all(&mut tx, ctx, account, None).await?;
        outbox::record(&mut tx, ctx, NewEvent::new(EventKind::AccountSuspended).account(account)).await?;
        audit::record(&mut tx, ctx, audit::Entry::new("account.suspend", "account", account).reason(reason)).await?;
    }
    ctx.commit(tx).await
}

pub async fn end_suspension(ctx: &Ctx, account: AccountId, reason: &str) -> Result<()> {
    ctx.require_admin()?;
    let reason = check_reason(reason)?;
    let mut tx = ctx.begin().await?;
    let row = store::lock_account(&mut tx, account).await?;
    if row.suspended_at.is_some() {
        store::set_suspended(&mut tx, account, None, ctx.now()).await?;
        audit::record(&mut tx, ctx, audit::Entry::new("account.reinstate", "account", account).reason(reason)).await?;
    }
    ctx.commit(tx).await
}

fn check_reason(reason: &str) -> Result<String> {
    let reason = reason.trim();
    let mut fields = Fields::none();
    fields.check((3..=500).contains(&reason.chars().count()), "reason", "Give a reason of 3 to 500 characters. It stays in the audit.");
    fields.finish()?;
    Ok(reason.to_owned())
}
