//! The provider's page: ours as anyone gets it, beside the same content by Next.js and by askama, which read it ready-made by one query.

use super::document;
use super::line::{Aim, Line};
use super::load::{as_fast_as_possible, open_loop, p99};
use super::peers::Peer;
use crate::house::House;
use crate::stage::{Server, Stage};
use anyhow::Result;
use std::time::Duration;

const SLUG: &str = "tolliver-home-repair";

/// Answers and the processor time they took.
#[derive(Default)]
struct Work {
    answers: u64,
    cpu: Duration,
    lasted: Duration,
}

impl Work {
    fn per_cpu_second(&self) -> f64 {
        self.answers as f64 / self.cpu.as_secs_f64().max(0.01)
    }
    fn per_second(&self) -> f64 {
        self.answers as f64 / self.lasted.as_secs_f64().max(0.01)
    }
}

enum Side<'a> {
    Ours(&'a Server, &'a House),
    Theirs(&'a Peer),
}

impl Side<'_> {
    fn cpu(&self) -> Result<Duration> {
        match self {
            Self::Ours(server, _) => server.cpu(),
            Self::Theirs(peer) => peer.cpu(),
        }
    }
    fn house(&self) -> &House {
        match self {
            Self::Ours(_, house) => house,
            Self::Theirs(peer) => &peer.house,
        }
    }
    async fn work(&self, path: impl Fn(u64) -> String + Clone + Send + 'static, how_long: Duration, work: &mut Work) -> Result<()> {
        let before = self.cpu()?;
        work.answers += as_fast_as_possible(self.house(), path, how_long).await?;
        work.cpu += self.cpu()? - before;
        work.lasted += how_long;
        Ok(())
    }
}

pub async fn measure(stage: &Stage) -> Result<Vec<Line>> {
    let (rounds, how_long) = if stage.is_full { (3, Duration::from_secs(8)) } else { (1, Duration::from_secs(3)) };
    let server = stage.serve().await?;
    let house = House::at(stage.address);
    let path = format!("/p/{SLUG}");
    let ours_bytes = document::write(stage, &house, SLUG).await?;
    let (next, askama) = (Peer::next(stage).await?, Peer::askama(stage).await?);
    let bytes = |text: usize| format!("{:.0} KB", text as f64 / 1000.0);
    println!(
        "  the page: ours {}, Next's {}, askama's {}",
        bytes(ours_bytes),
        bytes(next.house.text(&path).await?.len()),
        bytes(askama.house.text(&path).await?.len())
    );
    let same = {
        let path = path.clone();
        move |_| path.clone()
    };
    // the same page with an address that nobody has asked for before
    let anew = {
        let path = path.clone();
        move |number| format!("{path}?anew={number}")
    };
    let sides = [Side::Ours(&server, &house), Side::Theirs(&next), Side::Theirs(&askama)];
    for side in &sides {
        side.work(same.clone(), how_long / 2, &mut Work::default()).await?;
    }
    let mut works = [Work::default(), Work::default(), Work::default()];
    let mut drawn = Work::default();
    for _ in 0..rounds {
        for (side, work) in sides.iter().zip(&mut works) {
            side.work(same.clone(), how_long, work).await?;
        }
        sides[0].work(anew.clone(), how_long, &mut drawn).await?;
    }
    let [ours, nexts, askamas] = &works;
    let mut calm = [0.0; 2];
    for ((side, work), calm) in sides.iter().zip(&works).zip(&mut calm) {
        *calm = p99(&open_loop(side.house(), &path, work.per_second() / 2.0, how_long * rounds).await?);
    }
    let per_cpu = ours.per_cpu_second();
    let page = |what: &'static str, value: f64| Line::plain(what, value, "");
    Ok(vec![
        page("provider page, answers a CPU second", per_cpu)
            .beside("Next.js", nexts.per_cpu_second())
            .aim(Aim::Times { floor: 30.0, goal: 50.0 }),
        page("the same", per_cpu).beside("askama", askamas.per_cpu_second()).aim(Aim::Times { floor: 0.4, goal: 0.6 }),
        page("the same, drawn anew for each", drawn.per_cpu_second()).beside("askama", askamas.per_cpu_second()),
        Line::plain("the same, p99, open loop at half of its peak", calm[0], "ms")
            .beside("Next.js", calm[1])
            .aim(Aim::AtMost { floor: 50.0, goal: 25.0 }),
    ])
}
