//! Pages that belong to no room.

pub mod error;
mod help;
mod home;
pub mod offline;
mod paper;

pub use help::{CancellingPage, HelpPage};
pub use home::{HomePage, HomePageProps};
pub use paper::{PrivacyPage, TermsPage};
