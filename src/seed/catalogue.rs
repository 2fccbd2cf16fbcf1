//! Categories, providers, their teams, things, services and hours.

use super::die::Die;
use super::people::{self, Customer};
use super::rows::{self, Seed};
use super::text;
use super::town::Town;
use anyhow::{Context, Result, bail};
use domain::ctx::Tx;
use domain::time::minute_of;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

const FILES: [(&str, &str); 12] = [
    ("home-repair", include_str!("merrow/providers/home-repair.toml")),
    ("cleaning", include_str!("merrow/providers/cleaning.toml")),
    ("garden", include_str!("merrow/providers/garden.toml")),
    ("care", include_str!("merrow/providers/care.toml")),
    ("beauty", include_str!("merrow/providers/beauty.toml")),
    ("lessons", include_str!("merrow/providers/lessons.toml")),
    ("performers", include_str!("merrow/providers/performers.toml")),
    ("moving", include_str!("merrow/providers/moving.toml")),
    ("pets", include_str!("merrow/providers/pets.toml")),
    ("viewings", include_str!("merrow/providers/viewings.toml")),
    ("computers", include_str!("merrow/providers/computers.toml")),
    ("bikes-and-cars", include_str!("merrow/providers/bikes-and-cars.toml")),
];
const WAITING: &str = include_str!("merrow/waiting.toml");

#[derive(Deserialize)]
struct Categories {
    category: Vec<CategoryText>,
}

#[derive(Deserialize)]
struct CategoryText {
    slug: String,
    name: String,
    about: String,
    icon: String,
    tone: i32,
}

