//! The three weeks ahead: calendars that are neither empty nor full.

use super::bookings::{Books, Job, State};
use super::catalogue::Catalogue;
use super::demo::Taken;
use super::die::Die;
use super::past;
use super::people::Crowd;
use super::rows::Seed;
use super::town::Town;

const DAYS: i32 = 21;

/// Walks each person through each open day: a job, a gap, the next job. What the demo's own jobs occupy stays theirs.
pub fn write(seed: &mut Seed, books: &mut Books, catalogue: &Catalogue, crowd: &Crowd, town: &Town, mut taken: Taken) {
    for provider in catalogue.providers.iter().filter(|p| p.is_active && p.past > 0) {
        let mut die = Die::named(&format!("coming days of {}", provider.name));
        let calendar = taken.calendar(provider.id);
        for ahead in 0..DAYS {
            let date = seed.today.plus_days(ahead);
            // fuller soon, emptier later
            let chance = (380 - ahead * 16).max(60) as u64;
            for (_, from, to) in provider.hours.iter().filter(|(weekday, ..)| *weekday == date.weekday()) {
                for person in 0..provider.people.len() {
                    let mut minute = i64::from(*from);
                    while minute < i64::from(*to) {
                        let able: Vec<_> = provider.services.iter().filter(|s| s.people.contains(&person)).collect();
                        let Some(service) = able.get(die.below(able.len())) else { break };
                        let starts_at = seed.at(date, minute as i32);
                        let fits = minute + service.min <= i64::from(*to);
                        let resources =
                            (fits && die.permille(chance)).then(|| calendar.take(provider, service, person, starts_at)).flatten();
                        let Some(resources) = resources else {
                            minute += 60;
                            continue;
                        };
                        minute += ((service.min + service.before + service.after + 29) / 30) * 30 + die.between(0, 2) * 30;
                        let ends_at = starts_at.plus_minutes(service.min);
                        let state = if ends_at <= seed.now {
                            State::Completed
                        } else if starts_at <= seed.now {
                            State::InProgress
                        } else {
                            State::Confirmed
                        };
                        let address = (service.mode == "at_customer").then(|| past::address(town, &mut die));
                        // Booked on any of the days behind, never all at once.
                        let ahead = ((starts_at - seed.now) / domain::time::MINUTE).max(0);
                        let lead = ahead + die.between(120, 26 * 1440);
                        let booked_at = starts_at.plus_minutes(-lead);
                        let customer = die.pick(&crowd.customers[1..]);
                        let job =
                            Job { provider, service, person, resources, customer, starts_at, booked_at, state, tip: 0, notes: "", address };
                        books.add(seed, &job);
                    }
                }
            }
        }
    }
}
