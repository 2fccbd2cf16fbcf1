//! Two servers behind a plain balancer of TCP lines, one killed and restarted in turn: nobody hears of a failure beyond the lines that broke, and
//! open pages miss nothing.

use crate::house::{Gateway, House};
use crate::live;
use crate::load::Load;
use crate::report::Report;
use crate::stage::Stage;
use crate::town::Town;
use crate::{invariants, money};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const PEOPLE: usize = 6;

pub async fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let (turns, sockets) = if stage.is_full { (40, 400) } else { (6, 100) };
    let towns = live::towns(stage).await?;
    let town = Arc::new(Town::build(&stage.db, 40, 2_000).await?);
    let nodes = [Stage::free_address()?, Stage::free_address()?];
    let mut servers = [stage.serve_at(nodes[0], &[]).await?, stage.serve_at(nodes[1], &[]).await?];
    let balancing = balance(stage.address, nodes).await?;

    let (house, gateway) = (House::at(stage.address), Gateway::at(&stage.sandbox));
    let load = Load::new(house.clone(), gateway.clone(), town);
    let people = load.start(PEOPLE);
    let (stop, stopped) = watch::channel(false);
    let listening = live::open(stage, &house, &towns, sockets, &stopped);
    let changing = tokio::spawn({
        let (house, gateway, towns) = (house.clone(), gateway.clone(), towns.clone());
        async move { live::change(&house, &gateway, &towns, Duration::from_secs(turns * 6)).await }
    });
    for turn in 0..turns {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let which = (turn % 2) as usize;
        servers[which].kill().await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        servers[which] = stage.serve_at(nodes[which], &[]).await?;
    }
    let changes = changing.await?;
    load.end();
    futures::future::join_all(people).await;
    // what a dead node had begun is taken over by the other
    match money::converges(&stage.db, &gateway).await? {
        Ok(took) => report.figure("books agree again after", format!("{:.1} s", took.as_secs_f64())),
        Err(left) => left.into_iter().take(5).for_each(|problem| report.broken(problem)),
    }
    stop.send(true)?;
    report.figure("nodes killed", turns);
    report.figure("changes made", changes);
    live::compare(listening, report).await?;
    load.with_memory(|memory| {
        report.figure("steps of people who pay", memory.steps);
        let lines = memory.failures.iter().filter(|(_, status, _)| *status == 0).count();
        report.figure("lines that broke", lines);
        for (_, status, _) in memory.failures.iter().filter(|(_, status, _)| *status != 0) {
            report.broken(format!("a call was answered {status}"));
        }
        for (what, count) in &memory.odd {
            report.broken(format!("{count} × {what}"));
        }
    });
    balancing.abort();
    let memory = load.with_memory(std::mem::take);
    money::check_promises(&stage.db, &memory, report).await?;
    money::check_charges(&stage.db, report).await?;
    invariants::check(&stage.db, report).await
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
