//! Reading providers and their services.

use super::model::{ProviderStatus, ProviderView, ResourceView, ServiceView};
use super::store;
use crate::ctx::{Ctx, StaffRole};
use crate::error::{Error, Result};
use crate::id::{CategoryId, ProviderId, ServiceId};

/// An active provider for everyone; any other for its team, support and the system. Else NotFound.
pub async fn get(ctx: &Ctx, id: ProviderId) -> Result<ProviderView> {
    store::find(ctx.db(), id).await?.and_then(|view| visible(ctx, view)).ok_or(Error::NotFound)
}

/// The same by its readable address.
pub async fn get_by_slug(ctx: &Ctx, slug: &str) -> Result<ProviderView> {
    store::find_by_slug(ctx.db(), slug).await?.and_then(|view| visible(ctx, view)).ok_or(Error::NotFound)
}

/// What the provider sells now, in its own order.
pub async fn list_services(ctx: &Ctx, id: ProviderId) -> Result<Vec<ServiceView>> {
    get(ctx, id).await?;
    let services = store::list_services(ctx.db(), id).await?;
    Ok(services.into_iter().map(|service| as_seen(ctx, service)).collect())
}

/// One service, archived ones too, if its provider may be seen.
pub async fn get_service(ctx: &Ctx, id: ServiceId) -> Result<ServiceView> {
    let service = store::find_service(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    get(ctx, service.provider_id).await?;
    Ok(as_seen(ctx, service))
}

/// People, rooms, vehicles and equipment in use, for the team.
pub async fn list_resources(ctx: &Ctx, id: ProviderId) -> Result<Vec<ResourceView>> {
    if !ctx.is_support() {
        ctx.require_staff(id, StaffRole::Member)?;
    }
    store::list_resources(ctx.db(), id).await
}

/// The businesses this person works for, whatever their status, by name.
pub async fn list_mine(ctx: &Ctx) -> Result<Vec<ProviderView>> {
    store::list_of_account(ctx.db(), ctx.person()?.id).await
}

/// The categories a business or service can be put into.
pub async fn list_category_choices(ctx: &Ctx) -> Result<Vec<(CategoryId, String)>> {
    store::list_category_choices(ctx.db()).await
}

/// Of the team or of the operator's people: they see what is nobody else's business.
fn is_inside(ctx: &Ctx, id: ProviderId) -> bool {
    ctx.is_system() || ctx.is_support() || ctx.is_staff(id, StaffRole::Member)
}

fn visible(ctx: &Ctx, mut view: ProviderView) -> Option<ProviderView> {
    if is_inside(ctx, view.id) {
        return Some(view);
    }
    view.status_reason = None;
    view.email.clear();
    view.phone.clear();
    view.team.iter_mut().for_each(|person| person.account_id = None);
    (view.status == ProviderStatus::Active).then_some(view)
}

fn as_seen(ctx: &Ctx, service: ServiceView) -> ServiceView {
    ServiceView { commission_bp: service.commission_bp.filter(|_| is_inside(ctx, service.provider_id)), ..service }
}
