//! People who mean no good: lines that never finish their headers or bodies, ours and those of slowhttptest, sockets by the thousand, coming and
//! going. Others wait at most twice as long as in their calmest moments before, and afterwards the memory is back.

mod attack;

use crate::house::House;
use crate::progress::Progress;
use crate::report::{Report, Times};
use crate::stage::{Server, Stage};
use crate::town::Town;
use anyhow::Result;
use attack::{Attack, Flood};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What may be left of memory when the flood is over.
const LEFT: u64 = 64 * 1024 * 1024;
/// Those who mean well and ask at once.
const OTHERS: usize = 4;
/// Below this a doubled wait is that of the flood's own program, which has the same two cores.
const LEAST_P99: Duration = Duration::from_millis(10);
const WARM: Duration = Duration::from_secs(5);
/// Until a flood has come up, and until its lines are gone.
const TIDE: Duration = Duration::from_secs(1);

/// A full one that was interrupted goes on with the flood in which it was.
const FLOODS: [(&str, Flood); 7] = [
    ("headers that never end", Flood::Headers),
    ("bodies that never end", Flood::Bodies),
    ("sockets that never read", Flood::Sockets),
    ("coming and going", Flood::Reconnects),
    ("slowhttptest, headers", Flood::Tool("-H")),
    ("slowhttptest, bodies", Flood::Tool("-B")),
    ("slowhttptest, reading", Flood::Tool("-X")),
];

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let seconds = |before, during| (Duration::from_secs(before), Duration::from_secs(during));
    let (lines, reconnects, (before, during)) =
        if stage.is_full { (4_000, 20_000, seconds(10, 30)) } else { (1_000, 2_000, seconds(4, 8)) };
    let town = Town::build(&stage.db, 5, 100).await?;
    // What changes while sockets do not read is of another provider: pages that others look at stay what they are.
    let busy = Arc::new(Town::build(&stage.db, 5, 100).await?);
    let server = stage.serve().await?;
    let house = House::at(stage.address);
    let attack = Attack {
        house: house.clone(),
        address: stage.address,
        lines,
        reconnects,
        during,
        page: format!("/p/{}", town.slug),
        quiet: format!("availability:{}", town.provider),
        busy,
    };
    let mut others = Others { house, town, before, during, calm: Duration::MAX };
    // warm: caches filled, threads started, connections made
    others.look(WARM).await?;
    let memory = server.resident()?;
    let mut progress = Progress::open(stage, "flood");
    while let Some(&(name, flood)) = FLOODS.get(progress.done) {
        others.bear(name, flood, &attack, report).await?;
        if stage.is_full {
            settle(&server, memory, report).await?;
        }
        if !report.is_well() {
            return Ok(());
        }
        progress.step()?;
    }
    settle(&server, memory, report).await?;
    if report.is_well() {
        progress.forget();
    }
    Ok(())
}

/// Those who mean well, and how long they are asked before and during a flood.
struct Others {
    house: House,
    town: Town,
    before: Duration,
    during: Duration,
    /// The least p99 of all looks before a flood: what the one before has left behind is no measure for the next.
    calm: Duration,
}

impl Others {
    async fn bear(&mut self, name: &str, flood: Flood, attack: &Attack, report: &mut Report) -> Result<()> {
        sleep(TIDE).await;
        self.calm = self.calm.min(self.look(self.before).await?.quantile(990));
        let is_over = Arc::new(AtomicBool::new(false));
        let flooding = tokio::spawn(attack.clone().run(flood, is_over.clone()));
        sleep(TIDE).await;
        let during = self.look(self.during).await?;
        is_over.store(true, Ordering::Relaxed);
        let made = flooding.await??;
        let (calm, wait) = (self.calm, during.quantile(990));
        let ratio = wait.as_secs_f64() / calm.as_secs_f64();
        let (most, why) = bound(calm);
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let judged = format!("calm p99 {:.1} ms: {ratio:.1} ×, {:.1} ms allowed, {why}", ms(calm), ms(most));
        report.figure(name, format!("{}; others {during}, {judged}", made.what));
        for problem in made.problems {
            report.broken(format!("{name}: {problem}"));
        }
        report.expect(wait <= most, || format!("{name}: others waited {wait:?} (p99), {most:?} is the most allowed, {why}"));
        Ok(())
    }

    /// What they do, each for themselves: a page and free times, one after another; how long each took. Any failure ends the drill.
    async fn look(&self, how_long: Duration) -> Result<Times> {
        let Self { house, town, .. } = self;
        let until = Instant::now() + how_long;
        let from = &town.start(0)[..10];
        let free = format!("/api/v1/providers/{}/availability?service_id={}&from={from}&to={from}", town.provider, town.service);
        let page = format!("/p/{}", town.slug);
        let everyone = futures::future::try_join_all((0..OTHERS).map(|_| async {
            let mut times = Times::default();
            while Instant::now() < until {
                for path in [&page, &free] {
                    let answer = house.get(path, None).await;
                    anyhow::ensure!(answer.status == 200, "{path} was answered {}", answer.status);
                    times.add(answer.took);
                }
                sleep(Duration::from_millis(10)).await;
            }
            Ok(times)
        }));
        Ok(everyone.await?.into_iter().fold(Times::default(), Times::and))
    }
}

/// The longest that others may wait, and by which of the two bounds.
fn bound(calm: Duration) -> (Duration, &'static str) {
    let doubled = calm * 2;
    if doubled > LEAST_P99 { (doubled, "twice the calm") } else { (LEAST_P99, "the floor") }
}

/// Memory once it is back, or after a minute.
async fn settle(server: &Server, before: u64, report: &mut Report) -> Result<()> {
    for _ in 0..60 {
        if server.resident()? <= before + LEFT {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    let after = server.resident()?;
    report.figure("memory before, after", format!("{} MiB, {} MiB", before >> 20, after >> 20));
    report.expect(after <= before + LEFT, || format!("{} MiB of memory did not come back", (after - before) >> 20));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_may_wait_twice_as_long_and_never_less_than_the_floor() {
        let ms = Duration::from_millis;
        assert_eq!(bound(ms(8)), (ms(16), "twice the calm"));
        assert_eq!(bound(ms(5)).0, LEAST_P99);
        assert_eq!(bound(ms(1)), (LEAST_P99, "the floor"));
    }
}
