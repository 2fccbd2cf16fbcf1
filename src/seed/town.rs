//! The town's grid: districts and streets on kilometres around a point in open sea.

use super::die::Die;
use super::rows::{self, Seed};
use anyhow::{Context, Result};
use domain::ctx::Tx;
use serde::Deserialize;
use serde_json::json;

/// Kilometres in a degree of latitude.
const KM_PER_DEGREE: f64 = 111.32;
/// The far end of every street.
const LAST_HOUSE: f64 = 60.0;

#[derive(Debug, Deserialize)]
pub struct Town {
    pub name: String,
    pub zone: String,
    pub currency: String,
    pub country: String,
    pub lat: f64,
    pub lng: f64,
    #[serde(rename = "district")]
    pub districts: Vec<District>,
}

#[derive(Debug, Deserialize)]
pub struct District {
    pub name: String,
    pub postcode: String,
    pub at: [f64; 2],
    pub streets: Vec<Street>,
}

#[derive(Debug, Deserialize)]
pub struct Street {
    pub name: String,
    pub from: [f64; 2],
    pub to: [f64; 2],
}

/// A door in the town.
#[derive(Debug, Clone)]
pub struct Address {
    pub street: String,
    pub district: String,
    pub postcode: String,
    pub lat: f64,
    pub lng: f64,
}

impl Town {
    pub fn read() -> Result<Self> {
        toml::from_str(include_str!("merrow/town.toml")).context("merrow/town.toml")
    }
    /// Degrees of a point on the grid.
    pub fn degrees(&self, [x, y]: [f64; 2]) -> (f64, f64) {
        let lat = self.lat + y / KM_PER_DEGREE;
        let lng = self.lng + x / (KM_PER_DEGREE * self.lat.to_radians().cos());
        // a tenth of a metre is enough
        ((lat * 1e6).round() / 1e6, (lng * 1e6).round() / 1e6)
    }
    pub fn address(&self, street: &str, house: u32) -> Option<Address> {
        let (district, at, found) = self
            .districts
            .iter()
            .flat_map(|d| d.streets.iter().enumerate().map(move |(at, s)| (d, at, s)))
            .find(|(_, _, s)| s.name == street)?;
        let part = (f64::from(house) / LAST_HOUSE).min(1.0);
        let along = [0, 1].map(|i| found.from[i] + (found.to[i] - found.from[i]) * part);
        let (lat, lng) = self.degrees(along);
        Some(Address {
            street: format!("{house} {street}"),
            district: district.name.clone(),
            postcode: postcode(district, at, found),
            lat,
            lng,
        })
    }
    pub fn some_address(&self, die: &mut Die) -> Address {
        let district = die.pick(&self.districts);
        let street = die.pick(&district.streets);
        let house = die.between(1, 60) as u32;
        self.address(&street.name, house).expect("streets of the town are found in the town")
    }
}

/// The first street of Millbank has MW1 1LL: district, number of the street, two of its letters.
fn postcode(district: &District, at: usize, street: &Street) -> String {
    let mut letters = street.name.split([' ', '’']).filter_map(|word| word.chars().next()).filter(char::is_ascii_alphabetic);
    let first = letters.next().unwrap_or('A').to_ascii_uppercase();
    let second = letters.next().unwrap_or('X').to_ascii_uppercase();
    format!("{} {}{first}{second}", district.postcode, at + 1)
}

pub async fn insert(tx: &mut Tx, seed: &mut Seed, town: &Town) -> Result<()> {
    let mut places = Vec::new();
    let mut add = |kind: &str, street: &str, district: &str, code: &str, from: [f64; 2], to: [f64; 2]| {
        let ((lat, lng), (end_lat, end_lng)) = (town.degrees(from), town.degrees(to));
        let words = [street, district, &town.name, code].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
        places.push(json!({
            "id": seed.die.id(seed.now.millis()), "kind": kind, "street": street, "district": district, "town": town.name,
            "postcode": code, "words": words, "lat": lat, "lng": lng, "end_lat": end_lat, "end_lng": end_lng,
        }));
    };
    add("town", "", "", "", [0.0, 0.0], [0.0, 0.0]);
    for district in &town.districts {
        add("district", "", &district.name, &district.postcode, district.at, district.at);
        for (at, street) in district.streets.iter().enumerate() {
            add("street", &street.name, &district.name, &postcode(district, at, street), street.from, street.to);
        }
    }
    rows::insert(tx, "places", &places).await?;
    sqlx::query("update places set words = fold(replace(words, '’', ''''))").execute(&mut **tx).await?;
    Ok(())
}
