//! The days around today, filled person by person: calendars that are neither empty nor full, behind as ahead, so that the figures of one
//! month can be laid beside those of the last.

use super::bookings::{Books, Job, State};
use super::catalogue::{Catalogue, Provider};
use super::demo::{HOUSE, Taken};
use super::die::Die;
use super::past::{self, Done};
use super::people::Crowd;
use super::reviews;
use super::rows::Seed;
use super::town::Town;
use domain::time::{DAY, MINUTE};

/// Weeks ahead into which people book.
const AHEAD: i32 = 21;
/// Days behind after which only the jobs of `past` are left: the town grows.
const BEHIND: i32 = 200;
/// Nobody books earlier than so many days before. Days ahead are as full as follows from that.
const EARLIEST: i64 = 24;
/// Of a full day's jobs, what `past` does not bring.
const SHARE: f64 = 0.75;
/// How many of a person's hours begin a job today, in thousandths. The house of the demo has a full calendar.
const FULL: f64 = 150.0;
const FULL_AT_HOUSE: f64 = 380.0;

/// Walks each person through each open day: a job, a gap, the next job. What the demo's own jobs occupy stays theirs.
pub fn write(seed: &mut Seed, books: &mut Books, catalogue: &Catalogue, crowd: &Crowd, town: &Town, taken: &mut Taken) {
    for provider in catalogue.providers.iter().filter(|p| p.is_active && p.past > 0) {
        let mut die = Die::named(&format!("days of {}", provider.name));
        for from_today in (-BEHIND + 1)..AHEAD {
            let chance = chance(provider, from_today);
            let date = seed.today.plus_days(from_today);
            for (_, from, to) in provider.hours.iter().filter(|(weekday, ..)| *weekday == date.weekday()) {
                for person in 0..provider.people.len() {
                    let mut minute = i64::from(*from);
                    while minute < i64::from(*to) {
                        let able: Vec<_> = provider.services.iter().filter(|s| s.people.contains(&person)).collect();
                        let Some(service) = able.get(die.below(able.len())) else { break };
                        let starts_at = seed.at(date, minute as i32);
                        let fits = minute + service.min <= i64::from(*to);
                        let calendar = taken.calendar(provider.id);
                        let resources =
                            (fits && die.permille(chance)).then(|| calendar.take(provider, service, person, starts_at)).flatten();
                        let Some(resources) = resources else {
                            minute += 60;
                            continue;
                        };
                        minute += ((service.min + service.before + service.after + 29) / 30) * 30 + die.between(0, 2) * 30;
                        let ends_at = starts_at.plus_minutes(service.min);
                        // booked on any of the days behind, never all at once
                        let soonest = ((starts_at - seed.now) / MINUTE).max(0) + 120;
                        let booked_at = starts_at.plus_minutes(-die.between(soonest, (EARLIEST * 1440).max(soonest)));
                        let state = match () {
                            () if starts_at > seed.now => State::Confirmed,
                            () if ends_at > seed.now => State::InProgress,
                            () if from_today < 0 => past::outcome(&mut die, starts_at, booked_at),
                            () => State::Completed,
                        };
                        let tip = if state == State::Completed { past::tip(&mut die, service) } else { 0 };
                        let address = (service.mode == "at_customer").then(|| past::address(town, &mut die));
                        let customer = crowd.someone(&mut die, booked_at);
                        let job =
                            Job { provider, service, person, resources, customer, starts_at, booked_at, state, tip, notes: "", address };
                        let booking = books.add(seed, &job);
                        let completed_at = ends_at.plus_minutes(4);
                        // most businesses say something about their customers within the week, or they would have a long list to go through
                        if from_today < 0 && state == State::Completed && seed.now - completed_at < 8 * DAY && die.permille(850) {
                            let done = Done { booking, customer, person: provider.people[person].name.clone(), completed_at };
                            reviews::write_of_customer(books, provider, &done, &mut die);
                        }
                    }
                }
            }
        }
    }
}

/// In thousandths. Jobs are booked on any of [`EARLIEST`] days before, so a day ahead has those whose turn has come already.
fn chance(provider: &Provider, from_today: i32) -> u64 {
    let full = if provider.name == HOUSE { FULL_AT_HOUSE } else { FULL };
    let part = if from_today >= 0 {
        1.0 - f64::from(from_today) / EARLIEST as f64
    } else {
        SHARE * (1.0 + f64::from(from_today) / f64::from(BEHIND))
    };
    (full * part) as u64
}