#[derive(Deserialize)]
struct Providers {
    provider: Vec<ProviderText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderText {
    name: String,
    tagline: String,
    story: String,
    street: String,
    house: u32,
    /// Kilometres on the grid, where the house alone does not say it.
    at: Option<[f64; 2]>,
    languages: Vec<String>,
    hours: String,
    people: Vec<String>,
    #[serde(default)]
    vehicles: Vec<String>,
    #[serde(default)]
    rooms: Vec<String>,
    #[serde(default)]
    things: Vec<String>,
    radius: Option<f64>,
    step: Option<i32>,
    notice: i32,
    /// Completed jobs behind them.
    past: usize,
    /// The stars that their reviews tend to.
    rated: f64,
    #[serde(default = "yes")]
    verified: bool,
    category: Option<String>,
    services: Vec<ServiceText>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceText {
    name: String,
    about: String,
    min: i32,
    price: i64,
    mode: String,
    #[serde(default)]
    before: i32,
    #[serde(default)]
    after: i32,
    #[serde(default)]
    approval: bool,
    #[serde(default)]
    robin: bool,
    #[serde(default)]
    by: Vec<String>,
    #[serde(default)]
    any_of: Vec<String>,
    #[serde(default)]
    all_of: Vec<String>,
    #[serde(default)]
    add_ons: Vec<AddOnText>,
}

#[derive(Deserialize)]
struct AddOnText {
    name: String,
    price: i64,
    min: i32,
}

pub struct Catalogue {
    pub providers: Vec<Provider>,
}

impl Catalogue {
    pub fn named(&self, name: &str) -> Result<&Provider> {
        self.providers.iter().find(|p| p.name == name).with_context(|| format!("no provider is called {name}"))
    }
}

pub struct Provider {
    pub id: Uuid,
    pub name: String,
    pub category: String,
    /// Weekday (Monday is 1), from, to in minutes.
    pub hours: Vec<(u8, i32, i32)>,
    pub people: Vec<Resource>,
    pub services: Vec<Service>,
    pub owner: Uuid,
    pub past: usize,
    pub rated: f64,
    pub is_active: bool,
}

impl Provider {
    pub fn service(&self, name: &str) -> Result<&Service> {
        self.services.iter().find(|s| s.name == name).with_context(|| format!("{} has no service {name}", self.name))
    }
}

#[derive(Clone)]
pub struct Resource {
    pub id: Uuid,
    pub name: String,
}

pub struct Service {
    pub id: Uuid,
    pub name: String,
    pub mode: &'static str,
    pub min: i64,
    pub price: i64,
    pub before: i64,
    pub after: i64,
    pub needs_approval: bool,
    /// Indices into the provider's people.
    pub people: Vec<usize>,
    /// Groups of alternatives, all of them needed.
    pub needs: Vec<Vec<Uuid>>,
}

/// The rows of all tables, gathered provider by provider.
#[derive(Default)]
struct Rows {
    accounts: Vec<Value>,
    providers: Vec<Value>,
    members: Vec<Value>,
    resources: Vec<Value>,
    services: Vec<Value>,
    add_ons: Vec<Value>,
    people: Vec<Value>,
    things: Vec<Value>,
    schedules: Vec<Value>,
    hours: Vec<Value>,
}

pub async fn insert(tx: &mut Tx, seed: &mut Seed, town: &Town, hash: &str) -> Result<Catalogue> {
    let categories = insert_categories(tx, seed).await?;
    let mut rows = Rows::default();
    let mut providers = Vec::new();
    for (slug, source) in FILES {
        let texts: Providers = toml::from_str(source).with_context(|| format!("merrow/providers/{slug}.toml"))?;
        for provider in texts.provider {
            let mut die = Die::named(&provider.name);
            providers.push(build(&mut rows, seed, town, &categories, slug, provider, true, hash, &mut die)?);
        }
    }
    let waiting: Providers = toml::from_str(WAITING).context("merrow/waiting.toml")?;
    for provider in waiting.provider {
        let mut die = Die::named(&provider.name);
        let slug = provider.category.clone().unwrap_or_default();
        providers.push(build(&mut rows, seed, town, &categories, &slug, provider, false, hash, &mut die)?);
    }
    rows::insert(tx, "accounts", &rows.accounts).await?;
    rows::insert(tx, "providers", &rows.providers).await?;
    rows::insert(tx, "provider_members", &rows.members).await?;
    rows::insert(tx, "resources", &rows.resources).await?;
    rows::insert(tx, "services", &rows.services).await?;
    rows::insert(tx, "service_add_ons", &rows.add_ons).await?;
    rows::insert(tx, "service_people", &rows.people).await?;
    rows::insert(tx, "service_things", &rows.things).await?;
    rows::insert(tx, "schedules", &rows.schedules).await?;
    rows::insert(tx, "schedule_hours", &rows.hours).await?;
    Ok(Catalogue { providers })
}

async fn insert_categories(tx: &mut Tx, seed: &mut Seed) -> Result<Vec<(String, Uuid, i32)>> {
    let texts: Categories = toml::from_str(include_str!("merrow/categories.toml")).context("merrow/categories.toml")?;
    let since = seed.now.plus_days(-720);
    let mut known = Vec::new();
    let mut rows = Vec::new();
    for (position, category) in texts.category.into_iter().enumerate() {
        let id = seed.die.id(since.millis());
        rows.push(json!({
            "id": id, "slug": category.slug, "name": category.name, "description": category.about, "icon": category.icon,
            "tone": category.tone, "position": position + 1, "is_hidden": false, "created_at": text(since),
        }));
        known.push((category.slug, id, category.tone));
    }
    rows::insert(tx, "categories", &rows).await?;
    Ok(known)
}

fn build(
    rows: &mut Rows,
    seed: &Seed,
    town: &Town,
    categories: &[(String, Uuid, i32)],
    category: &str,
    from: ProviderText,
    is_active: bool,
    hash: &str,
    die: &mut Die,
) -> Result<Provider> {
    let Some((_, category_id, tone)) = categories.iter().find(|(slug, ..)| slug == category) else { bail!("no category {category}") };
    let Some(mut address) = town.address(&from.street, from.house) else { bail!("{}: no street {}", from.name, from.street) };
    if let Some(at) = from.at {
        (address.lat, address.lng) = town.degrees(at);
    }
    let since = if is_active { seed.now.plus_days(-die.between(420, 640)) } else { seed.now.plus_hours(-die.between(3, 50)) };
    let slug = slug(&from.name);
    let id = die.id(since.millis());
    // the category's tone for the first, others walk around the eight
    let cover = if from.name.contains("Tolliver") { *tone } else { die.between(1, 8) as i32 };
    let first_word = slug.split('-').next().unwrap_or("team").to_owned();
    rows.providers.push(json!({
        "id": id, "slug": slug, "name": from.name, "tagline": from.tagline, "story": from.story, "category_id": category_id,
        "status": if is_active { "active" } else { "submitted" }, "submitted_at": text(since),
        "decided_at": is_active.then(|| text(since.plus_hours(20))),
        "verified_at": (is_active && from.verified).then(|| text(since.plus_days(2))),
        "zone": town.zone, "currency": town.currency, "country": town.country, "street": address.street, "district": address.district,
        "town": town.name, "postcode": address.postcode, "lat": address.lat, "lng": address.lng, "languages": from.languages,
        "email": format!("hello@{first_word}.example"), "phone": format!("+44 1632 960{:03}", die.below(1000)), "website": "",
        "cover_tone": cover, "tax_bp": 0, "horizon_days": 90, "min_notice_min": from.notice, "slot_step_min": from.step.unwrap_or(30),
        "hold_min": 15, "rating_sum": 0, "rating_count": 0, "created_at": text(since), "updated_at": text(since),
    }));

    let mut people = Vec::new();
    let mut owner = Uuid::nil();
    for (at, name) in from.people.iter().enumerate() {
        let resource = die.id(since.millis());
        let given = ascii(name.split(' ').next().unwrap_or(name)).to_lowercase();
        // the owner can sign in; of the team only Tolliver's
        let signs_in = at == 0 || first_word == "tolliver";
        let account = signs_in.then(|| die.id(since.millis()));
        if let Some(account) = account {
            let email = if first_word == "tolliver" { format!("{given}@tolliver.example") } else { format!("{given}@{slug}.example") };
            let who = Customer { id: account, name: name.clone(), email, phone: String::new(), since };
            rows.accounts.push(people::account(seed, &who, Some(hash), false, false));
            rows.members.push(json!({
                "provider_id": id, "account_id": account, "role": if at == 0 { "owner" } else { "member" }, "created_at": text(since),
            }));
            if at == 0 {
                owner = account;
            }
        }
        rows.resources.push(resource_row(resource, id, "person", name, account, (at % 8 + 1) as i32, at, seed));
        people.push(Resource { id: resource, name: name.clone() });
    }
    let mut things = Vec::new();
    let kinds = [("vehicle", &from.vehicles), ("room", &from.rooms), ("equipment", &from.things)];
    for (kind, name) in kinds.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| (kind, name))) {
        let resource = die.id(since.millis());
        let position = from.people.len() + things.len();
        rows.resources.push(resource_row(resource, id, kind, name, None, (position % 8 + 1) as i32, position, seed));
        things.push(Resource { id: resource, name: name.clone() });
    }

