//! When someone or something can be booked: weekly hours, exceptions, time off, other calendars, and why a time is not free.

use crate::kit::{
    Badge, Button, Card, Check, Empty, ErrorSummary, Field, Filled, Icon, IconButton, Kind, Notice, Segment, Segments, Select, State,
    WorkHeader,
};
use crate::scheduling::parts::WeekFields;
use domain::id::{CalendarId, ProviderId, ResourceId, TimeOffId};
use domain::scheduling::model::{Explanation, WeekRange};
use domain::time::Date;
use leptos::prelude::*;

/// Whose calendar is on the page.
#[derive(Debug, Clone)]
pub struct Whose {
    /// None: the business itself.
    pub resource: Option<ResourceId>,
    pub name: String,
    pub zone: String,
    pub hours: Vec<WeekRange>,
    /// It follows the business's hours so far.
    pub is_following: bool,
    pub may_edit: bool,
}

#[derive(Debug, Clone)]
pub struct OverrideRow {
    pub date: Date,
    pub day: String,
    /// Such as `10:00–14:00`, or empty when closed.
    pub hours: String,
}

#[derive(Debug, Clone)]
pub struct AwayRow {
    pub id: TimeOffId,
    pub when: String,
    pub reason: String,
}

#[derive(Debug, Clone)]
pub struct CalendarRow {
    pub id: CalendarId,
    pub host: String,
    /// When it was last read and what it holds, or why not.
    pub line: String,
    pub is_failing: bool,
}

/// "Why is it not free?" with its answer.
#[derive(Debug, Clone, Default)]
pub struct Question {
    pub service: String,
    pub date: String,
    pub time: String,
    /// One for each instant that the clock shows so; two when the hour is repeated.
    pub answers: Vec<Explanation>,
    /// The time cannot be asked about.
    pub problem: Option<String>,
}

#[component]
pub fn AvailabilityPage(
    id: ProviderId,
    who: Whose,
    /// The business first, then people and things: id (empty for the business) and name.
    others: Vec<(String, String)>,
    overrides: Vec<OverrideRow>,
    away: Vec<AwayRow>,
    calendars: Vec<CalendarRow>,
    services: Vec<(String, String)>,
    question: Question,
    filled: Filled,
) -> impl IntoView {
    let here = who.resource.map(|resource| resource.to_string()).unwrap_or_default();
    let base = format!("/desk/{id}/availability");
    let link = |key: &str| if key.is_empty() { base.clone() } else { format!("{base}?who={key}") };
    let items = others.iter().map(|(key, name)| Segment::new(name.clone(), link(key), *key == here)).collect();
    let title = if who.resource.is_some() { format!("Hours of {}", who.name) } else { "Hours of the business".to_owned() };
    let is_person_or_thing = who.resource.is_some();
    let may_edit = who.may_edit;
    let zone = who.zone.clone();
    let week = week(who, filled.clone());
    let exceptions = exceptions(overrides, &filled, may_edit);
    let time_off = time_off(away, &filled, may_edit);
    let imported = is_person_or_thing.then(|| imported(calendars, &filled, may_edit));
    let imported = imported.map(|view| view! { <Card title="Other calendars">{view}</Card> });
    let why = why(here, services, question);
    view! {
        <WorkHeader title="Availability" line=format!("Times in {zone}")><Segments label="Whose" items=items /></WorkHeader>
        <div class="work-body availability-body">
            <ErrorSummary filled=filled.clone() />
            {(!may_edit).then(|| view! { <Notice>"You can look at this calendar; its owner and managers change it."</Notice> })}
            <Card title=title>{week}</Card>
            <Card title="Other hours on a date">{exceptions}</Card>
            <Card title="Time off">{time_off}</Card>
            {imported}
            <Card title="Why is a time not free?" id="why">{why}</Card>
        </div>
    }
}

fn week(who: Whose, filled: Filled) -> AnyView {
    let follows = who.is_following.then(|| {
        view! { <Notice state=State::Note>{format!("{} follows the hours of the business. Save other hours here to give {} their own.", who.name, who.name)}</Notice> }
    });
    let clear = (who.resource.is_some() && !who.is_following && who.may_edit).then(|| {
        view! {
            <form method="post">
                <input type="hidden" name="act" value="clear" />
                <Button kind=Kind::Plain size="dense">"Follow the business again"</Button>
            </form>
        }
    });
    if !who.may_edit {
        return view! { {follows} <WeekFields hours=who.hours filled=filled /> }.into_any();
    }
    view! {
        {follows}
        <form method="post" class="stack">
            <input type="hidden" name="act" value="hours" />
            <WeekFields hours=who.hours filled=filled />
            <div class="row"><Button kind=Kind::Primary>"Save weekly hours"</Button></div>
        </form>
        {clear}
    }
    .into_any()
}

