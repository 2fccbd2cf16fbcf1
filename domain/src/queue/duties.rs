//! What the clock asks for: each duty runs once per interval, on one node.

use crate::ctx::{Ctx, House};
use crate::error::Result;
use crate::jobs::{self, DUTIES, Duty};
use crate::time::{CLOCKS_DIFFER, Instant};
use std::sync::Arc;

/// Runs the duties whose present interval nobody has begun, one after another.
pub async fn run_due_duties(house: &Arc<House>) -> Result<()> {
    for duty in DUTIES {
        run_due_duty(house, duty).await?;
    }
    Ok(())
}

/// Runs the duty if nobody has begun its present interval. A node that dies during it leaves it to the next interval.
pub async fn run_due_duty(house: &Arc<House>, duty: &Duty) -> Result<()> {
    let now = house.clock.now();
    let interval = i64::from(duty.every_s.max(1)) * 1000;
    let begins = Instant::from_millis(now.millis().div_euclid(interval) * interval);
    let claimed = sqlx::query!(
        "with ahead as (
            -- claimed by a clock that has been set back since: nothing of that has happened
            delete from cron_runs where name = $1 and minute > $3
         )
         insert into cron_runs (name, minute) values ($1, $2) on conflict do nothing",
        duty.name,
        begins as Instant,
        (now + CLOCKS_DIFFER) as Instant,
    )
    .execute(&house.db)
    .await?;
    if claimed.rows_affected() == 1
        && let Err(error) = jobs::run_duty(&Ctx::system(house.clone(), duty.name), duty.name).await
    {
        tracing::warn!(duty = duty.name, %error, "a duty failed; it runs again at its next interval");
    }
    Ok(())
}
