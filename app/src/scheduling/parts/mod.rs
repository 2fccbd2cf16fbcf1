//! The week in time fields, with the grid to paint it.

use super::islands::WeekPainter;
use crate::kit::Filled;
use crate::kit::format::{clock, weekday_name};
use domain::scheduling::model::WeekRange;
use leptos::prelude::*;

/// Beyond what a day has, one more range can be typed; there are at least so many.
pub const RANGES: usize = 2;

/// Fields `h{weekday}_{n}_from` and `_to`; an end at or before its beginning is meant on the next day. A refused form keeps what was sent.
#[component]
pub fn WeekFields(hours: Vec<WeekRange>, filled: Filled) -> impl IntoView {
    let rows = (1..=7_u8)
        .map(|weekday| {
            let of_day: Vec<WeekRange> = hours.iter().filter(|range| range.weekday == weekday).copied().collect();
            let fields = (0..RANGES.max(of_day.len() + 1))
                .map(|at| {
                    let range = of_day.get(at);
                    let (from_name, to_name) = (format!("h{weekday}_{at}_from"), format!("h{weekday}_{at}_to"));
                    let kept = |name: &str, minute: Option<i32>| {
                        if filled.is_refused() { filled.value(name) } else { minute.map(|minute| clock(minute.into())).unwrap_or_default() }
                    };
                    let (from, to) = (kept(&from_name, range.map(|r| r.from_min)), kept(&to_name, range.map(|r| r.to_min)));
                    let label = format!("{}, range {}", weekday_name(weekday), at + 1);
                    view! {
                        <span class="range">
                            <input class="input" data-size="dense" type="time" name=from_name value=from aria-label=format!("{label}, from") />
                            <span aria-hidden="true">"–"</span>
                            <input class="input" data-size="dense" type="time" name=to_name value=to aria-label=format!("{label}, to") />
                        </span>
                    }
                })
                .collect_view();
            view! { <li><span class="day strong">{weekday_name(weekday)}</span><span class="ranges">{fields}</span></li> }
        })
        .collect_view();
    let problem = filled.problem("hours");
    let triples = hours.iter().map(|range| (range.weekday, range.from_min, range.to_min)).collect();
    view! {
        <div class="week-fields" id="f-hours">
            {(!problem.is_empty()).then(|| view! { <p class="error">{problem}</p> })}
            <WeekPainter hours=triples>
                <ul class="plain days">{rows}</ul>
            </WeekPainter>
            <p class="small muted">"Paint by dragging, or type times. Leave a day empty to close it; a night may end the next morning."</p>
        </div>
    }
}
