//! What every handler can reach.

use domain::ctx::House;
use std::sync::Arc;

#[derive(Clone)]
pub struct AppState {
    pub house: Arc<House>,
}
