//! What is sold and with whom and what: services, people, rooms, vehicles, equipment.

use super::model::{ResourceInput, ResourceView, ServiceInput, ServiceView};
use super::{policy, store};
use crate::audit::{self, Entry};
use crate::ctx::{Ctx, StaffRole, Tx};
use crate::error::{Error, Fields, Refuse, Result};
use crate::event::{EventKind, NewEvent};
use crate::id::{ProviderId, ResourceId, ServiceId};
use crate::outbox;
use serde_json::json;

/// Services and resources one provider may have.
const MAX_EACH: i64 = 200;

/// It still has bookings ahead.
#[derive(Debug)]
pub struct InUse {
    bookings: i64,
}

impl Refuse for InUse {
    fn code(&self) -> &'static str {
        "in_use"
    }
    fn sentence(&self) -> String {
        let (count, verb) = if self.bookings == 1 { ("one booking".into(), "is") } else { (format!("{} bookings", self.bookings), "are") };
        format!("There {verb} {count} ahead with it. Move or finish them first.")
    }
}

/// Owners only, since it sets a price.
pub async fn create_service(ctx: &Ctx, provider: ProviderId, input: ServiceInput) -> Result<ServiceView> {
    ctx.require_staff(provider, StaffRole::Owner)?;
    let service = policy::checked_service(input)?;
    let mut tx = ctx.begin().await?;
    store::lock_status(&mut tx, provider).await?.ok_or(Error::NotFound)?;
    if store::count_services(&mut tx, provider).await? >= MAX_EACH {
        return Err(Fields::one("name", "At most 200 services.").into());
    }
    check_parts(&mut tx, provider, &service).await?;
    let id: ServiceId = ctx.new_id();
    store::insert_service(&mut tx, id, provider, &service, ctx.now()).await?;
    save_parts(&mut tx, ctx, id, &service).await?;
    let entry = Entry::new("provider.create_service", "service", id).provider(provider);
    audit::record(&mut tx, ctx, entry.data(json!({ "name": service.name, "price_minor": service.price_minor }))).await?;
    told(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await?;
    super::get_service(ctx, id).await
}

/// Managers may change everything but prices, which are the owners'. Bookings already made keep what they agreed.
pub async fn update_service(ctx: &Ctx, id: ServiceId, input: ServiceInput) -> Result<ServiceView> {
    let before = store::find_service(ctx.db(), id).await?.filter(|service| !service.is_archived).ok_or(Error::NotFound)?;
    ctx.require_staff(before.provider_id, StaffRole::Manager)?;
    let service = policy::checked_service(input)?;
    let is_dearer = |id, price| before.add_ons.iter().find(|known| Some(known.id) == id).is_none_or(|known| known.price.minor != price);
    if service.price_minor != before.price.minor || service.add_ons.iter().any(|extra| is_dearer(extra.id, extra.price_minor)) {
        ctx.require_staff(before.provider_id, StaffRole::Owner)?;
    }
    let mut tx = ctx.begin().await?;
    store::lock_status(&mut tx, before.provider_id).await?.ok_or(Error::NotFound)?;
    check_parts(&mut tx, before.provider_id, &service).await?;
    store::update_service(&mut tx, id, &service, ctx.now()).await?;
    save_parts(&mut tx, ctx, id, &service).await?;
    let entry = Entry::new("provider.update_service", "service", id).provider(before.provider_id);
    audit::record(
        &mut tx,
        ctx,
        entry.data(json!({ "name": service.name, "price_minor": service.price_minor, "was_minor": before.price.minor })),
    )
    .await?;
    told(&mut tx, ctx, before.provider_id).await?;
    ctx.commit(tx).await?;
    super::get_service(ctx, id).await
}

/// No longer sold; bookings stand.
pub async fn archive_service(ctx: &Ctx, id: ServiceId) -> Result<()> {
    let service = store::find_service(ctx.db(), id).await?.ok_or(Error::NotFound)?;
    ctx.require_staff(service.provider_id, StaffRole::Manager)?;
    let mut tx = ctx.begin().await?;
    store::archive_service(&mut tx, id, ctx.now()).await?;
    let entry = Entry::new("provider.archive_service", "service", id).provider(service.provider_id);
    audit::record(&mut tx, ctx, entry.data(json!({ "name": service.name }))).await?;
    told(&mut tx, ctx, service.provider_id).await?;
    ctx.commit(tx).await
}

pub async fn create_resource(ctx: &Ctx, provider: ProviderId, input: ResourceInput) -> Result<ResourceView> {
    ctx.require_staff(provider, StaffRole::Manager)?;
    let resource = policy::checked_resource(input)?;
    let mut tx = ctx.begin().await?;
    store::lock_status(&mut tx, provider).await?.ok_or(Error::NotFound)?;
    if store::count_resources(&mut tx, provider).await? >= MAX_EACH {
        return Err(Fields::one("name", "At most 200 people and things.").into());
    }
    check_account(&mut tx, provider, &resource).await?;
    let id: ResourceId = ctx.new_id();
    store::insert_resource(&mut tx, id, provider, &resource, ctx.now()).await?;
    let entry = Entry::new("provider.create_resource", "resource", id).provider(provider);
    audit::record(&mut tx, ctx, entry.data(json!({ "name": resource.name, "kind": resource.kind }))).await?;
    told(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await?;
    store::find_resource(ctx.db(), id).await?.ok_or(Error::NotFound)
}

/// Name, colour and account; the kind stays.
pub async fn update_resource(ctx: &Ctx, provider: ProviderId, id: ResourceId, input: ResourceInput) -> Result<ResourceView> {
    ctx.require_staff(provider, StaffRole::Manager)?;
    let resource = policy::checked_resource(input)?;
    let before = store::find_resource(ctx.db(), id).await?.filter(|known| known.provider_id == provider && !known.is_archived);
    let before = before.ok_or(Error::NotFound)?;
    let resource = ResourceInput { kind: before.kind, ..resource };
    let mut tx = ctx.begin().await?;
    check_account(&mut tx, provider, &resource).await?;
    store::update_resource(&mut tx, id, &resource).await?;
    let entry = Entry::new("provider.update_resource", "resource", id).provider(provider);
    audit::record(&mut tx, ctx, entry.data(json!({ "name": resource.name, "was": before.name }))).await?;
    told(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await?;
    store::find_resource(ctx.db(), id).await?.ok_or(Error::NotFound)
}

/// Leaves the team or the inventory. Refused while bookings lie ahead.
pub async fn archive_resource(ctx: &Ctx, provider: ProviderId, id: ResourceId) -> Result<()> {
    ctx.require_staff(provider, StaffRole::Manager)?;
    let mut tx = ctx.begin().await?;
    let is_own = store::lock_resource(&mut tx, provider, id).await?;
    if !is_own {
        return Err(Error::NotFound);
    }
    let bookings = store::count_ahead(&mut tx, id, ctx.now()).await?;
    if bookings > 0 {
        return Err(InUse { bookings }.into());
    }
    store::archive_resource(&mut tx, id, ctx.now()).await?;
    audit::record(&mut tx, ctx, Entry::new("provider.archive_resource", "resource", id).provider(provider)).await?;
    told(&mut tx, ctx, provider).await?;
    ctx.commit(tx).await
}

async fn save_parts(tx: &mut Tx, ctx: &Ctx, id: ServiceId, service: &ServiceInput) -> Result<()> {
    let add_ons: Vec<_> = service.add_ons.iter().map(|extra| (extra.id.unwrap_or_else(|| ctx.new_id()), extra)).collect();
    store::replace_add_ons(tx, id, &add_ons, ctx.now()).await?;
    store::replace_people(tx, id, &service.people).await?;
    store::replace_things(tx, id, &service.things).await
}

/// People must be the provider's people, things its things, the category one that exists.
async fn check_parts(tx: &mut Tx, provider: ProviderId, service: &ServiceInput) -> Result<()> {
    let people: Vec<ResourceId> = service.people.iter().map(|person| person.resource_id).collect();
    let things: Vec<ResourceId> = service.things.iter().map(|thing| thing.resource_id).collect();
    let mut fields = Fields::none();
    fields.check(store::count_own(tx, provider, &people, true).await? == people.len() as i64, "people", "Choose people of your team.");
    fields.check(
        store::count_own(tx, provider, &things, false).await? == things.len() as i64,
        "things",
        "Choose your own rooms, vehicles and equipment.",
    );
    fields.check(store::is_category(tx, service.category_id).await?, "category_id", "Choose a category from the list.");
    fields.finish()
}

async fn check_account(tx: &mut Tx, provider: ProviderId, resource: &ResourceInput) -> Result<()> {
    let Some(account) = resource.account_id else { return Ok(()) };
    if store::find_role(tx, provider, account).await?.is_some() {
        Ok(())
    } else {
        Err(Fields::one("account_id", "Choose someone of the team.").into())
    }
}

/// Pages and free times may differ from now on.
async fn told(tx: &mut Tx, ctx: &Ctx, provider: ProviderId) -> Result<()> {
    for kind in [EventKind::ProviderChanged, EventKind::AvailabilityChanged] {
        outbox::record(tx, ctx, NewEvent::new(kind).provider(provider)).await?;
    }
    Ok(())
}
