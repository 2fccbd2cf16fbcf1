//! Two servers behind a plain balancer of TCP lines, killed or told to end and restarted in turn: nobody hears of a failure beyond the lines that
//! broke, and open pages miss nothing.

mod farewell;

use crate::house::{Gateway, House};
use crate::live::World;
use crate::load::{Excuse, Load, Memory, excuse_from_now, is_excused};
use crate::progress::Progress;
use crate::report::{Report, Times};
use crate::stage::{Server, Stage};
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Context, Result};
use farewell::Farewell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};

const PEOPLE: usize = 6;
/// Both serve for so long before one of them goes.
const TOGETHER: Duration = Duration::from_secs(3);
/// One of them is away for so long.
const AWAY: Duration = Duration::from_millis(500);

#[derive(Clone, Copy)]
enum Way {
    Killed,
    Ended,
}

/// Which one goes, and how. Each of them goes both ways.
const TURNS: [(usize, Way); 4] = [(0, Way::Killed), (1, Way::Ended), (0, Way::Ended), (1, Way::Killed)];

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (blocks, turns, sockets) = if stage.is_full { (4, 10, 400) } else { (1, 6, 100) };
    let world = World::build(stage).await?;
    let town = Arc::new(Town::build(&stage.db, 40, 2_000).await?);
    let addresses = [Stage::free_address()?, Stage::free_address()?];
    let servers = [stage.serve_at(addresses[0], &[]).await?, stage.serve_at(addresses[1], &[]).await?];
    let mut nodes = Nodes { stage, servers };
    let balancing = balance(stage.address, addresses).await?;
    let mut progress = Progress::open(stage, "nodes");
    while progress.done < blocks && report.is_well() {
        nodes.block(&world, &town, turns, sockets, report).await?;
        if report.is_well() {
            progress.step()?;
        }
    }
    balancing.abort();
    report.figure("blocks", format!("{} of {blocks}, of {turns} turns each", progress.done));
    if progress.done >= blocks {
        progress.forget();
    }
    Ok(())
}

struct Nodes<'a> {
    stage: &'a Stage,
    servers: [Server; 2],
}

/// How servers went.
///
/// Lines may break when one is killed, and in the moment in which one is told to end. That one answers what it has begun to read ([`Farewell`]), but
/// closes the lines on which it waits for the next request, and those it has not accepted yet. What is being sent on them meanwhile is lost, and a
/// balancer that knows nothing of requests cannot send it elsewhere. At no other time: while it goes and when it comes back, no line breaks.
struct Gone {
    killed: Vec<Excuse>,
    ended: Vec<Excuse>,
    /// How long those took that were told to end.
    took: Times,
    /// When the last one was started again.
    back_at: Instant,
}

impl Nodes<'_> {
    /// Some turns, and everything that must hold after them.
    async fn block(&mut self, world: &Arc<World>, town: &Arc<Town>, turns: usize, sockets: usize, report: &mut Report) -> Result<()> {
        let (stage, gateway) = (self.stage, Gateway::at(&self.stage.sandbox));
        let audience = world.open(stage, sockets);
        audience.gather().await?;
        let load = Load::new(House::at(stage.address), gateway.clone(), town.clone());
        let people = load.start(PEOPLE);
        let changing = world.change(sockets);
        let mut gone = Gone { killed: Vec::new(), ended: Vec::new(), took: Times::default(), back_at: Instant::now() };
        for turn in 0..turns {
            tokio::time::sleep(TOGETHER).await;
            self.turn(TURNS[turn % TURNS.len()], town, &load, &mut gone, report).await?;
        }
        tokio::time::sleep(TOGETHER).await;
        let changes = changing.end().await?;
        load.end();
        futures::future::join_all(people).await;
        // what a dead node had begun is taken over by the other
        match money::converges(&stage.db, &gateway, gone.back_at).await? {
            Ok(took) => report.figure("books agree again after", format!("{:.1} s", took.as_secs_f64())),
            Err(left) => left.into_iter().take(5).for_each(|problem| report.broken(problem)),
        }
        let excuses = [gone.killed.as_slice(), gone.ended.as_slice()].concat();
        changes.judge(&excuses, report);
        let luck = audience.compare(report).await?;
        money::check_promises(&stage.db, &load, report).await?;
        let memory = load.with_memory(std::mem::take);
        memory.judge(&excuses, report);
        gone.account(&memory, luck.told, report);
        money::check_charges(&stage.db, report).await?;
        invariants::check(&stage.db, report).await
    }

    /// One of them goes and comes back.
    async fn turn(&mut self, (number, way): (usize, Way), town: &Town, load: &Load, gone: &mut Gone, report: &mut Report) -> Result<()> {
        let server = &mut self.servers[number];
        if let Some(status) = server.ended() {
            report.broken(format!("a server ended by itself with {status}"));
        }
        let address = server.address;
        match way {
            Way::Killed => {
                gone.killed.push(excuse_from_now());
                server.kill().await?;
            }
            Way::Ended => {
                let farewell = Farewell::gather(address, town).await?;
                gone.ended.push(excuse_from_now());
                gone.took.add(farewell.take(server, load, report).await?);
            }
        }
        tokio::time::sleep(AWAY).await;
        gone.back_at = Instant::now();
        *server = self.stage.serve_at(address, &[]).await?;
        Ok(())
    }
}

impl Gone {
    /// The figures of both kinds; `told` open pages heard from the server itself that it goes.
    fn account(&self, memory: &Memory, told: u64, report: &mut Report) {
        let broken = |excuses: &[Excuse]| memory.failures.iter().filter(|(at, status, _)| *status == 0 && is_excused(*at, excuses)).count();
        report.figure("nodes killed, lines of payers that broke", format!("{}, {}", self.killed.len(), broken(&self.killed)));
        report.figure("nodes told to end, lines that broke", format!("{}, {}", self.ended.len(), broken(&self.ended)));
        report.figure("told to end, they ended after", &self.took);
        report.figure("open pages that were told of it", told);
        report.expect(told > 0 || self.ended.is_empty(), || "no open page was told that its server goes".to_owned());
    }
}

/// Passes lines on in turn, past a node that does not answer.
pub async fn balance(address: SocketAddr, nodes: [SocketAddr; 2]) -> Result<tokio::task::JoinHandle<()>> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("the balancer cannot listen on {address}"))?;
    let next = AtomicUsize::new(0);
    Ok(tokio::spawn(async move {
        loop {
            let Ok((mut line, _)) = listener.accept().await else { continue };
            let first = next.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                for turn in 0..2 {
                    if let Ok(mut server) = TcpStream::connect(nodes[(first + turn) % 2]).await {
                        let _ = line.set_nodelay(true);
                        let _ = server.set_nodelay(true);
                        let _ = tokio::io::copy_bidirectional(&mut line, &mut server).await;
                        return;
                    }
                }
            });
        }
    }))
}
