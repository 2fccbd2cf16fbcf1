//! The provider's page: ours as anyone gets it, beside the same content by Next.js and by askama, which read it ready-made by one query and draw it
//! each time, as the aims have it; and beside both again with a page that is kept and checked by one query, as ours is.

use super::document;
use super::line::{Aim, Line};
use super::load::{as_fast_as_possible, open_loop, p99};
use super::peers::Peer;
use crate::house::House;
use crate::report::Times;
use crate::stage::{Server, Stage};
use anyhow::{Result, ensure};
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

#[derive(Clone, Copy)]
enum Side<'a> {
    Ours(&'a Server, &'a House),
    Theirs(&'a Peer),
}

/// One way to get the page.
struct Way<'a> {
    side: Side<'a>,
    path: String,
    /// With an address that nobody has asked for before, each time.
    is_anew: bool,
    asked: u64,
    work: Work,
    /// Asked for at half of what it can.
    calm: Times,
}

impl<'a> Way<'a> {
    fn of(side: Side<'a>, below: &str) -> Self {
        Self { side, path: format!("/{below}/{SLUG}"), is_anew: false, asked: 0, work: Work::default(), calm: Times::default() }
    }
    fn anew(side: Side<'a>) -> Self {
        Self { is_anew: true, ..Self::of(side, "p") }
    }

    fn house(&self) -> &'a House {
        match self.side {
            Side::Ours(_, house) => house,
            Side::Theirs(peer) => &peer.house,
        }
    }
    fn cpu(&self) -> Result<Duration> {
        match self.side {
            Side::Ours(server, _) => server.cpu(),
            Side::Theirs(peer) => peer.cpu(),
        }
    }

    async fn go(&mut self, how_long: Duration) -> Result<()> {
        let (path, is_anew, first) = (self.path.clone(), self.is_anew, self.asked);
        let address = move |number: u64| if is_anew { format!("{path}?anew={}", first + number) } else { path.clone() };
        let before = self.cpu()?;
        let answers = as_fast_as_possible(self.house(), address, how_long).await?;
        self.asked += answers;
        self.work.answers += answers;
        self.work.cpu += self.cpu()? - before;
        self.work.lasted += how_long;
        Ok(())
    }

    /// So often a second, half of what it can.
    fn calm_rate(&self) -> f64 {
        self.work.per_second() / 2.0
    }

    async fn go_calmly(&mut self, how_long: Duration) -> Result<()> {
        let times = open_loop(self.house(), &self.path, self.calm_rate(), how_long).await?;
        self.calm = std::mem::take(&mut self.calm).and(times);
        Ok(())
    }
}

pub async fn measure(stage: &Stage) -> Result<Vec<Line>> {
    let (rounds, how_long) = if stage.is_full { (3, Duration::from_secs(8)) } else { (1, Duration::from_secs(3)) };
    let server = stage.serve().await?;
    let house = House::at(stage.address);
    let page = document::write(stage, &house, SLUG).await?;
    let (next, askama) = (Peer::next(stage).await?, Peer::askama(stage).await?);
    compare(&page, &next, &askama).await?;
    let (ours, nexts, askamas) = (Side::Ours(&server, &house), Side::Theirs(&next), Side::Theirs(&askama));
    let mut ways =
        [Way::of(ours, "p"), Way::of(nexts, "p"), Way::of(askamas, "p"), Way::anew(ours), Way::of(nexts, "kept"), Way::of(askamas, "kept")];
    for way in &mut ways {
        way.go(how_long / 2).await?;
        way.work = Work::default();
    }
    for _ in 0..rounds {
        for way in &mut ways {
            way.go(how_long).await?;
        }
    }
    for round in 0..rounds {
        // ours and Next.js, and the other way round
        for nth in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            ways[nth].go_calmly(how_long).await?;
        }
    }
    let [our_rate, next_rate] = [0, 1].map(|nth: usize| ways[nth].calm_rate());
    let [our_p99, next_p99] = [0, 1].map(|nth: usize| p99(&ways[nth].calm));
    let [ours, nexts, askamas, drawn, nexts_kept, askamas_kept] = ways.map(|way| way.work.per_cpu_second());
    let line = |what: &'static str, value: f64| Line::plain(what, value, "");
    let calm = format!("the same, p99, open loop at half of its peak ({our_rate:.0} a second, Next.js {next_rate:.0})");
    Ok(vec![
        line("provider page, answers a CPU second", ours).beside("Next.js", nexts).aim(Aim::Times { floor: 30.0, goal: 50.0 }),
        line("the same", ours).beside("askama", askamas).aim(Aim::Times { floor: 0.4, goal: 0.6 }),
        line("the same", ours).beside("Next.js, kept and checked by one version query", nexts_kept),
        line("the same", ours).beside("askama, kept and checked by one version query", askamas_kept),
        line("the same, drawn anew for each", drawn).beside("Next.js", nexts),
        line("the same, drawn anew for each", drawn).beside("askama", askamas),
        Line::plain(calm, our_p99, "ms").beside("Next.js", next_p99).aim(Aim::AtMost { floor: 50.0, goal: 25.0 }),
    ])
}

/// That peers show what ours does; askama's page, which is only HTML as ours is, in as many bytes, give or take a tenth.
async fn compare(ours: &str, next: &Peer, askama: &Peer) -> Result<()> {
    for (peer, whose) in [(next, "Next.js"), (askama, "askama")] {
        for below in ["p", "kept"] {
            let theirs = peer.house.text(&format!("/{below}/{SLUG}")).await?;
            println!("  /{below} of {whose}: {:.1} KB, ours {:.1} KB", theirs.len() as f64 / 1000.0, ours.len() as f64 / 1000.0);
            document::ensure_same(ours, &theirs, whose)?;
            let is_near = theirs.len().abs_diff(ours.len()) * 10 <= ours.len();
            ensure!(is_near || whose != "askama", "the page of {whose} has {} bytes, ours {}", theirs.len(), ours.len());
        }
    }
    Ok(())
}
