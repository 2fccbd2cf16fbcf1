//! The booker: service, person, day, time, continue. One form that posts to `/book`; everything above the times is links.

use crate::kit::slot::ShownDay;
use crate::kit::{Button, DayStrip, Empty, Icon, Kind, LinkButton, Segment, Segments, format, icon};
use domain::id::ResourceId;
use domain::provider::model::ServiceView;
use domain::time::Instant;
use leptos::prelude::*;

/// What the booker shows; local times are converted already.
#[derive(Debug, Clone)]
pub struct BookerView {
    pub slug: String,
    /// Everything that can be booked, for the list.
    pub services: Vec<ServiceView>,
    pub chosen: ServiceView,
    pub with: Option<ResourceId>,
    /// `June 2026`
    pub month: String,
    pub days: Vec<ShownDay>,
    pub earlier: Option<String>,
    pub later: Option<String>,
    /// `Friday 12 June`
    pub day_title: String,
    pub slots: Vec<BookerSlot>,
    /// The next day with a free time, when this one has none: words and address.
    pub next_free: Option<(String, String)>,
    /// `Times in Europe/Lisbon`, when the viewer may think otherwise.
    pub zone_note: Option<String>,
    pub hold_min: i64,
}

#[derive(Debug, Clone)]
pub struct BookerSlot {
    pub starts_at: Instant,
    /// `14:00`
    pub time: String,
    /// `Fri 12 June, 14:00–15:30`
    pub line: String,
    /// `Free cancellation until Thu 11 June, 14:00`
    pub until: String,
    pub is_chosen: bool,
}

impl BookerView {
    fn chosen_slot(&self) -> Option<&BookerSlot> {
        self.slots.iter().find(|slot| slot.is_chosen)
    }
}

fn service_line(service: &ServiceView) -> String {
    format!("{} · {} · {}", service.name, format::duration(service.duration_min), service.price)
}

#[component]
pub fn Booker(view: BookerView) -> impl IntoView {
    let summary = view.chosen_slot().map(|slot| (slot.line.clone(), slot.until.clone()));
    let (line, until) = summary.unwrap_or_else(|| ("Choose a time".to_owned(), String::new()));
    let hold = view.hold_min;
    let price = view.chosen.price.to_string();
    let needs_approval = view.chosen.needs_approval;
    let has_slots = !view.slots.is_empty();
    let explain = format!("/p/{}/why?service={}", view.slug, view.chosen.id);
    view! {
        <div class="booker card" data-lift="2">
            <h2 class="hidden-visually" id="book">"Choose a time"</h2>
            {service_choice(&view)}
            {people(&view)}
            {days(&view)}
            <form class="times-form" id="booker" method="post" action="/book">
                <input type="hidden" name="service_id" value=view.chosen.id.to_string() />
                {view.with.map(|id| view! { <input type="hidden" name="resource_id" value=id.to_string() /> })}
                {times(&view)}
                {add_ons(&view.chosen)}
                {has_slots.then(|| {
                    view! {
                        <div class="go">
                            <div>
                                <p class="row" data-fit="between"><b data-shows="line">{line}</b><b class="num total">{price}</b></p>
                                <p class="tiny muted" data-shows="until">{until}</p>
                            </div>
                            <Button kind=Kind::Primary full=true>{if needs_approval { "Ask for this time" } else { "Continue" }}</Button>
                            <p class="tiny muted center">{format!("Held for {hold} minutes. Nothing is charged yet.")}</p>
                        </div>
                    }
                })}
            </form>
        </div>
        <p class="small muted center"><a class="link" href=explain>"Why is a time not offered?"</a></p>
    }
}

/// A list that goes to the chosen service by itself; without scripting a button does.
fn service_choice(view: &BookerView) -> impl IntoView + use<> {
    let chosen = view.chosen.id;
    let options = view
        .services
        .iter()
        .map(|service| view! { <option value=service.id.to_string() selected=service.id == chosen>{service_line(service)}</option> })
        .collect_view();
    view! {
        <form class="field" action=format!("/p/{}", view.slug) data-nav="">
            <label for="service">"Service"</label>
            <span class="select"><select class="input" id="service" name="service">{options}</select></span>
            <noscript><Button size="dense">"Show its times"</Button></noscript>
        </form>
    }
}

