//! Telling open pages what happens: the relay reads the spine, the hub knows who listens, couriers bring frames to the lines, a socket answers its
//! peer.

pub mod asked;
mod courier;
mod ear;
pub mod fanout;
pub mod hub;
mod line;
mod pace;
mod pending;
pub mod relay;
mod round;
mod socket;
mod upgrade;
mod wire;

pub use hub::Hub;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;

pub fn router() -> Router<AppState> {
    Router::new().route("/api/v1/live", get(upgrade::open))
}
