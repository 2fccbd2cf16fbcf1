//! Who signs in for the provider: invitations, roles, leaving.

use super::model::{InvitationPreview, TeamRole, TeamView};
use super::{policy, store};
use crate::account::{self, LinkPurpose};
use crate::audit::{self, Entry};
use crate::ctx::{Ctx, StaffRole};
use crate::error::{Error, Fields, Refuse, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::{AccountId, InvitationId, ProviderId};
use crate::notify::{self, LinkMail};
use crate::outbox;
use serde_json::json;

/// How long an invitation can be answered.
const INVITATION_DAYS: i64 = 14;
/// Letters that one business may send within 24 hours to people who have not asked for them.
const MOST_A_DAY: i64 = 50;

/// What stands against a change of the team.
#[derive(Debug)]
pub enum TeamRefusal {
    LastOwner,
    AlreadyMember,
    /// Used, revoked or expired.
    InvitationOver,
    /// Whoever invites has not shown that they read mail to their own address.
    EmailNotConfirmed,
    /// One address within an hour, or one business within a day.
    TooManyInvitations,
}

impl Refuse for TeamRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::LastOwner => "last_owner",
            Self::AlreadyMember => "already_member",
            Self::InvitationOver => "invitation_over",
            Self::EmailNotConfirmed => "email_not_confirmed",
            Self::TooManyInvitations => "too_many_invitations",
        }
    }
    fn sentence(&self) -> String {
        match self {
            Self::LastOwner => "A business needs at least one owner. Make someone else owner first.".into(),
            Self::AlreadyMember => "This person is already in the team.".into(),
            Self::InvitationOver => "This invitation is no longer open. Ask for a new one.".into(),
            Self::EmailNotConfirmed => "Confirm your own e-mail address first. The link is in the mail we sent you.".into(),
            Self::TooManyInvitations => "That is enough invitations for now. Please try again later.".into(),
        }
    }
}

/// Members, open invitations, people and things.
pub async fn get_team(ctx: &Ctx, id: ProviderId) -> Result<TeamView> {
    if !ctx.is_support() {
        ctx.require_staff(id, StaffRole::Member)?;
    }
    let (members, invitations, resources) = futures::try_join!(
        store::list_members(ctx.db(), id),
        store::list_invitations(ctx.db(), id, ctx.now()),
        store::list_resources(ctx.db(), id),
    )?;
    Ok(TeamView { members, invitations, resources })
}