    let hours = parse_hours(&from.hours).with_context(|| from.name.clone())?;
    let schedule = die.id(since.millis());
    rows.schedules.push(json!({ "id": schedule, "provider_id": id, "zone": town.zone, "updated_at": text(since) }));
    for (weekday, from_min, to_min) in &hours {
        rows.hours.push(json!({ "schedule_id": schedule, "weekday": weekday, "from_min": from_min, "to_min": to_min }));
    }

    let mut services = Vec::new();
    for (position, service) in from.services.iter().enumerate() {
        services.push(build_service(rows, die, id, *category_id, &people, &things, from.radius, service, position, text(since))?);
    }
    Ok(Provider {
        id,
        name: from.name,
        category: category.to_owned(),
        hours,
        people,
        services,
        owner,
        past: from.past,
        rated: from.rated,
        is_active,
    })
}

fn build_service(
    rows: &mut Rows,
    die: &mut Die,
    provider: Uuid,
    category: Uuid,
    team: &[Resource],
    things: &[Resource],
    radius: Option<f64>,
    from: &ServiceText,
    position: usize,
    since: Value,
) -> Result<Service> {
    let mode = match from.mode.as_str() {
        "visit" => "at_customer",
        "shop" => "at_provider",
        "online" => "online",
        other => bail!("{}: no mode {other}", from.name),
    };
    let id = die.id(0x0190_0000_0000 + position as i64);
    rows.services.push(json!({
        "id": id, "provider_id": provider, "category_id": category, "name": from.name, "description": from.about, "mode": mode,
        "radius_km": (mode == "at_customer").then(|| radius.unwrap_or(15.0)), "duration_min": from.min, "price_minor": from.price,
        "buffer_before_min": from.before, "buffer_after_min": from.after, "needs_approval": from.approval,
        "assignment": if from.robin { "round_robin" } else { "first_free" }, "position": position, "created_at": since, "updated_at": since,
    }));
    for (at, extra) in from.add_ons.iter().enumerate() {
        rows.add_ons.push(json!({
            "id": die.id(0x0190_0000_0000 + at as i64), "service_id": id, "name": extra.name, "price_minor": extra.price,
            "extra_min": extra.min, "position": at,
        }));
    }
    let mut people = Vec::new();
    for (at, person) in team.iter().enumerate() {
        if from.by.is_empty() || from.by.contains(&person.name) {
            rows.people.push(json!({ "service_id": id, "resource_id": person.id, "priority": 2, "weight": 100 }));
            people.push(at);
        }
    }
    if !from.by.iter().all(|name| team.iter().any(|p| p.name == *name)) {
        bail!("{}: someone in `by` is not in the team", from.name);
    }
    let find = |name: &String| things.iter().find(|t| t.name == *name).map(|t| t.id).with_context(|| format!("nothing is called {name}"));
    let mut needs: Vec<Vec<Uuid>> = Vec::new();
    if !from.any_of.is_empty() {
        needs.push(from.any_of.iter().map(find).collect::<Result<_>>()?);
    }
    for name in &from.all_of {
        needs.push(vec![find(name)?]);
    }
    for (group, alternatives) in needs.iter().enumerate() {
        for thing in alternatives {
            rows.things.push(json!({ "service_id": id, "resource_id": thing, "need": group + 1 }));
        }
    }
    Ok(Service {
        id,
        name: from.name.clone(),
        mode,
        min: from.min.into(),
        price: from.price,
        before: from.before.into(),
        after: from.after.into(),
        needs_approval: from.approval,
        people,
        needs,
    })
}

