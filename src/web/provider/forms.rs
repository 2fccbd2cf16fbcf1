//! Between the fields of forms and the inputs of verbs.

use crate::web::form::Sent;
use app::kit::Filled;
use domain::error::{Fields, Result};
use domain::id::CategoryId;
use domain::money::Currency;
use domain::provider::model::{
    AddOnInput, AssignmentRule, BookingPolicy, CancelTier, CancelTiers, Mode, PersonInput, ProfileInput, ProviderView, ServiceInput,
    ServiceOverrides, ServiceView, ThingInput,
};
use domain::provider::policy::parse_amount;

/// Extras a form can carry.
const MAX_EXTRAS: usize = 22;

pub fn profile_of(sent: &Sent) -> Result<ProfileInput> {
    let mut fields = Fields::none();
    let text = |name: &str| sent.text(name).to_owned();
    let category_id = match sent.text("category_id") {
        "" => None,
        id => Some(id.parse::<CategoryId>().map_err(|_| Fields::one("category_id", "Choose a category from the list."))?),
    };
    let input = ProfileInput {
        name: text("name"),
        tagline: text("tagline"),
        story: text("story"),
        category_id,
        zone: text("zone"),
        currency: text("currency"),
        country: text("country"),
        street: text("street"),
        district: text("district"),
        town: text("town"),
        postcode: text("postcode"),
        lat: decimal(sent, "lat", "lat", &mut fields),
        lng: decimal(sent, "lng", "lng", &mut fields),
        languages: sent.text("languages").split([',', ' ']).map(str::to_owned).collect(),
        email: text("email"),
        phone: text("phone"),
        website: text("website"),
        cover_tone: None,
        slug: text("slug"),
        tax_bp: hundredths(sent, "tax", "tax_bp", &mut fields).unwrap_or(0),
    };
    fields.finish()?;
    Ok(input)
}

pub fn filled_profile(view: &ProviderView) -> Filled {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let mut filled = Filled::default();
    for (name, value) in [
        ("name", view.name.clone()),
        ("tagline", view.tagline.clone()),
        ("story", view.story.clone()),
        ("category_id", view.category.as_ref().map(|category| category.id.to_string()).unwrap_or_default()),
        ("zone", view.zone.clone()),
        ("currency", view.currency.to_string()),
        ("country", view.country.clone()),
        ("street", view.street.clone()),
        ("district", view.district.clone()),
        ("town", view.town.clone()),
        ("postcode", view.postcode.clone()),
        ("lat", number(view.lat)),
        ("lng", number(view.lng)),
        ("languages", view.languages.join(", ")),
        ("email", view.email.clone()),
        ("phone", view.phone.clone()),
        ("website", view.website.clone()),
        ("slug", view.slug.clone()),
        ("tax", of_hundredths(view.tax_bp)),
    ] {
        filled = filled.set(name, value);
    }
    filled
}

pub fn policy_of(sent: &Sent) -> Result<BookingPolicy> {
    let mut fields = Fields::none();
    let mut tiers = Vec::new();
    for at in 0..CancelTiers::MOST {
        let (hours, percent) = (format!("tier_hours_{at}"), format!("tier_percent_{at}"));
        if sent.text(&hours).trim().is_empty() && sent.text(&percent).trim().is_empty() {
            continue;
        }
        let before = hundredths(sent, &hours, "cancel_tiers", &mut fields).unwrap_or(0);
        let refund_bp = hundredths(sent, &percent, "cancel_tiers", &mut fields).unwrap_or(0);
        tiers.push(CancelTier { before_min: minutes_of_hours(before), refund_bp });
    }
    let policy = BookingPolicy {
        horizon_days: whole(sent, "horizon_days", &mut fields).unwrap_or(90),
        min_notice_min: whole(sent, "min_notice_min", &mut fields).unwrap_or(120),
        slot_step_min: whole(sent, "slot_step_min", &mut fields).unwrap_or(30),
        hold_min: whole(sent, "hold_min", &mut fields).unwrap_or(15),
        cancel_tiers: CancelTiers(tiers),
    };
    fields.finish()?;
    Ok(policy)
}

pub fn filled_policy(policy: &BookingPolicy) -> Filled {
    let mut filled = Filled::default()
        .set("horizon_days", policy.horizon_days.to_string())
        .set("min_notice_min", policy.min_notice_min.to_string())
        .set("slot_step_min", policy.slot_step_min.to_string())
        .set("hold_min", policy.hold_min.to_string());
    for (at, tier) in policy.cancel_tiers.0.iter().enumerate() {
        filled = filled.set(&format!("tier_hours_{at}"), of_hundredths(hours_of_minutes(tier.before_min)));
        filled = filled.set(&format!("tier_percent_{at}"), of_hundredths(tier.refund_bp));
    }
    filled
}

