//! A part that is drawn afresh when something happened.

use super::merge;
use crate::kit::islands::part::{Again, Region, drawn, each, fetch_again, part};
use crate::live::{News, Told};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlInputElement, HtmlTextAreaElement};

/// One act makes several frames: they are answered with one look.
const GATHER: Duration = Duration::from_millis(100);
/// A busy house is looked at no oftener than this.
const PAUSE: Duration = Duration::from_millis(1500);
/// After so many looks without an answer, each twice as long after the one before, it waits for more news: a minute and a half.
const UNHEARD: u32 = 6;
/// Parts with `data-ticks` show how late it is.
const MINUTE: Duration = Duration::from_secs(60);
/// How long a sentence stays.
const SAID: Duration = Duration::from_secs(8);

/// The element below the page that says what happened, for eyes and ears.
pub(super) fn line(region: &str) -> String {
    [region, "-line"].concat()
}

struct Follow {
    region: Region,
    /// A look is planned or under way.
    is_planned: Cell<bool>,
    /// Something happened during a look.
    is_due: Cell<bool>,
    /// Looks in a row that nobody answered.
    unheard: Cell<u32>,
    heard: RefCell<Vec<(&'static str, &'static str, String)>>,
    /// Of the sentence that stands there, so that a later one is not taken away with it.
    said: Cell<u32>,
}

pub(super) fn listener(region: Region) -> impl Fn(&Told) + 'static {
    let has_ticks = part(&region).is_some_and(|part| part.has_attribute("data-ticks"));
    let follow = Rc::new(Follow {
        region,
        is_planned: Cell::new(false),
        is_due: Cell::new(false),
        unheard: Cell::new(0),
        heard: RefCell::new(Vec::new()),
        said: Cell::new(0),
    });
    if has_ticks {
        let follow = follow.clone();
        let _ = set_interval_with_handle(move || follow.plan(Duration::ZERO), MINUTE);
    }
    move |told| match told {
        Told::News(news) => {
            follow.note(news);
            follow.plan(GATHER);
        }
        Told::Reload => follow.plan(GATHER),
        Told::Lost => follow.say("The connection is lost. What you see may be old.", true),
        Told::Back => {
            follow.say("", false);
            follow.plan(GATHER);
        }
    }
}

impl Follow {
    fn say(&self, sentence: &str, is_bad: bool) {
        self.said.set(self.said.get() + 1);
        if let Some(line) = document().get_element_by_id(&line(&self.region)) {
            let _ = line.toggle_attribute_with_force("data-bad", is_bad);
            line.set_text_content(Some(sentence));
        }
    }

    /// One thing that happened counts once, by what is most worth saying of it.
    fn note(&self, news: &News) {
        let words = match (news.kind.as_str(), news.text("status").as_str(), news.text("what").as_str()) {
            ("new-booking", "requested", _) => ("new request", "new requests"),
            ("new-booking", ..) => ("new booking", "new bookings"),
            ("booking-cancelled", ..) => ("cancellation", "cancellations"),
            ("review-published", ..) => ("new review", "new reviews"),
            (.., "provider.submitted") => ("new application", "new applications"),
            (.., "booking.reschedule_proposed") => ("new time proposed", "new times proposed"),
            _ => return,
        };
        let of = news.text("booking_id");
        let mut heard = self.heard.borrow_mut();
        if of.is_empty() || !heard.iter().any(|(one, _, known)| *one == words.0 && *known == of) {
            heard.push((words.0, words.1, of));
        }
    }

    /// `1 new request, 2 cancellations.`
    fn words(&self) -> String {
        let heard = self.heard.borrow();
        let mut kinds: Vec<(&str, &str, usize)> = Vec::new();
        for (one, many, _) in heard.iter() {
            match kinds.iter_mut().find(|kind| kind.0 == *one) {
                Some(kind) => kind.2 += 1,
                None => kinds.push((one, many, 1)),
            }
        }
        let parts: Vec<String> = kinds
            .iter()
            .map(|(one, many, count)| [count.to_string().as_str(), " ", if *count == 1 { *one } else { *many }].concat())
            .collect();
        if parts.is_empty() { String::new() } else { [&parts.join(", "), "."].concat() }
    }