fn resource_row(id: Uuid, provider: Uuid, kind: &str, name: &str, account: Option<Uuid>, tone: i32, position: usize, seed: &Seed) -> Value {
    json!({
        "id": id, "provider_id": provider, "kind": kind, "name": name, "account_id": account, "tone": tone, "position": position,
        "created_at": text(seed.now.plus_days(-400)),
    })
}

/// `mo-fr 08:00-19:00, sa 09:00-14:00`.
fn parse_hours(hours: &str) -> Result<Vec<(u8, i32, i32)>> {
    const DAYS: [&str; 7] = ["mo", "tu", "we", "th", "fr", "sa", "su"];
    let day = |name: &str| DAYS.iter().position(|d| *d == name).with_context(|| format!("no weekday {name}"));
    let minute = |clock: &str| minute_of(clock).context("times look like 08:00");
    let mut found = Vec::new();
    for part in hours.split(", ") {
        let (days, times) = part.split_once(' ').context("days, then hours")?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (from, to) = times.split_once('-').context("from-to")?;
        for weekday in day(first)?..=day(last)? {
            found.push((weekday as u8 + 1, minute(from)?, minute(to)?));
        }
    }
    Ok(found)
}

/// The readable part of an address.
pub fn slug(name: &str) -> String {
    let plain = ascii(name).to_lowercase().replace('&', "and").replace(['\'', '’', '?', '.'], "");
    plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("-")
}

fn ascii(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'Á' => 'A',
            'á' | 'â' | 'ã' => 'a',
            'ê' | 'é' => 'e',
            'ö' => 'o',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read() {
        let hours = parse_hours("mo-we 09:00-17:30, su 10:00-12:00").expect("hours");
        assert_eq!(hours, [(1, 540, 1050), (2, 540, 1050), (3, 540, 1050), (7, 600, 720)]);
        assert!(parse_hours("mo 9").is_err());
    }

    #[test]
    fn names_become_addresses() {
        assert_eq!(slug("Tanner’s Tyres"), "tanners-tyres");
        assert_eq!(slug("The Comb & Chair"), "the-comb-and-chair");
    }

    #[test]
    fn sixty_providers_in_twelve_categories() {
        let counts: Vec<usize> =
            FILES.iter().map(|(_, source)| toml::from_str::<Providers>(source).expect("a readable file").provider.len()).collect();
        assert_eq!((counts.len(), counts.iter().sum::<usize>()), (12, 60));
    }
}