/// `before`: what the form does not show is kept from it.
pub fn service_of(sent: &Sent, currency: Currency, before: Option<&ServiceView>) -> Result<ServiceInput> {
    let mut fields = Fields::none();
    let price = parse_amount(sent.text("price"), currency);
    fields.check(price.is_some(), "price_minor", "Give a price such as 45 or 45.50.");
    let category_id = sent.text("category_id").parse::<CategoryId>();
    fields.check(category_id.is_ok(), "category_id", "Choose a category from the list.");
    let duration = whole(sent, "duration_min", &mut fields);
    fields.check(duration.is_some(), "duration_min", "Say how many minutes it takes.");
    let add_ons = extras_of(sent, currency, &mut fields);
    let input = ServiceInput {
        name: sent.text("name").to_owned(),
        description: sent.text("description").to_owned(),
        category_id: category_id.unwrap_or(domain::id::Id::from_u128(0)),
        mode: Mode::parse(sent.text("mode")).unwrap_or(Mode::AtProvider),
        radius_km: decimal(sent, "radius_km", "radius_km", &mut fields),
        duration_min: duration.unwrap_or(0),
        price_minor: price.unwrap_or(0),
        buffer_before_min: whole(sent, "buffer_before_min", &mut fields).unwrap_or(0),
        buffer_after_min: whole(sent, "buffer_after_min", &mut fields).unwrap_or(0),
        needs_approval: !sent.text("needs_approval").is_empty(),
        overrides: ServiceOverrides {
            horizon_days: whole(sent, "horizon_days", &mut fields),
            min_notice_min: whole(sent, "min_notice_min", &mut fields),
            slot_step_min: whole(sent, "slot_step_min", &mut fields),
            cancel_tiers: before.and_then(|before| before.overrides.cancel_tiers.clone()),
        },
        day_limit: whole(sent, "day_limit", &mut fields),
        week_limit: whole(sent, "week_limit", &mut fields),
        assignment: AssignmentRule::parse(sent.text("assignment")).unwrap_or(AssignmentRule::FirstFree),
        add_ons,
        people: people_of(sent),
        things: things_of(sent),
    };
    fields.finish()?;
    Ok(input)
}

fn people_of(sent: &Sent) -> Vec<PersonInput> {
    let number = |name: String, ordinary: i32| sent.text(&name).trim().parse().unwrap_or(ordinary);
    let ids = sent.all("person").into_iter().filter_map(|id| id.parse().ok());
    ids.map(|resource_id| PersonInput {
        resource_id,
        priority: number(format!("priority_{resource_id}"), 2),
        weight: number(format!("weight_{resource_id}"), 100),
    })
    .collect()
}

fn things_of(sent: &Sent) -> Vec<ThingInput> {
    sent.0
        .iter()
        .filter_map(|(name, value)| Some(ThingInput { resource_id: name.strip_prefix("thing_")?.parse().ok()?, need: value.parse().ok()? }))
        .collect()
}

fn extras_of(sent: &Sent, currency: Currency, fields: &mut Fields) -> Vec<AddOnInput> {
    let mut extras = Vec::new();
    for at in 0..MAX_EXTRAS {
        let text = |part: &str| sent.text(&format!("extra_{part}_{at}")).trim().to_owned();
        if text("name").is_empty() {
            continue;
        }
        let price = if text("price").is_empty() { Some(0) } else { parse_amount(&text("price"), currency) };
        fields.check(price.is_some(), "add_ons", "Give each extra a price such as 15 or 7.50.");
        let minutes = if text("min").is_empty() { Some(0) } else { text("min").parse().ok() };
        fields.check(minutes.is_some(), "add_ons", "Say in minutes how much longer an extra takes.");
        let (price_minor, extra_min) = (price.unwrap_or(0), minutes.unwrap_or(0));
        extras.push(AddOnInput { id: text("id").parse().ok(), name: text("name"), price_minor, extra_min });
    }
    extras
}

