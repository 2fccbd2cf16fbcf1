//! The server dies without a word, at random moments and at every named point of the payment path, while people pay. Afterwards our books and the
//! gateway's agree within half a minute: nothing paid is lost, nothing unpaid is confirmed, the ledger balances.

use crate::house::{Gateway, House};
use crate::load::Load;
use crate::progress::Progress;
use crate::report::{Report, Times};
use crate::stage::Stage;
use crate::town::Town;
use crate::{invariants, money};
use anyhow::Result;
use rand::Rng;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The names of `domain::crash::Point`; the server refuses one it does not know.
const POINTS: [&str; 20] = [
    "hold.decided",
    "hold.committed",
    "pay.extended",
    "attempt.committed",
    "attempt.answered",
    "attempt.noted",
    "settle.asked",
    "settle.applied",
    "settle.committed",
    "money.arrived",
    "money.posted",
    "message.inserted",
    "message.applied",
    "message.committed",
    "capture.answered",
    "refund.recorded",
    "refund.answered",
    "refund.noted",
    "fee.asked",
    "job.done",
];
/// One in so many deaths comes at a random moment instead.
const RANDOM: usize = 5;
/// In short the books are compared after so many deaths, in full after each.
const TOGETHER: usize = 5;
const PEOPLE: usize = 8;
const SHORT: Duration = Duration::from_secs(150);

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let town = Arc::new(Town::build(&stage.db, 40, 4_000).await?);
    let gateway = Gateway::at(&stage.sandbox);
    let load = Load::new(House::at(stage.address), gateway.clone(), town);
    let mut progress = Progress::open(stage, "kill");
    let kills = if stage.is_full { 200 } else { POINTS.len() + RANDOM };
    let began = Instant::now();
    let people = load.start(PEOPLE);
    let (mut converged, mut missed) = (Times::default(), 0);
    while progress.done < kills && report.is_well() && (stage.is_full || began.elapsed() < SHORT) {
        let number = progress.done;
        let point = if number % RANDOM == RANDOM - 1 { None } else { Some(POINTS[(number - number / RANDOM) % POINTS.len()]) };
        if !die(stage, point).await? {
            missed += 1;
        }
        // What a death leaves to another worker waits for its lease to end. In short several deaths share one such wait: they leave more behind.
        if !stage.is_full && number % TOGETHER != TOGETHER - 1 {
            progress.step()?;
            continue;
        }
        let mut server = stage.serve().await?;
        load.pause(true);
        match money::converges(&stage.db, &gateway).await? {
            Ok(took) => converged.add(took),
            Err(left) => {
                report.broken(format!("after death at {}: {} things still differ", point.unwrap_or("a random moment"), left.len()));
                left.into_iter().take(5).for_each(|problem| report.broken(problem));
            }
        }
        load.pause(false);
        server.kill().await?;
        progress.step()?;
    }
    let server = stage.serve().await?;
    load.end();
    futures::future::join_all(people).await;
    if let Err(left) = money::converges(&stage.db, &gateway).await? {
        left.into_iter().take(5).for_each(|problem| report.broken(problem));
    }
    drop(server);
    report.figure("deaths", format!("{} of {kills}, {missed} of them at no point in time", progress.done));
    report.figure("books agree again after", &converged);
    load.with_memory(|memory| {
        report.figure("steps of people who pay", memory.steps);
        report.figure("bookings promised", memory.promises.len());
        report.figure("answers that broke off or failed", memory.failures.len());
        let failed = memory.failures.iter().filter(|(_, status, _)| *status == 500).count();
        report.expect(failed == 0, || format!("{failed} answers were 500"));
        for (what, count) in &memory.odd {
            report.broken(format!("{count} × {what}"));
        }
    });
    let memory = load.with_memory(std::mem::take);
    money::check_promises(&stage.db, &memory, report).await?;
    money::check_charges(&stage.db, report).await?;
    invariants::check(&stage.db, report).await?;
    if progress.done >= kills {
        progress.forget();
    }
    Ok(())
}

/// A server that dies at the point, or at a random moment of its first two seconds. False if it had to be killed because nobody passed the point.
async fn die(stage: &Stage, point: Option<&str>) -> Result<bool> {
    let Some(point) = point else {
        let mut server = stage.serve().await?;
        let millis = rand::rng().random_range(50..2_000);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        server.kill().await?;
        return Ok(true);
    };
    // It may die before it is ready, of a job that an earlier death left behind.
    let mut server = stage.launch(stage.address, &[("FETTLE_CRASH_AT", point)])?;
    let died = server.dies(Duration::from_secs(8)).await;
    if !died {
        server.kill().await?;
    }
    Ok(died)
}
