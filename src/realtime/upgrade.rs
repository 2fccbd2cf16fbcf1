//! From a request to a line: axum judges the request, and the connection is taken over as it is, since frames go out without anybody in between.

use super::socket;
use crate::layers::failure::failed;
use crate::layers::{limits, origin};
use crate::serve::patient::Patient;
use crate::state::AppState;
use crate::web::caller::Caller;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::error::Error;
use http::{StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tungstenite::handshake::derive_accept_key;

pub async fn open(State(state): State<AppState>, Caller(ctx): Caller, request: Request) -> Response {
    let is_own = origin::is_own(request.headers(), &state.config.base_url);
    let (answer, upgrade) = match agree(request).await {
        Ok(agreed) => agreed,
        Err(refusal) => return refusal,
    };
    if !is_own {
        return failed(Error::Forbidden);
    }
    let joined = match limits::sockets(&state, &ctx).await {
        Ok(share) => state.hub.join(ctx.account_id(), share),
        Err(error) => Err(error),
    };
    let line = match joined {
        Ok(line) => line,
        Err(error) => return failed(error),
    };
    if ctx.account_id().is_some() {
        // What ended the session since it was looked up has told nobody of this line.
        line.doubt();
    }
    let (hub, config) = (state.hub.clone(), state.config.clone());
    tokio::spawn(async move {
        match taken_over(upgrade).await {
            // In a task of its own: the one that waited for the upgrade would keep the room for that as long as it lives.
            Some((stream, begun)) => {
                line.open(stream);
                tokio::spawn(socket::attend(line, &begun, ctx, hub, config));
            }
            None => hub.leave(&line),
        }
    });
    answer
}

/// The answer to the request, and what becomes of its connection once that is sent; or why not.
async fn agree(request: Request) -> Result<(Response, OnUpgrade), Response> {
    let (mut parts, _) = request.into_parts();
    let upgrade = parts.extensions.get::<OnUpgrade>().cloned();
    if let Err(refusal) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        return Err(refusal.into_response());
    }
    let (Some(upgrade), Some(key)) = (upgrade, parts.headers.get(header::SEC_WEBSOCKET_KEY)) else {
        return Err(StatusCode::UPGRADE_REQUIRED.into_response());
    };
    let headers = [
        (header::CONNECTION, "upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes())),
    ];
    Ok(((StatusCode::SWITCHING_PROTOCOLS, headers).into_response(), upgrade))
}

/// The connection itself, and what has come in of it already.
async fn taken_over(upgrade: OnUpgrade) -> Option<(TcpStream, Bytes)> {
    match upgrade.await.ok()?.downcast::<TokioIo<Patient<TcpStream>>>() {
        Ok(parts) => Some((parts.io.into_inner().into_inner(), parts.read_buf)),
        Err(_) => {
            tracing::error!("a socket came over something else than crate::serve");
            None
        }
    }
}
