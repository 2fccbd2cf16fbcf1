//! The week as a grid of half hours, painted by dragging. The plain time fields are its children and work without it.

use leptos::prelude::*;

const CELLS: usize = 48;
const HALF_HOUR: i32 = 30;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `hours` are weekday (Monday is 1), from and to in minutes from midnight; what passes midnight is drawn on the next day.
/// Once something was painted, a hidden field `painted` carries the week and the server prefers it over the time fields.
#[island(lazy)]
pub fn WeekPainter(hours: Vec<(u8, i32, i32)>, children: Children) -> impl IntoView {
    let (cells, set_cells) = signal(cells_of(&hours));
    let (is_painted, set_painted) = signal(false);
    // whether the stroke opens or closes, while the pointer is down
    let stroke = StoredValue::new(None::<bool>);
    let paint = move |event: &leptos::ev::PointerEvent| {
        let Some(at) = cell_under(event) else { return };
        let opens = stroke.get_value().unwrap_or_else(|| !cells.with_untracked(|cells| cells[at]));
        stroke.set_value(Some(opens));
        if cells.with_untracked(|cells| cells[at]) != opens {
            set_cells.update(|cells| cells[at] = opens);
            set_painted.set(true);
        }
    };
    let rows = DAYS
        .into_iter()
        .enumerate()
        .map(|(day, name)| {
            let row = (0..CELLS)
                .map(|hour| {
                    let at = day * CELLS + hour;
                    let is_open = move || cells.with(|cells| cells[at]).then_some("");
                    view! { <i data-at=at.to_string() data-open=is_open></i> }
                })
                .collect_view();
            view! { <span class="day">{name}</span> <span class="cells">{row}</span> }
        })
        .collect_view();
    let marks = [0, 6, 12, 18, 24].map(|hour| view! { <span>{format!("{hour:02}:00")}</span> }).collect_view();
    let value = move || if is_painted.get() { cells.with(|cells| text_of(cells)) } else { String::new() };
    view! {
        <div
            class="painter"
            aria-hidden="true"
            on:pointerdown=move |event| {
                event.prevent_default();
                stroke.set_value(None);
                paint(&event);
            }
            on:pointermove=move |event| {
                if event.buttons() & 1 == 1 && stroke.get_value().is_some() {
                    paint(&event);
                }
            }
            on:pointerup=move |_| stroke.set_value(None)
        >
            {rows}
            <span class="marks">{marks}</span>
        </div>
        <input type="hidden" name="painted" prop:value=value />
        // whoever types afterwards means what they typed
        <div on:input=move |_| set_painted.set(false)>{children()}</div>
    }
}

fn cell_under(event: &leptos::ev::PointerEvent) -> Option<usize> {
    let element = document().element_from_point(event.client_x() as f32, event.client_y() as f32)?;
    element.get_attribute("data-at")?.parse().ok().filter(|at| *at < 7 * CELLS)
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
    for day in 0..7 {
        let row = &cells[day * CELLS..(day + 1) * CELLS];
        let mut from = None;
        // one more, closed, ends a range that lasts until midnight
        for (at, is_open) in row.iter().copied().chain([false]).enumerate() {
            match (from, is_open) {
                (None, true) => from = Some(at),
                (Some(begin), false) => {
                    ranges.push(format!("{}:{}-{}", day + 1, begin as i32 * HALF_HOUR, at as i32 * HALF_HOUR));
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
