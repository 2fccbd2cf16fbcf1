//! From a first draft to the operator's decision.

use super::model::{ProfileInput, ProviderStatus};
use super::{place, policy, store};
use crate::audit::{self, Entry};
use crate::ctx::{Ctx, StaffRole};
use crate::error::{Error, Fields, Refuse, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::{ProviderId, ResourceId};
use crate::outbox;
use serde_json::json;

/// Unfinished applications one person may have.
const MAX_DRAFTS: i64 = 5;

/// What stands against a step of an application.
#[derive(Debug)]
pub enum ApplicationRefusal {
    /// The step does not follow from the present status.
    WrongStatus(ProviderStatus),
    EmailNotConfirmed,
    TooManyDrafts,
}

impl Refuse for ApplicationRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongStatus(_) => "wrong_status",
            Self::EmailNotConfirmed => "email_not_confirmed",
            Self::TooManyDrafts => "too_many_drafts",
        }
    }
    fn sentence(&self) -> String {
        match self {
            Self::WrongStatus(status) => format!("This cannot be done while the business is {status}."),
            Self::EmailNotConfirmed => {
                "Please confirm your e-mail address first: open the link we sent you, or ask for a new one in your settings.".into()
            }
            Self::TooManyDrafts => "You have five unfinished applications. Finish one of them first.".into(),
        }
    }
}

/// Begins a draft; the person becomes its owner and the first of its team. What is still missing may be added until it is submitted.
pub async fn apply(ctx: &Ctx, input: ProfileInput) -> Result<ProviderId> {
    let person = ctx.person()?;
    let profile = policy::checked_profile(input)?;
    crate::scheduling::zone::parse(&profile.zone, "zone")?;
    let profile = place::locate(ctx, profile, None).await?;
    let settings = ctx.settings().await?;
    let mut tx = ctx.begin().await?;
    if store::count_drafts(&mut tx, person.id).await? >= MAX_DRAFTS {
        return Err(ApplicationRefusal::TooManyDrafts.into());
    }
    let id: ProviderId = ctx.new_id();
    let slug = free_slug(&mut tx, id, &profile).await?;
    store::insert_provider(&mut tx, id, &slug, &profile, &settings, ctx.now()).await?;
    store::insert_member(&mut tx, id, person.id, StaffRole::Owner, ctx.now()).await?;
    let first: ResourceId = ctx.new_id();
    store::insert_person(&mut tx, first, id, person.id, &person.name, ctx.now()).await?;
    audit::record(&mut tx, ctx, Entry::new("provider.apply", "provider", id).provider(id).data(json!({ "name": profile.name }))).await?;
    ctx.commit(tx).await?;
    Ok(id)
}

/// Hands the draft, or a rejected application that was mended, to the operator.
///
/// # Errors
/// Invalid with one field for each thing still missing.
pub async fn submit(ctx: &Ctx, id: ProviderId) -> Result<()> {
    ctx.require_staff(id, StaffRole::Owner)?;
    if !ctx.is_system() && !ctx.person()?.is_email_confirmed {
        return Err(ApplicationRefusal::EmailNotConfirmed.into());
    }
    let mut tx = ctx.begin().await?;
    let status = store::lock_status(&mut tx, id).await?.ok_or(Error::NotFound)?;
    match status {
        ProviderStatus::Submitted => return Ok(()),
        ProviderStatus::Draft | ProviderStatus::Rejected => {}
        ProviderStatus::Active | ProviderStatus::Suspended => return Err(ApplicationRefusal::WrongStatus(status).into()),
    }
    missing(&store::readiness(&mut tx, id).await?).finish()?;
    step(tx, ctx, id, ProviderStatus::Submitted, None, EventKind::ProviderSubmitted, "provider.submit").await
}

/// What must still be added before it can be submitted; empty when it is ready.
pub async fn list_missing(ctx: &Ctx, id: ProviderId) -> Result<Fields> {
    ctx.require_staff(id, StaffRole::Member)?;
    let mut tx = ctx.begin().await?;
    Ok(missing(&store::readiness(&mut tx, id).await?))
}

/// Admits the business: it can be found and booked from now on.
pub async fn approve(ctx: &Ctx, id: ProviderId, reason: Option<&str>) -> Result<()> {
    decide(ctx, id, ProviderStatus::Submitted, ProviderStatus::Active, reason, EventKind::ProviderApproved, "provider.approve").await
}

