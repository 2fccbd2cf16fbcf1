//! The town's customers and the people who run Fettle.

use super::die::Die;
use super::rows::{self, Seed};
use super::text;
use anyhow::{Context, Result, anyhow};
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use domain::ctx::Tx;
use domain::time::Instant;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Customers with a password: the one that visitors are told of, and the one whose job is ready to start.
const SIGN_IN: [&str; 2] = ["ines@merrow.example", "osric.dunne@people.merrow.example"];
const CUSTOMERS: usize = 420;
/// When the first of them came.
const OLDEST_DAYS: f64 = 700.0;

#[derive(Debug, Deserialize)]
struct Names {
    first: Vec<String>,
    family: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Customer {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub phone: String,
    /// When they came.
    pub since: Instant,
}

impl Customer {
    /// "Maud F.", as reviews are signed.
    pub fn public_name(&self) -> String {
        let mut words = self.name.split(' ');
        let first = words.next().unwrap_or_default();
        words.next_back().and_then(|w| w.chars().next()).map_or_else(|| first.to_owned(), |c| format!("{first} {c}."))
    }
}

/// Everyone who books in Merrow; the first is Ines Calloway.
pub struct Crowd {
    pub customers: Vec<Customer>,
}

impl Crowd {
    /// Anyone but Ines who was here at that time. Those of the town's stories always were.
    pub fn someone(&self, die: &mut Die, at: Instant) -> &Customer {
        loop {
            let customer = die.pick(&self.customers[1..]);
            if customer.since <= at {
                return customer;
            }
        }
    }
    pub fn named(&self, name: &str) -> &Customer {
        self.customers.iter().find(|c| c.name == name).unwrap_or(&self.customers[0])
    }
}

/// Argon2id with the account room's cost (19 MiB, t=2, p=1); one hash serves all demo accounts.
pub fn hash(password: &str) -> Result<String> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash =
        argon2.hash_password_with_salt(password.as_bytes(), b"merrow-demo-salt").map_err(|error| anyhow!("{error}"))?;
    Ok(hash.to_string())
}

pub async fn insert(tx: &mut Tx, seed: &mut Seed, hash: &str) -> Result<Crowd> {
    let names: Names = toml::from_str(include_str!("merrow/people.toml")).context("merrow/people.toml")?;
    let mut pairs: Vec<(usize, usize)> = (0..names.first.len()).flat_map(|f| (0..names.family.len()).map(move |l| (f, l))).collect();
    seed.die.shuffle(&mut pairs);
    // the people of the town's stories come first: each first name with the family name beside it
    let storied = (0..names.first.len().min(names.family.len())).map(|at| (at, at));
    let known: Vec<(usize, usize)> = storied.clone().collect();
    let all = storied.chain(pairs.into_iter().filter(|pair| !known.contains(pair))).take(CUSTOMERS);

    let mut customers = vec![person(seed, "Ines Calloway", "ines@merrow.example", None)];
    for (at, (first, family)) in all.enumerate() {
        // somewhat more of late than in the beginning
        let days = (at >= known.len()).then(|| OLDEST_DAYS * seed.die.unit().powf(1.15));
        let name = format!("{} {}", names.first[first], names.family[family]);
        let email = format!("{}.{}@people.merrow.example", names.first[first].to_lowercase(), names.family[family].to_lowercase());
        let customer = person(seed, &name, &email, days);
        customers.push(customer);
    }
    let mut rows: Vec<Value> =
        customers.iter().map(|c| account(seed, c, SIGN_IN.contains(&c.email.as_str()).then_some(hash), false, false)).collect();
    let support = person(seed, "Teo Brandt", "support@fettle.example", None);
    rows.push(account(seed, &support, Some(hash), false, true));
    let admin = person(seed, "Vesna Kade", "vesna@fettle.example", None);
    rows.push(account(seed, &admin, Some(hash), true, false));
    rows::insert(tx, "accounts", &rows).await?;
    Ok(Crowd { customers })
}

/// `days` ago; None: from the beginning.
fn person(seed: &mut Seed, name: &str, email: &str, days: Option<f64>) -> Customer {
    let minutes = days.map_or_else(|| seed.die.between(400, 700) * 1440, |days| (days * 1440.0) as i64);
    let since = seed.now.plus_minutes(-minutes);
    Customer {
        id: seed.die.id(since.millis()),
        name: name.to_owned(),
        email: email.to_owned(),
        phone: format!("+44 1632 960{:03}", seed.die.below(1000)),
        since,
    }
}

pub fn account(seed: &Seed, who: &Customer, hash: Option<&str>, is_admin: bool, is_support: bool) -> Value {
    let since = text(who.since);
    json!({
        "id": who.id, "email": who.email, "email_confirmed_at": since, "password_hash": hash, "name": who.name, "phone": who.phone,
        "zone": seed.zone_name, "is_guest": false, "is_admin": is_admin, "is_support": is_support, "created_at": since, "updated_at": since,
    })
}
