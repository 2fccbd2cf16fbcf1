//! Telling open pages what happens: the relay reads the spine, the hub knows who listens, a socket carries the frames.

pub mod asked;
pub mod fanout;
pub mod hub;
mod pace;
pub mod relay;
pub mod socket;

pub use hub::Hub;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

pub fn router() -> Router<AppState> {
    Router::new().route("/api/v1/live", get(socket::open))
}
