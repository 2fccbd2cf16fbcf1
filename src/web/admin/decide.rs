//! What the operator decides: each a verb of the room that owns the thing.

use super::{id_of, payment_page, person_page, provider_page};
use crate::web::caller::{Caller, PageError};
use crate::web::form::{Sent, refuse};
use crate::web::provider::forms::{hours_of_minutes, minutes_of_hours};
use crate::web::render::{page, redirect_with_notice};
use app::admin::pages::{CategoriesPage, SettingsPage};
use app::kit::Filled;
use app::shell::Frame;
use axum::extract::{Path, Query};
use axum::response::Response;
use domain::admin::{self, CategoryLine, SaveCategory};
use domain::booking::settlement;
use domain::ctx::Ctx;
use domain::error::{Error, Fields, Result};
use domain::id::{AccountId, CategoryId, PaymentId, ProviderId};
use domain::money::{Currency, Money};
use domain::provider::model::CancelTiers;
use domain::settings::{ChangeSettings, NUMBERS, Settings, Unit};
use domain::{account, provider};
use leptos::prelude::*;
use serde_json::{Value, json};

pub async fn about_person(Caller(ctx): Caller, Path(id): Path<AccountId>, sent: Sent) -> Result<Response, PageError> {
    ctx.require_admin()?;
    let reason = sent.text("reason");
    let (done, notice) = match sent.text("act") {
        "suspend" => (account::suspend(&ctx, id, reason).await, "The account is suspended."),
        "reinstate" => (account::end_suspension(&ctx, id, reason).await, "The account is reinstated."),
        _ => return Err(Error::NotFound.into()),
    };
    match done {
        Ok(()) => Ok(redirect_with_notice(&format!("/admin/people/{id}"), notice)),
        Err(error) => {
            let view = person_page(&ctx, id, Filled::refused(sent.0.clone(), &error)).await?;
            refuse(&ctx, Frame::admin("Person"), sent, error, |_| view)
        }
    }
}

pub async fn about_provider(Caller(ctx): Caller, Path(id): Path<ProviderId>, sent: Sent) -> Result<Response, PageError> {
    ctx.require_admin()?;
    let reason = sent.text("reason").trim();
    let said = Some(reason).filter(|text| !text.is_empty());
    let (done, notice) = match sent.text("act") {
        "approve" => (provider::approve(&ctx, id, said).await, "Approved. The owner is told by e-mail."),
        "reject" => (provider::reject(&ctx, id, reason).await, "Rejected. The owner is told by e-mail."),
        "suspend" => (provider::suspend(&ctx, id, reason).await, "Suspended. Existing bookings stand."),
        "reinstate" => (provider::reinstate(&ctx, id, said).await, "Reinstated."),
        "verify" => (provider::set_verified(&ctx, id, true, reason).await, "The badge is given."),
        "unverify" => (provider::set_verified(&ctx, id, false, reason).await, "The badge is taken away."),
        _ => return Err(Error::NotFound.into()),
    };
    match done {
        Ok(()) => Ok(redirect_with_notice(&format!("/admin/providers/{id}"), notice)),
        Err(error) => {
            let view = provider_page(&ctx, id, Filled::refused(sent.0.clone(), &error)).await?;
            refuse(&ctx, Frame::admin("Provider"), sent, error, |_| view)
        }
    }
}

/// First the preview, which says what will happen; the button of that page does it.
pub async fn refund(Caller(ctx): Caller, Path(id): Path<PaymentId>, sent: Sent) -> Result<Response, PageError> {
    let most = admin::get_payment(&ctx, id).await?.refundable;
    match try_refund(&ctx, id, most, &sent).await {
        Ok(None) => Ok(redirect_with_notice(&format!("/admin/payments/{id}"), "The refund is on its way.")),
        Ok(Some(words)) => {
            let filled = Filled { values: sent.0, ..Filled::default() };
            let filled = filled.set("sure", "1").set("preview", words).set("key", ctx.new_secret());
            let view = payment_page(&ctx, id, filled).await?;
            Ok(page(&ctx, Frame::admin("Payment"), view))
        }
        Err(error) => {
            let view = payment_page(&ctx, id, Filled::refused(sent.0.clone(), &error)).await?;
            refuse(&ctx, Frame::admin("Payment"), sent, error, |_| view)
        }
    }
}

