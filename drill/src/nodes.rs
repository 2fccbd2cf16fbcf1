//! Two servers behind a plain balancer of TCP lines, one killed and restarted in turn: nobody hears of a failure beyond the lines that broke, and
//! open pages miss nothing.

use crate::house::{Gateway, House};
use crate::live::World;
use crate::load::{Load, excuse_from_now};
use crate::progress::Progress;
use crate::report::Report;
use crate::stage::{Server, Stage};
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

const PEOPLE: usize = 6;
/// Both serve for so long before one of them is killed.
const TOGETHER: Duration = Duration::from_secs(3);

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
        nodes.block(&world, town.clone(), turns, sockets, report).await?;
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

impl Nodes<'_> {
    /// Some turns, and everything that must hold after them.
    async fn block(&mut self, world: &Arc<World>, town: Arc<Town>, turns: usize, sockets: usize, report: &mut Report) -> Result<()> {
        let (stage, gateway) = (self.stage, Gateway::at(&self.stage.sandbox));
        let audience = world.open(stage, sockets);
        audience.gather().await?;
        let load = Load::new(House::at(stage.address), gateway.clone(), town);
        let people = load.start(PEOPLE);
        let changing = world.change(sockets);
        let mut excuses = Vec::new();
        for turn in 0..turns {
            tokio::time::sleep(TOGETHER).await;
            let server = &mut self.servers[turn % 2];
            if let Some(status) = server.ended() {
                report.broken(format!("a server ended by itself with {status}"));
            }
            let address = server.address;
            excuses.push(excuse_from_now());
            server.kill().await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            excuses.push(excuse_from_now());
            *server = stage.serve_at(address, &[]).await?;
        }
        tokio::time::sleep(TOGETHER).await;
        let changes = changing.end().await?;
        load.end();
        futures::future::join_all(people).await;
        // what a dead node had begun is taken over by the other
        match money::converges(&stage.db, &gateway).await? {
            Ok(took) => report.figure("books agree again after", format!("{:.1} s", took.as_secs_f64())),
            Err(left) => left.into_iter().take(5).for_each(|problem| report.broken(problem)),
        }
        report.figure("nodes killed", turns);
        changes.judge(&excuses, report);
        audience.compare(report).await?;
        let memory = load.with_memory(std::mem::take);
        memory.judge(&excuses, report);
        money::check_promises(&stage.db, &memory, report).await?;
        money::check_charges(&stage.db, report).await?;
        invariants::check(&stage.db, report).await
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
