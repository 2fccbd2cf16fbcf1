//! Dragging in the calendar: over free time for something new, a booking to another time. The keyboard's way are the forms behind the same links.

use leptos::prelude::*;

/// What was drawn over free time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// `2026-06-12`
    pub date: String,
    /// Minutes from local midnight.
    pub from: i32,
    pub to: i32,
    /// Where the pointer was let go, in pixels of the window.
    pub x: i32,
    pub y: i32,
}

/// A block that fills the day's end is said to end then, so that both times are on one date.
const LAST_MIN: i32 = 24 * 60 - 1;

impl Drawn {
    fn clock(minute: i32) -> String {
        format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
    }
    /// For the form of a booking.
    fn booking(&self, desk: &str, only: &str) -> String {
        format!("{desk}/bookings/new?date={}&time={}&person={only}", self.date, Self::clock(self.from))
    }
    /// For the form of a block.
    fn block(&self, desk: &str, only: &str) -> String {
        format!(
            "{desk}/blocks/new?date={}&from={}&to={}&resource={only}",
            self.date,
            Self::clock(self.from),
            Self::clock(self.to.min(LAST_MIN))
        )
    }
}

/// Draws over `.column-day` of the week's grid. `first_min` is where its rows of a quarter of an hour begin, `only` the person shown alone.
#[island(lazy)]
pub fn CalendarDrag(desk: String, first_min: i32, rows: i32, only: String) -> impl IntoView {
    let (drawn, set_drawn) = signal(None::<Drawn>);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| run::start(first_min, rows, set_drawn));
    #[cfg(not(feature = "hydrate"))]
    let _ = (first_min, rows);
    let close = move |_: leptos::ev::MouseEvent| {
        set_drawn.set(None);
        #[cfg(feature = "hydrate")]
        run::wipe();
    };
    let choice = move || {
        drawn.get().map(|drawn| {
            let at = format!("--x: {}px; --y: {}px", drawn.x, drawn.y);
            let label = format!("{}–{}", Drawn::clock(drawn.from), Drawn::clock(drawn.to));
            view! {
                <div class="drawn-choice card" role="group" aria-label="Add to the calendar" style=at>
                    <b class="num">{label}</b>
                    <a class="button" data-kind="primary" data-size="dense" href=drawn.booking(&desk, &only)>"Booking"</a>
                    <a class="button" data-size="dense" href=drawn.block(&desk, &only)>"Block this time"</a>
                    <button type="button" class="button" data-kind="plain" data-size="dense" on:click=close>"Never mind"</button>
                </div>
            }
        })
    };
    view! { <div class="drawing">{choice}</div> }
}

#[cfg(feature = "hydrate")]
mod run {
    use super::Drawn;
    use leptos::prelude::*;
    use std::cell::RefCell;
    use std::rc::Rc;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

    const ROW_MIN: i32 = 15;
    /// A press without a stroke means this long.
    const PRESSED_MIN: i32 = 60;
    /// So far, in pixels, a booking must be pulled before it moves: less is a click.
    const PULL: i32 = 8;

    enum Stroke {
        /// Over free time, from that minute on.
        New { column: Element, from: i32 },
        /// A booking, pressed at that height, beginning at that minute.
        Move { event: HtmlElement, from: i32, x: i32, y: i32, is_moving: bool },
    }

    #[derive(Clone, Copy)]
    struct Grid {
        first_min: i32,
        rows: i32,
    }

    impl Grid {
        /// The minute under the pointer, on the grid of quarters.
        fn minute(self, column: &Element, y: i32) -> i32 {
            let bounds = column.get_bounding_client_rect();
            let part = (f64::from(y) - bounds.top()) / bounds.height().max(1.0);
            self.first_min + (part * f64::from(self.rows)).floor().clamp(0.0, f64::from(self.rows)) as i32 * ROW_MIN
        }
        fn row_height(self, column: &Element) -> f64 {
            column.get_bounding_client_rect().height() / f64::from(self.rows.max(1))
        }
        fn last_min(self) -> i32 {
            self.first_min + self.rows * ROW_MIN
        }
    }

