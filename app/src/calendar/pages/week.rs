//! The calendar: a week, or a day; on a phone one day under a strip of seven.

use super::topics;
use crate::calendar::islands::{CalendarDrag, CalendarDragProps};
use crate::calendar::parts::{AllDay, DayColumn, Legend};
use crate::kit::islands::LivePart;
use crate::kit::{Icon, IconButton, LinkButton, Segment, Segments, format};
use domain::calendar::CalendarView;
use domain::id::{ProviderId, ResourceId};
use domain::time::Date;
use leptos::prelude::*;

#[derive(Debug, Clone)]
pub struct WeekData {
    pub provider: ProviderId,
    pub view: CalendarView,
    /// One day instead of seven.
    pub is_day: bool,
    pub only: Option<ResourceId>,
}

#[component]
pub fn WeekPage(data: WeekData) -> impl IntoView {
    let WeekData { provider, view, is_day, only } = data;
    let desk = format!("/desk/{provider}");
    let Some((first, last)) = view.days.first().map(|day| day.date).zip(view.days.last().map(|day| day.date)) else { return ().into_any() };
    let step = if is_day { 1 } else { 7 };
    let link = |from: Date, is_day: bool, only: Option<ResourceId>| {
        let kind = if is_day { "day" } else { "week" };
        let only = only.map_or_else(String::new, |id| format!("&only={id}"));
        format!("{desk}/calendar?view={kind}&from={from}{only}")
    };
    let title = if is_day { format::day_long(first) } else { range(first, last) };
    let unit = if is_day { "Day" } else { "Week" };
    let views = vec![
        Segment::new(
            "Day",
            link(if (first.days()..=last.days()).contains(&view.today.days()) { view.today } else { first }, true, only),
            is_day,
        ),
        Segment::new("Week", link(monday(first), false, only), !is_day),
    ];
    let hours = view.hours();
    let hours_of_day = (hours.0..hours.1).map(|hour| {
        let is_near = view.days.iter().any(|d| d.date == view.today) && (view.now_min - hour * 60).abs() < 15;
        view! { <span class=is_near.then_some("near")>{format::clock(i64::from(hour) * 60)}</span> }
    });
    let has_today = view.days.iter().any(|day| day.date == view.today);
    let now = (has_today && (hours.0 * 60..hours.1 * 60).contains(&view.now_min)).then(|| {
        let at = f64::from(view.now_min - hours.0 * 60) / 15.0;
        view! { <span class="now" style=format!("--at: {at}")>{format::clock(view.now_min.into())}</span> }
    });
    let people = view
        .lanes
        .iter()
        .map(|lane| {
            let is_on = only == Some(lane.id);
            let href = link(first, is_day, (!is_on).then_some(lane.id));
            view! {
                <a class="chip" data-tone=lane.tone.to_string() href=href aria-current=is_on.then_some("true") data-off=(only.is_some() && !is_on).then_some("")>
                    <i class="swatch"></i> {lane.name.clone()}
                </a>
            }
        })
        .collect_view();
    let shown = view.days.iter().position(|day| day.date == view.today).unwrap_or(0);
    let today = view.today;
    let pick = view.days.iter().enumerate().map(|(at, day)| pick(at, day.date, today, shown, busy_part(day))).collect_view();
    let heads = view
        .days
        .iter()
        .enumerate()
        .map(|(at, day)| {
            let (_, _, date) = day.date.ymd();
            view! {
                <div class="head" data-d=at.to_string() aria-current=(day.date == today).then_some("date")>
                    <span>{format::weekday_short(day.date.weekday())}</span> " " <b class="num">{date}</b>
                </div>
            }
        })
        .collect_view();
    let all_days = view
        .days
        .iter()
        .enumerate()
        .map(|(at, day)| view! { <AllDay entries=day.all_day.clone() at=at desk=desk.clone() /> })
        .collect_view();
    let drag = CalendarDragProps {
        desk: desk.clone(),
        first_min: hours.0 * 60,
        rows: (hours.1 - hours.0) * 4,
        only: only.map_or_else(String::new, |id| id.to_string()),
    };
    // Nobody writes into the past: within this week it is today.
    let day = if view.days.iter().any(|day| day.date == today) { today } else { first };
    let (new_booking, new_block) = (format!("{desk}/bookings/new?date={day}"), format!("{desk}/blocks/new?date={day}"));
    let booked = format!("{} of {}", hours_of(view.booked_min), hours_of(view.open_min));
    let now_min = view.now_min;
    let columns = view
        .days
        .clone()
        .into_iter()
        .enumerate()
        .map(|(at, day)| {
            let now = (day.date == today).then_some(now_min);
            view! { <DayColumn day=day at=at hours=hours now_min=now desk=desk.clone() /> }
        })
        .collect_view();
    let style = format!("--rows: {}; --days: {}", (hours.1 - hours.0) * 4, view.days.len());
    view! {
        <div class="live-part" id="calendar" data-ticks="">
        <header class="work-header">
            <div class="row when">
                <h1>{title}</h1>
                <span class="row steps-nav">
                    <IconButton label=format!("{unit} before") of=Icon::CHEVRON_LEFT href=link(first.plus_days(-step), is_day, only) kind="edged" dense=true />
                    <LinkButton href=link(if is_day { today } else { monday(today) }, is_day, only) size="dense">"Today"</LinkButton>
                    <IconButton label=format!("{unit} after") of=Icon::CHEVRON_RIGHT href=link(first.plus_days(step), is_day, only) kind="edged" dense=true />
                </span>
            </div>
            <div class="tools">
                <Segments label="View" items=views />
                <LinkButton href=new_block size="dense">"Block time"</LinkButton>
                <LinkButton href=new_booking size="dense" icon_before=Icon::PLUS>"Booking"</LinkButton>
            </div>
        </header>
        <div class="week-page">
            <div class="under">
                <div class="chips people" role="group" aria-label="Who is shown">{people}</div>
                <p class="tiny muted">"Booked " <b class="num">{booked}</b></p>
                <Legend />
            </div>
            {(!is_day).then(|| view! { <div class="days pick-day" role="radiogroup" aria-label="Day">{pick}</div> })}
            <div class="week-scroll" tabindex="0" role="region" aria-label=format!("Calendar, {}", range(first, last)) data-day=is_day.then_some("")>
                <div class="week-grid" style=style>
                    <div class="corner"></div>
                    {heads}
                    <div class="corner all">"All day"</div>
                    {all_days}
                    <div class="hours" aria-hidden="true">{hours_of_day.collect_view()} {now}</div>
                    {columns}
                </div>
            </div>
            {CalendarDrag(drag)}
        </div>
        </div>
        <LivePart region="calendar".into() topics=topics(provider) />
    }
    .into_any()
}

