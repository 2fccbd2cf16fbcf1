//! The availability page of a provider's workspace; blocked time is in `scheduling/block.rs`.

mod block;

use super::caller::{Caller, PageError};
use super::form::{Sent, refuse};
use super::provider::workplace;
use super::render::{page, redirect_with_notice};
use crate::state::AppState;
use app::kit::{Filled, format};
use app::scheduling::pages::{AvailabilityPage, AwayRow, CalendarRow, OverrideRow, Question, Whose};
use app::shell::Frame;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use domain::ctx::{Ctx, StaffRole};
use domain::error::{Error, Fields, Result};
use domain::id::{ProviderId, ResourceId};
use domain::provider;
use domain::provider::model::{ProviderView, ResourceView};
use domain::scheduling;
use domain::scheduling::model::{Explanation, ScheduleView, TimeOffInput, TimeOffView, WeekRange};
use domain::scheduling::zone::{self, Meaning};
use domain::time::{Date, Instant, minute_of};
use leptos::prelude::*;
use serde::Deserialize;

#[derive(Deserialize, Default)]
struct Asked {
    /// A resource; absent or empty: the business itself.
    who: Option<String>,
    service: Option<String>,
    on: Option<String>,
    at: Option<String>,
}

async fn show(Caller(ctx): Caller, Path(id): Path<ProviderId>, Query(asked): Query<Asked>) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let frame = Frame::workspace("Availability", id, place.name.clone());
    let view = availability(&ctx, place, &asked).await?;
    Ok(page(&ctx, frame, view(Filled::default())))
}

async fn change(Caller(ctx): Caller, Path(id): Path<ProviderId>, Query(asked): Query<Asked>, sent: Sent) -> Result<Response, PageError> {
    let place = workplace(&ctx, id).await?;
    let resource = resource_of(&asked)?;
    match act(&ctx, id, resource, &sent).await {
        Ok(notice) => {
            let query = resource.map(|resource| format!("?who={resource}")).unwrap_or_default();
            Ok(redirect_with_notice(&format!("/desk/{id}/availability{query}"), notice))
        }
        Err(error) => {
            let frame = Frame::workspace("Availability", id, place.name.clone());
            let view = availability(&ctx, place, &asked).await?;
            refuse(&ctx, frame, sent, error, view)
        }
    }
}

/// One of the page's forms; gives the sentence to show.
async fn act(ctx: &Ctx, id: ProviderId, resource: Option<ResourceId>, sent: &Sent) -> Result<&'static str> {
    let of = sent.text("id");
    match sent.text("act") {
        "hours" => scheduling::set_hours(ctx, id, resource, None, week_of(sent)?).await.map(|()| "Weekly hours saved."),
        "clear" => {
            scheduling::clear_hours(ctx, id, resource.ok_or(Error::NotFound)?).await.map(|()| "The hours of the business hold again.")
        }
        "override" => {
            scheduling::set_override(ctx, id, resource, date_of(sent, "date")?, ranges_of(sent)?).await.map(|()| "The date is saved.")
        }
        "remove_override" => {
            let date = of.parse().map_err(|_| Error::NotFound)?;
            scheduling::remove_override(ctx, id, resource, date).await.map(|()| "The weekday holds again.")
        }
        "time_off" => {
            let to_date = if sent.text("to_date").is_empty() { None } else { Some(date_of(sent, "to_date")?) };
            let reason = sent.text("reason").to_owned();
            let input = TimeOffInput {
                resource_id: resource,
                from_date: Some(date_of(sent, "from_date")?),
                to_date,
                reason,
                ..TimeOffInput::default()
            };
            scheduling::add_time_off(ctx, id, input).await.map(|_| "Time off added. Bookings already made stand.")
        }
        "remove_time_off" => {
            scheduling::remove_time_off(ctx, id, of.parse().map_err(|_| Error::NotFound)?).await.map(|()| "Time off removed.")
        }
        "calendar" => {
            let resource = resource.ok_or(Error::NotFound)?;
            scheduling::add_calendar(ctx, id, resource, sent.text("url")).await.map(|_| "The calendar is being read.")
        }
        "remove_calendar" => scheduling::remove_calendar(ctx, id, of.parse().map_err(|_| Error::NotFound)?)
            .await
            .map(|()| "The calendar is no longer imported."),
        "refresh" => {
            scheduling::refresh_calendar(ctx, id, of.parse().map_err(|_| Error::NotFound)?).await.map(|()| "It is being read again.")
        }
        _ => Err(Error::NotFound),
    }
}

type Show = Box<dyn FnOnce(Filled) -> AnyView + Send>;