/// What it would do, in words, or None when it is done.
async fn try_refund(ctx: &Ctx, id: PaymentId, most: Money, sent: &Sent) -> Result<Option<String>> {
    let amount = parse_amount(sent.text("amount"), most.currency);
    let mut fields = Fields::none();
    fields.check(amount.is_some(), "amount", "Give an amount such as 12.50.");
    fields.check(!sent.text("reason").trim().is_empty(), "reason", "Say why. The customer reads it.");
    fields.finish()?;
    let amount = amount.unwrap_or(most);
    if sent.text("act") == "refund" {
        // The second of two clicks finds less left than it asks for, and it is done all the same.
        settlement::refund_by_hand(ctx, id, Some(amount.minor), sent.text("reason"), Some(sent.text("key"))).await?;
        return Ok(None);
    }
    let preview = admin::preview_refund(ctx, id, amount.minor).await?;
    Ok(Some(format!(
        "{} goes back to the customer: {} from the provider, {} from Fettle’s share, {} from tax. {} can be given back after that.",
        preview.amount, preview.from_provider, preview.from_platform, preview.from_tax, preview.left_after
    )))
}

/// `12.5` or `12,50` in the currency's own decimals; None for anything else.
fn parse_amount(text: &str, currency: Currency) -> Option<Money> {
    let text = text.trim().replace(',', ".");
    Some(Money::new(scaled(&text, currency.decimals() as usize)?, currency))
}

/// A decimal number times ten to the power of `decimals`, exactly; None if it has more decimals, or is no plain number.
fn scaled(text: &str, decimals: usize) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_plain =
        !whole.is_empty() && whole.len() <= 12 && part.len() <= decimals && (whole.to_owned() + part).bytes().all(|c| c.is_ascii_digit());
    if is_plain { format!("{whole}{part:0<decimals$}").parse().ok() } else { None }
}

fn settings_filled(settings: &Settings) -> Filled {
    let mut filled = Filled::default();
    for number in NUMBERS {
        let value = settings.number(number.key).unwrap_or(number.default);
        let shown = if number.unit == Unit::BasisPoints { hundredths(value) } else { value.to_string() };
        filled = filled.set(number.key, shown);
    }
    for (at, tier) in settings.cancel_tiers.0.iter().enumerate() {
        let hours = hundredths(hours_of_minutes(tier.before_min));
        filled = filled.set(&format!("tier_hours_{at}"), hours).set(&format!("tier_percent_{at}"), hundredths(tier.refund_bp));
    }
    filled
}

/// `7.5` for 750.
fn hundredths(value: i64) -> String {
    match value % 100 {
        0 => (value / 100).to_string(),
        rest if rest % 10 == 0 => format!("{}.{}", value / 100, rest / 10),
        rest => format!("{}.{rest:02}", value / 100),
    }
}

pub async fn show_settings(Caller(ctx): Caller) -> Result<Response, PageError> {
    let filled = settings_filled(&admin::get_settings(&ctx).await?);
    Ok(page(&ctx, Frame::admin("Settings"), view! { <SettingsPage filled=filled /> }))
}

pub async fn save_settings(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    ctx.require_admin()?;
    match admin::change_settings(&ctx, &settings_sent(&sent)).await {
        Ok(_) => Ok(redirect_with_notice("/admin/settings", "Saved, and in effect.")),
        Err(error) => refuse(&ctx, Frame::admin("Settings"), sent, error, |filled| view! { <SettingsPage filled=filled /> }),
    }
}

/// What is not a number goes on as text, so that the verb names the field.
fn settings_sent(sent: &Sent) -> ChangeSettings {
    let mut change = ChangeSettings::default();
    for number in NUMBERS {
        let text = sent.text(number.key).trim();
        let decimals = if number.unit == Unit::BasisPoints { 2 } else { 0 };
        let value = scaled(text, decimals).map_or(json!(text), |value| json!(value));
        change.0.insert(number.key.to_owned(), value);
    }
    let mut tiers = Vec::new();
    for at in 0..CancelTiers::MOST {
        let (hours, share) = (sent.text(&format!("tier_hours_{at}")).trim(), sent.text(&format!("tier_percent_{at}")).trim());
        if hours.is_empty() && share.is_empty() {
            continue;
        }
        let minutes = scaled(hours, 2).map(minutes_of_hours);
        tiers.push(json!({ "before_min": minutes, "refund_bp": scaled(share, 2) }));
    }
    change.0.insert("cancel_tiers".to_owned(), Value::Array(tiers));
    change
}

