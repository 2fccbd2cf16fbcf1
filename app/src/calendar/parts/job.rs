//! One job on the line of today's times.

use crate::kit::{Badge, Icon, Kind, LinkButton, State, format, icon_s};
use domain::booking::model::{Action, Status};
use domain::calendar::{Job, Kind as What, Placed};
use domain::time::Instant;
use leptos::prelude::*;

/// `next` is where acts lead back to; `is_next` marks the job that comes up.
#[component]
pub fn JobItem(of: Placed, now: Instant, is_next: bool, #[prop(into)] next: String) -> impl IntoView {
    let at = view! {
        <p class="at"><time>{format::clock(of.from_min.into())}</time><span class="tiny">{format::clock(of.to_min.into())}</span></p>
    };
    let (What::Booking { id, status }, Some(job)) = (of.entry.kind, of.entry.job.clone()) else {
        return view! { <li class="job" data-state="quiet">{at} {quiet(&of)}</li> }.into_any();
    };
    let href = format!("/bookings/{id}");
    let who = [job.customer_name.clone(), job.place.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let person = of.entry.resource_name.clone();
    match status {
        Status::Completed | Status::NoShow => {
            let badge = if status == Status::Completed {
                view! { <Badge text="Done" state=State::Good icon_before=Icon::CHECK /> }.into_any()
            } else {
                view! { <Badge text="No-show" state=State::Wait /> }.into_any()
            };
            view! {
                <li class="job" data-state="done" data-key=id.to_string()>{at}
                    <div class="card" data-kind="dense"><div class="line">
                        <h2><a class="plain-link" href=href>{of.entry.title.clone()}</a></h2>
                        <span class="muted">{who}</span>
                        <span class="push">{badge}</span>
                        <b class="num">{job.total.to_string()}</b>
                    </div></div>
                </li>
            }
            .into_any()
        }
        Status::InProgress => view! {
            <li class="job" data-state="now" data-key=id.to_string()>{at}
                <article class="card" data-kind="dense">
                    <div class="top">
                        <div><h2><a class="plain-link" href=href.clone()>{of.entry.title.clone()}</a></h2><p class="muted">{who}</p></div>
                        {clock(&of, &job, now)}
                    </div>
                    {progress(&of, &job, now)}
                    {note(&job)}
                    <div class="row acts">
                        {act(&job, Action::Complete, format!("{href}/complete"), next, "Finish job", Icon::CHECK, Kind::Primary, None)}
                        {call(&job)}
                        <LinkButton href=href>"Open"</LinkButton>
                        <span class="push">{money(&job)}</span>
                    </div>
                </article>
            </li>
        }
        .into_any(),
        _ => {
            let badge = (status != Status::Confirmed).then(|| view! { <Badge text=status.label() state=State::Wait /> });
            let new =
                (status == Status::Confirmed && job.is_first_with_us).then(|| view! { <Badge text="New customer" state=State::Note /> });
            let late = job.late_min.map(|minutes| view! { <Badge text=format!("{minutes} min late") state=State::Wait /> });
            let way = job.is_on_the_way.then(|| view! { <Badge text="On the way" state=State::Note icon_before=Icon::CAR /> });
            let acts = (is_next || status == Status::Requested).then(|| {
                view! {
                    <div class="row acts">
                        {act(&job, Action::Start, format!("{href}/start"), next.clone(), "Start", Icon::PLAY, Kind::Edged, Some("dense"))}
                        {(!job.is_on_the_way).then(|| act(&job, Action::OnTheWay, format!("{href}/on-my-way"), next.clone(), "On my way", Icon::CAR, Kind::Edged, Some("dense")))}
                        {call(&job)}
                        <LinkButton href=href.clone() kind=Kind::Plain size="dense">"Open"</LinkButton>
                    </div>
                }
            });
            view! {
                <li class="job" data-state=is_next.then_some("next") data-key=id.to_string()>{at}
                    <article class="card" data-kind="dense" data-tone=of.entry.tone.to_string()>
                        <div class="top">
                            <div>
                                <h2><a class="plain-link" href=href>{of.entry.title.clone()}</a> " " {badge} {new} {way} {late}</h2>
                                <p class="muted">{who} {(!person.is_empty()).then(|| view! { <span class="quiet">" · " {person}</span> })}</p>
                            </div>
                            {money(&job)}
                        </div>
                        {note(&job)}
                        {things(&job)}
                        {acts}
                    </article>
                </li>
            }
            .into_any()
        }
    }
}

/// Blocked, away, or busy elsewhere.
fn quiet(of: &Placed) -> AnyView {
    let why = match of.entry.kind {
        What::TimeOff { .. } => "Away",
        What::Imported => "From another calendar",
        _ => "Blocked",
    };
    view! {
        <div class="card" data-kind="dense"><div class="line">
            <h2>{of.entry.title.clone()}</h2>
            <span class="muted">{of.entry.resource_name.clone()}</span>
            <span class="push tiny muted">{why}</span>
        </div></div>
    }
    .into_any()
}

fn money(job: &Job) -> AnyView {
    let open = job.total.minor - job.paid.minor;
    let tip = if job.tip.is_zero() { String::new() } else { format!(", tip {}", job.tip) };
    if job.is_paid_elsewhere {
        return view! { <span class="money"><b class="num">{job.total.to_string()}</b><span class="tiny muted">"paid elsewhere"</span></span> }.into_any();
    }
    if open > 0 && job.paid.minor > 0 {
        let owed = domain::money::Money::new(open, job.total.currency);
        return view! { <span class="money"><b class="num owed">{owed.to_string()} " owed"</b><span class="tiny muted">{format!("{} is paid", job.paid)}</span></span> }.into_any();
    }
    let line = match (open > 0, job.total.is_zero()) {
        (_, true) => "free of charge".to_owned(),
        (true, _) => "not paid yet".to_owned(),
        (false, _) => format!("paid{tip}"),
    };
    view! { <span class="money"><b class="num">{job.total.to_string()}</b><span class="tiny muted">{line}</span></span> }.into_any()
}

fn clock(of: &Placed, job: &Job, now: Instant) -> AnyView {
    let started = job.started_at.unwrap_or(of.entry.span.starts_at);
    let minutes = ((now - started) / domain::time::MINUTE).max(0);
    view! { <p class="clock"><span class="tiny muted">"Running"</span><b class="num">{format!("{}:{:02} h", minutes / 60, minutes % 60)}</b></p> }.into_any()
}

fn progress(of: &Placed, job: &Job, now: Instant) -> AnyView {
    let started = job.started_at.unwrap_or(of.entry.span.starts_at);
    let planned = of.entry.span.minutes().max(1);
    let done = ((now - started) / domain::time::MINUTE).clamp(0, planned);
    let style = format!("--part: {}%", done * 100 / planned);
    view! { <div class="progress" data-kind="time" role="img" aria-label=format!("{done} of {planned} minutes")><i style=style></i></div> }
        .into_any()
}

fn note(job: &Job) -> AnyView {
    let note =
        (!job.notes.is_empty()).then(|| view! { <p class="note">{icon_s(Icon::MESSAGE_CIRCLE)} <span>{job.notes.clone()}</span></p> });
    let photos = (job.photos > 0).then(|| {
        view! { <p class="note">{icon_s(Icon::IMAGE)} <span>{format::plural(job.photos, "photo", "photos")}</span></p> }
    });
    view! { {note} {photos} }.into_any()
}

fn things(job: &Job) -> AnyView {
    let things = (!job.things.is_empty())
        .then(|| view! { <p class="note">{icon_s(Icon::TRUCK)} <span>{format!("Needs {}.", job.things.join(" and "))}</span></p> });
    view! { {things} }.into_any()
}

fn call(job: &Job) -> AnyView {
    let number: String = job.customer_phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let link = (!number.is_empty()).then(|| view! { <LinkButton href=format!("tel:{number}") size="dense" icon_before=Icon::PHONE label=format!("Call {}", job.customer_name)>"Call"</LinkButton> });
    view! { {link} }.into_any()
}

#[expect(clippy::too_many_arguments, reason = "one form, said once")]
fn act(
    job: &Job,
    action: Action,
    href: String,
    next: String,
    label: &'static str,
    icon: Icon,
    kind: Kind,
    size: Option<&'static str>,
) -> AnyView {
    if !job.actions.contains(&action) {
        return ().into_any();
    }
    view! {
        <form method="post" action=href>
            <input type="hidden" name="next" value=next />
            <button class="button" data-kind=kind.attr() data-size=size>{crate::kit::icon(icon)} {label}</button>
        </form>
    }
    .into_any()
}
