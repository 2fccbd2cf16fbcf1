//! What the booker shows, with local times already in words.

use super::profile::Asked;
use app::kit::Tier;
use app::kit::format;
use app::kit::money::TierState;
use app::kit::slot::ShownDay;
use app::provider::parts::{BookerSlot, BookerView};
use domain::money::{Halves, Money, WHOLE_BP, share};
use domain::provider::model::{CancelTiers, Mode, ServiceView};
use domain::scheduling::zone;
use domain::search::pages::{PROFILE_DAYS, ProfileQuery, ProfileView};
use domain::time::{Date, Instant};

/// The booker of the chosen service, and the refund steps of its chosen time; nothing if nothing can be booked.
pub fn build(view: &ProfileView, query: &ProfileQuery, asked: &Asked, now: Instant) -> (Option<BookerView>, Vec<Tier>) {
    let (Some(availability), Some(chosen)) = (&view.availability, view.services.iter().find(|s| Some(s.id) == view.chosen)) else {
        return (None, Vec::new());
    };
    let local = zone::stored(&availability.zone);
    let base = base(view, query, chosen);
    let wanted: Option<Date> = asked.day.as_deref().and_then(|text| text.parse().ok());
    let picked: Option<Instant> = asked.at.as_deref().and_then(|text| text.parse().ok());
    let wanted = wanted.or(picked.map(|at| zone::local(at, local).date));
    let days = &availability.days;
    let day = days.iter().find(|day| Some(day.date) == wanted).or_else(|| days.iter().find(|day| !day.slots.is_empty())).or(days.first());
    let Some(day) = day else { return (None, Vec::new()) };
    let most = days.iter().map(|d| d.slots.len()).max().unwrap_or(1).max(1);
    let shown = days
        .iter()
        .map(|d| ShownDay {
            date: d.date.to_string(),
            week: if d.date == view.today { "Today".to_owned() } else { format::weekday_short(d.date.weekday()).to_owned() },
            number: d.date.ymd().2.to_string(),
            label: format!("{}, {} free", format::day(d.date), d.slots.len()),
            free_part: (d.slots.len() * 100 / most) as u8,
            is_today: d.date == view.today,
            is_chosen: d.date == day.date,
            href: format!("{base}&from={}&day={}#times", days[0].date, d.date),
        })
        .collect();
    let slots: Vec<BookerSlot> = day
        .slots
        .iter()
        .map(|slot| {
            let starts = zone::local(slot.starts_at, local);
            let range = format::clock_range(starts.minute.into(), i64::from(starts.minute) + chosen.duration_min);
            BookerSlot {
                starts_at: slot.starts_at,
                time: format::clock(starts.minute.into()),
                line: format!("{}, {range}", format::day(starts.date)),
                until: until(&chosen.cancel_tiers, slot.starts_at, now, local),
                is_chosen: Some(slot.starts_at) == picked,
            }
        })
        .collect();
    let tiers = slots
        .iter()
        .find(|slot| slot.is_chosen)
        .or(slots.first())
        .map(|slot| tiers(chosen, slot.starts_at, now, local))
        .unwrap_or_default();
    let first = days[0].date;
    let step = |days: i32| format!("{base}&from={}#times", first.plus_days(days));
    let next_free = view.next_of_chosen.as_ref().filter(|time| slots.is_empty() && time.date != day.date).map(|time| {
        let words = format!("Next free: {}, {}", format::day_near(time.date, view.today), format::clock(time.minute.into()));
        (words, format!("{base}&day={}#times", time.date))
    });
    let is_online = chosen.mode == Mode::Online;
    let booker = BookerView {
        slug: view.provider.slug.clone(),
        services: view.services.clone(),
        chosen: chosen.clone(),
        with: query.with.filter(|id| chosen.people.iter().any(|person| person.resource_id == *id)),
        month: format::month_year(first),
        days: shown,
        earlier: (first > view.today).then(|| step((view.today.days() - first.days()).max(-PROFILE_DAYS))),
        later: (i64::from(first.days() - view.today.days()) + i64::from(PROFILE_DAYS) <= chosen.horizon_days).then(|| step(PROFILE_DAYS)),
        day_title: format::day_long(day.date),
        slots,
        next_free,
        zone_note: is_online.then(|| format!("Times in {}", availability.zone)),
        hold_min: chosen.hold_min,
    };
    (Some(booker), tiers)
}

fn base(view: &ProfileView, query: &ProfileQuery, chosen: &ServiceView) -> String {
    let with = query.with.map(|id| format!("&with={id}")).unwrap_or_default();
    format!("/p/{}?service={}{with}", view.provider.slug, chosen.id)
}

/// `Thu 11 June, 14:00`
fn moment(at: Instant, local: chrono_tz::Tz) -> String {
    let read = zone::local(at, local);
    format!("{}, {}", format::day(read.date), format::clock(read.minute.into()))
}

/// The best that a cancellation still gets, in words.
fn until(tiers: &CancelTiers, starts_at: Instant, now: Instant, local: chrono_tz::Tz) -> String {
    let current = tiers.0.iter().map(|tier| (starts_at.plus_minutes(-tier.before_min), tier.refund_bp)).find(|(end, _)| *end > now);
    match current {
        Some((end, WHOLE_BP)) => format!("Free cancellation until {}", moment(end, local)),
        Some((end, bp)) => format!("{} comes back until {}", format::percent(bp), moment(end, local)),
        None => "Nothing comes back after the start".to_owned(),
    }
}

fn tiers(service: &ServiceView, starts_at: Instant, now: Instant, local: chrono_tz::Tz) -> Vec<Tier> {
    let mut is_now_found = false;
    let mut rows: Vec<Tier> = service
        .cancel_tiers
        .0
        .iter()
        .map(|tier| {
            let end = starts_at.plus_minutes(-tier.before_min);
            let state = match (end <= now, is_now_found) {
                (true, _) => TierState::Past,
                (false, true) => TierState::Ahead,
                (false, false) => {
                    is_now_found = true;
                    TierState::Now { at: 0 }
                }
            };
            let part = Money::new(share(service.price.minor, tier.refund_bp, WHOLE_BP, Halves::Up), service.price.currency);
            let why = if tier.before_min == 0 { "the start".to_owned() } else { format!("{} before", format::duration(tier.before_min)) };
            Tier { when: format!("Until {}", moment(end, local)), why, part: part.to_string(), state }
        })
        .collect();
    let nothing = Money::zero(service.price.currency).to_string();
    rows.push(Tier { when: "After the start".to_owned(), why: "or not at home".to_owned(), part: nothing, state: TierState::None });
    rows
}
