//! Who asks: the session's cookie or a bearer token becomes the actor of the request's [`Ctx`]; afterwards the session is stored if there is something to keep.

use super::failure::{Asking, failed};
use super::request::{PeerAddress, RequestId};
use crate::state::AppState;
use crate::web::session::store::{LIFETIME_DAYS, keys};
use crate::web::session::{PgSessions, Visit};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::account::policy::scope_for;
use domain::actor::{load_person, load_token};
use domain::ctx::{Actor, Ctx, Person};
use domain::error::{Error, Result};
use domain::id::{SessionId, VisitorId};
use domain::time::{HOUR, Instant};
use http::{HeaderMap, HeaderValue, Method, header};
use std::sync::Arc;
use tower_sessions::Session;
use tower_sessions::session;

/// `__Host-` binds the cookie to this host and to https; on plain loopback browsers would refuse it.
pub fn cookie_name(is_https: bool) -> &'static str {
    if is_https { "__Host-fettle" } else { "fettle" }
}

pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let address = request.extensions().get::<PeerAddress>().and_then(|a| a.0.clone());
    // Static files concern nobody in particular, and figures have a token of their own, which is no account's.
    if crate::web::is_static(request.uri().path()) || request.uri().path() == "/metrics" {
        return next.run(request).await;
    }
    let id = cookie(request.headers(), cookie_name(state.config.is_https()));
    let session = Session::new(id, Arc::new(PgSessions::new(state.house.clone())), None);
    let found = match bearer(request.headers()) {
        Some(secret) => by_token(&state, secret, request.method(), request.uri().path())
            .await
            .map(|person| (Actor::Person(Box::new(person)), Visit::new(session, false))),
        None => by_session(&state, session, id.is_some()).await,
    };
    let (actor, visit) = match found {
        Ok(found) => found,
        Err(error) => return failed(error),
    };
    let ctx = Ctx::new(state.house.clone(), actor, request_id, address);
    if let Some(asking) = request.extensions().get::<Asking>() {
        let _ = asking.0.set(ctx.clone());
    }
    request.extensions_mut().insert(ctx.clone());
    request.extensions_mut().insert(visit.clone());
    let is_kept_by_acting = keeps_visitor(request.method(), request.uri().path());
    let user_agent =
        request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok()).map(|text| text.chars().take(200).collect::<String>());
    let mut response = next.run(request).await;
    if response.status().is_server_error() {
        return response;
    }
    let is_done = !response.status().is_client_error();
    if is_kept_by_acting && is_done && matches!(ctx.actor, Actor::Visitor { .. }) {
        visit.keep();
    }
    match keep(&state, &ctx, &visit, user_agent).await {
        Ok(Some(cookie)) => {
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Ok(None) => response,
        Err(error) => failed(error),
    }
}

/// Acting successfully makes a visitor worth remembering; looking does not. Server functions and theme say so themselves.
fn keeps_visitor(method: &Method, path: &str) -> bool {
    let is_acting = matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
    is_acting && !["/do/", "/theme", "/dev/", "/api/v1/webhooks/"].iter().any(|prefix| path.starts_with(prefix))
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<session::Id> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| value.parse().ok())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// Tokens open what their scopes name below `/api/v1`, and nothing else: no page, and nothing that nobody has thought of.
async fn by_token(state: &AppState, secret: &str, method: &Method, path: &str) -> Result<Person> {
    let person = load_token(&state.house.db, state.house.clock.now(), secret).await?.ok_or(Error::Unauthenticated)?;
    let path = path.strip_prefix("/api/v1").ok_or(Error::Forbidden)?;
    let needed = scope_for(method.as_str(), path).ok_or(Error::Forbidden)?;
    let is_given = needed.is_none_or(|scope| person.scopes.as_ref().is_some_and(|given| given.iter().any(|one| one == scope)));
    if is_given { Ok(person) } else { Err(Error::Forbidden) }
}

async fn by_session(state: &AppState, session: Session, has_cookie: bool) -> Result<(Actor, Visit)> {
    let new_visitor = || Ctx::system(state.house.clone(), "visit").new_id::<VisitorId>();
    let looking = Visit::new(session.clone(), has_cookie);
    let visitor = if has_cookie { looking.visitor().await? } else { None };
    let Some(visitor) = visitor else {
        return Ok((Actor::Visitor { visitor: new_visitor() }, Visit::new(session, false)));
    };
    let person = match looking.account().await? {
        Some(account) => load_person(&state.house.db, account).await?,
        None => None,
    };
    let actor = match person {
        Some(person) => Actor::Person(Box::new(Person { session: looking.public_id().await?, visitor: Some(visitor), ..person })),
        None => Actor::Visitor { visitor },
    };
    Ok((actor, looking))
}

/// Stores the session if it changed, is to be kept, or was last stored over an hour ago; the cookie to set then.
async fn keep(state: &AppState, ctx: &Ctx, visit: &Visit, user_agent: Option<String>) -> Result<Option<HeaderValue>> {
    let name = cookie_name(state.config.is_https());
    let attributes = if state.config.is_https() { "; Path=/; HttpOnly; Secure; SameSite=Lax" } else { "; Path=/; HttpOnly; SameSite=Lax" };
    if visit.is_known() && visit.is_modified() && visit.is_empty().await {
        // Signed out.
        return Ok(HeaderValue::from_str(&format!("{name}={attributes}; Max-Age=0")).ok());
    }
    if !visit.is_known() && !visit.is_to_be_kept() {
        return Ok(None);
    }
    let now = ctx.now();
    let is_stale = match visit.get::<Instant>(keys::SEEN_AT).await? {
        Some(seen_at) => now - seen_at > HOUR,
        None => true,
    };
    if !visit.is_modified() && !is_stale {
        return Ok(None);
    }
    if let (None, Some(visitor)) = (visit.visitor().await?, ctx.visitor_id()) {
        visit.put(keys::VISITOR, visitor).await?;
    }
    if visit.public_id().await?.is_none() {
        visit.put(keys::PUBLIC_ID, ctx.new_id::<SessionId>()).await?;
    }
    visit.put(keys::SEEN_AT, now).await?;
    visit.put(keys::USER_AGENT, user_agent).await?;
    visit.put(keys::ADDRESS, ctx.address.clone()).await?;
    let Some(id) = visit.save().await? else { return Ok(None) };
    let max_age = LIFETIME_DAYS * 24 * 60 * 60;
    Ok(HeaderValue::from_str(&format!("{name}={id}{attributes}; Max-Age={max_age}")).ok())
}
