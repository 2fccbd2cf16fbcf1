//! A payment gateway in memory that speaks Stripe's protocol: the REST API, signed webhooks, Stripe.js with its card form, hosted pages.

pub mod api;
pub mod book;
pub mod browser;
pub mod cards;
mod demo;
pub mod form;
pub mod hosted;
mod intents;
mod objects;
mod refunds;
mod sessions;
pub mod webhook;

#[cfg(test)]
mod tests;

use crate::hub::Hub;
use axum::Router;
use axum::routing::{any, get};
use std::sync::Arc;

/// Lets slow banks answer and hosted pages expire. Called regularly.
pub fn tick(book: &mut book::Book) {
    refunds::tick(book);
    sessions::tick(book);
}

pub fn router() -> Router<Arc<Hub>> {
    Router::new()
        .route("/v1/{*path}", any(api::call))
        .route("/stripe.js", get(browser::script))
        .route("/v3/", get(browser::script))
        .route("/elements/payment", get(browser::payment_element))
        .route("/elements/payment.js", get(browser::payment_element_script))
        .route("/3ds/{intent}", get(browser::challenge).post(browser::answer_challenge))
        .route("/3ds/{intent}/done", get(browser::challenge_done))
        .route("/3ds.js", get(browser::challenge_script))
        .route("/c/pay/{session}", get(hosted::show).post(hosted::pay))
}