/// By e-mail, with a link for two weeks. Owners only, whose own address is confirmed. A second invitation of the same address replaces the first.
pub async fn invite(ctx: &Ctx, id: ProviderId, email: &str, role: TeamRole) -> Result<InvitationId> {
    ctx.require_staff(id, StaffRole::Owner)?;
    let email = policy::tidy_line(email).to_lowercase();
    let mut fields = Fields::none();
    fields.check(account::policy::is_email(&email), "email", "This does not look like an e-mail address.");
    fields.check(role != TeamRole::Owner, "role", "Invite as member or manager; make them owner afterwards.");
    fields.finish()?;
    let inviter = ctx.person()?;
    if !inviter.is_email_confirmed {
        return Err(TeamRefusal::EmailNotConfirmed.into());
    }
    let mut tx = ctx.begin().await?;
    store::lock_status(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if store::is_member_address(&mut tx, id, &email).await? {
        return Err(TeamRefusal::AlreadyMember.into());
    }
    let is_pestered = account::has_had_enough(&mut tx, ctx, LinkPurpose::TeamInvitation, &email).await?;
    if is_pestered || store::count_invited(&mut tx, id, ctx.now().plus_hours(-24)).await? >= MOST_A_DAY {
        return Err(TeamRefusal::TooManyInvitations.into());
    }
    store::revoke_invitations(&mut tx, id, &email, ctx.now()).await?;
    if store::count_invitations(&mut tx, id, ctx.now()).await? >= 50 {
        return Err(Fields::one("email", "At most fifty open invitations.").into());
    }
    let invitation: InvitationId = ctx.new_id();
    let minutes = INVITATION_DAYS * 24 * 60;
    let data = json!({ "invitation_id": invitation, "email": email });
    let secret = account::issue_link(&mut tx, ctx, LinkPurpose::TeamInvitation, None, data, minutes).await?;
    store::insert_invitation(&mut tx, invitation, id, &email, role, inviter.id, ctx.now(), ctx.now().plus_minutes(minutes)).await?;
    let mail = LinkMail {
        template: notify::model::Template::TeamInvitation,
        account: None,
        to: email.clone(),
        name: String::new(),
        subject: store::identity(&mut tx, id).await?.name,
        url: ctx.url(&format!("/invitations/{secret}")),
        valid_hours: INVITATION_DAYS * 24,
    };
    notify::mail_link(&mut tx, ctx, &mail).await?;
    let entry = Entry::new("provider.invite", "invitation", invitation).provider(id);
    audit::record(&mut tx, ctx, entry.data(json!({ "email": email, "role": role }))).await?;
    ctx.commit(tx).await?;
    Ok(invitation)
}

pub async fn revoke_invitation(ctx: &Ctx, id: ProviderId, invitation: InvitationId) -> Result<()> {
    ctx.require_staff(id, StaffRole::Owner)?;
    let mut tx = ctx.begin().await?;
    if !store::revoke_invitation(&mut tx, id, invitation, ctx.now()).await? {
        return Err(Error::NotFound);
    }
    audit::record(&mut tx, ctx, Entry::new("provider.revoke_invitation", "invitation", invitation).provider(id)).await?;
    ctx.commit(tx).await
}

/// What the link opens; None if it is unknown or over.
pub async fn find_invitation(ctx: &Ctx, secret: &str) -> Result<Option<InvitationPreview>> {
    let Some(link) = account::find_link(ctx, LinkPurpose::TeamInvitation, secret).await? else { return Ok(None) };
    match invitation_of(&link.data) {
        Some(id) => store::find_invitation(ctx.db(), id, ctx.now()).await,
        None => Ok(None),
    }
}

/// The signed-in person joins. The secret proves that the invitation reached them, whatever address they signed up with.
///
/// # Errors
/// `link_expired` for a secret that is unknown, used or expired, `invitation_over` for an invitation that was taken back or replaced,
/// `already_member`, which leaves it open for whom it was meant.
pub async fn accept_invitation(ctx: &Ctx, secret: &str) -> Result<ProviderId> {
    let person = ctx.person()?;
    let mut tx = ctx.begin().await?;
    let link = account::use_link(&mut tx, ctx, LinkPurpose::TeamInvitation, secret).await?;
    let id = invitation_of(&link.data).ok_or(TeamRefusal::InvitationOver)?;
    let (provider, role) = store::take_invitation(&mut tx, id, ctx.now()).await?.ok_or(TeamRefusal::InvitationOver)?;
    store::lock_status(&mut tx, provider).await?.ok_or(Error::NotFound)?;
    if store::find_role(&mut tx, provider, person.id).await?.is_some() {
        return Err(TeamRefusal::AlreadyMember.into());
    }
    store::insert_member(&mut tx, provider, person.id, role, ctx.now()).await?;
    if !store::is_bookable(&mut tx, provider, person.id).await? {
        store::insert_person(&mut tx, ctx.new_id(), provider, person.id, &person.name, ctx.now()).await?;
    }
    let entry = Entry::new("provider.accept_invitation", "invitation", id).provider(provider);
    audit::record(&mut tx, ctx, entry.data(json!({ "role": role.as_str() }))).await?;
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::ProviderChanged).provider(provider).account(person.id)).await?;
    ctx.commit(tx).await?;
    Ok(provider)
}

/// Owners only.
pub async fn set_role(ctx: &Ctx, id: ProviderId, account: AccountId, role: TeamRole) -> Result<()> {
    ctx.require_staff(id, StaffRole::Owner)?;
    let role = StaffRole::parse(role.as_str()).ok_or(Error::NotFound)?;
    let mut tx = ctx.begin().await?;
    store::lock_status(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let before = store::find_role(&mut tx, id, account).await?.ok_or(Error::NotFound)?;
    if before == StaffRole::Owner && role != StaffRole::Owner && store::count_owners(&mut tx, id).await? < 2 {
        return Err(TeamRefusal::LastOwner.into());
    }
    store::set_role(&mut tx, id, account, role).await?;
    let entry = Entry::new("provider.set_role", "account", account).provider(id);
    audit::record(&mut tx, ctx, entry.data(json!({ "role": role.as_str(), "was": before.as_str() }))).await?;
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::AccountRolesChanged).account(account)).await?;
    ctx.commit(tx).await
}

/// Owners remove anyone, everyone may leave. As a bookable person they stay until archived, so that their jobs keep a name and find them if they come back.
pub async fn remove_member(ctx: &Ctx, id: ProviderId, account: AccountId) -> Result<()> {
    let is_self = ctx.account_id() == Some(account);
    ctx.require_staff(id, if is_self { StaffRole::Member } else { StaffRole::Owner })?;
    let mut tx = ctx.begin().await?;
    store::lock_status(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let role = store::find_role(&mut tx, id, account).await?.ok_or(Error::NotFound)?;
    if role == StaffRole::Owner && store::count_owners(&mut tx, id).await? < 2 {
        return Err(TeamRefusal::LastOwner.into());
    }
    store::delete_member(&mut tx, id, account).await?;
    audit::record(&mut tx, ctx, Entry::new("provider.remove_member", "account", account).provider(id)).await?;
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::ProviderChanged).provider(id).account(account)).await?;
    ctx.commit(tx).await
}

fn invitation_of(data: &serde_json::Value) -> Option<InvitationId> {
    data.get("invitation_id")?.as_str()?.parse().ok()
}