    fn on<E: wasm_bindgen::convert::FromWasmAbi + 'static>(kind: &str, act: impl FnMut(E) + 'static) {
        let closure = Closure::<dyn FnMut(E)>::new(act);
        let _ = document().add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        closure.forget();
    }

    pub fn start(first_min: i32, rows: i32, set_drawn: WriteSignal<Option<Drawn>>) {
        let grid = Grid { first_min, rows };
        let stroke = Rc::new(RefCell::new(None::<Stroke>));
        let begun = stroke.clone();
        on("pointerdown", move |event: PointerEvent| {
            // a finger scrolls; it has the buttons above
            if event.button() != 0 || event.pointer_type() == "touch" {
                return;
            }
            *begun.borrow_mut() = begin(grid, &event);
            if matches!(*begun.borrow(), Some(Stroke::New { .. })) {
                event.prevent_default();
                set_drawn.set(None);
                wipe();
            }
        });
        let moved = stroke.clone();
        on("pointermove", move |event: PointerEvent| {
            if let Some(stroke) = moved.borrow_mut().as_mut() {
                follow(grid, stroke, &event);
            }
        });
        let ended = stroke.clone();
        on("pointerup", move |event: PointerEvent| {
            if let Some(stroke) = ended.borrow_mut().take() {
                set_drawn.set(finish(grid, stroke, &event));
            }
        });
        on("keydown", move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                if let Some(Stroke::Move { event, .. }) = stroke.borrow_mut().take() {
                    let _ = HtmlElement::style(&event).remove_property("translate");
                    let _ = event.remove_attribute("data-pulled");
                }
                set_drawn.set(None);
                wipe();
            }
        });
        // What was pulled is no link to follow.
        for (kind, selector) in [("dragstart", ".week-grid .event"), ("click", ".week-grid [data-pulled]")] {
            on(kind, move |event: web_sys::Event| {
                let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
                if target.is_some_and(|it| it.closest(selector).ok().flatten().is_some()) {
                    event.prevent_default();
                }
            });
        }
    }

    fn begin(grid: Grid, event: &PointerEvent) -> Option<Stroke> {
        let target: Element = event.target()?.dyn_into().ok()?;
        let column = target.closest(".week-grid .column-day").ok()??;
        if let Some(booking) = target.closest("a.event").ok()? {
            if booking.has_attribute("data-state") || !booking.get_attribute("href")?.starts_with("/bookings/") {
                return None;
            }
            let from = booking.get_attribute("data-from")?.parse().ok()?;
            let event = Stroke::Move { event: booking.dyn_into().ok()?, from, x: event.client_x(), y: event.client_y(), is_moving: false };
            return Some(event);
        }
        if target.closest(".event").ok()?.is_some() {
            return None;
        }
        let from = grid.minute(&column, event.client_y());
        Some(Stroke::New { column, from })
    }

    fn follow(grid: Grid, stroke: &mut Stroke, pointer: &PointerEvent) {
        match stroke {
            Stroke::New { column, from } => {
                let to = grid.minute(column, pointer.client_y());
                draw(grid, column, (*from).min(to), (*from).max(to) + ROW_MIN);
            }
            Stroke::Move { event, x, y, is_moving, .. } => {
                let (across, down) = (pointer.client_x() - *x, pointer.client_y() - *y);
                if across.abs() + down.abs() > PULL {
                    *is_moving = true;
                    let _ = HtmlElement::style(event).set_property("translate", &format!("{across}px {down}px"));
                    let _ = event.set_attribute("data-pulled", "");
                }
            }
        }
    }

    fn finish(grid: Grid, stroke: Stroke, pointer: &PointerEvent) -> Option<Drawn> {
        match stroke {
            Stroke::New { column, from } => {
                let at = grid.minute(&column, pointer.client_y());
                let (from, mut to) = (from.min(at), from.max(at) + ROW_MIN);
                if to - from == ROW_MIN {
                    to = (from + PRESSED_MIN).min(grid.last_min());
                }
                draw(grid, &column, from, to);
                Some(Drawn { date: column.get_attribute("data-date")?, from, to, x: pointer.client_x(), y: pointer.client_y() })
            }
            // an ordinary click, which the browser follows
            Stroke::Move { is_moving: false, .. } => None,
            Stroke::Move { event, from, y, .. } => {
                // the pulled one is under the pointer: look below it
                let _ = HtmlElement::style(&event).set_property("visibility", "hidden");
                let below = document().element_from_point(pointer.client_x() as f32, pointer.client_y() as f32);
                let column = below.and_then(|it| it.closest(".week-grid .column-day").ok().flatten());
                let Some((column, date)) = column.and_then(|it| it.get_attribute("data-date").map(|date| (it, date))) else {
                    let _ = HtmlElement::style(&event).remove_property("visibility");
                    let _ = HtmlElement::style(&event).remove_property("translate");
                    let _ = event.remove_attribute("data-pulled");
                    return None;
                };
                let steps = (f64::from(pointer.client_y() - y) / grid.row_height(&column)).round() as i32;
                let to = (from + steps * ROW_MIN).clamp(0, 24 * 60 - ROW_MIN);
                // the page that follows shows what the move means before anything is moved
                let href = event.get_attribute("href")?;
                let _ = window().location().assign(&format!("{href}/reschedule?date={date}&time={}", Drawn::clock(to)));
                None
            }
        }
    }

    /// The stroke itself, one for the whole grid.
    fn draw(grid: Grid, column: &Element, from: i32, to: i32) {
        let stroke = match document().query_selector(".week-grid .stroke").ok().flatten() {
            Some(known) => known,
            None => {
                let Ok(new) = document().create_element("i") else { return };
                new.set_class_name("stroke");
                new
            }
        };
        let row = |minute: i32| f64::from(minute.clamp(grid.first_min, grid.last_min()) - grid.first_min) / f64::from(ROW_MIN);
        if let Some(element) = stroke.dyn_ref::<HtmlElement>() {
            let _ = HtmlElement::style(element).set_property("--at", &row(from).to_string());
            let _ = HtmlElement::style(element).set_property("--to-at", &row(to).to_string());
        }
        let _ = column.append_child(&stroke);
    }

    pub fn wipe() {
        if let Some(stroke) = document().query_selector(".week-grid .stroke").ok().flatten() {
            stroke.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Drawn;

    #[test]
    fn what_was_drawn_fills_the_forms() {
        let drawn = Drawn { date: "2026-06-12".into(), from: 570, to: 1440, x: 0, y: 0 };
        assert_eq!(drawn.booking("/desk/1", ""), "/desk/1/bookings/new?date=2026-06-12&time=09:30&person=");
        assert_eq!(drawn.block("/desk/1", "7"), "/desk/1/blocks/new?date=2026-06-12&from=09:30&to=23:59&resource=7");
    }
}
