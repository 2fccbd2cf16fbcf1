//! What every handler can reach.

use crate::config::Config;
use crate::layers::limits::Limits;
use crate::layers::limits::shared::PgShared;
use crate::realtime::Hub;
use crate::web::kept::Pages;
use domain::ctx::{House, SystemClock};
use std::sync::Arc;

#[derive(Clone)]
pub struct AppState {
    pub house: Arc<House>,
    pub config: Arc<Config>,
    pub hub: Arc<Hub>,
    pub limits: Arc<Limits>,
    /// Pages that are the same for everyone who is not signed in.
    pub pages: Arc<Pages>,
    /// In development only: the clock that `POST /dev/clock` moves.
    pub movable_clock: Option<Arc<SystemClock>>,
}

impl AppState {
    /// Limits and messages between nodes by Postgres; [`crate::boot::state`] puts Redis in their place where it is configured.
    pub fn new(house: Arc<House>, config: Arc<Config>) -> Self {
        let limits = Arc::new(Limits::new(Arc::new(PgShared::new(house.db.clone()))));
        Self { house, config, limits, hub: Arc::new(Hub::default()), pages: Arc::default(), movable_clock: None }
    }
}
