//! The sum behind a provider's stars, kept where cards read it.

use super::store;
use crate::ctx::Tx;
use crate::error::Result;
use crate::id::ProviderId;

/// A customer's review was published.
pub async fn add_rating(tx: &mut Tx, provider: ProviderId, stars: i32) -> Result<()> {
    store::add_rating(tx, provider, stars).await
}
