//! Jobs that are done, spread over the months behind, with what was written about them.

use super::bookings::{Books, Job, State};
use super::calendar::Calendar;
use super::catalogue::{Catalogue, Provider, Service};
use super::demo::Taken;
use super::die::Die;
use super::people::{Crowd, Customer};
use super::reviews::{self, Voices};
use super::rows::Seed;
use super::town::Town;
use anyhow::Result;
use domain::time::{Date, Instant};
use serde_json::{Value, json};

/// How far back the oldest job lies.
const DAYS: i32 = 330;

/// Where nobody was busy with the jobs of other parts of the seed.
pub fn write(seed: &mut Seed, books: &mut Books, catalogue: &Catalogue, crowd: &Crowd, town: &Town, taken: &mut Taken) -> Result<()> {
    let voices = Voices::read()?;
    for provider in catalogue.providers.iter().filter(|p| p.past > 0) {
        let mut die = Die::named(&format!("past of {}", provider.name));
        let jobs = write_provider(seed, books, town, provider, crowd, taken.calendar(provider.id), &mut die);
        reviews::write(seed, books, provider, &voices, jobs, &mut die);
    }
    Ok(())
}

/// A finished job that may be reviewed.
pub struct Done<'a> {
    pub booking: uuid::Uuid,
    pub customer: &'a Customer,
    pub person: String,
    pub completed_at: Instant,
}

/// Newest first.
fn write_provider<'a>(
    seed: &mut Seed,
    books: &mut Books,
    town: &Town,
    provider: &'a Provider,
    crowd: &'a Crowd,
    calendar: &mut Calendar,
    die: &mut Die,
) -> Vec<Done<'a>> {
    let mut done = Vec::new();
    let open_days = (1..=DAYS).filter(|back| is_open(provider, seed.today.plus_days(-back))).count().max(1);
    let a_day = provider.past as f64 / open_days as f64;
    let mut owed = 0.0;
    for back in 1..=DAYS {
        let date = seed.today.plus_days(-back);
        let Some((_, from, to)) = provider.hours.iter().find(|(weekday, ..)| *weekday == date.weekday()) else { continue };
        owed += a_day * (0.6 + 0.8 * die.unit());
        while owed >= 1.0 && done.len() < provider.past {
            owed -= 1.0;
            if let Some(job) = some_job(seed, books, town, provider, crowd, calendar, (date, *from, *to), die) {
                done.push(job);
            }
        }
    }
    done
}

fn some_job<'a>(
    seed: &mut Seed,
    books: &mut Books,
    town: &Town,
    provider: &'a Provider,
    crowd: &'a Crowd,
    calendar: &mut Calendar,
    (date, from, to): (Date, i32, i32),
    die: &mut Die,
) -> Option<Done<'a>> {
    // the first service is what most people come for
    let at = if die.permille(450) { 0 } else { die.below(provider.services.len()) };
    let service = &provider.services[at];
    for _ in 0..6 {
        let person = *die.pick(&service.people);
        let latest = (i64::from(to) - service.min).max(i64::from(from));
        let minute = die.between(i64::from(from) / 30, latest / 30) * 30;
        let starts_at = seed.at(date, minute.max(i64::from(from)) as i32);
        let Some(resources) = calendar.take(provider, service, person, starts_at) else { continue };
        let booked_at = starts_at.plus_minutes(-die.between(180, 9 * 1440));
        let customer = crowd.someone(die, booked_at);
        let state = outcome(die, starts_at, booked_at);
        let tip = tip(die, service);
        let address = (service.mode == "at_customer").then(|| address(town, die));
        let job = Job { provider, service, person, resources, customer, starts_at, booked_at, state, tip, notes: "", address };
        let booking = books.add(seed, &job);
        let completed_at = starts_at.plus_minutes(service.min + 4);
        let person = provider.people[person].name.clone();
        return (state == State::Completed).then_some(Done { booking, customer, person, completed_at });
    }
    None
}

/// What became of it.
pub fn outcome(die: &mut Die, starts_at: Instant, booked_at: Instant) -> State {
    match die.below(100) {
        0..=2 if starts_at - booked_at > 46 * domain::time::HOUR => State::Cancelled,
        3 => State::NoShow,
        _ => State::Completed,
    }
}

pub fn tip(die: &mut Die, service: &Service) -> i64 {
    let tip = if die.permille(220) { *die.pick(&[300, 500, 500, 800, 1000]) } else { 0 };
    tip.min(service.price)
}

pub fn is_open(provider: &Provider, date: Date) -> bool {
    provider.hours.iter().any(|(weekday, ..)| *weekday == date.weekday())
}

/// Somewhere in the town.
pub fn address(town: &Town, die: &mut Die) -> Value {
    let found = town.some_address(die);
    json!({
        "street": found.street, "district": found.district, "town": town.name, "postcode": found.postcode, "extra": "",
        "lat": found.lat, "lng": found.lng,
    })
}