fn exceptions(rows: Vec<OverrideRow>, filled: &Filled, may_edit: bool) -> AnyView {
    let list = rows
        .into_iter()
        .map(|row| {
            let hours = if row.hours.is_empty() {
                view! { <Badge text="Closed" state=State::Wait /> }.into_any()
            } else {
                view! { <span class="num">{row.hours}</span> }.into_any()
            };
            let remove = may_edit.then(|| act("remove_override", row.date.to_string(), "Let the weekday hold again"));
            view! { <li class="row" data-fit="between"><span>{row.day}</span><span class="row">{hours} {remove}</span></li> }
        })
        .collect_view();
    let value = |name: &str| filled.value(name);
    let form = may_edit.then(|| {
        view! {
            <form method="post" class="inline-form">
                <input type="hidden" name="act" value="override" />
                <Field label="Date" name="date" kind="date" value=value("date") problem=filled.problem("date") />
                <Field label="From" name="from" kind="time" value=value("from") problem=filled.problem("ranges") optional=true />
                <Field label="To" name="to" kind="time" value=value("to") optional=true />
                <Check label="Closed all day" name="closed" checked=filled.is_on("closed") />
                <Button>"Save this date"</Button>
            </form>
        }
    });
    view! { <p class="small muted">"A date replaces its weekday: open longer, shorter, or not at all."</p> <ul class="plain ruled">{list}</ul> {form} }.into_any()
}

fn time_off(rows: Vec<AwayRow>, filled: &Filled, may_edit: bool) -> AnyView {
    let list = rows
        .into_iter()
        .map(|row| {
            let remove = may_edit.then(|| act("remove_time_off", row.id.to_string(), "Be back"));
            view! { <li class="row" data-fit="between"><div><strong>{row.when}</strong><p class="small muted">{row.reason}</p></div>{remove}</li> }
        })
        .collect_view();
    let value = |name: &str| filled.value(name);
    let form = may_edit.then(|| {
        view! {
            <form method="post" class="inline-form">
                <input type="hidden" name="act" value="time_off" />
                <Field label="First day" name="from_date" kind="date" value=value("from_date") problem=filled.problem("from_date") />
                <Field label="Last day" name="to_date" kind="date" value=value("to_date") problem=filled.problem("to_date") optional=true />
                <Field label="Reason" name="reason" value=value("reason") problem=filled.problem("reason") optional=true maxlength=200 />
                <Button>"Add time off"</Button>
            </form>
        }
    });
    view! { <p class="small muted">"Bookings already made stand; no new ones fall into it."</p> <ul class="plain ruled">{list}</ul> {form} }
        .into_any()
}

fn imported(rows: Vec<CalendarRow>, filled: &Filled, may_edit: bool) -> AnyView {
    let is_empty = rows.is_empty();
    let list = rows
        .into_iter()
        .map(|row| {
            let state = if row.is_failing { State::Bad } else { State::Good };
            let words = if row.is_failing { "Not read" } else { "Read" };
            let tools = may_edit.then(|| view! { {act("refresh", row.id.to_string(), "Read it again now")} {act("remove_calendar", row.id.to_string(), "Stop importing it")} });
            view! {
                <li class="row" data-fit="between">
                    <div><strong>{row.host}</strong> <Badge text=words state=state /><p class="small muted">{row.line}</p></div>
                    <span class="row">{tools}</span>
                </li>
            }
        })
        .collect_view();
    let empty = is_empty.then(|| view! { <Empty title="None yet" icon_before=Icon::CALENDAR_PLUS text="Paste the private address of a calendar you keep elsewhere; what is busy there is not offered here. We only read it." /> });
    let form = may_edit.then(|| {
        view! {
            <form method="post" class="inline-form">
                <input type="hidden" name="act" value="calendar" />
                <Field label="Private address (iCal)" name="url" kind="url" value=filled.value("url") problem=filled.problem("url") placeholder="https://…/basic.ics" autocomplete="off" />
                <Button>"Import"</Button>
            </form>
        }
    });
    view! {
        {empty} <ul class="plain ruled">{list}</ul> {form}
        <p class="small muted">"The other way round: " <a class="link" href="/bookings#feed-title">"your own jobs in the calendar you keep elsewhere"</a> "."</p>
    }
    .into_any()
}

fn why(who: String, services: Vec<(String, String)>, question: Question) -> AnyView {
    if services.is_empty() {
        return view! { <p class="muted">"Add a service first; then ask about any time."</p> }.into_any();
    }
    let answers = question
        .answers
        .into_iter()
        .map(|answer| {
            let state = if answer.is_free { State::Good } else { State::Wait };
            let rules = (answer.because.len() > 1).then(|| {
                let items = answer.because.iter().map(|because| view! { <li>{because.sentence.clone()}</li> }).collect_view();
                view! { <ul>{items}</ul> }
            });
            view! { <Notice state=state announce=true><p class="strong">{answer.summary.clone()}</p> {rules}</Notice> }
        })
        .collect_view();
    let problem = question.problem.map(|sentence| view! { <Notice state=State::Bad announce=true>{sentence}</Notice> });
    view! {
        <form method="get" action="#why" class="inline-form">
            {(!who.is_empty()).then(|| view! { <input type="hidden" name="who" value=who /> })}
            <Select label="Service" name="service" options=services value=question.service />
            <Field label="Date" name="on" kind="date" value=question.date id="why-on" />
            <Field label="Time" name="at" kind="time" value=question.time id="why-at" />
            <Button>"Ask"</Button>
        </form>
        {problem} {answers}
    }
    .into_any()
}

/// A form with one button.
fn act(what: &'static str, id: String, label: &'static str) -> AnyView {
    let of = if what == "refresh" { Icon::REFRESH_CW } else { Icon::X };
    view! {
        <form method="post">
            <input type="hidden" name="act" value=what />
            <input type="hidden" name="id" value=id />
            <IconButton label=label of=of dense=true />
        </form>
    }
    .into_any()
}