async fn availability(ctx: &Ctx, place: ProviderView, asked: &Asked) -> Result<Show> {
    let id = place.id;
    let resource = resource_of(asked)?;
    let resources = provider::list_resources(ctx, id).await?;
    let schedules = scheduling::list_schedules(ctx, id).await?;
    let services = provider::list_services(ctx, id).await?;
    let mine = |one: &Option<ResourceId>| *one == resource;
    let away: Vec<AwayRow> = scheduling::list_time_off(ctx, id)
        .await?
        .iter()
        .filter(|off| mine(&off.resource_id))
        .map(|off| away_row(off, &place.zone))
        .collect();
    let calendars = calendar_rows(ctx, id, resource).await?;
    let own = schedules.iter().find(|schedule| mine(&schedule.resource_id));
    let overrides = own.map(override_rows).unwrap_or_default();
    let who = whose(ctx, &place, resource, &resources, &schedules)?;
    let mut others = vec![(String::new(), "Business".to_owned())];
    others.extend(resources.iter().map(|one| (one.id.to_string(), one.name.clone())));
    let question = answer(ctx, id, &place.zone, asked).await?;
    let services: Vec<(String, String)> = services.into_iter().map(|service| (service.id.to_string(), service.name)).collect();
    Ok(Box::new(move |filled| {
        view! {
            <AvailabilityPage
                id=id
                who=who
                others=others
                overrides=overrides
                away=away
                calendars=calendars
                services=services
                question=question
                filled=filled
            />
        }
        .into_any()
    }))
}

fn whose(
    ctx: &Ctx,
    place: &ProviderView,
    resource: Option<ResourceId>,
    resources: &[ResourceView],
    schedules: &[ScheduleView],
) -> Result<Whose> {
    let is_manager = ctx.is_staff(place.id, StaffRole::Manager);
    let own = schedules.iter().find(|schedule| schedule.resource_id == resource);
    let house = schedules.iter().find(|schedule| schedule.resource_id.is_none());
    let shown = own.or(house);
    let one = resource.map(|id| resources.iter().find(|one| one.id == id).ok_or(Error::NotFound)).transpose()?;
    Ok(Whose {
        resource,
        name: one.map_or_else(|| place.name.clone(), |one| one.name.clone()),
        zone: shown.map_or_else(|| place.zone.clone(), |schedule| schedule.zone.clone()),
        hours: shown.map(|schedule| schedule.hours.clone()).unwrap_or_default(),
        is_following: resource.is_some() && own.is_none(),
        may_edit: is_manager || one.is_some_and(|one| one.account_id.is_some() && one.account_id == ctx.account_id()),
    })
}

fn override_rows(schedule: &ScheduleView) -> Vec<OverrideRow> {
    let mut rows: Vec<OverrideRow> = Vec::new();
    for range in &schedule.overrides {
        let hours =
            if range.from_min == range.to_min { String::new() } else { format::clock_range(range.from_min.into(), range.to_min.into()) };
        match rows.last_mut() {
            Some(last) if last.date == range.date => last.hours = format!("{}, {hours}", last.hours),
            _ => rows.push(OverrideRow { date: range.date, day: format::day_long(range.date), hours }),
        }
    }
    rows
}

/// Whole days as dates; anything else with its times.
fn away_row(off: &TimeOffView, zone_name: &str) -> AwayRow {
    let from = zone::local_in(off.during.starts_at, zone_name);
    let last = zone::local_in(off.during.ends_at + -1, zone_name);
    let is_whole = from.minute == 0 && last.minute == 1439;
    let stamp = |local: zone::LocalTime, minute: i32| format!("{} {}", format::day(local.date), format::clock(minute.into()));
    let when = match (is_whole, from.date == last.date) {
        (true, true) => format::day_long(from.date),
        (true, false) => format!("{} to {}", format::day_long(from.date), format::day_long(last.date)),
        (false, _) => format!("{} to {}", stamp(from, from.minute), stamp(last, last.minute + 1)),
    };
    AwayRow { id: off.id, when, reason: off.reason.clone() }
}

async fn calendar_rows(ctx: &Ctx, id: ProviderId, resource: Option<ResourceId>) -> Result<Vec<CalendarRow>> {
    let now = ctx.now();
    let known = scheduling::list_calendars(ctx, id).await?;
    let rows = known.into_iter().filter(|calendar| Some(calendar.resource_id) == resource).map(|calendar| {
        let line = match (&calendar.failure, calendar.fetched_at) {
            (Some(failure), Some(at)) => format!("{failure} Last read {}.", format::relative(at, now)),
            (Some(failure), None) => failure.clone(),
            (None, Some(at)) => {
                format!("{}, read {}.", format::plural(calendar.busy_count, "busy time", "busy times"), format::relative(at, now))
            }
            (None, None) => "It is being read for the first time.".to_owned(),
        };
        CalendarRow { id: calendar.id, host: calendar.host, line, is_failing: calendar.failure.is_some() }
    });
    Ok(rows.collect())
}