/// The Monday of that week.
pub fn monday(date: Date) -> Date {
    date.plus_days(1 - i32::from(date.weekday()))
}

/// `8–14 June 2026`, `29 June – 5 July 2026`.
fn range(first: Date, last: Date) -> String {
    let ((_, month, day), (_, last_month, _)) = (first.ymd(), last.ymd());
    match (first == last, month == last_month) {
        (true, _) => format::date(first),
        (_, true) => format!("{day}–{}", format::date(last)),
        _ => format!("{} – {}", format::day_month(first), format::date(last)),
    }
}

/// `47.5 h`
fn hours_of(minutes: i64) -> String {
    let tenths = (minutes * 10 + 30) / 60;
    if tenths % 10 == 0 { format!("{} h", tenths / 10) } else { format!("{}.{} h", tenths / 10, tenths % 10) }
}

/// How much of the open time is taken, 0 to 100.
fn busy_part(day: &domain::calendar::Day) -> i64 {
    let open: i32 = day.open.iter().map(|(from, to)| to - from).sum();
    let taken: i32 = day.placed.iter().map(|placed| (placed.to_min - placed.from_min) / placed.lanes.max(1) as i32).sum();
    if open == 0 { 0 } else { i64::from((taken * 100 / open).min(100)) }
}

fn pick(at: usize, date: Date, today: Date, shown: usize, part: i64) -> AnyView {
    let (_, _, day) = date.ymd();
    view! {
        <label class="day-button" data-today=(date == today).then_some("")>
            <input type="radio" name="shown" value=at.to_string() checked=at == shown aria-label=format::day(date) />
            <span class="week">{format::weekday_short(date.weekday())}</span>
            <span class="date">{day}</span>
            <span class="free" style=format!("--part: {part}%")><i></i></span>
        </label>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn a_week_begins_on_monday_and_reads_as_people_write_it() {
        assert_eq!(monday(date("2026-06-14")), date("2026-06-08"));
        assert_eq!(monday(date("2026-06-08")), date("2026-06-08"));
        assert_eq!(range(date("2026-06-08"), date("2026-06-14")), "8–14 June 2026");
        assert_eq!(range(date("2026-06-29"), date("2026-07-05")), "29 June – 5 July 2026");
        assert_eq!(hours_of(2850), "47.5 h");
    }
}
