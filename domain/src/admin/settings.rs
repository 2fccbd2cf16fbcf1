//! What the operator sets: numbers and policies for the whole house, and the categories.

use super::model::{CategoryLine, SaveCategory};
use super::store;
use crate::ctx::Ctx;
use crate::error::{Error, Fields, Result, violated};
use crate::event::{EventKind, NewEvent};
use crate::id::CategoryId;
use crate::settings::{self, ChangeSettings, Settings};
use crate::{audit, outbox};
use serde_json::json;

pub async fn get_settings(ctx: &Ctx) -> Result<Settings> {
    ctx.require_admin()?;
    settings::load(ctx.db()).await
}

/// Takes effect at once on this node and on the others as they hear of it.
pub async fn change_settings(ctx: &Ctx, change: &ChangeSettings) -> Result<Settings> {
    ctx.require_admin()?;
    let mut tx = ctx.begin().await?;
    let before = settings::load(&mut *tx).await?;
    let (next, keys) = before.changed(change)?;
    for key in &keys {
        let value = next.value(key).ok_or_else(|| Error::internal(format!("a setting {key} without value")))?;
        settings::store(&mut tx, ctx, key, value.clone()).await?;
        let entry = audit::Entry::new("admin.change_setting", "setting", key).data(json!({ "from": before.value(key), "to": value }));
        audit::record(&mut tx, ctx, entry).await?;
    }
    if !keys.is_empty() {
        outbox::record(&mut tx, ctx, NewEvent::new(EventKind::SettingsChanged).data(json!({ "keys": keys }))).await?;
    }
    ctx.commit(tx).await?;
    ctx.house().settings.forget();
    Ok(next)
}

/// All, hidden ones too, in their order.
pub async fn list_categories(ctx: &Ctx) -> Result<Vec<CategoryLine>> {
    ctx.require_admin()?;
    store::list_categories(ctx.db()).await
}

/// Makes or changes one.
pub async fn save_category(ctx: &Ctx, input: SaveCategory) -> Result<CategoryId> {
    ctx.require_admin()?;
    let name = input.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let slug = input.slug.trim().to_lowercase();
    let mut fields = Fields::none();
    fields.check((1..=60).contains(&name.chars().count()), "name", "Give it a name of at most 60 characters.");
    let is_slug = (1..=60).contains(&slug.len()) && slug.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    fields.check(is_slug, "slug", "Use small letters, digits and hyphens, such as home-repair.");
    fields.check(input.description.chars().count() <= 300, "description", "Use at most 300 characters.");
    let is_icon =
        (1..=40).contains(&input.icon.len()) && input.icon.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    fields.check(is_icon, "icon", "Give the icon's name, such as wrench.");
    fields.check((1..=8).contains(&input.tone), "tone", "Choose a tone from 1 to 8.");
    fields.check((0..=10_000).contains(&input.position), "position", "Choose a place from 0 to 10,000.");
    let is_rate = input.commission_bp.is_none_or(|bp| (0..=10_000).contains(&bp));
    fields.check(is_rate, "commission_bp", "Give 0 to 100 %, or leave it empty.");
    fields.finish()?;
    let id = input.id.unwrap_or_else(|| ctx.new_id());
    let input = SaveCategory { name, slug, ..input };
    let mut tx = ctx.begin().await?;
    let before = store::find_category(&mut tx, id).await?;
    if input.id.is_some() && before.is_none() {
        return Err(Error::NotFound);
    }
    match store::save_category(&mut tx, id, &input, ctx.now()).await {
        Err(error) if violated(&error) == Some("categories_slug_key") => {
            return Err(Fields::one("slug", "Another category has this address.").into());
        }
        other => other?,
    }
    let entry = audit::Entry::new("admin.save_category", "category", id).data(json!({ "from": before, "to": input }));
    audit::record(&mut tx, ctx, entry).await?;
    outbox::record(&mut tx, ctx, NewEvent::new(EventKind::CategoriesChanged).data(json!({ "category_id": id }))).await?;
    ctx.commit(tx).await?;
    Ok(id)
}
