//! What the demo accounts find: Ines's bookings and favourites, and a day at Tolliver Home Repair with one job ready to start and one to review.

use super::bookings::{Books, Job, State};
use super::calendar::Calendar;
use super::catalogue::Catalogue;
use super::people::Crowd;
use super::rows::{self, Seed};
use super::text;
use super::town::Town;
use anyhow::{Context, Result};
use domain::ctx::Tx;
use domain::time::{Date, Instant, MINUTE};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

const FAVOURITES: [&str; 4] = [HOUSE, "Lark Piano Studio", "The Comb & Chair", "Fern & Spade"];

/// Where most of the demo happens.
pub const HOUSE: &str = "Tolliver Home Repair";

/// What jobs occupy, by provider.
#[derive(Default)]
pub struct Taken(HashMap<Uuid, Calendar>);

impl Taken {
    pub fn calendar(&mut self, provider: Uuid) -> &mut Calendar {
        self.0.entry(provider).or_default()
    }
}

/// One line of the demo.
struct Scene {
    provider: &'static str,
    service: &'static str,
    with: &'static str,
    customer: &'static str,
    starts_at: Instant,
    booked_min_before: i64,
    tip: i64,
    /// House number and street.
    at: Option<(u32, &'static str)>,
    notes: &'static str,
    state: Option<State>,
}

pub fn write(seed: &mut Seed, books: &mut Books, catalogue: &Catalogue, crowd: &Crowd, town: &Town) -> Result<Taken> {
    let mut taken = Taken::default();
    for scene in scenes(seed) {
        let provider = catalogue.named(scene.provider)?;
        let service = provider.service(scene.service)?;
        let person = provider.people.iter().position(|p| p.name.starts_with(scene.with)).context("a scene with nobody in it")?;
        // later scenes give way
        let Some(resources) = taken.calendar(provider.id).take(provider, service, person, scene.starts_at) else { continue };
        let ends_at = scene.starts_at.plus_minutes(service.min);
        let state = scene.state.unwrap_or(match () {
            () if ends_at <= seed.now => State::Completed,
            () if scene.starts_at <= seed.now => State::InProgress,
            () => State::Confirmed,
        });
        let address = scene.at.and_then(|(house, street)| town.address(street, house)).map(|a| {
            json!({ "street": a.street, "district": a.district, "town": town.name, "postcode": a.postcode, "extra": "", "lat": a.lat, "lng": a.lng })
        });
        let job = Job {
            provider,
            service,
            person,
            resources,
            customer: crowd.named(scene.customer),
            starts_at: scene.starts_at,
            booked_at: scene.starts_at.plus_minutes(-scene.booked_min_before).min(seed.now.plus_minutes(if service.needs_approval {
                -100
            } else {
                -35
            })),
            state,
            tip: scene.tip,
            notes: scene.notes,
            address: address.filter(|_| service.mode == "at_customer"),
        };
        books.add(seed, &job);
    }
    Ok(taken)
}

fn scenes(seed: &Seed) -> Vec<Scene> {
    let today = seed.today;
    let quarter = 15 * MINUTE;
    let just_now = Instant::from_millis(seed.now.millis() / quarter * quarter);
    let weekday = |from: Date| (0..7).map(|d| from.plus_days(d)).find(|d| d.weekday() <= 5).unwrap_or(from);
    let soon = weekday(today.plus_days(3));
    let (waiting_a, waiting_b) = (weekday(today.plus_days(2)), weekday(today.plus_days(4)));
    let scene = |service, with, customer, starts_at| Scene {
        provider: HOUSE,
        service,
        with,
        customer,
        starts_at,
        booked_min_before: 2 * 1440,
        tip: 0,
        at: None,
        notes: "",
        state: None,
    };
    vec![
        // ready to start, whenever the town was seeded
        Scene {
            at: Some((27, "Orchard Row")),
            notes: "The stopcock is in the hall cupboard. Mind the dog, she is old.",
            tip: 1000,
            state: Some(State::Confirmed),
            ..scene("Leak repair visit", "Odalys", "Osric Dunne", just_now)
        },
        // to be reviewed by both sides
        Scene {
            at: Some((14, "Lantern Lane")),
            notes: "The bath empties slowly, the sink not at all.",
            ..scene("Drain unblocking", "Bram", "Ines Calloway", seed.at(weekday_back(today.plus_days(-1)), 10 * 60))
        },
        Scene {
            at: Some((14, "Lantern Lane")),
            notes: "The kitchen mixer drips from the base, worse when it is warm. Water is off under the sink.",
            tip: 500,
            ..scene("Leak repair visit", "Odalys", "Ines Calloway", seed.at(soon, 14 * 60))
        },
        Scene {
            at: Some((5, "Upper Green")),
            notes: "The old machine goes with you.",
            ..scene("Appliance fitting", "Bram", "Celia Pembroke", seed.at(today, 16 * 60))
        },
        Scene {
            at: Some((41, "Weir Road")),
            notes: "The drip is behind the washing machine.",
            ..scene("Leak repair visit", "Bram", "Perrin Lowe", seed.at(today, 13 * 60 + 30))
        },
        Scene {
            at: Some((8, "Saltmarket")),
            notes: "Ring twice, the bell is weak.",
            ..scene("Radiator or boiler check", "Bram", "Hana Whitlow", seed.at(today, 11 * 60))
        },
        Scene { at: Some((30, "Kiln Street")), ..scene("Radiator or boiler check", "Bram", "Maud Ferris", seed.at(today, 8 * 60 + 30)) },
        Scene {
            at: Some((12, "Station Road")),
            booked_min_before: 1,
            notes: "A Worcester from 2014. It knocks when it starts.",
            state: Some(State::Requested),
            ..scene("Boiler service, yearly", "Bram", "Anselm Askew", seed.at(waiting_a, 9 * 60))
        },
        Scene {
            at: Some((22, "Weir Road")),
            booked_min_before: 1,
            notes: "It was last looked at two years ago. The cupboard around it is empty.",
            state: Some(State::Requested),
            ..scene("Boiler service, yearly", "Bram", "Juno Hale", seed.at(waiting_b, 10 * 60))
        },
        Scene {
            provider: "The Comb & Chair",
            ..scene("Cut and finish", "Polly", "Ines Calloway", seed.at(open_from(today.plus_days(6)), 11 * 60))
        },
        Scene {
            provider: "Lark Piano Studio",
            ..scene("First lesson, 45 min", "Linnea", "Ines Calloway", seed.at(weekday_back(today.plus_days(-20)), 16 * 60))
        },
        Scene {
            provider: "Brightwater Cleaning",
            at: Some((14, "Lantern Lane")),
            tip: 500,
            ..scene("Two-hour clean", "Wren", "Ines Calloway", seed.at(weekday_back(today.plus_days(-34)), 9 * 60))
        },
    ]
}

fn weekday_back(from: Date) -> Date {
    (0..7).map(|d| from.plus_days(-d)).find(|d| d.weekday() <= 5).unwrap_or(from)
}

/// Tuesday to Saturday.
fn open_from(from: Date) -> Date {
    (0..7).map(|d| from.plus_days(d)).find(|d| (2..=6).contains(&d.weekday())).unwrap_or(from)
}

pub async fn insert(tx: &mut Tx, seed: &Seed, catalogue: &Catalogue, crowd: &Crowd) -> Result<()> {
    let ines = &crowd.customers[0];
    let mut rows: Vec<Value> = Vec::new();
    for (at, name) in FAVOURITES.into_iter().enumerate() {
        let saved = seed.now.plus_days(-3 - at as i64);
        rows.push(json!({ "account_id": ines.id, "provider_id": catalogue.named(name)?.id, "created_at": text(saved) }));
    }
    rows::insert(tx, "favourites", &rows).await
}
