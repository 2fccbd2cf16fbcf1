//! Listening: slow headers are cut off, answers that nobody takes are given up, sockets and requests under way are finished before the process ends.

pub(crate) mod patient;

use crate::realtime::Hub;
use crate::state::AppState;
use anyhow::Context;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use patient::Patient;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 30_000;
const HEADER_TIME: Duration = Duration::from_secs(10);
const FAREWELL: Duration = Duration::from_secs(20);
/// For all sockets to say that we go; each waits for its peer's answer itself.
const GOODBYE: Duration = Duration::from_secs(5);

/// Binds, or says in one sentence why not.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address).with_context(|| format!("cannot listen on {address}: is another program using the port?"))?;
    Ok(socket.listen(4096)?)
}

/// Serves until `stop`, then lets requests under way finish for at most 20 seconds.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let permit = tokio::select! {
            () = stop.cancelled() => break,
            permit = room.clone().acquire_owned() => match permit {
                Ok(permit) => permit,
                Err(_) => break,
            },
        };
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: wait for some to come back.
                    tracing::warn!(%error, "cannot accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let router = router.clone();
        let stop = stop.clone();
        tokio::spawn(async move {
            attend(stream, peer, router, stop).await;
            drop(permit);
        });
    }
    // Whoever comes now goes to another node at once, instead of standing in line here.
    drop(listener);
    // Every connection gives its permit back when it ends.
    if tokio::time::timeout(FAREWELL, room.acquire_many(CONNECTIONS as u32)).await.is_err() {
        tracing::warn!("some requests were cut off");
    }
}

/// Lets sockets tell their pages that we go, and waits until they have: the process ends with what it has not said.
pub async fn close_sockets(hub: &Hub) {
    hub.closing.cancel();
    let closed = async {
        while hub.sockets() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(GOODBYE, closed).await.is_err() {
        tracing::warn!(sockets = hub.sockets(), "some sockets were cut off");
    }
}

/// One connection from its first request to its last.
async fn attend(stream: TcpStream, peer: SocketAddr, router: Router, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(axum::body::Body::new)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(Patient::new(stream)), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

/// The private address for metrics.
pub async fn serve_metrics(listener: TcpListener, state: AppState, stop: CancellationToken) {
    let router = Router::new().route("/metrics", axum::routing::get(crate::health::metrics)).with_state(state);
    let _ = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
}
