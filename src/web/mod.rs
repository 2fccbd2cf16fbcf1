//! Pages: extract, call verbs, render or redirect.

pub mod account;
pub mod admin;
pub mod assets;
pub mod booking;
pub mod calendar;
pub mod caller;
pub mod favourite;
pub mod form;
pub mod kept;
pub mod offline;
pub mod payment;
pub mod provider;
pub mod render;
pub mod review;
pub mod scheduling;
pub mod search;
pub mod session;
pub mod site;

use crate::state::AppState;

/// Files that are the same for everyone: no session is read for them, and no limit counts them.
pub fn is_static(path: &str) -> bool {
    path.starts_with("/pkg/")
        || path.starts_with("/assets/")
        || matches!(
            path,
            "/healthz" | "/readyz" | "/favicon.ico" | "/apple-touch-icon.png" | "/robots.txt" | "/manifest.webmanifest" | "/sw.js"
        )
}

/// All pages. One line a room, in alphabetical order.
#[rustfmt::skip]
pub fn router() -> axum::Router<AppState> {
    let mut all = axum::Router::new();
    all = all.merge(account::router());
    all = all.merge(admin::router());
    all = all.merge(booking::router());
    all = all.merge(calendar::router());
    all = all.merge(favourite::router());
    all = all.merge(offline::router());
    all = all.merge(payment::router());
    all = all.merge(provider::router());
    all = all.merge(review::router());
    all = all.merge(scheduling::router());
    all = all.merge(search::router());
    all = all.merge(site::router());
    all
}
