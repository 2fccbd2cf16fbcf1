//! Pure checks of what people enter about a business.

use super::model::{BookingPolicy, CURRENCIES, CancelTiers, Mode, ProfileInput, ResourceInput, ServiceInput, ServiceOverrides};
use crate::error::{Fields, Result};
use crate::money::Currency;

/// A year of minutes.
const YEAR_MIN: i64 = 525_600;
/// Most people one service may have, as the engine counts them.
const MAX_PEOPLE: usize = 128;

/// Spaces at the ends and control characters go; line breaks stay.
pub fn tidy(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || *c == '\n').collect::<String>().trim().to_owned()
}

/// The same on one line.
pub fn tidy_line(text: &str) -> String {
    tidy(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lower-case letters, digits and single dashes, at most 60; empty if nothing is left. `folded` has no accents any more.
pub fn slug_of(folded: &str) -> String {
    let dashed: String = folded.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").chars().take(60).collect::<String>().trim_end_matches('-').to_owned()
}

/// `12`, `12.5` or `12,50` in minor units of the currency; None for anything else or more decimals than it has.
pub fn parse_amount(text: &str, currency: Currency) -> Option<i64> {
    let text = text.trim().replace(',', ".");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let decimals = currency.decimals() as usize;
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}

/// The profile as it may be stored.
pub fn checked_profile(input: ProfileInput) -> Result<ProfileInput> {
    let profile = ProfileInput {
        name: tidy_line(&input.name),
        tagline: tidy_line(&input.tagline),
        story: tidy(&input.story),
        country: tidy_line(&input.country).to_uppercase(),
        street: tidy_line(&input.street),
        district: tidy_line(&input.district),
        town: tidy_line(&input.town),
        postcode: tidy_line(&input.postcode),
        email: tidy_line(&input.email).to_lowercase(),
        phone: tidy_line(&input.phone),
        website: tidy_line(&input.website),
        slug: slug_of(&input.slug),
        currency: input.currency.trim().to_uppercase(),
        languages: input.languages.iter().map(|code| code.trim().to_lowercase()).filter(|code| !code.is_empty()).collect(),
        zone: input.zone.trim().to_owned(),
        ..input
    };
    let mut fields = Fields::none();
    length(&mut fields, "name", &profile.name, 2, 80);
    length(&mut fields, "tagline", &profile.tagline, 0, 140);
    length(&mut fields, "story", &profile.story, 0, 4000);
    for (field, text) in [("street", &profile.street), ("district", &profile.district), ("town", &profile.town)] {
        length(&mut fields, field, text, 0, 120);
    }
    length(&mut fields, "postcode", &profile.postcode, 0, 20);
    length(&mut fields, "phone", &profile.phone, 0, 30);
    length(&mut fields, "website", &profile.website, 0, 200);
    let is_email = profile.email.is_empty() || crate::account::policy::is_email(&profile.email);
    fields.check(is_email, "email", "This does not look like an e-mail address.");
    let is_site = profile.website.is_empty() || profile.website.starts_with("https://") || profile.website.starts_with("http://");
    fields.check(is_site, "website", "Begin with https://, or leave it empty.");
    fields.check(CURRENCIES.contains(&profile.currency.as_str()), "currency", "Choose one of the currencies we can collect, such as EUR.");
    let is_country = profile.country.len() == 2 && profile.country.bytes().all(|b| b.is_ascii_uppercase());
    fields.check(is_country, "country", "Use the country's two letters, such as PT.");
    fields.check(profile.lat.is_none_or(|lat| (-90.0..=90.0).contains(&lat)), "lat", "A latitude lies between −90 and 90.");
    fields.check(profile.lng.is_none_or(|lng| (-180.0..=180.0).contains(&lng)), "lng", "A longitude lies between −180 and 180.");
    fields.check(profile.lat.is_some() == profile.lng.is_some(), "lng", "Give both latitude and longitude, or neither.");
    let are_codes = profile.languages.len() <= 12 && profile.languages.iter().all(|code| code.len() == 2 && code.is_ascii());
    fields.check(are_codes, "languages", "Use two-letter language codes, such as en or pt.");
    fields.check(profile.cover_tone.is_none_or(|tone| (1..=8).contains(&tone)), "cover_tone", "Choose one of the eight colours.");
    fields.check((0..=5000).contains(&profile.tax_bp), "tax_bp", "A tax lies between 0 and 50 %.");
    fields.finish()?;
    Ok(profile)
}

pub fn checked_policy(policy: BookingPolicy) -> Result<BookingPolicy> {
    let mut fields = Fields::none();
    fields.check((1..=730).contains(&policy.horizon_days), "horizon_days", "Between 1 and 730 days ahead.");
    fields.check((0..=YEAR_MIN).contains(&policy.min_notice_min), "min_notice_min", "Between no notice and a year.");
    fields.check((5..=1440).contains(&policy.slot_step_min), "slot_step_min", "Between every 5 minutes and once a day.");
    fields.check((5..=60).contains(&policy.hold_min), "hold_min", "Between 5 and 60 minutes.");
    let tiers = checked_tiers(&mut fields, policy.cancel_tiers);
    fields.finish()?;
    Ok(BookingPolicy { cancel_tiers: tiers, ..policy })
}

pub fn checked_service(input: ServiceInput) -> Result<ServiceInput> {
    let mut fields = Fields::none();
    let mut service = ServiceInput { name: tidy_line(&input.name), description: tidy(&input.description), ..input };
    length(&mut fields, "name", &service.name, 2, 120);
    length(&mut fields, "description", &service.description, 0, 2000);
    fields.check((5..=1440).contains(&service.duration_min), "duration_min", "Between 5 minutes and a day.");
    fields.check((0..=100_000_000_000).contains(&service.price_minor), "price_minor", "This price is out of range.");
    fields.check((0..=1440).contains(&service.buffer_before_min), "buffer_before_min", "Between 0 minutes and a day.");
    fields.check((0..=1440).contains(&service.buffer_after_min), "buffer_after_min", "Between 0 minutes and a day.");
    match service.mode {
        Mode::AtCustomer => {
            let is_radius = service.radius_km.is_some_and(|km| km > 0.0 && km <= 500.0);
            fields.check(is_radius, "radius_km", "Say how far you travel: up to 500 km.");
        }
        Mode::AtProvider | Mode::Online => service.radius_km = None,
    }
    for (field, limit) in [("day_limit", service.day_limit), ("week_limit", service.week_limit)] {
        fields.check(limit.is_none_or(|limit| (1..=1000).contains(&limit)), field, "Between 1 and 1,000, or empty for no limit.");
    }
    checked_overrides(&mut fields, &mut service.overrides);
    checked_parts(&mut fields, &mut service);
    fields.finish()?;
    Ok(service)
}

pub fn checked_resource(input: ResourceInput) -> Result<ResourceInput> {
    let resource = ResourceInput { name: tidy_line(&input.name), ..input };
    let mut fields = Fields::none();
    length(&mut fields, "name", &resource.name, 1, 80);
    fields.check(resource.tone.is_none_or(|tone| (1..=8).contains(&tone)), "tone", "Choose one of the eight colours.");
    fields.finish()?;
    Ok(resource)
}

fn checked_overrides(fields: &mut Fields, own: &mut ServiceOverrides) {
    fields.check(own.horizon_days.is_none_or(|days| (1..=730).contains(&days)), "horizon_days", "Between 1 and 730 days, or empty.");
    fields.check(
        own.min_notice_min.is_none_or(|min| (0..=YEAR_MIN).contains(&min)),
        "min_notice_min",
        "Between no notice and a year, or empty.",
    );
    fields.check(
        own.slot_step_min.is_none_or(|min| (5..=1440).contains(&min)),
        "slot_step_min",
        "Between every 5 minutes and once a day, or empty.",
    );
    if let Some(tiers) = own.cancel_tiers.take() {
        own.cancel_tiers = Some(checked_tiers(fields, tiers));
    }
}

fn checked_parts(fields: &mut Fields, service: &mut ServiceInput) {
    for add_on in &mut service.add_ons {
        add_on.name = tidy_line(&add_on.name);
    }
    let add_ons = &service.add_ons;
    fields.check(add_ons.len() <= 20, "add_ons", "At most twenty extras.");
    fields.check(
        add_ons.iter().all(|extra| (1..=80).contains(&extra.name.chars().count())),
        "add_ons",
        "Each extra needs a name of at most 80 characters.",
    );
    fields.check(
        add_ons.iter().all(|extra| (0..=100_000_000_000).contains(&extra.price_minor)),
        "add_ons",
        "An extra's price is out of range.",
    );
    fields.check(add_ons.iter().all(|extra| (0..=1440).contains(&extra.extra_min)), "add_ons", "An extra takes at most a day.");
    let known: Vec<_> = add_ons.iter().filter_map(|extra| extra.id).collect();
    let is_each_once = known.iter().enumerate().all(|(at, id)| !known[..at].contains(id));
    fields.check(is_each_once, "add_ons", "The same extra stands there twice.");
    let people = &mut service.people;
    people.sort_by_key(|person| person.resource_id);
    people.dedup_by_key(|person| person.resource_id);
    fields.check(people.len() <= MAX_PEOPLE, "people", "At most 128 people.");
    let is_ranked = people.iter().all(|person| (0..=4).contains(&person.priority) && (0..=1000).contains(&person.weight));
    fields.check(is_ranked, "people", "A priority lies between 0 and 4, a share between 0 and 1000.");
    let things = &mut service.things;
    things.sort_by_key(|thing| thing.resource_id);
    things.dedup_by_key(|thing| thing.resource_id);
    fields.check(
        things.len() <= 50 && things.iter().all(|thing| (1..=9).contains(&thing.need)),
        "things",
        "At most fifty things, in groups 1 to 9.",
    );
    fields.check(
        !service.people.is_empty() || !service.things.is_empty(),
        "people",
        "Choose who does it, or what it needs; otherwise it has no times.",
    );
}

fn checked_tiers(fields: &mut Fields, tiers: CancelTiers) -> CancelTiers {
    match CancelTiers::checked(tiers.0) {
        Ok(tiers) => tiers,
        Err(problem) => {
            fields.add("cancel_tiers", problem);
            CancelTiers::default()
        }
    }
}

fn length(fields: &mut Fields, name: &str, text: &str, least: usize, most: usize) {
    let count = text.chars().count();
    if count < least {
        fields.add(name, if count == 0 { "This is needed.".to_owned() } else { format!("At least {least} characters.") });
    }
    if count > most {
        fields.add(name, format!("At most {most} characters."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_readable() {
        for (text, slug) in [("Ana's Pipes & Taps", "ana-s-pipes-taps"), ("  --  ", ""), ("Merrow Moves 24/7", "merrow-moves-24-7")] {
            assert_eq!(slug_of(text), slug);
        }
        assert!(slug_of(&"long name ".repeat(20)).len() <= 60);
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let yen: Currency = "JPY".parse().expect("a currency");
        for (text, minor) in
            [("12", Some(1200)), ("12.5", Some(1250)), (" 0,99 ", Some(99)), ("1.234", None), ("-1", None), ("", None), ("1e3", None)]
        {
            assert_eq!(parse_amount(text, Currency::EUR), minor, "{text}");
        }
        assert_eq!((parse_amount("500", yen), parse_amount("5.0", yen)), (Some(500), None));
    }

    #[test]
    fn control_characters_go_and_lines_stay() {
        assert_eq!(tidy(" a\u{0}b\r\nc\u{7} "), "ab\nc");
        assert_eq!(tidy_line(" a \n b\t c "), "a b c");
    }

    #[test]
    fn money_is_asked_for_in_what_can_be_collected() {
        let is_refused = |code: &str| {
            let profile = ProfileInput { currency: code.into(), ..ProfileInput::default() };
            let crate::error::Error::Invalid(fields) = checked_profile(profile).expect_err("refused") else { panic!("fields") };
            fields.problem("currency").is_some()
        };
        assert!(!CURRENCIES.into_iter().any(is_refused));
        assert!(["ISK", "UGX", "MGA", "KWD", "eur 1", ""].into_iter().all(is_refused));
    }

    #[test]
    fn a_profile_says_all_its_problems_at_once() {
        let bad = ProfileInput {
            currency: "XX".into(),
            email: "nobody".into(),
            lat: Some(91.0),
            website: "javascript:1".into(),
            ..ProfileInput::default()
        };
        let crate::error::Error::Invalid(fields) = checked_profile(bad).expect_err("refused") else { panic!("fields") };
        for name in ["name", "currency", "email", "lat", "lng", "website", "country"] {
            assert!(fields.problem(name).is_some(), "{name}");
        }
    }
}
