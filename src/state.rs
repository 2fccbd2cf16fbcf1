//! What every handler can reach.

use crate::config::Config;
use domain::ctx::{House, SystemClock};
use std::sync::Arc;

#[derive(Clone)]
pub struct AppState {
    pub house: Arc<House>,
    pub config: Arc<Config>,
    /// In development only: the clock that `POST /dev/clock` moves.
    pub movable_clock: Option<Arc<SystemClock>>,
}

impl AppState {
    pub fn new(house: Arc<House>, config: Arc<Config>) -> Self {
        Self { house, config, movable_clock: None }
    }
}
