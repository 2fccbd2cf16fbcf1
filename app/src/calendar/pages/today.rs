//! Today: jobs down a line of times, what waits for an answer, what the day earns.

use super::topics;
use crate::calendar::parts::{JobItem, RequestCard, ShownRequest};
use crate::kit::islands::LivePart;
use crate::kit::{Empty, Icon, LinkButton, PriceLine, PriceLines, Segment, Segments, WorkHeader, format};
use domain::booking::model::Status;
use domain::calendar::{CalendarView, Job, Kind as What, Placed};
use domain::id::ProviderId;
use domain::money::Money;
use leptos::prelude::*;

#[derive(Debug, Clone)]
pub struct TodayData {
    pub provider: ProviderId,
    pub view: CalendarView,
    pub requests: Vec<ShownRequest>,
    /// Only the viewer's own jobs are shown; None if the viewer does no jobs.
    pub is_mine: Option<bool>,
}

#[component]
pub fn TodayPage(data: TodayData) -> impl IntoView {
    let TodayData { provider, view, requests, is_mine } = data;
    let desk = format!("/desk/{provider}");
    let now = view.now;
    let Some(day) = view.days.into_iter().next() else { return ().into_any() };
    let jobs: Vec<Job> = day.placed.iter().filter(|p| is_agreed(p)).filter_map(|p| p.entry.job.as_deref().cloned()).collect();
    let last = day.placed.iter().filter(|p| is_agreed(p)).map(|p| p.to_min).max();
    let line = match (jobs.len(), last) {
        (0, _) | (_, None) => "No jobs today".to_owned(),
        (n, Some(last)) => format!("{}, the last ends at {}", format::plural(n as i64, "job", "jobs"), format::clock(last.into())),
    };
    let next = day.placed.iter().position(|p| matches!(p.entry.kind, What::Booking { status: Status::Confirmed, .. }));
    let here = desk.clone();
    let items = day
        .placed
        .into_iter()
        .enumerate()
        .map(|(at, placed)| view! { <JobItem of=placed now=now is_next=Some(at) == next next=here.clone() /> })
        .collect_view();
    let segments = is_mine.map(|mine| {
        let items =
            vec![Segment::new("Mine", format!("{desk}?whose=mine"), mine), Segment::new("Team", format!("{desk}?whose=team"), !mine)];
        view! { <Segments label="Whose day" items=items /> }
    });
    let week = format!("{desk}/calendar");
    let add = format!("{desk}/bookings/new");
    let waiting = waiting(requests, &desk);
    let earned = earned(&jobs);
    let all = jobs.is_empty().then(|| {
        view! {
            <Empty title="A free day" text="Nothing is booked for today yet. New bookings appear here by themselves.">
                <LinkButton href=week>"Look at the week"</LinkButton>
            </Empty>
        }
    });
    view! {
        <div class="live-part" id="today" data-ticks="">
        <WorkHeader title=format::day_long(day.date) line=line>
            {segments}
            <LinkButton href=add size="dense" icon_before=Icon::PLUS>"Booking"</LinkButton>
        </WorkHeader>
        <div class="work-body day-sheet">
            <section aria-label="Jobs today">{all}<ol class="jobs plain">{items}</ol></section>
            <aside class="beside" aria-label="Beside the day">
                {waiting}
                {earned}
            </aside>
        </div>
        </div>
        <LivePart region="today".into() topics=topics(provider) />
    }
    .into_any()
}

fn is_agreed(placed: &Placed) -> bool {
    matches!(placed.entry.kind, What::Booking { status: Status::Confirmed | Status::InProgress | Status::Completed, .. })
}

fn waiting(requests: Vec<ShownRequest>, desk: &str) -> AnyView {
    let count = requests.len();
    let pip = (count > 0).then(|| view! { <span class="pip">{count}</span> });
    let cards = requests.into_iter().map(|request| view! { <RequestCard of=request next=desk.to_owned() /> }).collect_view();
    view! {
        <section aria-labelledby="asks">
            <h2 id="asks">"Waiting for your answer " {pip}</h2>
            {(count == 0).then(|| view! { <p class="small muted">"Nobody is waiting."</p> })}
            <ul class="requests plain">{cards}</ul>
        </section>
    }
    .into_any()
}

/// What today's agreed jobs earn: the same lines as on each booking, added up.
fn earned(jobs: &[Job]) -> AnyView {
    let Some(first) = jobs.first() else { return ().into_any() };
    let currency = first.total.currency;
    let sum = |of: fn(&Job) -> Money| Money::new(jobs.iter().map(|job| of(job).minor).sum(), currency);
    let (total, commission, tips, earned) = (sum(|j| j.total), sum(|j| j.commission), sum(|j| j.tip), sum(|j| j.earned));
    let tax = total.minor - commission.minor - earned.minor;
    let mut lines =
        vec![PriceLine::new(format::plural(jobs.len() as i64, "job", "jobs"), Money::new(total.minor - tips.minor - tax, currency))];
    if !commission.is_zero() {
        lines.push(PriceLine::new("Commission", commission).less());
    }
    if !tips.is_zero() {
        lines.push(PriceLine::new("Tips", tips));
    }
    lines.push(PriceLine::new("You earn", earned).sum());
    view! {
        <section class="card" data-kind="dense" data-pad="" aria-labelledby="money"><h2 id="money">"Today’s money"</h2>
            <div class="small"><PriceLines lines=lines /></div>
        </section>
    }
    .into_any()
}
