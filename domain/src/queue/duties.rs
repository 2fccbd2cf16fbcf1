//! What the clock asks for: each duty runs once per interval, on one node.

use crate::ctx::{Ctx, House};
use crate::error::Result;
use crate::jobs::{self, DUTIES, Duty};
use crate::time::{CLOCKS_DIFFER, Instant};
use crate::trace;
use std::sync::Arc;

/// Runs the duties whose present interval nobody has begun, one after another.
pub async fn run_due_duties(house: &Arc<House>) -> Result<()> {
    for duty in DUTIES {
        run_due_duty(house, duty).await?;
    }
    Ok(())
}

/// When the duty's interval began that lies around this moment. A clock that is set forward or back has another one.
pub fn interval_of(duty: &Duty, now: Instant) -> Instant {
    let length = i64::from(duty.every_s.max(1)) * 1000;
    Instant::from_millis(now.millis().div_euclid(length) * length)
}

/// Runs the duty if nobody has begun its present interval. A node that dies during it leaves it to the next interval.
pub async fn run_due_duty(house: &Arc<House>, duty: &Duty) -> Result<()> {
    let now = house.clock.now();
    let begins = interval_of(duty, now);
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
    if claimed.rows_affected() == 0 {
        return Ok(());
    }
    let ctx = Ctx::system(house.clone(), duty.name);
    if let Err(error) = trace::within(trace::duty(duty.name), jobs::run_duty(&ctx, duty.name)).await {
        tracing::warn!(duty = duty.name, %error, "a duty failed; it runs again at its next interval");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{JUMPS, START};

    #[test]
    fn an_interval_lasts_as_long_as_it_should_and_a_jump_begins_another() {
        let now: Instant = START.parse().expect("an instant");
        for duty in DUTIES {
            let length = i64::from(duty.every_s) * 1000;
            let begun = interval_of(duty, now);
            assert!(begun <= now && now < begun + length, "{}", duty.name);
            assert_eq!(interval_of(duty, begun + (length - 1)), begun, "{}", duty.name);
            assert_eq!(interval_of(duty, begun + length), begun + length, "{}", duty.name);
            for by in JUMPS {
                assert_ne!(interval_of(duty, now + by), begun, "{} after {by} ms", duty.name);
            }
        }
    }
}
