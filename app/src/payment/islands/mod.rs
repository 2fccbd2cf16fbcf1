//! The card form on the checkout page.

mod card_form;
mod gateway;
mod panel;

pub use card_form::{CardForm, CardFormProps, PayByCard};