fn people(view: &BookerView) -> Option<impl IntoView + use<>> {
    if view.chosen.people.len() < 2 {
        return None;
    }
    let base = format!("/p/{}?service={}", view.slug, view.chosen.id);
    let mut items = vec![Segment::new("Anyone", format!("{base}#times"), view.with.is_none())];
    items.extend(view.chosen.people.iter().map(|person| {
        let first = person.name.split_whitespace().next().unwrap_or_default();
        Segment::new(first, format!("{base}&with={}#times", person.resource_id), view.with == Some(person.resource_id))
    }));
    Some(view! { <div class="with"><span class="small strong">"With"</span><Segments label="With" items=items is_nav=true /></div> })
}

fn days(view: &BookerView) -> impl IntoView + use<> {
    let turn = |href: Option<String>, label: &'static str, of: Icon| match href {
        Some(href) => view! { <a class="icon-button" data-size="dense" href=href data-nav="" aria-label=label>{icon(of)}</a> }.into_any(),
        None => view! { <span class="icon-button" data-size="dense" aria-disabled="true">{icon(of)}</span> }.into_any(),
    };
    view! {
        <div class="pick">
            <p class="row legend" data-fit="between"><span class="strong">{view.month.clone()}</span></p>
            <div class="turn">
                {turn(view.earlier.clone(), "Earlier days", Icon::CHEVRON_LEFT)} {turn(view.later.clone(), "Later days", Icon::CHEVRON_RIGHT)}
            </div>
            <DayStrip days=view.days.clone() />
        </div>
    }
}

fn times(view: &BookerView) -> AnyView {
    if view.slots.is_empty() {
        let next = view.next_free.clone();
        let text = if next.is_some() {
            "Everything is taken or closed on this day."
        } else {
            "Nothing is free in these weeks. Another service, or another person, may be."
        };
        return view! {
            <Empty title=format!("Nothing free, {}", view.day_title) text=text>
                {next.map(|(words, href)| view! { <LinkButton href=href>{words}</LinkButton> })}
            </Empty>
        }
        .into_any();
    }
    let count = view.slots.len();
    let slots = view
        .slots
        .iter()
        .map(|slot| {
            view! {
                <label class="slot">
                    <input
                        type="radio"
                        name="starts_at"
                        required=true
                        value=slot.starts_at.to_string()
                        checked=slot.is_chosen
                        data-line=slot.line.clone()
                        data-until=slot.until.clone()
                    />
                    <time datetime=slot.starts_at.to_string()>{slot.time.clone()}</time>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="pick">
            <legend class="row"><span class="strong">{view.day_title.clone()}</span> <span class="small muted">{format!("{count} free")}</span></legend>
            <div class="slots" data-fit="thirds">{slots}</div>
            <p class="live-note" role="status" hidden></p>
            {view.zone_note.clone().map(|note| view! { <p class="tiny muted">{note}</p> })}
        </fieldset>
    }
    .into_any()
}

fn add_ons(service: &ServiceView) -> Option<impl IntoView + use<>> {
    if service.add_ons.is_empty() {
        return None;
    }
    let items = service
        .add_ons
        .iter()
        .map(|add_on| {
            let more = if add_on.extra_min > 0 { format!(", {} longer", format::duration(add_on.extra_min)) } else { String::new() };
            view! {
                <label class="check">
                    <input type="checkbox" name="add_on" value=add_on.id.to_string() />
                    <span>{add_on.name.clone()}<span class="muted small">{format!(", {}{more}", add_on.price)}</span></span>
                </label>
            }
        })
        .collect_view();
    Some(view! { <fieldset class="pick"><legend class="row"><span class="strong">"Add to it"</span></legend><div>{items}</div></fieldset> })
}

/// On phones the choice lives at the bottom of the page.
#[component]
pub fn ActionBar(view: BookerView) -> impl IntoView {
    let price = view.chosen.price.to_string();
    let line = view.chosen_slot().map_or_else(|| view.chosen.name.clone(), |slot| slot.line.clone());
    let has_slots = !view.slots.is_empty();
    view! {
        <div class="action-bar">
            <p><b class="num">{price}</b><br /><span class="tiny muted" data-shows="line">{line}</span></p>
            {if has_slots {
                view! { <Button kind=Kind::Primary form="booker">"Continue"</Button> }.into_any()
            } else {
                view! { <LinkButton href="#times" kind=Kind::Primary>"Choose a time"</LinkButton> }.into_any()
            }}
        </div>
    }
}
