//! Dragging in the calendar: over free time for something new, a booking to another time. The keyboard's way are the forms behind the same links.

use crate::browser::{around, each, each_of_page, find, is_first, number, on, show, told};
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

/// What was drawn over free time.
#[derive(Debug)]
struct Drawn {
    /// `2026-06-12`
    date: String,
    /// Minutes from local midnight.
    from: i32,
    to: i32,
    /// Where the pointer was let go, in pixels of the window.
    x: i32,
    y: i32,
}

/// A block that fills the day's end is said to end then, so that both times are on one date.
const LAST_MIN: i32 = 24 * 60 - 1;

impl Drawn {
    /// For the form of a booking.
    fn booking(&self, desk: &str, only: &str) -> String {
        [desk, "/bookings/new?date=", &self.date, "&time=", &clock(self.from), "&person=", only].concat()
    }

    /// For the form of a block.
    fn block(&self, desk: &str, only: &str) -> String {
        let to = clock(self.to.min(LAST_MIN));
        [desk, "/blocks/new?date=", &self.date, "&from=", &clock(self.from), "&to=", &to, "&resource=", only].concat()
    }
}

/// `09:30`
fn clock(minute: i32) -> String {
    let two = |number: i32| [(number / 10).to_string(), (number % 10).to_string()].concat();
    [two(minute / 60 % 24), two(minute % 60)].join(":")
}

/// Draws over `.column-day` of the week's grid. `first_min` is where its rows of a quarter of an hour begin, `only` the person shown alone.
#[component]
pub fn CalendarDrag(desk: String, first_min: i32, rows: i32, only: String) -> impl IntoView {
    view! {
        <div class="drawing" data-desk=desk data-first=first_min.to_string() data-rows=rows.to_string() data-only=only>
            <div class="drawn-choice card" role="group" aria-label="Add to the calendar" hidden>
                <b class="num"></b>
                <a class="button" data-kind="primary" data-size="dense" data-adds="booking">"Booking"</a>
                <a class="button" data-size="dense" data-adds="block">"Block this time"</a>
                <button type="button" class="button" data-kind="plain" data-size="dense">"Never mind"</button>
            </div>
        </div>
        <DragCalendar />
    }
}

/// What runs in the browser for a [`CalendarDrag`].
#[island(lazy)]
pub fn DragCalendar() -> impl IntoView {
    if cfg!(feature = "hydrate") && is_first("drag") {
        start();
    }
}

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
    /// The one on the page.
    fn there() -> Option<Self> {
        let drawing = drawing()?;
        Some(Self { first_min: number(&drawing, "data-first") as i32, rows: number(&drawing, "data-rows") as i32 })
    }
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

fn drawing() -> Option<Element> {
    document().query_selector(".drawing").ok()?
}

fn on_pointer(kind: &str, act: impl Fn(PointerEvent) + 'static) {
    on(&document(), kind, move |event| act(event.unchecked_into()));
}

/// The grid is drawn afresh when something happens, so everything is asked of the page when it is needed.
fn start() {
    let stroke = Rc::new(RefCell::new(None::<Stroke>));
    let begun = stroke.clone();
    on_pointer("pointerdown", move |event| {
        // a finger scrolls; it has the buttons above
        if event.button() != 0 || event.pointer_type() == "touch" {
            return;
        }
        *begun.borrow_mut() = begin(&event);
        if matches!(*begun.borrow(), Some(Stroke::New { .. })) {
            event.prevent_default();
            wipe();
        }
    });
    let moved = stroke.clone();
    on_pointer("pointermove", move |event| {
        if let Some(stroke) = moved.borrow_mut().as_mut() {
            follow(stroke, &event);
        }
    });
    let ended = stroke.clone();
    on_pointer("pointerup", move |event| {
        if let Some(drawn) = ended.borrow_mut().take().and_then(|stroke| finish(stroke, &event)) {
            offer(&drawn);
        }
    });
    on(&document(), "keydown", move |event| {
        if event.unchecked_ref::<KeyboardEvent>().key() == "Escape" {
            if let Some(Stroke::Move { event, .. }) = stroke.borrow_mut().take() {
                put_back(&event);
            }
            wipe();
        }
    });
    on(&document(), "click", |event| {
        if around(&event, ".drawn-choice button").is_some() {
            wipe();
        }
    });
    // What was pulled is no link to follow.
    for (kind, selector) in [("dragstart", ".week-grid .event"), ("click", ".week-grid [data-pulled]")] {
        on(&document(), kind, move |event| {
            if around(&event, selector).is_some() {
                event.prevent_default();
            }
        });
    }
}

