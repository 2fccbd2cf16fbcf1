//! All SQL of the operator's pages. Reads every room's tables, writes only what has no other owner.

mod audit;
mod bookings;
mod catalogue;
mod figures;
mod payments;
mod people;
mod system;

pub use audit::*;
pub use bookings::*;
pub use catalogue::*;
pub use figures::*;
pub use payments::*;
pub use people::*;
pub use system::*;

use crate::error::Result;
use sqlx::{PgPool, Postgres, Transaction};

/// For a statement with many conditions and orders of which few are asked for: it is planned for those. Planned once for all that could be asked for, as
/// statements are elsewhere, one for some thousand payments ran into its time limit.
async fn planned_anew(db: &PgPool) -> Result<Transaction<'static, Postgres>> {
    Ok(db.begin_with("begin; set local plan_cache_mode = force_custom_plan").await?)
}
