//! One design for every letter: a heading, a few sentences, facts, at most one thing to do.

/// A letter before it is set. Plain text throughout; setting it escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    /// The line a mailbox shows beside the subject.
    pub preview: String,
    pub heading: String,
    pub paragraphs: Vec<String>,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// Label and address of the one button.
    pub action: Option<(String, String)>,
    pub small: Vec<String>,
    /// Why this person gets this letter.
    pub why: String,
}

impl Letter {
    /// `heading` is also the preview until [`Self::say`] gives a sentence.
    pub fn new(subject: impl Into<String>, heading: impl Into<String>) -> Self {
        let heading = heading.into();
        Self { subject: subject.into(), preview: heading.clone(), heading, ..Self::default() }
    }
    pub fn say(mut self, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        if self.paragraphs.is_empty() {
            self.preview.clone_from(&sentence);
        }
        self.paragraphs.push(sentence);
        self
    }
    /// Left out when the value is empty.
    pub fn fact(mut self, label: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.facts.push((label.to_owned(), value));
        }
        self
    }
    pub fn act(mut self, label: impl Into<String>, address: impl Into<String>) -> Self {
        self.action = Some((label.into(), address.into()));
        self
    }
    pub fn small(mut self, line: impl Into<String>) -> Self {
        self.small.push(line.into());
        self
    }
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }
}

#[cfg(feature = "server")]
mod set {
    use super::Letter;
    use crate::error::{Error, Result};
    use askama::Template;

    #[derive(Template)]
    #[template(path = "letter.html")]
    struct Html<'a> {
        letter: &'a Letter,
    }

    #[derive(Template)]
    #[template(path = "letter.txt", escape = "none")]
    struct Plain<'a> {
        letter: &'a Letter,
    }

    impl Letter {
        /// HTML for mail clients: tables, inline styles, a dark twin by media query.
        pub fn html(&self) -> Result<String> {
            Html { letter: self }.render().map_err(Error::internal)
        }
        pub fn plain(&self) -> Result<String> {
            Plain { letter: self }.render().map_err(Error::internal)
        }
    }
}
