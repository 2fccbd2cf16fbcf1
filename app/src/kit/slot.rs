//! Times: the thing Fettle sells. One shape, always pressable, straight into checkout.

use domain::id::{ResourceId, ServiceId};
use domain::time::Instant;
use leptos::prelude::*;

/// A free time as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ShownSlot {
    pub starts_at: Instant,
    /// `Today`, `Wed`; empty where the day stands above.
    pub day: String,
    /// `14:00`, local.
    pub time: String,
    /// The soonest on the page, marked in marigold.
    pub is_soonest: bool,
}

/// One time inside a form that posts to `/book`.
#[component]
pub fn SlotButton(of: ShownSlot, #[prop(into)] label: String, #[prop(optional, into)] style: Option<String>) -> impl IntoView {
    view! {
        <button
            class="slot"
            type="submit"
            name="starts_at"
            value=of.starts_at.to_string()
            data-soonest=of.is_soonest.then_some("")
            aria-label=label
            style=style
        >
            {(!of.day.is_empty()).then(|| view! { <span class="day">{of.day}</span>" " })}
            <time datetime=of.starts_at.to_string()>{of.time}</time>
        </button>
    }
}

/// A service's next free times, each one press from checkout. Works without scripting: one form, one button a time.
#[component]
pub fn SlotRow(
    service: ServiceId,
    /// Who it is with, for the labels.
    #[prop(into)]
    with: String,
    slots: Vec<ShownSlot>,
    #[prop(optional)] resource: Option<ResourceId>,
    /// Where more times are.
    #[prop(optional, into)]
    more: Option<String>,
    #[prop(optional, into)] class: &'static str,
) -> impl IntoView {
    let more_label = format!("Later times with {with}");
    let buttons = slots
        .into_iter()
        .map(|slot| {
            let label = format!("{with}, {} {}", slot.day, slot.time);
            view! { <SlotButton of=slot label=label /> }
        })
        .collect_view();
    view! {
        <form class=format!("slots {class}") method="post" action="/book">
            <input type="hidden" name="service_id" value=service.to_string() />
            {resource.map(|id| view! { <input type="hidden" name="resource_id" value=id.to_string() /> })}
            {buttons}
            {more.map(|href| view! { <a class="slot" data-kind="more" href=href aria-label=more_label>"Later"</a> })}
        </form>
    }
}

/// A day of the strip; the bar under the date is how much of the day is still free.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ShownDay {
    /// `2026-06-12`
    pub date: String,
    /// `Fri`, or `Today`.
    pub week: String,
    /// `12`
    pub number: String,
    /// `Fri 12 June, 7 free`
    pub label: String,
    /// 0 to 100.
    pub free_part: u8,
    pub is_today: bool,
    pub is_chosen: bool,
    /// Where it leads without scripting.
    pub href: String,
}

#[component]
pub fn DayButton(day: ShownDay) -> impl IntoView {
    view! {
        <a
            class="day-button"
            href=day.href
            data-nav=""
            data-today=day.is_today.then_some("")
            data-none=(day.free_part == 0).then_some("")
            aria-current=day.is_chosen.then_some("date")
        >
            <span class="hidden-visually">{day.label}</span>
            <span class="week" aria-hidden="true">{day.week}</span>
            <span class="date" aria-hidden="true">{day.number}</span>
            <span class="free" style=format!("--part: {}%", day.free_part)><i></i></span>
        </a>
    }
}

/// Seven days in a row.
#[component]
pub fn DayStrip(days: Vec<ShownDay>) -> impl IntoView {
    let days = days.into_iter().map(|day| view! { <DayButton day=day /> }).collect_view();
    view! { <div class="days">{days}</div> }
}