async fn categories(ctx: &Ctx, filled: Filled) -> Result<AnyView> {
    let categories = admin::list_categories(ctx).await?;
    Ok(view! { <CategoriesPage categories=categories filled=filled /> }.into_any())
}

fn category_filled(row: &CategoryLine) -> Filled {
    let filled = Filled::with([("name", &*row.name), ("slug", &*row.slug), ("description", &*row.description), ("icon", &*row.icon)])
        .set("id", row.id.to_string())
        .set("tone", row.tone.to_string())
        .set("position", row.position.to_string())
        .set("commission", row.commission_bp.map(|bp| hundredths(bp.into())).unwrap_or_default());
    if row.is_hidden { filled.set("is_hidden", "on") } else { filled }
}

pub async fn show_categories(Caller(ctx): Caller, Query(asked): super::Asked) -> Result<Response, PageError> {
    let listed = admin::list_categories(&ctx).await?;
    let edited: Option<CategoryId> = Sent(asked).text("edit").parse().ok();
    let filled = match edited {
        Some(id) => category_filled(listed.iter().find(|row| row.id == id).ok_or(Error::NotFound)?),
        None => Filled::with([("tone", "1")]).set("position", (listed.len() + 1).to_string()),
    };
    let view = categories(&ctx, filled).await?;
    Ok(page(&ctx, Frame::admin("Categories"), view))
}

pub async fn save_category(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    ctx.require_admin()?;
    let commission = sent.text("commission").trim().to_owned();
    let commission_bp =
        if commission.is_empty() { None } else { Some(scaled(&commission, 2).and_then(|bp| i32::try_from(bp).ok()).unwrap_or(-1)) };
    let input = SaveCategory {
        id: Some(sent.text("id")).filter(|id| !id.is_empty()).map(|_| id_of(&sent)).transpose()?,
        name: sent.text("name").to_owned(),
        slug: sent.text("slug").to_owned(),
        description: sent.text("description").trim().to_owned(),
        icon: sent.text("icon").trim().to_owned(),
        tone: sent.text("tone").parse().unwrap_or_default(),
        position: sent.text("position").parse().unwrap_or(-1),
        commission_bp,
        is_hidden: sent.text("is_hidden") == "on",
    };
    match admin::save_category(&ctx, input).await {
        Ok(_) => Ok(redirect_with_notice("/admin/categories", "Saved.")),
        Err(error) => {
            let view = categories(&ctx, Filled::refused(sent.0.clone(), &error)).await?;
            refuse(&ctx, Frame::admin("Categories"), sent, error, |_| view)
        }
    }
}

pub async fn retry_job(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    admin::retry_job(&ctx, id_of(&sent)?).await?;
    Ok(redirect_with_notice("/admin/system", "The job runs again now."))
}

pub async fn retry_mail(Caller(ctx): Caller, sent: Sent) -> Result<Response, PageError> {
    admin::retry_mail(&ctx, id_of(&sent)?).await?;
    Ok(redirect_with_notice("/admin/system", "The letter is on its way again."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        let yen: Currency = "JPY".parse().expect("a currency");
        for (text, currency, minor) in [
            ("12.50", Currency::EUR, Some(1_250)),
            ("12,5", Currency::EUR, Some(1_250)),
            ("12", Currency::EUR, Some(1_200)),
            ("0.01", Currency::EUR, Some(1)),
            ("12.505", Currency::EUR, None),
            ("500", yen, Some(500)),
            ("500.5", yen, None),
            ("-5", Currency::EUR, None),
            ("", Currency::EUR, None),
            ("1e3", Currency::EUR, None),
            ("9999999999999", Currency::EUR, None),
        ] {
            assert_eq!(parse_amount(text, currency).map(|money| money.minor), minor, "{text}");
        }
    }
}
