//! The card form on the checkout page.

mod card_form;
#[cfg(feature = "hydrate")]
mod gateway;

pub use card_form::{CardForm, CardFormProps};
