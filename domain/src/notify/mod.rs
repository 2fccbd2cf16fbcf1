//! What we tell people, by e-mail so far.
//!
//! Words: a *template* is a kind of letter; a *mail* is one letter to one address, with a *cause* that
//! is unique, so that a fact seen twice is told once. Nothing here is called by the rooms it tells
//! about: it reacts to events. The exceptions are links that carry a secret, which the issuing verb
//! hands over in its own transaction by [`mail_link`]; their text is erased once it has left.

mod letter;
pub mod model;

#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
mod letters;
#[cfg(feature = "server")]
pub mod port;
#[cfg(feature = "server")]
mod service;
#[cfg(feature = "server")]
mod store;
#[cfg(all(test, feature = "server"))]
mod tests;

pub use letter::Letter;
#[cfg(feature = "server")]
pub use service::{LinkMail, find_guest, mail_link, react, remind};