/// Asks what it shall be, where the pointer was let go.
fn offer(drawn: &Drawn) {
    let Some(drawing) = drawing() else { return };
    let (desk, only) = (told(&drawing, "data-desk"), told(&drawing, "data-only"));
    let Some(choice) = find(&drawing, ".drawn-choice") else { return };
    let style = HtmlElement::style(choice.unchecked_ref());
    let _ = style.set_property("--x", &[&drawn.x.to_string(), "px"].concat());
    let _ = style.set_property("--y", &[&drawn.y.to_string(), "px"].concat());
    if let Some(label) = find(&choice, "b") {
        label.set_text_content(Some(&[&clock(drawn.from), "–", &clock(drawn.to)].concat()));
    }
    for (kind, address) in [("booking", drawn.booking(&desk, &only)), ("block", drawn.block(&desk, &only))] {
        each(&choice, &["[data-adds=", kind, "]"].concat(), |link| {
            let _ = link.set_attribute("href", &address);
        });
    }
    set_choice(&choice, true);
}

/// While it is asked, nothing around it is drawn afresh.
fn set_choice(choice: &Element, is_asked: bool) {
    show(choice, is_asked);
    let _ = choice.toggle_attribute_with_force("data-busy", is_asked);
}

fn put_back(event: &HtmlElement) {
    let style = HtmlElement::style(event);
    let _ = style.remove_property("visibility");
    let _ = style.remove_property("translate");
    let _ = event.remove_attribute("data-pulled");
}

fn begin(event: &PointerEvent) -> Option<Stroke> {
    let grid = Grid::there()?;
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

fn follow(stroke: &mut Stroke, pointer: &PointerEvent) {
    let Some(grid) = Grid::there() else { return };
    match stroke {
        Stroke::New { column, from } => {
            let to = grid.minute(column, pointer.client_y());
            draw(grid, column, (*from).min(to), (*from).max(to) + ROW_MIN);
        }
        Stroke::Move { event, x, y, is_moving, .. } => {
            let (across, down) = (pointer.client_x() - *x, pointer.client_y() - *y);
            if across.abs() + down.abs() > PULL {
                *is_moving = true;
                let _ =
                    HtmlElement::style(event).set_property("translate", &[&across.to_string(), "px ", &down.to_string(), "px"].concat());
                let _ = event.set_attribute("data-pulled", "");
            }
        }
    }
}

fn finish(stroke: Stroke, pointer: &PointerEvent) -> Option<Drawn> {
    let grid = Grid::there()?;
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
                put_back(&event);
                return None;
            };
            let steps = (f64::from(pointer.client_y() - y) / grid.row_height(&column)).round() as i32;
            let to = (from + steps * ROW_MIN).clamp(0, 24 * 60 - ROW_MIN);
            // the page that follows shows what the move means before anything is moved
            let href = event.get_attribute("href")?;
            let _ = window().location().assign(&[&href, "/reschedule?date=", &date, "&time=", &clock(to)].concat());
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
    let row = |minute: i32| (minute.clamp(grid.first_min, grid.last_min()) - grid.first_min) / ROW_MIN;
    if let Some(element) = stroke.dyn_ref::<HtmlElement>() {
        let _ = HtmlElement::style(element).set_property("--at", &row(from).to_string());
        let _ = HtmlElement::style(element).set_property("--to-at", &row(to).to_string());
    }
    let _ = column.append_child(&stroke);
}

/// Takes the stroke away, and the question with it.
fn wipe() {
    each_of_page(".drawn-choice", |choice| set_choice(&choice, false));
    if let Some(stroke) = document().query_selector(".week-grid .stroke").ok().flatten() {
        stroke.remove();
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
