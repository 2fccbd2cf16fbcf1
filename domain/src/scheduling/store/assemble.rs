//! From the rows of `load` to what the engine reads.

use super::load::{BUSY, COUNTS, CURSOR, Loaded, LoadedService, NEED, OVERRIDES, PERSON, RESOURCE, Row, SCHEDULE, SERVICE, TIME_OFF};
use crate::error::{Error, Result};
use crate::event::Cursor;
use crate::id::{Id, ProviderId, ResourceId, ServiceId};
use crate::provider::model::AssignmentRule;
use crate::scheduling::engine::{Book, Busy, BusyKind, Candidate, Diary, Rules, Schedule};
use crate::scheduling::model::{DateRange, WeekRange};
use crate::scheduling::zone;
use crate::time::{Date, Span};
use std::collections::HashMap;

pub(super) fn assemble(rows: Vec<Row>, extra_min: i64) -> Result<Loaded> {
    let mut desk = Desk::default();
    // the kinds that others build on come first
    for kind in [CURSOR, SERVICE, PERSON, NEED, RESOURCE, SCHEDULE] {
        for row in rows.iter().filter(|row| row.kind == kind) {
            desk.foundation(row, extra_min)?;
        }
    }
    desk.open_diaries();
    for row in &rows {
        desk.detail(row);
    }
    for service in desk.services.values_mut() {
        service.rules.counts.sort_unstable();
    }
    for schedule in &mut desk.book.schedules {
        schedule.overrides.sort_unstable();
    }
    let cursor = desk.cursor.ok_or_else(|| Error::internal("the spine has no row"))?;
    Ok(Loaded { cursor, services: desk.services, book: desk.book, names: desk.names })
}

#[derive(Default)]
struct Desk {
    cursor: Option<Cursor>,
    services: HashMap<ServiceId, LoadedService>,
    /// The group number of each of a service's needs, in their order.
    groups: HashMap<ServiceId, Vec<i64>>,
    book: Book,
    names: HashMap<ResourceId, String>,
    /// Index of the provider's own schedule.
    houses: HashMap<ProviderId, usize>,
    own: HashMap<ResourceId, usize>,
    /// Whose it is, and whether it is a person.
    resources: Vec<(ResourceId, ProviderId, bool)>,
    /// An empty schedule, for people of a provider without any hours.
    never: Option<usize>,
}

impl Desk {
    fn foundation(&mut self, row: &Row, extra_min: i64) -> Result<()> {
        let numbers = row.numbers.as_deref().unwrap_or_default();
        match (row.kind, row.service_id, row.resource_id) {
            (CURSOR, _, _) => {
                let xid = row.word.as_deref().and_then(|xmin| xmin.parse().ok()).unwrap_or(0);
                self.cursor = Some(Cursor { epoch: numbers[0] as i32, xid, id: 0 });
            }
            (SERVICE, Some(id), _) => {
                self.services.insert(id, service(row, numbers, extra_min)?);
            }
            (PERSON, Some(service), Some(id)) => {
                if let (Some(service), &[priority, weight, position, recent_jobs]) = (self.services.get_mut(&service), numbers) {
                    let (priority, weight, position) = (priority as i32, weight as i32, position as i32);
                    service.rules.people.push(Candidate { id, priority, weight, position, recent_jobs });
                }
            }
            (NEED, Some(service), Some(id)) => self.need(service, id, numbers[0]),
            (RESOURCE, _, Some(id)) => {
                self.names.insert(id, row.word.clone().unwrap_or_default());
                self.resources.push((id, row.provider_id.unwrap_or(ProviderId::from_u128(0)), numbers == [1]));
            }
            (SCHEDULE, _, _) => self.schedule(row, numbers),
            _ => {}
        }
        Ok(())
    }

    fn schedule(&mut self, row: &Row, numbers: &[i64]) {
        let ranges = numbers.chunks_exact(3).map(|n| WeekRange { weekday: n[0] as u8, from_min: n[1] as i32, to_min: n[2] as i32 });
        let zone = zone::stored(row.word.as_deref().unwrap_or("UTC"));
        let at = self.book.schedules.len();
        self.book.schedules.push(Schedule { zone, hours: ranges.collect(), overrides: Vec::new() });
        match (row.resource_id, row.provider_id) {
            (Some(resource), _) => {
                self.own.insert(resource, at);
            }
            (None, Some(provider)) => {
                self.houses.insert(provider, at);
            }
            (None, None) => {}
        }
    }