/// With a reason, which the owner gets.
pub async fn reject(ctx: &Ctx, id: ProviderId, reason: &str) -> Result<()> {
    let reason = needed(reason)?;
    decide(ctx, id, ProviderStatus::Submitted, ProviderStatus::Rejected, Some(&reason), EventKind::ProviderRejected, "provider.reject")
        .await
}

/// Hides it and stops new bookings; existing ones stand.
pub async fn suspend(ctx: &Ctx, id: ProviderId, reason: &str) -> Result<()> {
    let reason = needed(reason)?;
    decide(ctx, id, ProviderStatus::Active, ProviderStatus::Suspended, Some(&reason), EventKind::ProviderSuspended, "provider.suspend")
        .await
}

/// Ends the suspension.
pub async fn reinstate(ctx: &Ctx, id: ProviderId, reason: Option<&str>) -> Result<()> {
    decide(ctx, id, ProviderStatus::Suspended, ProviderStatus::Active, reason, EventKind::ProviderReinstated, "provider.reinstate").await
}

/// Gives or takes the badge.
pub async fn set_verified(ctx: &Ctx, id: ProviderId, is_verified: bool, reason: &str) -> Result<()> {
    ctx.require_admin()?;
    let reason = needed(reason)?;
    let mut tx = ctx.begin().await?;
    store::lock_status(&mut tx, id).await?.ok_or(Error::NotFound)?;
    store::set_verified(&mut tx, id, is_verified.then(|| ctx.now()), ctx.now()).await?;
    let entry = Entry::new("provider.set_verified", "provider", id).provider(id).reason(reason);
    audit::record(&mut tx, ctx, entry.data(json!({ "is_verified": is_verified }))).await?;
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::ProviderChanged).provider(id)).await?;
    ctx.commit(tx).await
}

async fn decide(
    ctx: &Ctx,
    id: ProviderId,
    from: ProviderStatus,
    to: ProviderStatus,
    reason: Option<&str>,
    kind: EventKind,
    action: &'static str,
) -> Result<()> {
    ctx.require_admin()?;
    let mut tx = ctx.begin().await?;
    let status = store::lock_status(&mut tx, id).await?.ok_or(Error::NotFound)?;
    if status == to {
        return Ok(());
    }
    if status != from {
        return Err(ApplicationRefusal::WrongStatus(status).into());
    }
    step(tx, ctx, id, to, reason, kind, action).await
}

async fn step(
    mut tx: crate::ctx::Tx,
    ctx: &Ctx,
    id: ProviderId,
    to: ProviderStatus,
    reason: Option<&str>,
    kind: EventKind,
    action: &'static str,
) -> Result<()> {
    let reason = reason.map(policy::tidy).filter(|reason| !reason.is_empty());
    store::set_status(&mut tx, id, to, reason.as_deref(), ctx.now()).await?;
    let mut entry = Entry::new(action, "provider", id).provider(id).data(json!({ "status": to }));
    entry.reason = reason;
    audit::record(&mut tx, ctx, entry).await?;
    outbox::record(&mut tx, ctx, NewEvent::new(kind).provider(id)).await?;
    ctx.commit(tx).await
}

fn needed(reason: &str) -> Result<String> {
    let reason = policy::tidy(reason);
    let mut fields = Fields::none();
    fields.check(!reason.is_empty(), "reason", "Say why; the reason is kept and told to the owner.");
    fields.check(reason.chars().count() <= 1000, "reason", "At most 1,000 characters.");
    fields.finish()?;
    Ok(reason)
}

fn missing(found: &store::Readiness) -> Fields {
    let mut fields = Fields::none();
    fields.check(found.has_category, "category_id", "Choose the category customers look in.");
    fields.check(found.has_story, "story", "Tell customers about the business in a few sentences.");
    fields.check(found.has_email, "email", "Give an e-mail address customers can write to.");
    fields.check(found.has_place, "town", "Say where you are: a street and town we know, or the position on the map.");
    fields.check(found.services > 0, "services", "Add at least one service.");
    fields.check(found.has_hours, "hours", "Set the hours in which you can be booked.");
    fields
}

/// The wished-for readable address, or one from the name; numbered if it is taken.
async fn free_slug(tx: &mut crate::ctx::Tx, id: ProviderId, profile: &ProfileInput) -> Result<String> {
    let wished = if profile.slug.is_empty() { policy::slug_of(&store::fold(tx, &profile.name).await?) } else { profile.slug.clone() };
    let base = if wished.is_empty() { "business".to_owned() } else { wished };
    let taken = store::list_slugs(tx, &base, id).await?;
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    Ok(std::iter::once(base.clone()).chain(numbered).find(|slug| !taken.contains(slug)).unwrap_or(base))
}
