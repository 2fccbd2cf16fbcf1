//! What the page says around the gateway's form.

use crate::browser::{find, number, show, told};
use crate::kit::field::field_id;
use leptos::prelude::document;
use web_sys::Element;

/// How far the form is.
pub enum Phase {
    Ready,
    /// Something is under way; the sentence says what.
    Busy(&'static str),
    /// The form did not come: the button leads to the gateway's page.
    Absent,
}

/// What is wrong, and with which field.
pub struct Problem {
    pub field: Option<String>,
    pub sentence: String,
}

impl Problem {
    pub fn new(sentence: &str) -> Self {
        Self { field: None, sentence: sentence.to_owned() }
    }
}

/// The element that the server drew for the card form.
#[derive(Clone)]
pub struct Panel(Element);

impl From<Element> for Panel {
    fn from(element: Element) -> Self {
        Self(element)
    }
}

impl Panel {
    /// What the server wrote into an attribute.
    pub fn told(&self, attribute: &str) -> String {
        told(&self.0, attribute)
    }

    /// Minor units without a tip.
    pub fn base_minor(&self) -> i64 {
        number(&self.0, "data-base")
    }

    /// Set aside first, charged when accepted.
    pub fn is_manual(&self) -> bool {
        self.0.has_attribute("data-manual")
    }

    /// Whether the gateway's form is there.
    pub fn is_on(&self) -> bool {
        self.told("data-state") == "on"
    }

    /// Where the gateway's frame goes.
    pub fn frame(&self) -> Option<Element> {
        find(&self.0, ".frame")
    }

    pub fn show(&self, phase: Phase) {
        let (state, is_busy, sentence) = match phase {
            Phase::Ready => ("on", "false", ""),
            Phase::Busy(sentence) => ("on", "true", sentence),
            Phase::Absent => ("off", "false", "You pay by card on the payment company’s page. Fettle never sees the number."),
        };
        let _ = self.0.set_attribute("data-state", state);
        let _ = self.0.set_attribute("aria-busy", is_busy);
        if let Some(line) = find(&self.0, "[role=status]") {
            line.set_text_content(Some(sentence));
        }
    }

    /// Shows or hides the button to the gateway's page, for whoever cannot get on with the form.
    pub fn offer(&self, is_offered: bool) {
        if let Some(button) = find(&self.0, "[formaction]") {
            show(&button, is_offered);
        }
    }

    /// Says what is wrong instead of what was said before, also by the server of an earlier try.
    pub fn complain(&self, problems: &[Problem]) {
        if let Some(summary) = document().get_element_by_id("error-summary") {
            show(&summary, false);
        }
        let Some(list) = find(&self.0, ".problems") else { return };
        list.set_text_content(None);
        for problem in problems {
            let _ = line(problem).map(|line| list.append_child(&line));
        }
    }
}

fn line(problem: &Problem) -> Option<Element> {
    let line = document().create_element("p").ok()?;
    let Some(field) = &problem.field else {
        line.set_text_content(Some(&problem.sentence));
        return Some(line);
    };
    let link = document().create_element("a").ok()?;
    link.set_attribute("href", &["#", &field_id(field)].concat()).ok()?;
    link.set_text_content(Some(&problem.sentence));
    line.append_child(&link).ok()?;
    Some(line)
}
