//! The profile and the booking policy.

use super::model::{BookingPolicy, ProfileInput, ProviderView};
use super::{place, policy, store};
use crate::audit::{self, Entry};
use crate::ctx::{Ctx, StaffRole};
use crate::error::{Error, Fields, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::ProviderId;
use crate::outbox;
use serde_json::json;

/// Replaces the public face. Owners only. The currency is fixed once there are services, since their prices are in it.
pub async fn update_profile(ctx: &Ctx, id: ProviderId, input: ProfileInput) -> Result<ProviderView> {
    ctx.require_staff(id, StaffRole::Owner)?;
    let profile = policy::checked_profile(input)?;
    crate::scheduling::zone::parse(&profile.zone, "zone")?;
    let profile = place::locate(ctx, profile, Some(&super::get(ctx, id).await?)).await?;
    let mut tx = ctx.begin().await?;
    store::lock_status(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let before = store::identity(&mut tx, id).await?;
    if before.currency.code() != profile.currency && before.services > 0 {
        return Err(Fields::one("currency", "Prices are already in another currency, so it cannot change any more.").into());
    }
    let slug = if profile.slug.is_empty() { before.slug.clone() } else { profile.slug.clone() };
    store::update_provider(&mut tx, id, &slug, &profile, ctx.now()).await?;
    let entry = Entry::new("provider.update_profile", "provider", id).provider(id);
    audit::record(&mut tx, ctx, entry.data(json!({ "name": profile.name, "slug": slug }))).await?;
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::ProviderChanged).provider(id)).await?;
    if before.zone != profile.zone {
        outbox::record(&mut tx, ctx, NewEvent::new(EventKind::AvailabilityChanged).provider(id)).await?;
    }
    ctx.commit(tx).await?;
    super::get(ctx, id).await
}

/// Replaces notice, horizon, step, hold and cancellation tiers; bookings already made keep theirs. Owners only.
pub async fn update_policy(ctx: &Ctx, id: ProviderId, input: BookingPolicy) -> Result<ProviderView> {
    ctx.require_staff(id, StaffRole::Owner)?;
    let checked = policy::checked_policy(input)?;
    let mut tx = ctx.begin().await?;
    store::lock_status(&mut tx, id).await?.ok_or(Error::NotFound)?;
    store::update_policy(&mut tx, id, &checked, ctx.now()).await?;
    let entry = Entry::new("provider.update_policy", "provider", id).provider(id).data(json!(checked));
    audit::record(&mut tx, ctx, entry).await?;
    for kind in [EventKind::ProviderChanged, EventKind::AvailabilityChanged] {
        outbox::record(&mut tx, ctx, NewEvent::new(kind).provider(id)).await?;
    }
    ctx.commit(tx).await?;
    super::get(ctx, id).await
}
