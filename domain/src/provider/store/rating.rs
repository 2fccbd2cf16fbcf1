//! Stars.

use crate::ctx::Tx;
use crate::error::Result;
use crate::id::ProviderId;

pub async fn add_rating(tx: &mut Tx, provider: ProviderId, stars: i32) -> Result<()> {
    sqlx::query!(
        "update providers set rating_sum = rating_sum + $2, rating_count = rating_count + 1 where id = $1",
        provider as ProviderId,
        i64::from(stars),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