    fn plan(self: &Rc<Self>, wait: Duration) {
        if self.is_planned.replace(true) {
            self.is_due.set(true);
            return;
        }
        let follow = self.clone();
        set_timeout(move || follow.look(0), wait);
    }

    /// Waits while the page is hidden or its reader is in the middle of something; `told` of what was heard they know already.
    fn look(self: Rc<Self>, told: usize) {
        let is_busy = part(&self.region).is_none_or(|part| is_in_use(&part));
        if document().hidden() || is_busy {
            let heard = self.heard.borrow().len();
            if is_busy && heard > told {
                self.say(&[&self.words(), " Shown when you are done here."].concat(), false);
            }
            set_timeout(move || self.look(if is_busy { heard } else { told }), PAUSE);
            return;
        }
        self.is_due.set(false);
        // What is heard from now on may be missing from what is fetched: it is told with the next look.
        let heard = self.heard.borrow().len();
        spawn_local(async move {
            match fetch_again(&self.region).await {
                Again::Drawn(_, old) if is_in_use(&old) => {
                    set_timeout(move || self.look(told), PAUSE);
                    return;
                }
                Again::Drawn(fresh, old) => {
                    beside(&fresh);
                    if merge::merge(&old, &fresh) {
                        drawn();
                        self.tell();
                    }
                }
                Again::Unheard if self.unheard.get() < UNHEARD => {
                    let pause = PAUSE * (1 << self.unheard.get());
                    self.unheard.set(self.unheard.get() + 1);
                    set_timeout(move || self.look(told), pause);
                    return;
                }
                Again::Gone | Again::Unheard => {}
            }
            self.unheard.set(0);
            self.heard.borrow_mut().drain(..heard);
            set_timeout(move || self.rest(), PAUSE);
        });
    }

    fn rest(self: Rc<Self>) {
        self.is_planned.set(false);
        if self.is_due.replace(false) {
            self.plan(Duration::ZERO);
        }
    }

    fn tell(self: &Rc<Self>) {
        let words = self.words();
        self.say(&words, false);
        let (follow, number) = (self.clone(), self.said.get());
        set_timeout(
            move || {
                if follow.said.get() == number {
                    follow.say("", false);
                }
            },
            SAID,
        );
    }
}

/// What tells the same elsewhere on the page (`data-with-parts`), such as how much waits, in the places of the sidebar.
fn beside(fresh: &Element) {
    let Some(page) = fresh.owner_document().and_then(|page| page.document_element()) else { return };
    each(&page, "[data-with-parts]", |fresh| {
        if let Some(old) = document().get_element_by_id(&fresh.id()) {
            merge::merge(&old, &fresh);
        }
    });
}

/// A dialog or menu is open, something is dragged or pressed, or a field holds what nobody has sent.
fn is_in_use(part: &Element) -> bool {
    let is_open = part.query_selector("dialog[open], details.opens[open], [data-busy], :active").is_ok_and(|found| found.is_some());
    let mut is_typed = false;
    each(part, "input, textarea, option", |field| {
        is_typed |= match (field.dyn_ref::<HtmlInputElement>(), field.dyn_ref::<HtmlTextAreaElement>()) {
            (Some(input), _) if input.matches("[type=radio], [type=checkbox]").unwrap_or(false) => {
                input.checked() != input.default_checked()
            }
            (Some(input), _) => input.value() != input.default_value(),
            (_, Some(area)) => area.default_value().is_ok_and(|default| default != area.value()),
            _ => {
                let is = |name: &str| js_sys::Reflect::get(&field, &name.into()).is_ok_and(|value| value.is_truthy());
                // A select of which nothing is marked shows its first option.
                is("selected") != is("defaultSelected") && field.closest("select:has([selected])").is_ok_and(|found| found.is_some())
            }
        };
    });
    is_open || is_typed
}
