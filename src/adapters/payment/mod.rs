//! Payment gateways.

mod absent;
pub mod stripe;

use crate::config::Config;
use domain::payment::port::PaymentGateway;
use std::sync::Arc;

/// The configured gateway, or one that takes nothing.
pub fn from_config(config: &Config) -> anyhow::Result<Arc<dyn PaymentGateway>> {
    match &config.stripe {
        None => Ok(Arc::new(absent::Absent)),
        Some(settings) => Ok(Arc::new(stripe::StripeGateway::new(settings.clone())?)),
    }
}
