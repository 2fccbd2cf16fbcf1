//! Applications, decisions, profile and policy.

use crate::ctx::Tx;
use crate::error::{Error, Fields, Result, violated};
use crate::id::{AccountId, ProviderId};
use crate::money::Currency;
use crate::provider::model::{BookingPolicy, ProfileInput, ProviderStatus};
use crate::settings::Settings;
use crate::time::Instant;

/// What an application has so far.
pub struct Readiness {
    pub has_category: bool,
    pub has_story: bool,
    pub has_email: bool,
    pub has_place: bool,
    pub services: i64,
    pub has_hours: bool,
}

/// What decides whether a change is allowed.
pub struct Identity {
    pub name: String,
    pub slug: String,
    pub currency: Currency,
    pub zone: String,
    pub services: i64,
}

pub async fn count_drafts(tx: &mut Tx, account: AccountId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!"
         from provider_members m
         join providers p on p.id = m.provider_id
         where m.account_id = $1 and m.role = 'owner' and p.status in ('draft', 'rejected')"#,
        account as AccountId,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Lower case without accents, as the database folds names for search.
pub async fn fold(tx: &mut Tx, text: &str) -> Result<String> {
    Ok(sqlx::query_scalar!(r#"select fold($1) as "folded!""#, text).fetch_one(&mut **tx).await?)
}

/// Addresses already taken that begin like this one. Whoever chooses one at the same moment waits until the transaction ends, and then finds it taken.
pub async fn list_slugs(tx: &mut Tx, base: &str, except: ProviderId) -> Result<Vec<String>> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('providers.slug', 0))").execute(&mut **tx).await?;
    Ok(
        sqlx::query_scalar!(
            "select slug from providers where (slug = $1 or slug like $1 || '-%') and id <> $2",
            base,
            except as ProviderId,
        )
        .fetch_all(&mut **tx)
        .await?,
    )
}

/// The booking policy it begins with is the operator's.
pub async fn insert_provider(
    tx: &mut Tx,
    id: ProviderId,
    slug: &str,
    profile: &ProfileInput,
    settings: &Settings,
    now: Instant,
) -> Result<()> {
    sqlx::query!(
        "insert into providers
            (id, slug, name, zone, currency, created_at, updated_at, horizon_days, min_notice_min, slot_step_min, hold_min, cancel_tiers)
         values ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11)",
        id as ProviderId,
        slug,
        profile.name,
        profile.zone,
        profile.currency,
        now as Instant,
        // held to ranges far below by domain::settings
        settings.horizon_days as i32,
        settings.min_notice_min as i32,
        settings.slot_step_min as i32,
        settings.hold_min as i32,
        serde_json::to_value(&settings.cancel_tiers).map_err(Error::internal)?,
    )
    .execute(&mut **tx)
    .await?;
    update_provider(tx, id, slug, profile, now).await
}

/// # Errors
/// Invalid for an address that is taken and for a category that does not exist.
pub async fn update_provider(tx: &mut Tx, id: ProviderId, slug: &str, profile: &ProfileInput, now: Instant) -> Result<()> {
    sqlx::query!(
        "update providers set
            slug = $2,
            name = $3,
            tagline = $4,
            story = $5,
            category_id = $6,
            zone = $7,
            currency = $8,
            country = $9,
            street = $10,
            district = $11,
            town = $12,
            postcode = $13,
            lat = $14,
            lng = $15,
            languages = $16,
            email = $17,
            phone = $18,
            website = $19,
            cover_tone = $20,
            tax_bp = $21,
            updated_at = $22
         where id = $1",
        id as ProviderId,
        slug,
        profile.name,
        profile.tagline,
        profile.story,
        profile.category_id.map(uuid::Uuid::from),
        profile.zone,
        profile.currency,
        profile.country,
        profile.street,
        profile.district,
        profile.town,
        profile.postcode,
        profile.lat,
        profile.lng,
        &profile.languages,
        profile.email,
        profile.phone,
        profile.website,
        profile.cover_tone,
        profile.tax_bp as i32,
        now as Instant,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match violated(&error) {
        Some("providers_slug_key") => Fields::one("slug", "Another business already has this address.").into(),
        Some("providers_category_id_fkey") => Fields::one("category_id", "Choose a category from the list.").into(),
        _ => Error::from(error),
    })?;
    Ok(())
}

pub async fn update_policy(tx: &mut Tx, id: ProviderId, policy: &BookingPolicy, now: Instant) -> Result<()> {
    let tiers = serde_json::to_value(&policy.cancel_tiers).map_err(Error::internal)?;
    sqlx::query!(
        "update providers set
            horizon_days = $2,
            min_notice_min = $3,
            slot_step_min = $4,
            hold_min = $5,
            cancel_tiers = $6,
            updated_at = $7
         where id = $1",
        id as ProviderId,
        policy.horizon_days as i32,
        policy.min_notice_min as i32,
        policy.slot_step_min as i32,
        policy.hold_min as i32,
        tiers,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Locks the provider for a change of itself, its team or its services.
pub async fn lock_status(tx: &mut Tx, id: ProviderId) -> Result<Option<ProviderStatus>> {
    let text = sqlx::query_scalar!("select status from providers where id = $1 for no key update", id as ProviderId)
        .fetch_optional(&mut **tx)
        .await?;
    text.map(|text| super::known(ProviderStatus::parse(&text), &text)).transpose()
}

pub async fn set_status(tx: &mut Tx, id: ProviderId, status: ProviderStatus, reason: Option<&str>, now: Instant) -> Result<()> {
    sqlx::query!(
        "update providers set
            status = $2,
            status_reason = $3,
            submitted_at = case when $2 = 'submitted' then $4 else submitted_at end,
            decided_at = case when $2 = 'submitted' then null else $4 end,
            -- admitted means that the operator has looked at who they are
            verified_at = case when $2 = 'active' then coalesce(verified_at, $4) else verified_at end,
            updated_at = $4
         where id = $1",
        id as ProviderId,
        status.as_str(),
        reason,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn set_verified(tx: &mut Tx, id: ProviderId, at: Option<Instant>, now: Instant) -> Result<()> {
    sqlx::query!(
        "update providers set verified_at = $2, updated_at = $3 where id = $1",
        id as ProviderId,
        at as Option<Instant>,
        now as Instant,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn readiness(tx: &mut Tx, id: ProviderId) -> Result<Readiness> {
    Ok(sqlx::query_as!(
        Readiness,
        r#"select
            p.category_id is not null as "has_category!",
            length(p.story) >= 20 as "has_story!",
            p.email <> '' as "has_email!",
            p.town <> '' and p.lat is not null and p.lng is not null as "has_place!",
            (select count(*) from services s where s.provider_id = p.id and s.archived_at is null) as "services!",
            exists (
                select 1 from schedules s join schedule_hours h on h.schedule_id = s.id where s.provider_id = p.id
            ) as "has_hours!"
         from providers p
         where p.id = $1"#,
        id as ProviderId,
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn identity(tx: &mut Tx, id: ProviderId) -> Result<Identity> {
    let row = sqlx::query!(
        r#"select
            p.name,
            p.slug,
            p.currency,
            p.zone,
            (select count(*) from services s where s.provider_id = p.id) as "services!"
         from providers p
         where p.id = $1"#,
        id as ProviderId,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Identity { name: row.name, slug: row.slug, currency: super::currency(&row.currency)?, zone: row.zone, services: row.services })
}
