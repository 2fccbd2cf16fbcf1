//! The week as a grid of half hours, painted by dragging. The plain time fields are its children and work without it.

use crate::browser::{around, each, find, is_first, on};
use leptos::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, PointerEvent};

const CELLS: usize = 48;
const HALF_HOUR: i32 = 30;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `hours` are weekday (Monday is 1), from and to in minutes from midnight; what passes midnight is drawn on the next day.
/// Once something was painted, a hidden field `painted` carries the week and the server prefers it over the time fields.
#[component]
pub fn WeekPainter(hours: Vec<(u8, i32, i32)>, children: Children) -> impl IntoView {
    let cells = cells_of(&hours);
    let rows = DAYS
        .into_iter()
        .enumerate()
        .map(|(day, name)| {
            let row = (0..CELLS).map(|half| view! { <i data-open=cells[day * CELLS + half].then_some("")></i> }).collect_view();
            view! { <span class="day">{name}</span> <span class="cells">{row}</span> }
        })
        .collect_view();
    let marks = [0, 6, 12, 18, 24].map(|hour| view! { <span>{format!("{hour:02}:00")}</span> }).collect_view();
    view! {
        <div class="paints">
            <div class="painter" aria-hidden="true">{rows} <span class="marks">{marks}</span></div>
            <input type="hidden" name="painted" />
            {children()}
            <PaintWeek />
        </div>
    }
}

/// What runs in the browser for a [`WeekPainter`].
#[island(lazy)]
pub fn PaintWeek() -> impl IntoView {
    if cfg!(feature = "hydrate") && is_first("painter") {
        start();
    }
}

fn start() {
    // whether the stroke opens or closes, while the pointer is down
    let stroke = Rc::new(Cell::new(None::<bool>));
    let begun = stroke.clone();
    on(&document(), "pointerdown", move |event| {
        if around(&event, ".painter").is_some() {
            event.prevent_default();
            begun.set(None);
            paint(&begun, event.unchecked_ref());
        }
    });
    let moved = stroke.clone();
    on(&document(), "pointermove", move |event| {
        let event: &PointerEvent = event.unchecked_ref();
        if event.buttons() & 1 == 1 && moved.get().is_some() {
            paint(&moved, event);
        }
    });
    on(&document(), "pointerup", move |_| stroke.set(None));
    // whoever types afterwards means what they typed
    on(&document(), "input", |event| {
        if let Some(field) = around(&event, ".paints").and_then(|week| painted(&week)) {
            field.set_value("");
        }
    });
}

fn painted(week: &Element) -> Option<HtmlInputElement> {
    find(week, "[name=painted]")?.dyn_into().ok()
}

fn paint(stroke: &Cell<Option<bool>>, event: &PointerEvent) {
    // under the pointer, which a stroke keeps at the cell where it began
    let Some(cell) = document().element_from_point(event.client_x() as f32, event.client_y() as f32) else { return };
    let Ok(Some(week)) = cell.closest(".paints") else { return };
    if !cell.matches(".cells > i").unwrap_or(false) {
        return;
    }
    let is_open = cell.has_attribute("data-open");
    let opens = stroke.get().unwrap_or(!is_open);
    stroke.set(Some(opens));
    if is_open == opens {
        return;
    }
    let _ = cell.toggle_attribute_with_force("data-open", opens);
    let mut cells = Vec::with_capacity(7 * CELLS);
    each(&week, ".cells > i", |cell| cells.push(cell.has_attribute("data-open")));
    if let Some(field) = painted(&week) {
        field.set_value(&text_of(&cells));
    }
}

fn cells_of(hours: &[(u8, i32, i32)]) -> Vec<bool> {
    let mut cells = vec![false; 7 * CELLS];
    for &(weekday, from, to) in hours {
        let first = (usize::from(weekday.clamp(1, 7)) - 1) * CELLS;
        for half in from / HALF_HOUR..(to + HALF_HOUR - 1) / HALF_HOUR {
            cells[(first + half as usize) % (7 * CELLS)] = true;
        }
    }
    cells
}

/// `1:540-720,1:780-1080`, or `-` for a week that is closed.
fn text_of(cells: &[bool]) -> String {
    let mut ranges = Vec::new();
    for (day, row) in cells.chunks(CELLS).enumerate() {
        let mut from = None;
        // one more, closed, ends a range that lasts until midnight
        for (at, is_open) in row.iter().copied().chain([false]).enumerate() {
            match (from, is_open) {
                (None, true) => from = Some(at),
                (Some(begin), false) => {
                    let minute = |half: usize| (half as i32 * HALF_HOUR).to_string();
                    ranges.push([&(day + 1).to_string(), ":", &minute(begin), "-", &minute(at)].concat());
                    from = None;
                }
                _ => {}
            }
        }
    }
    if ranges.is_empty() { "-".to_owned() } else { ranges.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_text_agree() {
        let cells = cells_of(&[(1, 540, 720), (1, 780, 1080), (7, 1320, 1500)]);
        assert_eq!(text_of(&cells), "1:0-60,1:540-720,1:780-1080,7:1320-1440");
        assert_eq!(text_of(&cells_of(&[])), "-");
    }
}