/// Why the asked time is not free, for each instant the clock shows so.
async fn answer(ctx: &Ctx, id: ProviderId, zone_name: &str, asked: &Asked) -> Result<Question> {
    let (Some(service), Some(on), Some(at)) = (&asked.service, &asked.on, &asked.at) else { return Ok(Question::default()) };
    let mut question = Question { service: service.clone(), date: on.clone(), time: at.clone(), ..Question::default() };
    let (Ok(service), Ok(date), Some(minute)) = (service.parse(), on.parse::<Date>(), minute_of(at)) else {
        question.problem = Some("Choose a service, a date and a time.".to_owned());
        return Ok(question);
    };
    let instants: Vec<Instant> = match zone::instant(date, minute, zone::stored(zone_name)) {
        Meaning::Never => {
            question.problem = Some("The clocks go forward over this time; it does not exist on that date.".to_owned());
            Vec::new()
        }
        Meaning::Once(at) => vec![at],
        Meaning::Twice(first, second) => vec![first, second],
    };
    for instant in instants {
        match scheduling::explain(ctx, id, service, instant).await {
            Ok(explanation) => question.answers.push(said_twice(explanation, question.answers.len())),
            Err(error @ (Error::Invalid(_) | Error::NotFound)) => question.problem = Some(error.sentence()),
            Err(error) => return Err(error),
        }
    }
    Ok(question)
}

/// The second of a repeated hour says so.
fn said_twice(mut explanation: Explanation, before: usize) -> Explanation {
    if before > 0 {
        explanation.summary = format!("When the clock shows it the second time: {}", explanation.summary);
    }
    explanation
}

fn resource_of(asked: &Asked) -> Result<Option<ResourceId>> {
    asked.who.as_deref().filter(|who| !who.is_empty()).map(str::parse).transpose().map_err(|_| Error::NotFound)
}

/// The week from the painted grid, or from the time fields.
pub fn week_of(sent: &Sent) -> Result<Vec<WeekRange>> {
    let painted = sent.text("painted");
    if !painted.is_empty() {
        return painted_week(painted).ok_or_else(|| Fields::one("hours", "These hours could not be read. Type them instead.").into());
    }
    let mut week = Vec::new();
    for weekday in 1..=7_u8 {
        for at in 0..12 {
            let (from, to) = (sent.text(&format!("h{weekday}_{at}_from")), sent.text(&format!("h{weekday}_{at}_to")));
            if from.is_empty() && to.is_empty() {
                continue;
            }
            let (from_min, to_min) = range_of(from, to).ok_or_else(|| {
                Fields::one(
                    "hours",
                    format!("{}: give both a beginning and an end, such as 09:00 and 17:30.", format::weekday_name(weekday)),
                )
            })?;
            week.push(WeekRange { weekday, from_min, to_min });
        }
    }
    Ok(week)
}

/// `1:540-720,2:600-660`, or `-` for closed.
fn painted_week(text: &str) -> Option<Vec<WeekRange>> {
    if text == "-" {
        return Some(Vec::new());
    }
    text.split(',')
        .take(200)
        .map(|part| {
            let (weekday, range) = part.split_once(':')?;
            let (from, to) = range.split_once('-')?;
            Some(WeekRange { weekday: weekday.parse().ok()?, from_min: from.parse().ok()?, to_min: to.parse().ok()? })
        })
        .collect()
}

/// No ranges for a closed date.
fn ranges_of(sent: &Sent) -> Result<Vec<(i32, i32)>> {
    if !sent.text("closed").is_empty() {
        return Ok(Vec::new());
    }
    let range = range_of(sent.text("from"), sent.text("to"));
    Ok(vec![range.ok_or_else(|| Fields::one("ranges", "Give a beginning and an end, or choose closed all day."))?])
}

/// An end at or before the beginning is meant on the next day.
fn range_of(from: &str, to: &str) -> Option<(i32, i32)> {
    let (from, to) = (minute_of(from)?, minute_of(to)?);
    Some((from, if to <= from { to + 1440 } else { to }))
}

fn date_of(sent: &Sent, name: &str) -> Result<Date> {
    sent.text(name).parse().map_err(|_| Fields::one(name, "Choose a date.").into())
}

pub fn router() -> axum::Router<AppState> {
    axum::Router::new().route("/desk/{provider}/availability", get(show).post(change)).merge(block::router())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_read_from_fields_and_from_paint() {
        let sent = |pairs: &[(&str, &str)]| Sent(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        let week =
            week_of(&sent(&[("h1_0_from", "09:00"), ("h1_0_to", "17:30"), ("h5_1_from", "22:00"), ("h5_1_to", "02:00")])).expect("a week");
        let range = |weekday, from_min, to_min| WeekRange { weekday, from_min, to_min };
        assert_eq!(week, [range(1, 540, 1050), range(5, 1320, 1560)]);
        assert_eq!(week_of(&sent(&[("painted", "3:600-660"), ("h1_0_from", "09:00")])).expect("painted"), [range(3, 600, 660)]);
        assert!(week_of(&sent(&[("painted", "-")])).expect("closed").is_empty());
        for bad in [[("h1_0_from", "09:00"), ("h1_0_to", "")], [("painted", "x"), ("h1_0_to", "")]] {
            assert!(week_of(&sent(&bad)).is_err());
        }
    }
}