    fn need(&mut self, service: ServiceId, id: ResourceId, number: i64) {
        let Some(rules) = self.services.get_mut(&service).map(|service| &mut service.rules) else { return };
        let groups = self.groups.entry(service).or_default();
        let at = groups.iter().position(|known| *known == number).unwrap_or_else(|| {
            groups.push(number);
            rules.needs.push(Vec::new());
            groups.len() - 1
        });
        rules.needs[at].push(id);
        rules.needs[at].sort_unstable();
    }

    fn open_diaries(&mut self) {
        for at in 0..self.resources.len() {
            let (id, provider, is_person) = self.resources[at];
            let house = self.houses.get(&provider).copied();
            let own = self.own.get(&id).copied();
            let schedule = if is_person { Some(own.or(house).unwrap_or_else(|| self.never())) } else { own };
            self.book.diaries.insert(id, Diary { schedule, house, ..Diary::default() });
        }
    }

    fn never(&mut self) -> usize {
        let schedules = &mut self.book.schedules;
        *self.never.get_or_insert_with(|| {
            schedules.push(Schedule { zone: chrono_tz::Tz::UTC, hours: Vec::new(), overrides: Vec::new() });
            schedules.len() - 1
        })
    }

    fn detail(&mut self, row: &Row) {
        let numbers = row.numbers.as_deref().unwrap_or_default();
        match row.kind {
            OVERRIDES => {
                let of_provider = row.provider_id.and_then(|provider| self.houses.get(&provider));
                let at = row.resource_id.map_or(of_provider, |resource| self.own.get(&resource));
                let ranges = numbers.chunks_exact(3).map(|n| DateRange {
                    date: Date::from_days(n[0] as i32),
                    from_min: n[1] as i32,
                    to_min: n[2] as i32,
                });
                if let Some(&at) = at {
                    self.book.schedules[at].overrides.extend(ranges);
                }
            }
            BUSY => {
                if let Some(diary) = row.resource_id.and_then(|id| self.book.diaries.get_mut(&id)) {
                    diary.busy = spans(row).zip(numbers).map(|(during, kind)| Busy { during, kind: kind_of(*kind) }).collect();
                }
            }
            TIME_OFF => {
                let provider = row.provider_id;
                let concerned =
                    self.resources.iter().filter(|(id, of, _)| Some(*of) == provider && row.resource_id.is_none_or(|one| one == *id));
                for (id, _, _) in concerned {
                    if let Some(diary) = self.book.diaries.get_mut(id) {
                        diary.time_off.extend(spans(row));
                    }
                }
            }
            COUNTS => {
                if let Some(service) = row.service_id.and_then(|id| self.services.get_mut(&id)) {
                    // day and count travel in one number
                    service.rules.counts = numbers.iter().map(|n| (Date::from_days((n / 1_000_000) as i32), n % 1_000_000)).collect();
                }
            }
            _ => {}
        }
    }
}

fn spans(row: &Row) -> impl Iterator<Item = Span> + '_ {
    row.froms.iter().flatten().zip(row.tos.iter().flatten()).map(|(from, to)| Span::new(*from, *to))
}

fn kind_of(number: i64) -> BusyKind {
    match number {
        1 => BusyKind::Booking,
        2 => BusyKind::Block,
        _ => BusyKind::Imported,
    }
}

fn service(row: &Row, numbers: &[i64], extra_min: i64) -> Result<LoadedService> {
    let unknown = || Error::internal("a service's row is not as expected");
    let &[is_offered, duration, before, after, step, notice, horizon, day_limit, week_limit] = numbers else { return Err(unknown()) };
    let zone_name = row.word.clone().ok_or_else(unknown)?;
    Ok(LoadedService {
        provider: row.provider_id.ok_or_else(unknown)?,
        is_offered: is_offered == 1,
        rules: Rules {
            zone: zone::stored(&zone_name),
            duration_min: duration + extra_min,
            buffer_before_min: before,
            buffer_after_min: after,
            step_min: step,
            min_notice_min: notice,
            horizon_days: horizon,
            day_limit: (day_limit > 0).then_some(day_limit),
            week_limit: (week_limit > 0).then_some(week_limit),
            counts: Vec::new(),
            assignment: row.word2.as_deref().and_then(AssignmentRule::parse).unwrap_or(AssignmentRule::FirstFree),
            people: Vec::new(),
            needs: Vec::new(),
        },
        zone_name,
    })
}