pub fn filled_service(view: &ServiceView) -> Filled {
    let optional = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let mut filled = Filled::default();
    for (name, value) in [
        ("name", view.name.clone()),
        ("description", view.description.clone()),
        ("category_id", view.category_id.to_string()),
        ("price", view.price.plain()),
        ("duration_min", view.duration_min.to_string()),
        ("mode", view.mode.to_string()),
        ("radius_km", view.radius_km.map(|km| km.to_string()).unwrap_or_default()),
        ("needs_approval", if view.needs_approval { "on".to_owned() } else { String::new() }),
        ("buffer_before_min", view.buffer_before_min.to_string()),
        ("buffer_after_min", view.buffer_after_min.to_string()),
        ("day_limit", optional(view.day_limit)),
        ("week_limit", optional(view.week_limit)),
        ("min_notice_min", optional(view.overrides.min_notice_min)),
        ("horizon_days", optional(view.overrides.horizon_days)),
        ("slot_step_min", optional(view.overrides.slot_step_min)),
        ("assignment", view.assignment.to_string()),
    ] {
        filled = filled.set(name, value);
    }
    for person in &view.people {
        filled.values.push(("person".to_owned(), person.resource_id.to_string()));
        filled = filled.set(&format!("priority_{}", person.resource_id), person.priority.to_string());
        filled = filled.set(&format!("weight_{}", person.resource_id), person.weight.to_string());
    }
    for thing in &view.things {
        filled = filled.set(&format!("thing_{}", thing.resource_id), thing.need.to_string());
    }
    for (at, extra) in view.add_ons.iter().enumerate() {
        filled = filled.set(&format!("extra_id_{at}"), extra.id.to_string());
        filled = filled.set(&format!("extra_name_{at}"), extra.name.clone());
        filled = filled.set(&format!("extra_price_{at}"), extra.price.plain());
        filled = filled.set(&format!("extra_min_{at}"), extra.extra_min.to_string());
    }
    filled
}

/// None if empty; a problem if it is no whole number.
fn whole(sent: &Sent, name: &str, fields: &mut Fields) -> Option<i64> {
    let text = sent.text(name).trim();
    if text.is_empty() {
        return None;
    }
    let number = text.parse().ok();
    fields.check(number.is_some(), name, "Use a whole number.");
    number
}

fn decimal(sent: &Sent, name: &str, field: &str, fields: &mut Fields) -> Option<f64> {
    let text = sent.text(name).trim().replace(',', ".");
    if text.is_empty() {
        return None;
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    fields.check(number.is_some(), field, "Use a number such as 12.5.");
    number
}

/// A number with at most two decimals, times a hundred: percent to basis points.
fn hundredths(sent: &Sent, name: &str, field: &str, fields: &mut Fields) -> Option<i64> {
    let text = sent.text(name).trim();
    if text.is_empty() {
        return None;
    }
    let number = parse_amount(text, Currency::EUR);
    fields.check(number.is_some(), field, "Use a number such as 50 or 7.5.");
    number
}

/// Minutes of hundredths of an hour, to the nearest, so that what [`hours_of_minutes`] shows comes back as it was.
pub fn minutes_of_hours(hundredths: i64) -> i64 {
    // what is out of range stays so, and is refused with a sentence
    hundredths.saturating_mul(60).saturating_add(50) / 100
}

pub fn hours_of_minutes(minutes: i64) -> i64 {
    (minutes * 100 + 30) / 60
}

fn of_hundredths(value: i64) -> String {
    let text = format!("{}.{:02}", value / 100, value % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::provider::policy::checked_policy;

    fn policy(hours: &str) -> Result<BookingPolicy> {
        let fields = [("tier_hours_0", hours), ("tier_percent_0", "100")];
        policy_of(&Sent(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())).and_then(checked_policy)
    }

    #[test]
    fn steps_of_cancelling_survive_their_form() {
        for before_min in [1, 19, 20, 59, 60, 90, 1441, 365 * 24 * 60] {
            let steps = vec![CancelTier { before_min, refund_bp: 10_000 }, CancelTier { before_min: 0, refund_bp: 0 }];
            let policy = BookingPolicy { cancel_tiers: CancelTiers(steps), ..BookingPolicy::default() };
            assert_eq!(policy_of(&Sent(filled_policy(&policy).values)).expect("its own form"), policy);
        }
        let steps = (0..CancelTiers::MOST as i64).rev().map(|at| CancelTier { before_min: at * 60, refund_bp: at * 1000 }).collect();
        let policy = BookingPolicy { cancel_tiers: CancelTiers(steps), ..BookingPolicy::default() };
        assert_eq!(policy_of(&Sent(filled_policy(&policy).values)).expect("its own form"), policy);
    }

    #[test]
    fn a_notice_beyond_all_numbers_is_refused() {
        assert!(policy("24").is_ok());
        for hours in ["9999999999999999", "92233720368547758.07", "8761"] {
            assert!(matches!(policy(hours), Err(domain::error::Error::Invalid(_))), "{hours}");
        }
    }
}
